// SPDX-License-Identifier: MIT

#include "ota/app.h"

#include "ota/image.h"

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

int ota_app_status(const struct ota_app *app, struct ota_status *status)
{
    const struct ota_record *newest = &app->journal.newest;
    *status = (struct ota_status){
        .boot_version = app->bootloader.version,
        .requested = newest->ota_flag == OTA_FLAG_REQUEST,
        .tried_version = newest->tried_version,
        .result = newest->result,
        .step = (enum ota_step)newest->step,
    };
    uint8_t raw[OTA_PLAIN_HEADER_SIZE];
    int err = ota_area_read(&app->layout->app, 0, raw, sizeof raw);
    if (err) {
        return err;
    }
    // what runs is read from the app slot; no header: flashed by a debugger
    struct ota_image image;
    if (ota_image_decode(&image, raw) == 0) {
        status->version = image.version;
    }
    return 0;
}

int ota_app_request(struct ota_app *app, enum ota_source_id source)
{
    if (!app->journal.valid) {
        return OTA_ERR_JOURNAL_EMPTY;
    }
    struct ota_record record = app->journal.newest;
    // a settled record's flag is that of the last update, not of the next
    if (record.ota_flag == OTA_FLAG_REQUEST && record.source == source &&
        !(record.flags & OTA_RECORD_SETTLED)) {
        return 0;
    }
    record.ota_flag = OTA_FLAG_REQUEST;
    record.source = (uint8_t)source;
    record.flags &= (uint8_t)~OTA_RECORD_SETTLED;
    return ota_journal_append(&app->journal, &record);
}
