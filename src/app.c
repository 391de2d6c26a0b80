// SPDX-License-Identifier: MIT

#include "ota/app.h"

#include "ota/image.h"
#include "ota/slot.h"

int ota_app_open(struct ota_app *app, const struct ota_layout *layout,
                 const void *info_block)
{
    *app = (struct ota_app){.layout = layout};
    int err = ota_info_decode(&app->bootloader, info_block);
    if (err) {
        return err;
    }
    if (app->bootloader.target != layout->target ||
        app->bootloader.layout_digest != layout->digest) {
        return OTA_ERR_LAYOUT;
    }
    if (app->bootloader.journal_format != OTA_JOURNAL_FORMAT) {
        return OTA_ERR_FORMAT;
    }
    return ota_journal_scan(&app->journal, layout->journal);
}

// The header of the image that runs, from the app slot; all zero if there is
// none: flashed by a debugger. 0 or a read error.
static int running(const struct ota_app *app, struct ota_image *image)
{
    uint8_t raw[OTA_PLAIN_HEADER_SIZE];
    int err = ota_area_read(&app->layout->app, 0, raw, sizeof raw);
    if (err || ota_image_decode(image, raw)) {
        *image = (struct ota_image){0};
    }
    return err;
}

int ota_app_status(const struct ota_app *app, struct ota_status *status)
{
    const struct ota_record *newest = &app->journal.newest;
    uint8_t boots = app->layout->trial_boots;
    *status = (struct ota_status){
        .boot_version = app->bootloader.version,
        .requested = newest->ota_flag == OTA_FLAG_REQUEST,
        .staged = newest->state == OTA_STATE_CONFIRMED &&
                  newest->staged != OTA_SLOT_NONE,
        .trial = newest->state == OTA_STATE_TRIAL,
        .tried_version = newest->tried_version,
        .result = newest->result,
        .step = (enum ota_step)newest->step,
    };
    if (status->trial && newest->attempts < boots) {
        status->boots_left = (uint8_t)(boots - newest->attempts);
    }
    struct ota_image image;
    int err = running(app, &image);
    status->version = image.version;
    return err;
}

int ota_app_confirm(struct ota_app *app)
{
    if (!app->journal.valid) {
        return OTA_ERR_JOURNAL_EMPTY;
    }
    struct ota_record record = app->journal.newest;
    if (record.state == OTA_STATE_CONFIRMED) {
        return 0;
    }
    struct ota_image image;
    int err = running(app, &image);
    if (err) {
        return err;
    }
    if (record.state != OTA_STATE_TRIAL ||
        !ota_record_has_image(&record, &image)) {
        return OTA_ERR_NO_TRIAL;
    }
    // the slot it came from holds a copy of what runs: now it is the backup
    record.state = OTA_STATE_CONFIRMED;
    record.attempts = 0;
    record.backup = record.staged;
    record.staged = OTA_SLOT_NONE;
    // it may have used up its boots, with nothing to go back to
    record.result = OTA_OK;
    record.step = OTA_STEP_DONE;
    record.flags &= (uint8_t)~OTA_RECORD_SETTLED;
    return ota_journal_append(&app->journal, &record);
}

int ota_app_request(struct ota_app *app, enum ota_source_id source)
{
    if (!app->journal.valid) {
        return OTA_ERR_JOURNAL_EMPTY;
    }
    struct ota_record record = app->journal.newest;
    if (record.state == OTA_STATE_TRIAL) {
        return OTA_ERR_ON_TRIAL;
    }
    if (source == OTA_SOURCE_STAGED && record.staged == OTA_SLOT_NONE) {
        return OTA_ERR_NOT_STAGED;
    }
    if (source == OTA_SOURCE_SLOT_A &&
        (!app->layout->slot[0].flash ||
         !(app->bootloader.features & OTA_FEATURE_SLOT_A))) {
        return OTA_ERR_NO_SLOT;
    }
    if (source == OTA_SOURCE_SLOT_A && record.state != OTA_STATE_CONFIRMED) {
        return OTA_ERR_BUSY; // slot A may be what the next boot needs
    }
    // only what was written since: a record that was found may be torn, or of
    // the last update
    if (app->asked && record.ota_flag == OTA_FLAG_REQUEST &&
        record.source == source) {
        return 0;
    }
    if (source == OTA_SOURCE_SLOT_A) {
        ota_slot_forget(&record, OTA_SLOT_A); // whatever it was, it is no more
    }
    record.ota_flag = OTA_FLAG_REQUEST;
    record.source = (uint8_t)source;
    record.flags &= (uint8_t)~OTA_RECORD_SETTLED;
    int err = ota_journal_append(&app->journal, &record);
    app->asked = err == 0;
    return err;
}
