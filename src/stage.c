// SPDX-License-Identifier: MIT

#include "ota/stage.h"

#include <string.h>

#include "ota/crc32.h"

// Bytes verified at a time, on the stack.
#define VERIFY_CHUNK 256

static int check_head(struct ota_image *image, const struct ota_layout *layout,
                      const uint8_t *head, size_t len)
{
    if (len < OTA_STAGE_HEAD) {
        return OTA_ERR_TRUNCATED;
    }
    int err = ota_image_decode(image, head);
    if (err) {
        return err;
    }
    err = ota_image_check_header(image, layout);
    if (err) {
        return err;
    }
    return ota_image_check_vectors(image->size, layout,
                                   head + image->header_size);
}

// The slot is about to be overwritten: no record may count on it any more. A
// settled one may be torn and read well just now, with one behind it that does
// count on the slot; an unsettled one we have written ourselves in this boot.
static int withdraw(struct ota_app *app, uint8_t slot)
{
    struct ota_record record = app->journal.newest;
    if (!(record.flags & OTA_RECORD_SETTLED) &&
        record.ota_flag == OTA_FLAG_NONE && record.staged == OTA_SLOT_NONE &&
        record.backup != slot) {
        return 0;
    }
    record.ota_flag = OTA_FLAG_NONE;
    record.staged = OTA_SLOT_NONE;
    ota_slot_forget(&record, slot); // the backup, if it is the only slot
    record.flags &= (uint8_t)~OTA_RECORD_SETTLED;
    return ota_journal_append(&app->journal, &record);
}

static int may_stage(const struct ota_app *app)
{
    if (!app->journal.valid) {
        return OTA_ERR_JOURNAL_EMPTY;
    }
    uint8_t state = app->journal.newest.state;
    if (state == OTA_STATE_TRIAL) {
        return OTA_ERR_ON_TRIAL;
    }
    return state == OTA_STATE_CONFIRMED ? 0 : OTA_ERR_BUSY;
}

static int prepare(struct ota_stage *stage, struct ota_app *app,
                   const void *head, size_t len)
{
    *stage = (struct ota_stage){.app = app};
    int err = check_head(&stage->image, app->layout, head, len);
    if (err) {
        return err;
    }
    err = may_stage(app);
    if (err) {
        return err;
    }
    stage->slot = ota_slot_free(app->layout, &app->journal.newest);
    if (stage->slot == OTA_SLOT_NONE) {
        return OTA_ERR_NO_SLOT;
    }
    return withdraw(app, stage->slot);
}

static void begin_at(struct ota_stage *stage, uint32_t from)
{
    ota_slot_begin(&stage->writer,
                   ota_slot_area(stage->app->layout, stage->slot),
                   stage->image.header_size + stage->image.size, from);
}

int ota_stage_begin(struct ota_stage *stage, struct ota_app *app,
                    const void *head, size_t len)
{
    int err = prepare(stage, app, head, len);
    if (err) {
        return err;
    }
    begin_at(stage, 0);
    return 0;
}

int32_t ota_stage_resume(struct ota_stage *stage, struct ota_app *app,
                         const void *head, size_t len)
{
    int err = prepare(stage, app, head, len);
    if (err) {
        return err;
    }
    const struct ota_area *area = ota_slot_area(app->layout, stage->slot);
    uint8_t stored[OTA_PLAIN_HEADER_SIZE];
    int32_t from = 0;
    if (ota_area_read(area, 0, stored, sizeof stored) == 0 &&
        memcmp(stored, head, sizeof stored) == 0) {
        from = ota_slot_frontier(area,
                                 stage->image.header_size + stage->image.size);
    }
    if (from >= 0) {
        begin_at(stage, (uint32_t)from);
    }
    return from;
}

int ota_stage_write(struct ota_stage *stage, const void *data, size_t len)
{
    return ota_slot_write(&stage->writer, data, len);
}

// What the slot holds, against the header that was offered.
static int verify(const struct ota_stage *stage)
{
    const struct ota_area *area = stage->writer.area;
    const struct ota_image *image = &stage->image;
    uint8_t data[VERIFY_CHUNK];
    int err = ota_area_read(area, 0, data, OTA_PLAIN_HEADER_SIZE);
    if (err) {
        return err;
    }
    struct ota_image stored;
    err = ota_image_decode(&stored, data);
    if (err) {
        return err;
    }
    uint32_t crc = 0;
    for (uint32_t done = 0; done < image->size; done += VERIFY_CHUNK) {
        uint32_t left = image->size - done;
        uint32_t n = left < VERIFY_CHUNK ? left : VERIFY_CHUNK;
        err = ota_area_read(area, image->header_size + done, data, n);
        if (err) {
            return err;
        }
        crc = ota_crc32(crc, data, n);
    }
    return crc == image->crc && ota_image_is_same(&stored, image) ? 0
                                                                  : OTA_ERR_CRC;
}

int ota_stage_finish(struct ota_stage *stage)
{
    if (stage->writer.position < stage->writer.total) {
        return OTA_ERR_TRUNCATED;
    }
    int err = verify(stage);
    if (err) {
        // nothing of it is worth going on with; the result that counts is err
        int erased = ota_area_erase(stage->writer.area, 0);
        (void)erased;
        return err;
    }
    struct ota_record record = stage->app->journal.newest;
    record.staged = stage->slot;
    record.flags &= (uint8_t)~OTA_RECORD_SETTLED;
    return ota_journal_append(&stage->app->journal, &record);
}
