// SPDX-License-Identifier: MIT
//
// Which application runs. What is to be done about it is in job.c.
//
//   SCAN > check of the app slot > DECIDE > SETTLE > RUN
//                                    |         ^
//                                    v         |
//                                   jobs ------+--> NO_APP > jobs

#include "machine.h"

#include <string.h>

// Reads of an application that fail are done again, so often.
#define REREADS 2

/// Helpers ///

enum ota_step ota_boot_step_of(const struct ota_boot *boot)
{
    if (boot->touched ||
        (boot->state != STATE_COPY && boot->state != STATE_COPY_BEGIN)) {
        return (enum ota_step)boot->state;
    }
    return boot->job == JOB_FETCH ? OTA_STEP_STAGE : OTA_STEP_BACKUP;
}

OTA_INLINE bool is_half_done(const struct ota_boot *boot)
{
    uint8_t state = boot->journal.newest.state;
    return state == OTA_STATE_INSTALLING || state == OTA_STATE_REVERTING;
}

bool ota_boot_app_stands(const struct ota_boot *boot)
{
    return boot->app_error == 0 && !is_half_done(boot);
}

bool ota_boot_app_on_trial(const struct ota_boot *boot)
{
    return boot->app_error == 0 &&
           boot->journal.newest.state == OTA_STATE_TRIAL &&
           ota_record_has_image(&boot->journal.newest, &boot->app);
}

// Not inlined: from a pointer that comes back, all members are within reach of
// short instructions.
__attribute__((noinline)) struct ota_record *
ota_boot_newest(struct ota_boot *boot)
{
    ota_record_copy(&boot->record, &boot->journal.newest);
    return &boot->record;
}

static void adopt(const struct ota_boot *boot, struct ota_record *record)
{
    if (ota_boot_app_on_trial(boot)) {
        return;
    }
    if (!ota_record_has_image(record, &boot->app) && !boot->backup_stands) {
        record->backup = OTA_SLOT_NONE; // whatever it is a copy of
    }
    if (record->state == OTA_STATE_TRIAL) {
        record->staged = OTA_SLOT_NONE; // of what was on trial
    }
    record->state = OTA_STATE_CONFIRMED;
    record->attempts = 0;
    ota_record_set_image(record, &boot->app);
}

struct ota_record *ota_boot_adopt(struct ota_boot *boot)
{
    struct ota_record *record = ota_boot_newest(boot);
    if (boot->app_error == 0) {
        adopt(boot, record);
    }
    return record;
}

struct ota_record *ota_boot_record(struct ota_boot *boot)
{
    return is_half_done(boot) ? ota_boot_newest(boot) : ota_boot_adopt(boot);
}

void ota_boot_write(struct ota_boot *boot)
{
    boot->record.flags |= OTA_RECORD_SETTLED;
    boot->journal_error = ota_journal_write(&boot->journal, &boot->record);
}

int ota_boot_write_first(struct ota_boot *boot)
{
    ota_boot_write(boot);
    return boot->app_error ? 0 : boot->journal_error;
}

/// The states ///

static int scan(struct ota_boot *boot)
{
    int err = ota_journal_scan(&boot->journal, boot->layout->journal);
    // a blank journal is no error: every board begins with one
    boot->journal_error = err == OTA_ERR_JOURNAL_EMPTY ? 0 : err;
    return ota_job_check_app(boot);
}

// An application that a debugger put there: blank header space, but a vector
// table that makes sense. The rest of an old one that is being replaced looks
// the same, so it counts only if the journal knows of nothing half done.
static bool is_development(const struct ota_boot *boot)
{
    const struct ota_layout *layout = boot->layout;
    const struct ota_journal *journal = &boot->journal;
    bool quiet = journal->valid ? !is_half_done(boot) : journal->blank;
    if (!quiet || !layout->allow_unsigned ||
        ota_area_is_blank(&layout->app, 0, OTA_HEADER_SPACE) != 1) {
        return false;
    }
    uint8_t vectors[OTA_VECTORS_SIZE];
    if (ota_area_read(&layout->app, OTA_HEADER_SPACE, vectors,
                      sizeof vectors)) {
        return false;
    }
    return ota_image_check_vectors(ota_image_max_size(layout), layout,
                                   vectors) == 0;
}

