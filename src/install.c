// SPDX-License-Identifier: MIT
//
// Bringing a new application: open a source, check the image where it is,
// record that the app slot changes, erase, program, verify what the flash
// holds, program header and vectors, record the success. Every step may be cut
// off and is then simply done again: there is no resume.
//
//   OPEN > HEADER > CHECK > BEGIN > ERASE > PROGRAM > VERIFY > FINISH

#include "machine.h"

#include <string.h>

#include "ota/bytes.h"
#include "ota/crc32.h"

static struct ota_source *source_of(const struct ota_boot *boot)
{
    return boot->config->sources[boot->source_index].source;
}

/// Failure ///

static bool same_outcome(const struct ota_record *a, const struct ota_record *b)
{
    return a->ota_flag == b->ota_flag && a->state == b->state &&
           a->result == b->result && a->step == b->step &&
           a->tried_version == b->tried_version && a->installs == b->installs &&
           memcmp(a->tried, b->tried, sizeof a->tried) == 0;
}

static void set_tried(struct ota_record *record, const struct ota_boot *boot)
{
    record->tried_version = boot->image.version;
    store_le32(record->tried, boot->image.crc);
    store_le32(record->tried + 4, boot->image.size);
}

// Tells the journal why an update that was asked for did not happen. The
// request is withdrawn while there is an application to run; without one the
// record goes on saying INSTALLING, so that the next boot tries again.
static void record_failure(struct ota_boot *boot)
{
    struct ota_record record = ota_boot_record(boot);
    // a low supply refuses nothing: the request stays for the next boot
    bool again = boot->requested && boot->error == OTA_ERR_POWER;
    record.ota_flag = again ? OTA_FLAG_REQUEST : OTA_FLAG_NONE;
    record.result = boot->error;
    record.step = (uint8_t)boot->step;
    set_tried(&record, boot);
    if (boot->touched && record.installs < UINT8_MAX) {
        record.installs++;
    }
    // what is known already is not written again, or polling would wear flash
    if (!boot->journal.valid || !same_outcome(&record, &boot->journal.newest)) {
        ota_boot_write(boot, &record);
    }
}

// Everything of an interrupted install stands but its last record. Its last
// words may be half programmed and only read well today: so this counts once
// the source has nothing better. (An unsettled record is a later request.)
static bool lacks_only_its_record(const struct ota_boot *boot)
{
    const struct ota_record *newest = &boot->journal.newest;
    return newest->state == OTA_STATE_INSTALLING &&
           (newest->flags & OTA_RECORD_SETTLED) && boot->app_error == 0 &&
           ota_record_has_image(newest, &boot->app);
}

// The update cannot go on. Next: the application that is still there, the same
// source once more if the app slot is half done, another source, or nothing.
static enum ota_verdict fail(struct ota_boot *boot, enum ota_step step, int err)
{
    boot->error = err;
    boot->step = step;
    if (step > OTA_STEP_OPEN) {
        ota_source_close(source_of(boot));
    }
    // a low supply costs no wear before the first erase, and may recover
    if (step >= OTA_STEP_BEGIN && (err != OTA_ERR_POWER || boot->touched)) {
        boot->failures++;
    }
    if (boot->touched) {
        record_failure(boot);
        boot->touched = false;
        return ota_boot_go(boot, boot->failures < OTA_INSTALL_TRIES
                                     ? STATE_OPEN
                                     : STATE_NO_APP);
    }
    if (boot->from_any && boot->source_index + 1 < boot->config->source_count) {
        boot->source_index++;
        return ota_boot_go(boot, STATE_OPEN);
    }
    if (lacks_only_its_record(boot)) {
        boot->image = boot->app;
        return ota_boot_go(boot, STATE_FINISH);
    }
    if (boot->requested) {
        record_failure(boot);
    }
    if (boot->app_error == 0) {
        return ota_boot_go(boot, STATE_SETTLE);
    }
    ota_boot_go(boot, STATE_NO_APP);
    return OTA_BOOT_NO_APP;
}

/// Steps ///

enum ota_verdict ota_install_open(struct ota_boot *boot)
{
    const struct ota_boot_config *config = boot->config;
    boot->image = (struct ota_image){0};
    boot->buffered = 0;
    while (!boot->from_any && boot->source_index < config->source_count &&
           config->sources[boot->source_index].id !=
               boot->journal.newest.source) {
        boot->source_index++;
    }
    if (boot->source_index >= config->source_count) {
        return fail(boot, OTA_STEP_OPEN, OTA_ERR_SOURCE_OPEN);
    }
    int err = ota_source_open(source_of(boot));
    if (err) {
        return fail(boot, OTA_STEP_OPEN, err);
    }
    return ota_boot_go(boot, STATE_HEADER);
}

