// SPDX-License-Identifier: MIT
//
// What is to be done, and what next when that fails. In this order: the update
// again, the application that still stands, the backup, any other slot, another
// source, recovery.

#include "machine.h"

#include <string.h>

#include "ota/bytes.h"

/// What was tried ///

// A plain image's digest is its CRC and its size (SPEC.md, Journal).
void ota_job_set_tried(struct ota_record *record, const struct ota_boot *boot)
{
    record->tried_version = boot->image.version;
    store_le32(record->tried, boot->image.crc);
    store_le32(record->tried + 4, boot->image.size);
}

bool ota_job_was_tried(const struct ota_record *record,
                       const struct ota_boot *boot)
{
    return load_le32(record->tried) == boot->image.crc &&
           load_le32(record->tried + 4) == boot->image.size;
}

/// Beginning ///

__attribute__((noinline)) // three times: smaller so
static int
fetch(struct ota_boot *boot, bool from_any)
{
    boot->job = JOB_FETCH;
    boot->begun = false;
    boot->listed = boot->config->sources;
    boot->from_any = from_any;
    return ota_boot_go(boot, STATE_OPEN);
}

int ota_job_fetch_any(struct ota_boot *boot)
{
    boot->requested = false;
    boot->polled = true;
    return fetch(boot, true);
}

int ota_job_from_slot(struct ota_boot *boot, enum job job, uint8_t slot)
{
    boot->job = (uint8_t)job;
    boot->slot = slot;
    boot->begun = false;
    boot->source = &boot->area.source;
    ota_area_source_init(&boot->area, ota_slot_area(boot->layout, slot), 0, 0);
    return ota_boot_go(boot, STATE_OPEN);
}

// The app slot as an image file.
static int from_app(struct ota_boot *boot, enum job job, enum state state)
{
    boot->job = (uint8_t)job;
    boot->source = &boot->area.source;
    ota_area_source_init(&boot->area, &boot->layout->app, OTA_PLAIN_HEADER_SIZE,
                         OTA_HEADER_SPACE - OTA_PLAIN_HEADER_SIZE);
    return ota_boot_go(boot, state);
}

int ota_job_check_app(struct ota_boot *boot)
{
    return from_app(boot, JOB_CHECK_APP, STATE_OPEN);
}

// Whether what runs needs a copy beside the update's slot.
static bool wants_backup(const struct ota_boot *boot)
{
    return boot->layout->slot[1].flash && !boot->backup_stands &&
           ota_boot_app_stands(boot) && !boot->development &&
           !ota_boot_app_on_trial(boot);
}

int ota_job_update(struct ota_boot *boot, uint8_t slot)
{
    uint8_t other = ota_slot_other(boot->layout, slot);
    boot->backed_up = boot->job == JOB_BACKUP;
    // a copy that was cut off may read well by chance: one that no record names
    // is made again
    bool known = boot->backed_up || boot->journal.newest.backup == other;
    if (!wants_backup(boot) || !known) {
        return ota_job_from_slot(boot, JOB_INSTALL, slot);
    }
    int verdict = ota_job_from_slot(boot, JOB_CHECK_BACKUP, other);
    boot->slot = slot;
    return verdict;
}

static int app_checked(struct ota_boot *boot, int err)
{
    boot->app_error = err;
    boot->image = (struct ota_image){0}; // no update yet
    return ota_boot_go(boot, STATE_DECIDE);
}

int ota_job_checked(struct ota_boot *boot)
{
    switch (boot->job) {
    case JOB_CHECK_APP:
        boot->app = boot->image;
        return app_checked(boot, OTA_OK);
    case JOB_CHECK_BACKUP:
        if (!ota_image_is_same(&boot->image, &boot->app)) {
            return OTA_ERR_CRC;
        }
        boot->backup_stands = true;
        return ota_job_from_slot(boot, JOB_INSTALL, boot->slot);
    case JOB_INSTALL:
        if (wants_backup(boot)) {
            boot->update = boot->image;
            return from_app(boot, JOB_BACKUP, STATE_COPY_BEGIN);
        }
        break;
    default:
        break;
    }
    return ota_boot_go(boot,
                       ota_job_stages(boot) ? STATE_COPY_BEGIN : STATE_BEGIN);
}

int ota_job_requested(struct ota_boot *boot)
{
    struct ota_record *newest = &boot->journal.newest;
    boot->requested = true;
    if (newest->source == OTA_SOURCE_STAGED && newest->staged) {
        return ota_job_update(boot, newest->staged);
    }
    if (newest->source == OTA_SOURCE_SLOT_A) {
        // whatever it held, others have changed it
        ota_slot_forget(newest, OTA_SLOT_A);
        return ota_job_update(boot, OTA_SLOT_A);
    }
    return fetch(boot, newest->source == OTA_SOURCE_ANY);
}