OTA_INLINE int decide(struct ota_boot *boot)
{
    if (boot->app_error == OTA_ERR_FLASH_READ && boot->rereads < REREADS) {
        boot->rereads++; // one bad read is no reason to replace it
        return ota_job_check_app(boot);
    }
    if (boot->app_error && is_development(boot)) {
        boot->development = true;
        boot->app_error = 0;
    }
    const struct ota_record *newest = &boot->journal.newest;
    if (boot->recovery) {
        return ota_boot_wait(boot, STATE_NO_APP);
    }
    if (is_half_done(boot) ||
        (newest->state == OTA_STATE_TRIAL && boot->app_error)) {
        return ota_job_interrupted(boot);
    }
    if (newest->ota_flag == OTA_FLAG_REQUEST) {
        return ota_job_requested(boot);
    }
    if (boot->app_error) {
        return ota_job_rescue(boot);
    }
    if (ota_boot_app_on_trial(boot) &&
        newest->attempts >= boot->layout->trial_boots) {
        return ota_job_revert(boot);
    }
    return ota_boot_go(boot, STATE_SETTLE);
}

// Counts this boot of a trial before it happens.
static bool count_attempt(struct ota_boot *boot, struct ota_record *record)
{
    boot->trial = record->state == OTA_STATE_TRIAL &&
                  record->attempts < boot->layout->trial_boots;
    record->attempts = (uint8_t)(record->attempts + boot->trial);
    return boot->trial;
}

// The first record of a unit may be torn and read well just now. An application
// that cannot read it would append behind an older one, for nothing.
static bool is_first_of_unit(const struct ota_journal *journal)
{
    return journal->turns > 0 && journal->next == 1;
}

// Whatever fails here never stops a valid application.
static int settle(struct ota_boot *boot)
{
    const struct ota_journal *journal = &boot->journal;
    struct ota_record *record = ota_boot_adopt(boot);
    if (count_attempt(boot, record) || !journal->valid || journal->torn ||
        is_first_of_unit(journal) ||
        !(journal->newest.flags & OTA_RECORD_SETTLED) ||
        journal->newest.state != record->state ||
        !ota_record_has_image(&journal->newest, &boot->app)) {
        ota_boot_write(boot);
    }
    int err = ota_journal_make_room(&boot->journal);
    if (err && boot->journal_error == 0) {
        boot->journal_error = err;
    }
    return ota_boot_go(boot, STATE_RUN);
}

// The caller came back: ask all sources again, and look into all slots (their
// chip may have been slow to come up), but do not wear out a flash that fails.
static int no_app(struct ota_boot *boot)
{
    if (boot->failures >= OTA_INSTALL_TRIES) {
        return OTA_BOOT_NO_APP;
    }
    boot->looked = 0;
    return ota_job_fetch_any(boot);
}

/// The machine ///

void ota_boot_begin(struct ota_boot *boot, const struct ota_boot_config *config)
{
    memset(boot, 0, sizeof *boot);
    boot->config = config;
    boot->layout = config->layout;
    boot->recovery = config->recovery;
}

// A switch: the compiler may inline what only it calls.
static int step(struct ota_boot *boot)
{
    switch (boot->state) {
    case STATE_SCAN:
        return scan(boot);
    case STATE_DECIDE:
        return decide(boot);
    case STATE_SETTLE:
        return settle(boot);
    case STATE_OPEN:
        return ota_fetch_open(boot);
    case STATE_HEADER:
        return ota_fetch_header(boot);
    case STATE_CHECK:
        return ota_fetch_check(boot);
    case STATE_COPY_BEGIN:
        return ota_copy_begin(boot);
    case STATE_COPY:
        return ota_copy_step(boot);
    case STATE_BEGIN:
        return ota_install_begin(boot);
    case STATE_ERASE:
        return ota_install_erase(boot);
    case STATE_VERIFY:
        return ota_install_verify(boot);
    case STATE_FINISH:
        return ota_install_finish(boot);
    case STATE_RUN:
        return OTA_BOOT_RUN;
    default: // STATE_NO_APP
        return no_app(boot);
    }
}

enum ota_verdict ota_boot_step(struct ota_boot *boot)
{
    int result = step(boot);
    if (result < 0) {
        result = ota_job_fail(boot, ota_boot_step_of(boot), result);
    }
    return (enum ota_verdict)result;
}

void ota_boot_end_recovery(struct ota_boot *boot)
{
    if (boot->recovery && boot->state == STATE_NO_APP) {
        boot->recovery = false;
        ota_boot_go(boot, STATE_DECIDE);
    }
}

const struct ota_boot_source *ota_boot_fetching(const struct ota_boot *boot)
{
    return boot->job == JOB_FETCH && boot->state <= STATE_COPY_BEGIN &&
                   boot->state != STATE_FINISH && boot->state != STATE_SETTLE
               ? boot->listed
               : NULL;
}

bool ota_boot_update_failed(const struct ota_boot *boot)
{
    return boot->failures > 0 || is_half_done(boot);
}
