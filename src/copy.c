// SPDX-License-Identifier: MIT
//
// Bringing an image into a slot: an update from a source, or a backup of the
// application that runs. Also the middle of an install.
//
//   COPY_BEGIN > COPY
//
// What has been copied is then read back and checked as the next job's source.

#include "machine.h"

static const struct ota_image *copied(const struct ota_boot *boot)
{
    return boot->job == JOB_FETCH ? &boot->image : &boot->app;
}

// The slot that is written; for a backup, the one beside the update's.
static uint8_t target_of(struct ota_boot *boot)
{
    const struct ota_layout *layout = boot->layout;
    if (boot->job == JOB_BACKUP) {
        return ota_slot_other(layout, boot->slot);
    }
    boot->slot = ota_slot_free(layout, &boot->journal.newest);
    return boot->slot;
}

// The record comes first, and in the boot that erases: the one that asked for
// the update may have been a torn one that read well once.
int ota_copy_begin(struct ota_boot *boot)
{
    uint8_t target = target_of(boot);
    ota_slot_forget(ota_boot_record(boot), target);
    int err = ota_boot_write_first(boot);
    if (err) {
        return err;
    }
    const struct ota_image *image = copied(boot);
    ota_slot_begin(&boot->writer, ota_slot_area(boot->layout, target),
                   image->header_size + image->size, 0);
    return ota_boot_go(boot, STATE_COPY);
}

// The update stands in its slot, as if an application had staged it.
static int staged(struct ota_boot *boot)
{
    struct ota_record *record = ota_boot_record(boot);
    record->ota_flag = OTA_FLAG_REQUEST;
    record->source = OTA_SOURCE_STAGED;
    record->staged = boot->slot;
    int err = ota_boot_write_first(boot);
    if (err) {
        return err;
    }
    boot->requested = true;
    // it was good where it came from: if it is not here, it will never be
    boot->slots_fail = boot->app_error && boot->source->seek;
    return ota_job_update(boot, boot->slot);
}

int ota_copy_step(struct ota_boot *boot)
{
    struct ota_slot_writer *writer = &boot->writer;
    int done = ota_fetch_fill(boot, writer->total - writer->position);
    if (done <= 0) {
        return done;
    }
    int err = boot->touched
                  ? ota_install_write(boot)
                  : ota_slot_write(writer, boot->buffer, boot->buffered);
    if (err) {
        return err;
    }
    boot->buffered = 0;
    ota_boot_progress(boot, writer->position, writer->total);
    if (writer->position < writer->total) {
        return OTA_BOOT_BUSY;
    }
    if (boot->touched) {
        return ota_boot_go(boot, STATE_VERIFY);
    }
    ota_source_close(boot->source);
    if (boot->job == JOB_FETCH) {
        return staged(boot);
    }
    return ota_job_update(boot, boot->slot);
}