// Reads what the source has of the wanted bytes. 1: buffer holds them all,
// 0: not yet, or an error.
static int fill(struct ota_boot *boot, uint32_t wanted)
{
    uint32_t room = wanted - boot->buffered;
    if (room == 0) {
        return 1;
    }
    int got = source_of(boot)->read(source_of(boot),
                                    boot->buffer + boot->buffered, room);
    if (got == OTA_ERR_SOURCE_END) {
        return OTA_ERR_TRUNCATED;
    }
    if (got < 0) {
        return got;
    }
    if ((uint32_t)got > room) {
        return OTA_ERR_SOURCE_READ; // a broken source wrote past the end
    }
    boot->buffered += (uint32_t)got;
    return boot->buffered == wanted;
}

static int check_image(struct ota_boot *boot)
{
    const struct ota_layout *layout = boot->config->layout;
    int err = ota_image_decode(&boot->image, boot->buffer);
    if (err == OTA_ERR_MAGIC) {
        boot->image = (struct ota_image){0}; // no image: no version either
    }
    if (err) {
        return err;
    }
    err = ota_image_check_header(&boot->image, layout);
    if (err) {
        return err;
    }
    return ota_image_check_vectors(&boot->image, layout,
                                   boot->buffer + boot->image.header_size);
}

enum ota_verdict ota_install_header(struct ota_boot *boot)
{
    int done = fill(boot, OTA_PLAIN_HEADER_SIZE + OTA_VECTORS_SIZE);
    if (done == 0) {
        return OTA_BOOT_BUSY;
    }
    int err = done < 0 ? done : check_image(boot);
    if (err) {
        return fail(boot, OTA_STEP_HEADER, err);
    }
    struct ota_source *source = source_of(boot);
    if (source->set_total_size) {
        source->set_total_size(source,
                               boot->image.header_size + boot->image.size);
    }
    if (!source->seek) {
        // a stream: the vectors are the first bytes to be programmed (and no
        // header is so short that they would overlap)
        memcpy(boot->buffer, boot->buffer + boot->image.header_size,
               OTA_VECTORS_SIZE);
        boot->buffered = OTA_VECTORS_SIZE;
        return ota_boot_go(boot, STATE_BEGIN);
    }
    boot->buffered = 0;
    err = source->seek(source, boot->image.header_size);
    if (err) {
        return fail(boot, OTA_STEP_CHECK, err);
    }
    return ota_boot_go(boot, STATE_CHECK);
}

enum ota_verdict ota_install_check(struct ota_boot *boot)
{
    uint32_t left = boot->image.size - boot->position;
    int done = fill(boot, left < OTA_CHUNK ? left : OTA_CHUNK);
    if (done < 0) {
        return fail(boot, OTA_STEP_CHECK, done);
    }
    if (done == 0) {
        return OTA_BOOT_BUSY;
    }
    boot->crc = ota_crc32(boot->crc, boot->buffer, boot->buffered);
    boot->position += boot->buffered;
    boot->buffered = 0;
    ota_boot_progress(boot, OTA_STEP_CHECK, boot->position, boot->image.size);
    if (boot->position < boot->image.size) {
        return OTA_BOOT_BUSY;
    }
    if (boot->crc != boot->image.crc) {
        return fail(boot, OTA_STEP_CHECK, OTA_ERR_CRC);
    }
    struct ota_source *source = source_of(boot);
    int err = source->seek(source, boot->image.header_size);
    if (err) {
        return fail(boot, OTA_STEP_CHECK, err);
    }
    return ota_boot_go(boot, STATE_BEGIN);
}

// From here on the app slot is not to be run until the new application stands.
// The record comes first, and it is written anew in every boot that erases: the
// one that asked for the install may have been a torn one that read well once.
enum ota_verdict ota_install_begin(struct ota_boot *boot)
{
    struct ota_record record = ota_boot_record(boot);
    record.state = OTA_STATE_INSTALLING;
    record.step = OTA_STEP_BEGIN;
    record.result = OTA_OK;
    ota_record_set_image(&record, &boot->image);
    set_tried(&record, boot);
    if (memcmp(record.tried, boot->journal.newest.tried, sizeof record.tried) !=
        0) {
        record.installs = 0; // another image than last time
    }
    int err = ota_boot_write(boot, &record);
    // without an application there is nothing that a lost record could lose
    if (err && boot->app_error == 0) {
        return fail(boot, OTA_STEP_BEGIN, err);
    }
    return ota_boot_go(boot, STATE_ERASE);
}

enum ota_verdict ota_install_erase(struct ota_boot *boot)
{
    const struct ota_area *app = &boot->config->layout->app;
    uint32_t wanted = OTA_HEADER_SPACE + boot->image.size;
    int32_t size = ota_area_unit_size(app, boot->position);
    int err = size < 0 ? (int)size : ota_area_erase(app, boot->position);
    if (boot->position == 0 && ota_flash_is_untouched(err)) {
        return fail(boot, OTA_STEP_ERASE, err); // the old one still stands
    }
    boot->app_error = OTA_ERR_NO_APP;
    boot->development = false;
    boot->touched = true;
    if (err) {
        return fail(boot, OTA_STEP_ERASE, err);
    }
    boot->position += (uint32_t)size;
    if (boot->position < wanted) {
        ota_boot_progress(boot, OTA_STEP_ERASE, boot->position, wanted);
        return OTA_BOOT_BUSY;
    }
    ota_boot_progress(boot, OTA_STEP_ERASE, 1, 1);
    return ota_boot_go(boot, STATE_PROGRAM);
}

