// SPDX-License-Identifier: MIT
//
// A W25Q64 that takes its time: left busy or asleep by a reset of the MCU, and
// with the longest times of its data sheet under watchdogs.

#include "external.h"

#include <stdio.h>
#include <stdlib.h>

#include "state.h" // what no instruction of the firmware could bring about

// The longest times, and a watchdog that runs from reset: it must never bite.
static const struct vboard_config slow = {
    .timing = VBOARD_MAXIMUM,
    .hardware_watchdog = true,
};
static const struct vboard_config slow_without_watchdog = {
    .timing = VBOARD_MAXIMUM,
};

/// Resets in the middle of an operation ///

// NRST, so long after an operation has begun; false: there were not so many.
static bool reset_in_operation(struct rig *rig, uint64_t op, uint64_t after)
{
    rig_stop_at_op(rig, op);
    bool begun = vboard_run(rig->board, 3 * UPDATE_TIME) == VBOARD_STOP_REQUEST;
    rig->stop_at = 0;
    if (begun) {
        vboard_run(rig->board, after);
        vboard_reset(rig->board);
    }
    return begun;
}

// During an erase of up to 2 s, and page programs of 3 ms.
static const uint64_t moments[] = {VBOARD_US, 2 * VBOARD_MS, 300 * VBOARD_MS,
                                   1900 * VBOARD_MS};
#define MOMENTS (sizeof moments / sizeof moments[0])

static void reset_in_update(void **state)
{
    (void)state;
    struct rig *rig = external_factory(&slow);
    external_put(rig, "v2.bin", SLOT_A_OFFSET);
    external_press(rig);
    struct external_moment start = external_save(rig);
    uint64_t before = rig->flash_ops;
    external_expect_confirmed(rig, "1.1.0");
    uint64_t ops = rig->flash_ops - before;
    unsigned run = 0;
    for (uint64_t op = 1; op <= ops;
         op += (op < 72 ? 4 : ops / 15) * external_every(4)) {
        external_restore(rig, &start);
        assert_true(reset_in_operation(rig, op, moments[run++ % MOMENTS]));
        if (!rig_wait(rig, "confirmed: ok", 6 * UPDATE_TIME)) {
            // it may have confirmed before the reset
            assert_true(op > ops * 9 / 10);
        }
        slots_assert_app(rig, "v2.bin");
    }
    print_message("board: NRST at %u of %u operations\n", run, (unsigned)ops);
    vboard_snapshot_free(start.board);
    assert_int_equal(rig->watchdog_resets, 0);
    external_end(rig);
}

// An application receives the first block: a record, two erases, some pages.
static struct rig *receiving(struct external_moment *start, uint64_t *ops)
{
    struct rig *rig = external_factory(&slow);
    size_t size;
    uint8_t *image = rig_file("v2.bin", &size);
    assert_int_equal(vboard_uart_send(rig->board, 1, "u", 1), 0);
    rig_expect(rig, "C", BOOT_TIME);
    sender_send_first(rig, image, size);
    free(image);
    *start = external_save(rig);
    uint64_t before = rig->flash_ops;
    rig_expect(rig, "\x06", UPDATE_TIME);
    *ops = rig->flash_ops - before;
    return rig;
}

// After the reset the sender tries again at once, when the W25Q is still at it.
static void reset_in_staging(void **state)
{
    (void)state;
    struct external_moment start;
    uint64_t ops;
    struct rig *rig = receiving(&start, &ops);
    for (unsigned i = 0; i < 8; i += external_every(3)) {
        external_restore(rig, &start);
        assert_true(reset_in_operation(rig, ops - i, moments[i % MOMENTS]));
        external_expect_told(rig, "1.0.0", "none");
        assert_int_equal(vboard_uart_send(rig->board, 1, "u", 1), 0);
        sender_send_file(rig, "v2.bin");
        rig_expect(rig, "update requested, resetting", UPDATE_TIME);
        external_expect_confirmed(rig, "1.1.0");
    }
    vboard_snapshot_free(start.board);
    assert_int_equal(rig->watchdog_resets, 0);
    external_end(rig);
}

// Somebody has put it into power-down: it keeps that until the power goes.
static void asleep(void **state)
{
    (void)state;
    struct rig *rig = external_factory(NULL);
    external_put(rig, "v2.bin", SLOT_A_OFFSET);
    external_press(rig);
    rig->board->state.device.w25q.asleep = true;
    external_expect_confirmed(rig, "1.1.0");
    external_assert_slot(rig, "v1.bin", SLOT_B_OFFSET);

    // in the bootloader's rescue, and in the application
    memset(slots_at(rig, APP_OFFSET), 0xFF, APP_SIZE);
    rig->board->state.device.w25q.asleep = true;
    vboard_reset(rig->board);
    rig_expect(rig, "app 1.1.0: running", UPDATE_TIME);
    rig->board->state.device.w25q.asleep = true;
    assert_int_equal(vboard_uart_send(rig->board, 1, "u", 1), 0);
    sender_send_file(rig, "v1.bin");
    external_expect_confirmed(rig, "1.0.0");
    external_end(rig);
}

