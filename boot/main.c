// SPDX-License-Identifier: MIT
//
// The bootloader: lets the engine decide, tells what it does, and acts on the
// verdict.

#include "board.h"
#include "devices.h"
#include "log.h"
#include "ota/boot.h"
#include "ota/xmodem.h"
#include "port.h"
#include "sources.h"

extern const struct ota_layout board_layout;

// A sender is waited for so long before the other sources are asked again.
#define SENDER_MS 3000

// A button that is stuck must not keep a good application from running.
#define RECOVERY_MS 60000

// As in the reference system: slow when an update failed and left no valid
// application, fast otherwise.
static void blink(const struct ota_boot *boot)
{
    uint32_t period = ota_boot_update_failed(boot) ? 500 : 100;
    stm32_pin_write(board.red_led, stm32_millis() / period % 2 != 0);
}

static _Noreturn void run_application(const struct ota_boot *boot)
{
    stm32_console_drain(&board.console);
    if (boot->trial) {
        stm32_iwdg_start(board.trial_watchdog_ms);
    } else {
        stm32_iwdg_restore();
    }
    stm32_handover(ota_layout_vectors(&board_layout));
}

static void start_board(struct stm32_clocks *clocks)
{
    stm32_iwdg_stretch(); // before anything takes long
    stm32_clock_start(&board.hse, clocks);
    stm32_systick_start(clocks);
    stm32_console_start(&board.console, clocks);
    board_w25q_start(clocks);
    stm32_pin_output(board.red_led, false);
    stm32_pin_input_pull_up(board.button);
}

// Whether an image is waited for, from now on.
static bool is_waiting(const struct ota_boot *boot, enum ota_verdict verdict)
{
    const struct ota_boot_source *source = ota_boot_fetching(boot);
    return verdict == OTA_BOOT_NO_APP || (source && source->by_hand);
}

static _Noreturn void run_machine(struct ota_boot *boot)
{
    bool waiting = false;
    for (;;) {
        stm32_iwdg_feed();
        enum ota_verdict verdict = ota_boot_step(boot);
        log_step(verdict);
        if (verdict == OTA_BOOT_RUN) {
            run_application(boot);
        }
        waiting = waiting || is_waiting(boot, verdict);
        if (waiting) {
            blink(boot);
        }
        if (stm32_millis() > RECOVERY_MS) {
            ota_boot_end_recovery(boot);
        }
    }
}

int main(void)
{
    struct stm32_clocks clocks;
    start_board(&clocks);

    static const struct ota_serial serial =
        STM32_CONSOLE_SERIAL(&board.console);
    struct ota_xmodem xmodem;
    ota_xmodem_init(&xmodem, &serial, SENDER_MS);
    struct ota_boot_source sources[3];
    size_t count = array_source(sources);
    count += sd_source(sources + count, &clocks);
    sources[count++] =
        (struct ota_boot_source){OTA_SOURCE_UART, &xmodem.source, true};

    struct ota_boot boot;
    struct ota_boot_config config = {
        .layout = &board_layout,
        .sources = sources,
        .source_count = count,
        .recovery = !stm32_pin_read(board.button),
    };
    log_start(&boot, &config);
    ota_boot_begin(&boot, &config);
    run_machine(&boot);
}
