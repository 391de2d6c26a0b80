// SPDX-License-Identifier: MIT
//
// Reading an image from where it is, a source or a slot, and checking it there:
//
//   OPEN > HEADER > CHECK

#include "machine.h"

#include <string.h>

#include "ota/crc32.h"

// Who holds the button has brought something.
static bool is_asked(const struct ota_boot *boot,
                     const struct ota_boot_source *source)
{
    return boot->from_any ? !boot->recovery || source->by_hand
                          : source->id == boot->journal.newest.source;
}

// Finds the source that was asked for, from the listed one on; false: there is
// none.
static bool find_source(struct ota_boot *boot)
{
    const struct ota_boot_config *config = boot->config;
    boot->slot = OTA_SLOT_NONE; // until it is staged in one
    for (; boot->listed < config->sources + config->source_count;
         boot->listed++) {
        if (is_asked(boot, boot->listed)) {
            boot->source = boot->listed->source;
            return true;
        }
    }
    return false;
}

int ota_fetch_open(struct ota_boot *boot)
{
    boot->image = (struct ota_image){0};
    boot->buffered = 0;
    boot->position = 0;
    boot->crc = 0;
    if (boot->job == JOB_FETCH && !find_source(boot)) {
        return OTA_ERR_SOURCE_OPEN;
    }
    int err = ota_source_open(boot->source);
    if (err) {
        return err;
    }
    return ota_boot_go(boot, STATE_HEADER);
}

int ota_fetch_fill(struct ota_boot *boot, uint32_t wanted)
{
    wanted = wanted < OTA_CHUNK ? wanted : OTA_CHUNK;
    uint32_t room = wanted - boot->buffered;
    if (room == 0) {
        return 1;
    }
    struct ota_source *source = boot->source;
    int got = source->read(source, boot->buffer + boot->buffered, room);
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

int ota_fetch_sum(struct ota_boot *boot)
{
    const struct ota_image *image = &boot->image;
    boot->crc = ota_crc32(boot->crc, boot->buffer, boot->buffered);
    boot->position += boot->buffered;
    boot->buffered = 0;
    if (boot->job > JOB_CHECK_BACKUP) {
        ota_boot_progress(boot, boot->position, image->size);
    }
    if (boot->position < image->size) {
        return 0;
    }
    return boot->crc == image->crc ? 1 : OTA_ERR_CRC;
}

// An image that merely lies there, and that nobody asked for, does not come
// back by itself once it was reverted; who holds the button wants it, but only
// once: the button may be stuck.
static int check_wanted(const struct ota_boot *boot)
{
    const struct ota_record *newest = &boot->journal.newest;
    if (boot->job != JOB_FETCH || boot->requested || !boot->source->seek) {
        return 0;
    }
    if (boot->recovery) {
        return ota_boot_app_stands(boot) &&
                       ota_image_is_same(&boot->image, &boot->app)
                   ? OTA_ERR_INSTALLED
                   : 0;
    }
    return newest->result == OTA_ERR_UNCONFIRMED &&
                   ota_job_was_tried(newest, boot)
               ? OTA_ERR_UNCONFIRMED
               : 0;
}

static int check_image(struct ota_boot *boot)
{
    const struct ota_layout *layout = boot->layout;
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
    err = check_wanted(boot);
    if (err) {
        return err;
    }
    return ota_image_check_vectors(boot->image.size, layout,
                                   boot->buffer + boot->image.header_size);
}

// A source that cannot go back: what was read of it goes where it belongs.
static int stream_on(struct ota_boot *boot)
{
    if (!ota_job_stages(boot)) {
        // the vectors are the first bytes to be programmed (and no header is
        // so short that they would overlap)
        memcpy(boot->buffer, boot->buffer + boot->image.header_size,
               OTA_VECTORS_SIZE);
        boot->buffered = OTA_VECTORS_SIZE;
    }
    return ota_job_checked(boot);
}

static int seek(struct ota_boot *boot, uint32_t offset)
{
    struct ota_source *source = boot->source;
    boot->buffered = 0;
    return source->seek(source, offset);
}

int ota_fetch_header(struct ota_boot *boot)
{
    int done = ota_fetch_fill(boot, OTA_PLAIN_HEADER_SIZE + OTA_VECTORS_SIZE);
    if (done <= 0) {
        return done;
    }
    int err = check_image(boot);
    if (err) {
        return err;
    }
    struct ota_source *source = boot->source;
    uint32_t header_size = boot->image.header_size;
    if (source->set_total_size) {
        source->set_total_size(source, header_size + boot->image.size);
    }
    if (!source->seek) {
        return stream_on(boot);
    }
    ota_boot_go(boot, STATE_CHECK);
    return seek(boot, header_size);
}

int ota_fetch_check(struct ota_boot *boot)
{
    int done = ota_fetch_fill(boot, boot->image.size - boot->position);
    if (done > 0) {
        done = ota_fetch_sum(boot);
    }
    if (done <= 0) {
        return done;
    }
    int err = seek(boot, ota_job_stages(boot) ? 0 : boot->image.header_size);
    return err ? err : ota_job_checked(boot);
}
