// SPDX-License-Identifier: MIT
//
// Bringing an image into the app slot: record that it changes, erase, program,
// verify what the flash holds, program header and vectors, record the success.
// Every step may be cut off and is then simply done again: there is no resume.
//
//   BEGIN > ERASE > COPY (copy.c) > VERIFY > FINISH

#include "machine.h"

#include <string.h>

#include "ota/crc32.h"

static void put_begun(struct ota_boot *boot)
{
    struct ota_record *record = ota_boot_record(boot);
    ota_record_set_image(record, &boot->image);
    if (boot->job == JOB_RESTORE) {
        record->state = OTA_STATE_REVERTING;
        record->backup = boot->slot;
        record->result = boot->error;
        record->step = (uint8_t)boot->step;
        return;
    }
    record->state = OTA_STATE_INSTALLING;
    record->result = OTA_OK;
    record->step = OTA_STEP_BEGIN;
    if (!ota_job_was_tried(record, boot)) {
        record->installs = 0; // another image than last time
    }
    ota_job_set_tried(record, boot);
    record->staged = boot->slot;
    record->backup = ota_job_backup(boot);
}

// From here on the app slot is not to be run until the new application stands.
// The record comes first, and it is written anew in every boot that erases,
// once: the one that asked for the install may have been a torn one that read
// well once.
int ota_install_begin(struct ota_boot *boot)
{
    if (!boot->begun) {
        put_begun(boot);
        int err = ota_boot_write_first(boot);
        if (err) {
            return err;
        }
        boot->begun = boot->journal_error == 0;
    }
    return ota_boot_go(boot, STATE_ERASE);
}

// The first unit, so that the old application is gone for certain; the others
// go as they are needed.
int ota_install_erase(struct ota_boot *boot)
{
    struct ota_slot_writer *writer = &boot->writer;
    ota_slot_begin(writer, &boot->layout->app,
                   OTA_HEADER_SPACE + boot->image.size, 0);
    int err = ota_slot_blank(writer);
    if (writer->erased == 0 && ota_flash_is_untouched(err)) {
        return err; // the old one still stands
    }
    boot->app_error = OTA_ERR_NO_APP;
    boot->development = false;
    boot->touched = true;
    if (err) {
        return err;
    }
    ota_boot_progress(boot, 1, 1);
    writer->position = OTA_HEADER_SPACE; // programmed last
    boot->position = 0;                  // of what is verified
    return ota_boot_go(boot, STATE_COPY);
}

static uint32_t first_size(const struct ota_boot *boot)
{
    uint32_t size = boot->image.size;
    return size < sizeof boot->first ? size : (uint32_t)sizeof boot->first;
}

int ota_install_write(struct ota_boot *boot)
{
    struct ota_slot_writer *writer = &boot->writer;
    uint32_t skip = 0;
    if (writer->position == OTA_HEADER_SPACE) {
        skip = first_size(boot);
        memcpy(boot->first, boot->buffer, skip);
        writer->position += skip;
    }
    return ota_slot_write(writer, boot->buffer + skip, boot->buffered - skip);
}

int ota_install_verify(struct ota_boot *boot)
{
    if (boot->position == 0) {
        boot->position = first_size(boot);
        boot->crc = ota_crc32(0, boot->first, boot->position);
    }
    uint32_t left = boot->image.size - boot->position;
    boot->buffered = left < OTA_CHUNK ? left : OTA_CHUNK;
    int err =
        ota_area_read(&boot->layout->app, OTA_HEADER_SPACE + boot->position,
                      boot->buffer, boot->buffered);
    if (err) {
        return err;
    }
    int done = ota_fetch_sum(boot);
    if (done > 0) {
        ota_boot_go(boot, STATE_FINISH);
        return OTA_BOOT_BUSY;
    }
    return done;
}

// Programs up to OTA_MAX_WRITE_UNIT bytes and reads them back.
static int program_checked(const struct ota_area *app, uint32_t offset,
                           const uint8_t *data, uint32_t len)
{
    const struct ota_geometry *geometry = app->flash->geometry;
    uint8_t raw[OTA_MAX_WRITE_UNIT];
    memset(raw, geometry->erased, sizeof raw);
    memcpy(raw, data, len);
    uint32_t unit = geometry->write_unit;
    return ota_area_prog_checked(app, offset, raw,
                                 (len + unit - 1) & ~(unit - 1));
}

// What makes it an application: its header, and then its vectors, so that
// there are never vectors behind a blank header.
static int program_last(struct ota_boot *boot)
{
    const struct ota_area *app = &boot->layout->app;
    uint8_t raw[OTA_PLAIN_HEADER_SIZE];
    ota_image_encode(&boot->image, raw);
    int err = program_checked(app, 0, raw, sizeof raw);
    if (err) {
        return err;
    }
    return program_checked(app, OTA_HEADER_SPACE, boot->first,
                           first_size(boot));
}

static void put_finished(struct ota_boot *boot)
{
    struct ota_record *record = ota_boot_newest(boot);
    ota_record_set_image(record, &boot->image);
    record->ota_flag = OTA_FLAG_NONE;
    record->attempts = 0;
    record->installs = 0;
    if (boot->job == JOB_RESTORE) {
        record->state = OTA_STATE_CONFIRMED;
        record->backup = boot->slot;
        if (boot->step != OTA_STEP_RESTORE) {
            record->staged = OTA_SLOT_NONE; // no good
        }
    } else {
        record->state = OTA_STATE_TRIAL; // the backup is known since BEGIN
        record->staged = boot->slot;
        ota_job_set_tried(record, boot);
    }
    record->result = boot->error;
    record->step = (uint8_t)boot->step;
}

int ota_install_finish(struct ota_boot *boot)
{
    if (boot->touched) {
        int err = program_last(boot);
        if (err) {
            return err;
        }
        ota_source_close(boot->source);
        boot->touched = false;
    }
    if (boot->job != JOB_RESTORE) {
        boot->error = OTA_OK;
        boot->step = OTA_STEP_DONE;
    }
    // if this record cannot be written the application runs all the same; the
    // next boot installs it again, or writes the record if the source is gone
    put_finished(boot);
    ota_boot_write(boot);
    boot->app = boot->image;
    boot->app_error = 0;
    ota_boot_go(boot, STATE_SETTLE);
    ota_boot_progress(boot, 1, 1);
    return OTA_BOOT_BUSY;
}
