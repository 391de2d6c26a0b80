// SPDX-License-Identifier: MIT
//
// The bootloader: lets the engine decide, tells what it does, and acts on the
// verdict.

#include "board.h"
#include "log.h"
#include "ota/boot.h"
#include "port.h"

extern const struct ota_layout board_layout;

// A second of blinking, as in the reference system: slow when an update failed
// and left no valid application, fast when there never was one.
static void blink(bool update_failed)
{
    const uint32_t period_ms = update_failed ? 500 : 100;
    for (uint32_t ms = 0; ms < 1000; ms += period_ms) {
        stm32_pin_toggle(board.red_led);
        stm32_iwdg_feed();
        stm32_sleep(period_ms);
    }
}

static _Noreturn void run_application(void)
{
    stm32_console_drain(&board.console);
    stm32_handover(ota_layout_vectors(&board_layout));
}

static void start_board(void)
{
    struct stm32_clocks clocks;
    stm32_iwdg_stretch(); // before anything takes long
    stm32_clock_start(&board.hse, &clocks);
    stm32_systick_start(&clocks);
    stm32_console_start(&board.console, &clocks);
    stm32_pin_output(board.red_led, false);
}

static _Noreturn void run_machine(struct ota_boot *boot, struct log *log)
{
    for (;;) {
        stm32_iwdg_feed();
        enum ota_verdict verdict = ota_boot_step(boot);
        log_step(log, verdict);
        if (verdict == OTA_BOOT_RUN) {
            run_application();
        }
        if (verdict == OTA_BOOT_NO_APP) {
            blink(ota_boot_update_failed(boot));
        }
    }
}

int main(void)
{
    start_board();

    const struct ota_area *area = &board_layout.array;
    struct ota_c_array array;
    ota_c_array_init(&array,
                     (const void *)(board_layout.flash_base + area->offset),
                     area->size);
    const struct ota_boot_source sources[] = {
        {OTA_SOURCE_C_ARRAY, &array.source},
    };

    struct ota_boot boot;
    struct log log = {.console = &board.console, .boot = &boot};
    const struct ota_boot_config config = {
        .layout = &board_layout,
        .sources = sources,
        .source_count = sizeof(sources) / sizeof(sources[0]),
        .progress = log_progress,
        .context = &log,
    };
    log_banner(&log, board_layout.name, stm32_reset_cause());
    ota_boot_begin(&boot, &config);
    run_machine(&boot, &log);
}
