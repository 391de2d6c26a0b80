// SPDX-License-Identifier: MIT
//
// The least that an application needs to take part: 6 KiB with everything,
// 4 of them the library's. It runs on the clock it finds after reset and
//
//   - opens the library's view of the device (ota_app_open),
//   - confirms itself once it has seen that it works (ota_app_confirm): without
//     that, the bootloader goes back to the version before,
//   - at a press of the button copies the image in the C array's area into the
//     free slot (ota_stage_*), asks for the update (ota_app_request), resets.
//
// The blink example does the same with a clock, a tick, and an update over the
// console.

#include "board.h"
#include "devices.h"
#include "ota/app.h"
#include "ota/stage.h"
#include "port.h"
#include "self_test.h"

extern const struct ota_layout board_layout;

// Where the next image is, NULL: nowhere. Volatile, so that a debugger may
// point to another place where it has put one.
static const uint8_t *volatile next_image;

#define PIECE 1024u // bytes written at a time

// stm32_print and error texts would cost another KiB.
#define PRINT(text)                                                            \
    stm32_console_write(&board.console, text "\r\n", sizeof(text "\r\n") - 1)

static int confirm(struct ota_app *app)
{
    const struct ota_area *boot = &board_layout.boot;
    int err = ota_app_open(app, &board_layout,
                           (const void *)(board_layout.flash_base +
                                          boot->offset + OTA_INFO_OFFSET));
    return err || !self_test() ? err : ota_app_confirm(app);
}

// In pieces: the watchdog of a trial goes on until the next reset, and does not
// wait for a whole image.
static int write_all(struct ota_stage *stage, const uint8_t *image)
{
    const struct ota_slot_writer *writer = &stage->writer;
    int err = 0;
    while (err == 0 && writer->position < writer->total) {
        uint32_t left = writer->total - writer->position;
        stm32_iwdg_feed();
        err = ota_stage_write(stage, image + writer->position,
                              left < PIECE ? left : PIECE);
    }
    stm32_iwdg_feed();
    return err;
}

static int update(struct ota_app *app)
{
    const uint8_t *image = next_image;
    if (!image) {
        return OTA_ERR_SOURCE_OPEN;
    }
    struct ota_stage stage;
    int err = ota_stage_begin(&stage, app, image, OTA_STAGE_HEAD);
    if (err == 0) {
        err = write_all(&stage, image);
    }
    if (err == 0) {
        err = ota_stage_finish(&stage);
    }
    return err ? err : ota_app_request(app, OTA_SOURCE_STAGED);
}

// Until it is let go: the bootloader takes a button that is held for a call for
// recovery. The watchdog of a trial goes on until the next reset: it is fed.
static void wait_for_button(void)
{
    for (int level = 0; level < 2; level++) {
        while (stm32_pin_read(board.button) != level) {
            stm32_iwdg_feed();
        }
    }
}

// A flash of its own has a driver, which needs a bus and counts the ticks.
static void start_slots(void)
{
    if (board_layout.slot[0].flash != board_layout.app.flash) {
        stm32_systick_start(&stm32_clocks_at_reset);
        board_w25q_start(&stm32_clocks_at_reset);
    }
}

int main(void)
{
    // one that the option bytes start: an erase outlasts its first period
    stm32_iwdg_stretch();
    stm32_console_start(&board.console, &stm32_clocks_at_reset);
    stm32_pin_input_pull_up(board.button);
    start_slots();
    PRINT("minimal " VERSION_TEXT " runs");

    if (board_layout.array.flash) {
        next_image = (const uint8_t *)(board_layout.flash_base +
                                       board_layout.array.offset);
    }
    struct ota_app app;
    if (confirm(&app) == 0) {
        PRINT("confirmed");
    }
    for (;;) {
        wait_for_button();
        if (update(&app) == 0) {
            PRINT("requested");
            stm32_console_drain(&board.console);
            stm32_reset();
        }
        PRINT("refused");
    }
}