/// Longest times and watchdogs ///

// The next one is staged while the watchdog of the trial still runs: nothing
// can stop it.
static void updates(const struct vboard_config *config)
{
    static const char *const names[] = {"mid2.bin", "v1.bin", "big2.bin"};
    unsigned count = external_every(2) == 1 ? 3 : 2;
    struct rig *rig = external_factory(config);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(vboard_uart_send(rig->board, 1, "u", 1), 0);
        sender_send_file(rig, names[i]);
        rig_expect(rig, "update requested, resetting", UPDATE_TIME);
        external_expect_confirmed(rig, i % 2 ? "1.0.0" : "1.1.0");
        slots_assert_app(rig, names[i]);
    }
    rig_watch(rig, 10 * VBOARD_S); // longer than the trial's watchdog
    rig_assert_toggles(&rig->app, 100 * VBOARD_MS);
    assert_int_equal(rig->watchdog_resets, 0);
    external_end(rig);
}

static void longest_updates(void **state)
{
    (void)state;
    if (external_every(2) == 1) {
        updates(&slow);
    }
}

static void longest_updates_under_trial_watchdog(void **state)
{
    (void)state;
    updates(&slow_without_watchdog);
}

// The button is held, and somebody sends.
static void longest_by_hand(void **state)
{
    (void)state;
    struct rig *rig = external_factory(&slow);
    assert_int_equal(vboard_drive_pin(rig->board, "PA8", 0), 0);
    vboard_reset(rig->board);
    rig_expect(rig, "C", BOOT_TIME);
    assert_int_equal(vboard_drive_pin(rig->board, "PA8", -1), 0);
    sender_send_file(rig, "v2.bin");
    external_expect_confirmed(rig, "1.1.0");
    slots_assert_app(rig, "v2.bin");
    external_assert_slot(rig, "v1.bin", SLOT_B_OFFSET);
    assert_int_equal(rig->watchdog_resets, 0);
    external_end(rig);
}

// A version that hangs: the watchdog bites once for each boot of the trial, and
// not in between.
static void longest_trial(void **state)
{
    (void)state;
    for (unsigned hardware = 0; hardware < 2; hardware++) {
        struct rig *rig =
            external_factory(hardware ? &slow : &slow_without_watchdog);
        external_put(rig, "hang.bin", SLOT_A_OFFSET);
        external_press(rig);
        rig_expect(rig,
                   "app 1.0.0: running; last update: to 2.0.0: reverted, not "
                   "confirmed (trial)",
                   TRIAL_BOOTS * 40 * VBOARD_S);
        assert_int_equal(rig->watchdog_resets, TRIAL_BOOTS);
        rig_watch(rig, 10 * VBOARD_S);
        assert_int_equal(rig->watchdog_resets, TRIAL_BOOTS);
        slots_assert_app(rig, "v1.bin");
        external_end(rig);
    }
}

// Stuck: 2 s for each attempt, in the bootloader and in the application.
static void stuck_under_watchdog(void **state)
{
    (void)state;
    struct rig *rig = external_factory(&slow);
    external_put(rig, "v2.bin", SLOT_A_OFFSET);
    external_press(rig);
    external_expect_confirmed(rig, "1.1.0");
    vboard_w25q_fault(rig->board, VBOARD_W25Q_BUSY);
    external_press(rig);
    external_expect_told(rig, "1.1.0",
                         "to 0.0.0: refused, flash timeout (header)");
    // on trial, and watched by what that has started
    size_t size;
    uint8_t *image = rig_file("v1.bin", &size);
    assert_int_equal(vboard_uart_send(rig->board, 1, "u", 1), 0);
    rig_expect(rig, "C", BOOT_TIME);
    sender_send_first(rig, image, size);
    free(image);
    rig_expect(rig, "no update: flash timeout", UPDATE_TIME);
    // and with nothing to run
    memset(slots_at(rig, APP_OFFSET), 0xFF, APP_SIZE);
    vboard_reset(rig->board);
    rig_expect(rig, "C", 2 * UPDATE_TIME);
    external_recover(rig, "v1.bin", "1.0.0");
    assert_int_equal(rig->watchdog_resets, 0);
    external_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reset_in_update),
        cmocka_unit_test(reset_in_staging),
        cmocka_unit_test(asleep),
        cmocka_unit_test(longest_updates),
        cmocka_unit_test(longest_updates_under_trial_watchdog),
        cmocka_unit_test(longest_by_hand),
        cmocka_unit_test(longest_trial),
        cmocka_unit_test(stuck_under_watchdog),
    };
    return cmocka_run_group_tests_name("board.w25q_busy", tests, NULL, NULL);
}