// Programs len bytes that lie in data, where there is room to fill the last
// write unit up.
static int program(const struct ota_area *app, uint32_t offset, uint8_t *data,
                   uint32_t len)
{
    const struct ota_geometry *geometry = app->flash->geometry;
    while (len % geometry->write_unit != 0) {
        data[len++] = geometry->erased;
    }
    return ota_area_prog(app, offset, data, len);
}

static uint32_t first_size(const struct ota_boot *boot)
{
    uint32_t size = boot->image.size;
    return size < sizeof boot->first ? size : (uint32_t)sizeof boot->first;
}

// Programs what the buffer holds, except the vectors: an install that was cut
// off must not look like a development build, whatever the journal says by
// then (it may be dead).
static int program_chunk(struct ota_boot *boot)
{
    uint32_t skip = 0;
    if (boot->position == 0) {
        skip = first_size(boot);
        memcpy(boot->first, boot->buffer, skip);
    }
    if (boot->buffered == skip) {
        return 0;
    }
    return program(&boot->config->layout->app,
                   OTA_HEADER_SPACE + boot->position + skip,
                   boot->buffer + skip, boot->buffered - skip);
}

enum ota_verdict ota_install_program(struct ota_boot *boot)
{
    uint32_t left = boot->image.size - boot->position;
    int done = fill(boot, left < OTA_CHUNK ? left : OTA_CHUNK);
    if (done == 0) {
        return OTA_BOOT_BUSY;
    }
    int err = done < 0 ? done : program_chunk(boot);
    if (err) {
        return fail(boot, OTA_STEP_PROGRAM, err);
    }
    boot->position += boot->buffered;
    boot->buffered = 0;
    ota_boot_progress(boot, OTA_STEP_PROGRAM, boot->position, boot->image.size);
    if (boot->position < boot->image.size) {
        return OTA_BOOT_BUSY;
    }
    return ota_boot_go(boot, STATE_VERIFY);
}

enum ota_verdict ota_install_verify(struct ota_boot *boot)
{
    if (boot->position == 0) {
        boot->position = first_size(boot);
        boot->crc = ota_crc32(0, boot->first, boot->position);
    }
    int done = ota_boot_crc_app(boot, boot->image.size);
    if (done < 0) {
        return fail(boot, OTA_STEP_VERIFY, done);
    }
    ota_boot_progress(boot, OTA_STEP_VERIFY, boot->position, boot->image.size);
    if (done == 0) {
        return OTA_BOOT_BUSY;
    }
    if (boot->crc != boot->image.crc) {
        return fail(boot, OTA_STEP_VERIFY, OTA_ERR_CRC);
    }
    return ota_boot_go(boot, STATE_FINISH);
}

// Programs up to OTA_MAX_WRITE_UNIT bytes and reads them back.
static int program_checked(const struct ota_area *app, uint32_t offset,
                           const uint8_t *data, uint32_t len)
{
    uint8_t raw[OTA_MAX_WRITE_UNIT];
    memcpy(raw, data, len);
    int err = program(app, offset, raw, len);
    if (err) {
        return err;
    }
    uint8_t check[OTA_MAX_WRITE_UNIT];
    err = ota_area_read(app, offset, check, len);
    if (err) {
        return err;
    }
    return memcmp(check, data, len) == 0 ? 0 : OTA_ERR_FLASH_VERIFY;
}

// What makes it an application: its header, and then its vectors, so that
// there are never vectors behind a blank header.
static int program_last(struct ota_boot *boot)
{
    const struct ota_area *app = &boot->config->layout->app;
    uint8_t raw[OTA_PLAIN_HEADER_SIZE];
    ota_image_encode(&boot->image, raw);
    int err = program_checked(app, 0, raw, sizeof raw);
    if (err) {
        return err;
    }
    return program_checked(app, OTA_HEADER_SPACE, boot->first,
                           first_size(boot));
}

enum ota_verdict ota_install_finish(struct ota_boot *boot)
{
    if (boot->touched) {
        int err = program_last(boot);
        if (err) {
            return fail(boot, OTA_STEP_FINISH, err);
        }
        ota_source_close(source_of(boot));
        boot->touched = false;
    }
    boot->app = boot->image;
    boot->app_error = 0;
    boot->error = OTA_OK;
    boot->step = OTA_STEP_DONE;
    struct ota_record record = ota_boot_record(boot);
    record.ota_flag = OTA_FLAG_NONE;
    record.result = OTA_OK;
    record.step = OTA_STEP_DONE;
    record.installs = 0;
    set_tried(&record, boot);
    // if this record cannot be written the application runs all the same; the
    // next boot installs it again, or writes the record if the source is gone
    ota_boot_write(boot, &record);
    ota_boot_progress(boot, OTA_STEP_DONE, 1, 1);
    return ota_boot_go(boot, STATE_SETTLE);
}