int ota_job_interrupted(struct ota_boot *boot)
{
    const struct ota_record *newest = &boot->journal.newest;
    boot->requested = true;
    boot->error = newest->result;
    boot->step = (enum ota_step)newest->step;
    if (newest->state == OTA_STATE_REVERTING) {
        return ota_job_rescue(boot);
    }
    if (!boot->layout->slot[0].flash) {
        return fetch(boot, newest->source == OTA_SOURCE_ANY);
    }
    if (newest->staged && newest->installs < OTA_INSTALL_TRIES) {
        return ota_job_from_slot(boot, JOB_INSTALL, newest->staged);
    }
    return ota_job_rescue(boot);
}

uint8_t ota_job_backup(const struct ota_boot *boot)
{
    const struct ota_record *newest = &boot->journal.newest;
    // what an update has begun to replace is known to be there, or not
    bool rotted = boot->app_error && newest->state <= OTA_STATE_CONFIRMED;
    return boot->slot && (boot->backup_stands || rotted)
               ? ota_slot_other(boot->layout, boot->slot)
               : newest->backup;
}

/// Failing ///

static bool same_outcome(const struct ota_record *a, const struct ota_record *b)
{
    return a->ota_flag == b->ota_flag && a->state == b->state &&
           a->result == b->result && a->step == b->step &&
           a->tried_version == b->tried_version && a->installs == b->installs &&
           memcmp(a->tried, b->tried, sizeof a->tried) == 0;
}

// Tells the journal why an update that was asked for did not happen. The
// request is withdrawn while there is an application to run; without one the
// record goes on saying INSTALLING, so that the next boot tries again.
static void record_failure(struct ota_boot *boot)
{
    struct ota_record *record = ota_boot_adopt(boot);
    // a low supply refuses nothing: the request stays for the next boot
    bool again = boot->requested && boot->error == OTA_ERR_POWER;
    record->ota_flag = again ? OTA_FLAG_REQUEST : OTA_FLAG_NONE;
    if (!again && boot->job == JOB_INSTALL && boot->app_error == 0) {
        record->staged = OTA_SLOT_NONE; // no good
    }
    record->result = boot->error;
    record->step = (uint8_t)boot->step;
    // what goes back was tried before
    if (boot->job != JOB_RESTORE && boot->step != OTA_STEP_TRIAL) {
        ota_job_set_tried(record, boot);
    }
    if (boot->touched && record->installs < UINT8_MAX) {
        record->installs++;
    }
    // what is known already is not written again, or polling would wear flash
    if (!boot->journal.valid || !same_outcome(record, &boot->journal.newest)) {
        ota_boot_write(boot);
    }
}

// Runs the application that is there, or looks and waits for an image.
static int give_up(struct ota_boot *boot)
{
    if (boot->requested) {
        record_failure(boot);
    }
    if (boot->app_error == 0 && !boot->recovery) {
        return ota_boot_go(boot, STATE_SETTLE);
    }
    if (!boot->polled && boot->failures < OTA_INSTALL_TRIES) {
        return ota_job_fetch_any(boot);
    }
    return ota_boot_wait(boot, STATE_NO_APP);
}

/// Rescue ///

// The version in a slot's header; 0 where there is none.
static uint32_t version_in(const struct ota_boot *boot, uint8_t slot)
{
    uint8_t raw[OTA_PLAIN_HEADER_SIZE];
    struct ota_image image;
    if (ota_area_read(ota_slot_area(boot->layout, slot), 0, raw, sizeof raw) ||
        ota_image_decode(&image, raw)) {
        return 0;
    }
    return image.version;
}

// A slot of this layout (the record may be one of another) not looked into yet.
OTA_INLINE bool is_unseen(const struct ota_boot *boot, uint8_t slot)
{
    return slot != OTA_SLOT_NONE && !(boot->looked & 1u << slot) &&
           ota_slot_area(boot->layout, slot)->flash;
}

// The slot to look into next, once each: the backup, else the newer version.
// Their contents are checked when it comes to it.
static uint8_t next_candidate(struct ota_boot *boot)
{
    uint8_t best = boot->journal.newest.backup;
    if (!is_unseen(boot, best)) {
        best = is_unseen(boot, OTA_SLOT_B) && (!is_unseen(boot, OTA_SLOT_A) ||
                                               version_in(boot, OTA_SLOT_B) >
                                                   version_in(boot, OTA_SLOT_A))
                   ? OTA_SLOT_B
                   : OTA_SLOT_A;
    }
    if (!is_unseen(boot, best)) {
        return OTA_SLOT_NONE;
    }
    boot->looked |= (uint8_t)(1u << best);
    return best;
}

