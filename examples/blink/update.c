// SPDX-License-Identifier: MIT
//
// Staging, from whatever source.

#include "update.h"

#include "board.h"
#include "ota/stage.h"
#include "ota/xmodem.h"
#include "port.h"

// How long a sender is waited for.
#define SENDER_MS 30000

// The next 1..len bytes, or an error; waits for them.
static int next(struct ota_source *source, void *data, size_t len)
{
    int got = 0;
    while (got == 0) {
        stm32_iwdg_feed();
        got = source->read(source, data, len);
    }
    return got;
}

static int read_head(struct ota_source *source, uint8_t *head)
{
    for (uint32_t have = 0; have < OTA_STAGE_HEAD;) {
        int got = next(source, head + have, OTA_STAGE_HEAD - have);
        if (got < 0) {
            return got;
        }
        have += (uint32_t)got;
    }
    return 0;
}

static int stage_rest(struct ota_stage *stage, struct ota_source *source)
{
    while (stage->writer.position < stage->writer.total) {
        uint8_t data[256];
        uint32_t left = stage->writer.total - stage->writer.position;
        int got = next(source, data, left < sizeof data ? left : sizeof data);
        int err = got < 0 ? got : ota_stage_write(stage, data, (size_t)got);
        if (err) {
            return err;
        }
    }
    return ota_stage_finish(stage);
}

static int stage(struct ota_app *app, struct ota_source *source)
{
    uint8_t head[OTA_STAGE_HEAD];
    int err = read_head(source, head);
    if (err) {
        return err;
    }
    struct ota_stage stage;
    err = ota_stage_begin(&stage, app, head, sizeof head);
    if (err) {
        return err;
    }
    if (source->set_total_size) {
        source->set_total_size(source, stage.writer.total);
    }
    err = ota_stage_write(&stage, head, sizeof head);
    return err ? err : stage_rest(&stage, source);
}

static int update_from(struct ota_app *app, struct ota_source *source)
{
    int err = ota_source_open(source);
    if (err) {
        return err;
    }
    err = stage(app, source);
    ota_source_close(source);
    return err ? err : ota_app_request(app, OTA_SOURCE_STAGED);
}

// Where there are slots, the application itself stages the array first.
static int update_from_array(struct ota_app *app)
{
    const struct ota_layout *layout = app->layout;
    if (!layout->slot[0].flash) {
        return ota_app_request(app, OTA_SOURCE_C_ARRAY);
    }
    struct ota_c_array array;
    ota_c_array_init(&array,
                     (const void *)(layout->flash_base + layout->array.offset),
                     layout->array.size);
    return update_from(app, &array.source);
}

int update_from_flash(struct ota_app *app)
{
    const struct ota_layout *layout = app->layout;
    if (layout->array.flash) {
        return update_from_array(app);
    }
    if (layout->slot[0].flash == layout->app.flash) {
        return OTA_ERR_SOURCE_OPEN; // nobody else writes there
    }
    return ota_app_request(app, OTA_SOURCE_SLOT_A);
}

int update_from_card(struct ota_app *app)
{
    return app->bootloader.features & OTA_FEATURE_SD
               ? ota_app_request(app, OTA_SOURCE_SD)
               : OTA_ERR_SOURCE_OPEN;
}

int update_from_console(struct ota_app *app)
{
    static const struct ota_serial serial =
        STM32_CONSOLE_SERIAL(&board.console);
    struct ota_xmodem xmodem;
    ota_xmodem_init(&xmodem, &serial, SENDER_MS);
    return update_from(app, &xmodem.source);
}
