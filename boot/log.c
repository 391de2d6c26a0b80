// SPDX-License-Identifier: MIT

#include "log.h"

#include "port.h"

void log_banner(const struct log *log, const char *layout_name,
                const char *reset_cause)
{
    stm32_print(log->console, "\nSureboot %v, %s; reset by %s\n", BOOT_VERSION,
                layout_name, reset_cause);
}

static const char *source_name(uint8_t source)
{
    return source == OTA_SOURCE_C_ARRAY ? "the C array" : "any source";
}

static void log_journal(struct log *log)
{
    const struct ota_record *newest = &log->boot->journal.newest;
    log->requested = newest->ota_flag == OTA_FLAG_REQUEST;
    if (newest->state == OTA_STATE_INSTALLING) {
        stm32_print(log->console, "update to %v was interrupted\n",
                    newest->version);
    } else if (log->requested) {
        stm32_print(log->console, "update requested from %s\n",
                    source_name(newest->source));
    }
}

void log_progress(void *context, enum ota_step step, unsigned percent)
{
    struct log *log = context;
    if (step == OTA_STEP_CHECK) {
        log->checked = percent == 100;
        log->tenths = 0;
    } else if (step == OTA_STEP_PROGRAM && percent / 10 > log->tenths) {
        log->tenths = percent / 10;
        stm32_print(log->console, "programming %u%\n", percent);
    } else if (step == OTA_STEP_DONE) {
        stm32_print(log->console, "installed %v\n", log->boot->image.version);
    }
}

// Polling for an image fails once a second: only what is new is told.
static void log_error(struct log *log)
{
    const struct ota_boot *boot = log->boot;
    if (boot->error == log->error && boot->step == log->step) {
        return;
    }
    log->error = boot->error;
    log->step = boot->step;
    if (boot->error == 0) {
        return;
    }
    const char *outcome = "no image";
    if (boot->step > OTA_STEP_CHECK) {
        outcome = "update failed";
    } else if (log->requested) {
        outcome = "refused";
    }
    stm32_print(log->console, "%s: %s (%s)\n", outcome,
                ota_error_text(boot->error), ota_step_name(boot->step));
}

static void log_checked(struct log *log)
{
    const struct ota_boot *boot = log->boot;
    log->checked = false;
    bool again = log->waiting && boot->image.crc == log->told;
    bool failed = boot->error != 0 && boot->step == OTA_STEP_CHECK;
    if (!failed && !again) {
        log->told = boot->image.crc;
        stm32_print(log->console, "image %v, %u bytes: verified\nerasing\n",
                    boot->image.version, boot->image.size);
    }
}

static void log_run(const struct log *log)
{
    const struct ota_boot *boot = log->boot;
    if (boot->journal_error) {
        stm32_print(log->console, "journal: %s\n",
                    ota_error_text(boot->journal_error));
    }
    if (boot->development) {
        stm32_print(log->console, "running a development build\n");
    } else {
        stm32_print(log->console, "running %v\n", boot->app.version);
    }
}

static void log_waiting(struct log *log)
{
    int err = log->boot->app_error;
    log->waiting = true;
    if (err == OTA_ERR_NO_APP) {
        stm32_print(log->console, "no valid application");
    } else {
        stm32_print(log->console, "no valid application: %s",
                    ota_error_text(err));
    }
    stm32_print(log->console, "; waiting for an image\n");
}

void log_step(struct log *log, enum ota_verdict verdict)
{
    if (!log->scanned) {
        log->scanned = true;
        log_journal(log);
    }
    if (log->checked) {
        log_checked(log);
    }
    log_error(log);
    if (verdict == OTA_BOOT_RUN) {
        log_run(log);
    } else if (verdict == OTA_BOOT_NO_APP && !log->waiting) {
        log_waiting(log);
    }
}
