// SPDX-License-Identifier: MIT

#include "log.h"

#include "board.h"
#include "port.h"

struct log {
    const struct board_console *console;
    const struct ota_boot *boot;
    bool scanned;       // the journal is known
    bool waiting;       // "waiting for an image" has been said
    bool shared;        // the line was a sender's in the last step
    bool asked;         // by a request, then
    bool called;        // no end of line since
    unsigned tenths;    // of the step under way that have been told
    enum ota_step step; // under way
    int error;          // told last
    enum ota_step at;   // at which it was
};

static struct log the_log;

// What the journal says at the start: the last update, and what is to be done.
static void log_journal(const struct log *log)
{
    const struct ota_record *newest = &log->boot->journal.newest;
    if (newest->result != 0) {
        stm32_print(log->console, "last update: %v: %s (%s)\n",
                    newest->tried_version, ota_error_text(newest->result),
                    ota_step_name(newest->step));
    }
    switch (newest->state) {
    case OTA_STATE_INSTALLING:
    case OTA_STATE_REVERTING:
        stm32_print(log->console, "install of %v was interrupted\n",
                    newest->version);
        break;
    default:
        if (newest->ota_flag == OTA_FLAG_REQUEST) {
            stm32_print(log->console, "update requested\n");
        }
    }
}

static bool line_is_shared(const struct log *log)
{
    const struct ota_boot_source *source = ota_boot_fetching(log->boot);
    return source && source->id == OTA_SOURCE_UART;
}

// Waiting for a sender it has said C, C, C.
static void end_calls(struct log *log)
{
    if (log->called) {
        log->called = false;
        stm32_print(log->console, "\n");
    }
}

static void log_progress(void *context, enum ota_step step, unsigned percent)
{
    struct log *log = context;
    // what takes long; reading 100 KiB is a matter of milliseconds
    bool is_long = step == OTA_STEP_STAGE || step == OTA_STEP_BACKUP ||
                   step == OTA_STEP_ERASE || step == OTA_STEP_PROGRAM;
    if (!is_long || line_is_shared(log)) {
        return;
    }
    end_calls(log);
    if (step != log->step) {
        log->step = step;
        log->tenths = 0;
        stm32_print(log->console, "%s", ota_step_name(step));
    }
    if (percent / 10 > log->tenths) {
        log->tenths = percent / 10;
        stm32_print(log->console, percent == 100 ? " %u%\n" : " %u%", percent);
    }
}

// Looking for an image fails again and again: that there is none, unless one
// was asked for, is what log_waiting says. What a sender sent is always news.
static bool is_news(const struct log *log)
{
    const struct ota_boot *boot = log->boot;
    // what was sent has arrived and is installed by request: boot->error is
    // that of a source that was asked before
    if (log->shared && boot->requested && !log->asked) {
        return false;
    }
    bool was_there =
        boot->step == OTA_STEP_RESTORE && boot->journal.newest.version != 0;
    bool nothing = boot->error == OTA_ERR_SOURCE_OPEN ||
                   (boot->error == OTA_ERR_MAGIC && !log->shared && !was_there);
    if (nothing && !boot->requested) {
        return false;
    }
    return log->shared || boot->error != log->error || boot->step != log->at;
}

static void log_error(struct log *log)
{
    const struct ota_boot *boot = log->boot;
    if (!is_news(log)) {
        return;
    }
    log->error = boot->error;
    log->at = boot->step;
    end_calls(log);
    if (boot->error) {
        // of what is on trial, or has rotted; else of the update
        bool of_app =
            boot->step == OTA_STEP_TRIAL || boot->step == OTA_STEP_RESTORE;
        uint32_t version =
            of_app ? boot->journal.newest.version : boot->image.version;
        stm32_print(log->console, "%v: %s (%s)\n", version,
                    ota_error_text(boot->error), ota_step_name(boot->step));
    } else if (boot->step == OTA_STEP_DONE) {
        stm32_print(log->console, "installed %v\n", boot->image.version);
    }
}

static void log_run(struct log *log)
{
    const struct ota_boot *boot = log->boot;
    end_calls(log);
    if (boot->journal_error) {
        stm32_print(log->console, "journal: %s\n",
                    ota_error_text(boot->journal_error));
    }
    if (boot->development) {
        stm32_print(log->console, "running a development build\n");
    } else {
        stm32_print(log->console, "running %v", boot->app.version);
        if (boot->trial) {
            stm32_print(log->console, " on trial, boot %u of %u",
                        boot->journal.newest.attempts,
                        boot->config->layout->trial_boots);
        }
        stm32_print(log->console, "\n");
    }
}

static void log_waiting(struct log *log)
{
    if (log->waiting) {
        return;
    }
    log->waiting = true;
    if (log->boot->app_error) {
        stm32_print(log->console, "no valid application: %s; ",
                    ota_error_text(log->boot->app_error));
    }
    stm32_print(log->console, "waiting for an image (XMODEM-1K or YMODEM)\n");
}

void log_start(const struct ota_boot *boot, struct ota_boot_config *config)
{
    the_log.console = &board.console;
    the_log.boot = boot;
    config->progress = log_progress;
    config->context = &the_log;
    stm32_print(the_log.console, "\nSureboot %v, %s; reset by %s\n",
                BOOT_VERSION, config->layout->name, stm32_reset_cause());
}

void log_step(enum ota_verdict verdict)
{
    struct log *log = &the_log;
    if (!log->scanned) {
        log->scanned = true;
        log_journal(log);
    }
    if (line_is_shared(log)) {
        if (!log->shared) {
            log_error(log); // of the source before, while nobody sends yet
        }
        log->shared = true;
        log->asked = log->boot->requested;
        log_waiting(log);
        log->called = true;
        return;
    }
    log_error(log);
    log->shared = false;
    if (verdict == OTA_BOOT_RUN) {
        log_run(log);
    } else if (verdict == OTA_BOOT_NO_APP) {
        log_waiting(log);
    }
}