// Everything of an interrupted install stands but its last record. Its last
// words may be half programmed and only read well today: so this counts once
// nothing better is there. (An unsettled record is a later request.)
static bool lacks_only_its_record(const struct ota_boot *boot)
{
    const struct ota_record *newest = &boot->journal.newest;
    return newest->state == OTA_STATE_INSTALLING &&
           (newest->flags & OTA_RECORD_SETTLED) && boot->app_error == 0 &&
           ota_record_has_image(newest, &boot->app);
}

int ota_job_rescue(struct ota_boot *boot)
{
    uint8_t slot = next_candidate(boot);
    if (slot == OTA_SLOT_NONE) {
        if (lacks_only_its_record(boot)) {
            boot->job = JOB_INSTALL;
            boot->slot = boot->journal.newest.staged;
            boot->image = boot->app;
            return ota_boot_go(boot, STATE_FINISH);
        }
        return give_up(boot);
    }
    if (boot->error == OTA_OK) {
        boot->error = boot->app_error; // it has rotted
        boot->step = OTA_STEP_RESTORE;
    }
    return ota_job_from_slot(
        boot, slot == boot->journal.newest.backup ? JOB_RESTORE : JOB_INSTALL,
        slot);
}

int ota_job_revert(struct ota_boot *boot)
{
    const struct ota_record *newest = &boot->journal.newest;
    boot->error = OTA_ERR_UNCONFIRMED;
    boot->step = OTA_STEP_TRIAL;
    boot->requested = true;
    if (newest->backup != OTA_SLOT_NONE) {
        return ota_job_from_slot(boot, JOB_RESTORE, newest->backup);
    }
    if (boot->layout->slot[0].flash) {
        return give_up(boot); // nothing to go back to: it runs on
    }
    record_failure(boot);
    boot->app_error = OTA_ERR_UNCONFIRMED;
    return give_up(boot);
}

// A flash that fails is not to be worn out. A line that breaks off is no fault
// of the flash: after the first time, ten of them count as one.
static void count_failure(struct ota_boot *boot)
{
    bool of_line = boot->error == OTA_ERR_TRUNCATED ||
                   (boot->error <= OTA_ERR_SOURCE_OPEN &&
                    boot->error >= OTA_ERR_SOURCE_FILE);
    if (of_line && boot->failures > 0) {
        if (++boot->broken < 10) {
            return;
        }
        boot->broken = 0;
    }
    boot->failures++;
}

// The app slot is half done: again, for a while; then something else.
static int fail_touched(struct ota_boot *boot)
{
    record_failure(boot);
    count_failure(boot);
    boot->touched = false;
    if (boot->failures < OTA_INSTALL_TRIES) {
        return ota_boot_go(boot, STATE_OPEN);
    }
    return ota_job_rescue(boot);
}

static int fail_fetch(struct ota_boot *boot)
{
    const struct ota_boot_config *config = boot->config;
    if (boot->from_any &&
        config->sources + config->source_count - boot->listed > 1) {
        boot->listed++;
        return ota_boot_go(boot, STATE_OPEN);
    }
    // while somebody holds the button the slots wait
    return ota_boot_app_stands(boot) || boot->recovery ? give_up(boot)
                                                       : ota_job_rescue(boot);
}

static bool is_of_flash(int error)
{
    return error <= OTA_ERR_FLASH_READ && error >= OTA_ERR_FLASH_DEVICE;
}

int ota_job_fail(struct ota_boot *boot, enum ota_step step, int err)
{
    bool opened = step != OTA_STEP_OPEN;
    if (opened) {
        ota_source_close(boot->source);
    }
    switch (boot->job) {
    case JOB_CHECK_APP:
        return app_checked(boot, err);
    case JOB_CHECK_BACKUP:
        if (!boot->backed_up) {
            return ota_job_from_slot(boot, JOB_INSTALL, boot->slot);
        }
        boot->image = boot->update;
        step = OTA_STEP_BACKUP;
        break;
    default:
        break;
    }
    // going back to the backup has a reason of its own, which stays
    if (boot->job != JOB_RESTORE) {
        boot->error = err;
        boot->step = step;
    }
    if (boot->touched) {
        return fail_touched(boot);
    }
    if (err == OTA_ERR_POWER && !ota_boot_app_stands(boot)) {
        return ota_boot_wait(boot, STATE_OPEN); // wears nothing
    }
    if (boot->app_error && is_of_flash(err)) {
        boot->slots_fail = true;
    }
    // also an erase that was refused: a record had been written for it
    if (step == OTA_STEP_STAGE || step == OTA_STEP_ERASE) {
        count_failure(boot);
    }
    if (boot->job == JOB_FETCH) {
        return fail_fetch(boot);
    }
    return ota_boot_app_stands(boot) ? give_up(boot) : ota_job_rescue(boot);
}
