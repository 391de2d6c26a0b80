// SPDX-License-Identifier: MIT
//
// Bringing an image into a slot: an update from a source, or a backup of the
// application that runs. The app slot stays as it is.
//
//   COPY_BEGIN > COPY            the update; then it is installed like any
//   other PROVE                        is the backup that there should be one?
//   COPY_BEGIN > COPY > PROVE    no: make it one

#include "machine.h"

static const struct ota_image *copied(const struct ota_boot *boot)
{
    return boot->job == JOB_FETCH ? &boot->image : &boot->app;
}

static enum ota_step step_of(const struct ota_boot *boot)
{
    return boot->job == JOB_FETCH ? OTA_STEP_STAGE : OTA_STEP_BACKUP;
}

// The slot that is written; for a backup, the one beside the update's.
static uint8_t target_of(struct ota_boot *boot)
{
    const struct ota_layout *layout = boot->config->layout;
    if (boot->job == JOB_BACKUP) {
        return ota_slot_other(layout, boot->slot);
    }
    boot->slot = ota_slot_free(layout, &boot->journal.newest);
    return boot->slot;
}

// The record comes first, and in the boot that erases: the one that asked for
// the update may have been a torn one that read well once.
enum ota_verdict ota_copy_begin(struct ota_boot *boot)
{
    uint8_t target = target_of(boot);
    struct ota_record record = ota_boot_record(boot);
    if (record.backup == target) {
        record.backup = OTA_SLOT_NONE;
    }
    if (record.staged == target) {
        record.staged = OTA_SLOT_NONE;
    }
    int err = ota_boot_write(boot, &record);
    // without an application there is nothing that a lost record could lose
    if (err && boot->app_error == 0) {
        return ota_job_fail(boot, step_of(boot), err);
    }
    const struct ota_image *image = copied(boot);
    ota_slot_begin(&boot->writer, ota_slot_area(boot->config->layout, target),
                   image->header_size + image->size, 0);
    return ota_boot_go(boot, STATE_COPY);
}

// The update stands in its slot, as if an application had staged it.
static enum ota_verdict staged(struct ota_boot *boot)
{
    struct ota_record record = ota_boot_record(boot);
    record.ota_flag = OTA_FLAG_REQUEST;
    record.source = OTA_SOURCE_STAGED;
    record.staged = boot->slot;
    int err = ota_boot_write(boot, &record);
    if (err && boot->app_error == 0) {
        return ota_job_fail(boot, OTA_STEP_STAGE, err);
    }
    boot->requested = true;
    return ota_job_from_slot(boot, JOB_INSTALL, boot->slot);
}

enum ota_verdict ota_copy_step(struct ota_boot *boot)
{
    uint32_t left = boot->writer.total - boot->writer.position;
    int done = ota_fetch_fill(boot, left < OTA_CHUNK ? left : OTA_CHUNK);
    if (done == 0) {
        return OTA_BOOT_BUSY;
    }
    int err = done;
    if (done > 0) {
        err = ota_slot_write(&boot->writer, boot->buffer, boot->buffered);
    }
    if (err) {
        return ota_job_fail(boot, step_of(boot), err);
    }
    boot->buffered = 0;
    ota_boot_progress(boot, step_of(boot), boot->writer.position,
                      boot->writer.total);
    if (boot->writer.position < boot->writer.total) {
        return OTA_BOOT_BUSY;
    }
    ota_source_close(ota_fetch_source(boot));
    if (boot->job == JOB_FETCH) {
        return staged(boot);
    }
    return ota_boot_go(boot, STATE_PROVE);
}

// 1: the slot holds a copy of what runs, 0: not known yet, negative: it does
// not, or cannot be read.
static int prove(struct ota_boot *boot, const struct ota_area *slot)
{
    if (boot->position == 0) {
        uint8_t raw[OTA_PLAIN_HEADER_SIZE];
        struct ota_image image;
        int err = ota_area_read(slot, 0, raw, sizeof raw);
        if (err == 0) {
            err = ota_image_decode(&image, raw);
        }
        if (err) {
            return err;
        }
        if (!ota_image_is_same(&image, &boot->app)) {
            return OTA_ERR_CRC;
        }
    }
    int done = ota_boot_crc(boot, slot, boot->app.header_size, boot->app.size);
    return done > 0 && boot->crc != boot->app.crc ? OTA_ERR_CRC : done;
}

enum ota_verdict ota_copy_prove(struct ota_boot *boot)
{
    const struct ota_layout *layout = boot->config->layout;
    uint8_t slot = ota_slot_other(layout, boot->slot);
    // a copy that was cut off may read well by chance: one that no record names
    // is made again
    bool named = boot->job == JOB_BACKUP || boot->journal.newest.backup == slot;
    int done =
        named ? prove(boot, ota_slot_area(layout, slot)) : OTA_ERR_NO_APP;
    if (done == 0) {
        return OTA_BOOT_BUSY;
    }
    boot->backup_stands = done > 0;
    if (boot->job == JOB_BACKUP) { // just written
        return done > 0 ? ota_job_from_slot(boot, JOB_INSTALL, boot->slot)
                        : ota_job_fail(boot, OTA_STEP_BACKUP, done);
    }
    if (done > 0) {
        return ota_boot_go(boot, STATE_BEGIN);
    }
    boot->job = JOB_BACKUP;
    ota_area_source_init(&boot->area, &layout->app, boot->app.header_size,
                         OTA_HEADER_SPACE - boot->app.header_size);
    return ota_boot_go(boot, STATE_COPY_BEGIN);
}
