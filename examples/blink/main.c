// SPDX-License-Identifier: MIT
//
// The demo application: blinks, says what the last update did, and asks the
// bootloader for an update when the button is pressed.

#include "board.h"
#include "button.h"
#include "ota/app.h"
#include "ota/image.h"
#include "port.h"

#define BLINK_MS 100

extern const struct ota_layout board_layout;

static void print_last_update(const struct ota_app *app)
{
    struct ota_status status;
    int err = ota_app_status(app, &status);
    if (err) {
        stm32_print(&board.console, "unknown, %s\n", ota_error_text(err));
    } else if (status.tried_version == 0 && status.result == 0) {
        stm32_print(&board.console, "none\n");
    } else if (status.result == 0) {
        stm32_print(&board.console, "to %v: ok\n", status.tried_version);
    } else {
        stm32_print(&board.console, "refused");
        if (status.tried_version != 0) {
            stm32_print(&board.console, " %v", status.tried_version);
        }
        stm32_print(&board.console, ": %s (%s)\n",
                    ota_error_text(status.result), ota_step_name(status.step));
    }
}

// Tells who we are. Whether updates are possible: not without a bootloader.
static bool open_updates(struct ota_app *app)
{
    const struct ota_area *boot = &board_layout.boot;
    int err = ota_app_open(app, &board_layout,
                           (const void *)(board_layout.flash_base +
                                          boot->offset + OTA_INFO_OFFSET));
    stm32_print(&board.console, "app %v: running; ", APP_VERSION);
    if (err) {
        stm32_print(&board.console, "no updates: %s\n", ota_error_text(err));
        return false;
    }
    stm32_print(&board.console, "last update: ");
    print_last_update(app);
    return true;
}

// From thread mode: this programs flash, which stalls the core.
static void request_update(struct ota_app *app)
{
    int err = ota_app_request(app, OTA_SOURCE_C_ARRAY);
    if (err) {
        stm32_print(&board.console, "update not requested: %s\n",
                    ota_error_text(err));
        return;
    }
    stm32_print(&board.console, "update requested, resetting\n");
    stm32_console_drain(&board.console);
    stm32_reset();
}

static _Noreturn void run(struct ota_app *app, bool can_update)
{
    uint32_t toggled = stm32_millis();
    for (;;) {
        stm32_sleep(1);
        stm32_iwdg_feed(); // harmless if the option bytes do not start it
        if (stm32_millis() - toggled >= BLINK_MS) {
            toggled += BLINK_MS;
            stm32_pin_toggle(board.app_led);
        }
        if (button_pressed() && can_update) {
            request_update(app);
        }
    }
}

int main(void)
{
    struct stm32_clocks clocks;
    stm32_reset_forget(); // so that the bootloader tells the next one right
    stm32_clock_start(&board.hse, &clocks);
    stm32_systick_start(&clocks);
    stm32_console_start(&board.console, &clocks);
    stm32_pin_output(board.app_led, false);
    button_start();

    struct ota_app app;
    bool can_update = open_updates(&app);
    run(&app, can_update);
}
