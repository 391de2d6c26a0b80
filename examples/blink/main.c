// SPDX-License-Identifier: MIT
//
// The demo application: blinks, says what the last update did, confirms itself
// when it is on trial, and updates: from flash when the button is pressed (the
// C array, or what lies in slot A on a W25Q), from the console when it reads a
// 'u' there, from an SD card when it reads an 's'.

#include "board.h"
#include "button.h"
#include "devices.h"
#include "ota/app.h"
#include "ota/image.h"
#include "port.h"
#include "self_test.h"
#include "update.h"

#define BLINK_MS 100

extern const struct ota_layout board_layout;

static const char *outcome(const struct ota_status *status)
{
    if (status->result == 0) {
        return "";
    }
    switch (status->step) {
    case OTA_STEP_TRIAL:
        return "reverted, ";
    case OTA_STEP_RESTORE:
        return "restored, "; // it had rotted since
    default:
        return "refused, ";
    }
}

static void print_last_update(const struct ota_app *app)
{
    struct ota_status status;
    int err = ota_app_status(app, &status);
    if (err) {
        stm32_print(&board.console, "unknown, %s\n", ota_error_text(err));
    } else if (status.step == OTA_STEP_NONE) {
        stm32_print(&board.console, "none\n");
    } else {
        stm32_print(&board.console, "to %v: %s%s (%s)\n", status.tried_version,
                    outcome(&status), ota_error_text(status.result),
                    ota_step_name(status.step));
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

// On trial: the application that does not get here is reverted.
static void confirm(struct ota_app *app)
{
    struct ota_status status;
    bool trial = ota_app_status(app, &status) == 0 && status.trial;
    if (!trial || !self_test()) {
        return;
    }
    int err = ota_app_confirm(app);
    stm32_print(&board.console, "confirmed: %s\n", ota_error_text(err));
}

static void reset_if(int err)
{
    if (err) {
        stm32_print(&board.console, "no update: %s\n", ota_error_text(err));
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
        // from thread mode: these program flash, which stalls the core
        if (button_pressed() && can_update) {
            reset_if(update_from_flash(app));
        }
        int key = stm32_console_read(&board.console);
        if (key == 'u' && can_update) {
            reset_if(update_from_console(app));
        }
        if (key == 's' && can_update) {
            reset_if(update_from_card(app));
        }
    }
}

int main(void)
{
    struct stm32_clocks clocks;
    stm32_iwdg_stretch(); // staging erases, up to 2 s at a time
    stm32_reset_forget(); // so that the bootloader tells the next one right
    stm32_clock_start(&board.hse, &clocks);
    stm32_systick_start(&clocks);
    stm32_console_start(&board.console, &clocks);
    board_w25q_start(&clocks);
    stm32_pin_output(board.app_led, false);
    button_start();

    struct ota_app app;
    bool can_update = open_updates(&app);
    if (can_update) {
        confirm(&app);
    }
    run(&app, can_update);
}
