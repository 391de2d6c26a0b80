// SPDX-License-Identifier: MIT
//
// Recovery over the console and low supplies, at moments that are hit to the
// instruction. What real senders make of it: test_recovery.py.

#include "sender.h"
#include "slots.h"

#include <stdio.h>
#include <stdlib.h>

#define LOW_MV  2600
#define GOOD_MV 3300

static const struct vboard_config hardware_watchdog = {
    .mcu = "stm32f446re",
    .hse_hz = 8000000,
    .hardware_watchdog = true,
    .timing = VBOARD_MAXIMUM,
};

static struct rig *factory(const struct vboard_config *config)
{
    struct rig *rig = rig_factory(config, NULL);
    rig_expect(rig, "app 1.0.0: running", 2 * BOOT_TIME);
    return rig;
}

static struct rig *bootloader_alone(const struct vboard_config *config)
{
    struct rig *rig = rig_new(config);
    rig_program(rig, "factory.bin", 0);
    memset(slots_at(rig, BOOT_SIZE), 0xFF, FLASH_SIZE - BOOT_SIZE);
    vboard_power_on(rig->board);
    rig_expect(rig, "no valid application: bad magic; waiting for an image",
               BOOT_TIME);
    return rig;
}

/// Waiting ///

// It blinks from the first moment on, says so once, and wears nothing.
static void waiting(void **state)
{
    (void)state;
    struct rig *rig = bootloader_alone(NULL);
    rig_watch(rig, 40 * VBOARD_S);
    rig_assert_toggles(&rig->red, 100 * VBOARD_MS);
    rig_assert_dark(&rig->app);
    assert_int_equal(rig->flash_ops, 0);
    assert_int_equal(rig->violations, 0);
    // once a second it asks
    const char *said = rig->text + rig->from;
    said = strchr(said, '\n') + 1;
    assert_true(strspn(said, "C") == strlen(said));
    assert_true(strlen(said) > 38 && strlen(said) < 44);
    rig_free(rig);
}

// A button that is held when the board starts: nobody sends, so after a minute
// the application runs. In time it does not take the image in the C array.
static void button_and_nobody_sends(void **state)
{
    (void)state;
    struct rig *rig = rig_new(NULL);
    rig_program(rig, "factory.bin", 0);
    rig_program(rig, "v2.bin", ARRAY_OFFSET);
    vboard_drive_pin(rig->board, "PA8", 0);
    vboard_power_on(rig->board);
    rig_expect(rig, "waiting for an image", BOOT_TIME);
    vboard_drive_pin(rig->board, "PA8", -1);
    rig_watch(rig, 55 * VBOARD_S);
    rig_assert_toggles(&rig->red, 100 * VBOARD_MS);
    rig_expect(rig, "\nrunning 1.0.0\r", 10 * VBOARD_S);
    rig_expect(rig, "app 1.0.0: running; last update: none", BOOT_TIME);
    assert_true(vboard_time(rig->board) < 65 * VBOARD_S);
    slots_assert_clean(rig);
    rig_free(rig);
}

// A button that is stuck for good costs that minute, and no more.
static void stuck_button(void **state)
{
    (void)state;
    struct rig *rig = factory(NULL);
    vboard_drive_pin(rig->board, "PA8", 0);
    vboard_reset(rig->board);
    rig_expect(rig, "app 1.0.0: running", 65 * VBOARD_S);
    rig_watch(rig, 10 * VBOARD_S);
    rig_assert_toggles(&rig->app, 100 * VBOARD_MS);
    slots_assert_clean(rig);
    rig_free(rig);
}

// Not connected, or held low by a dead converter: the application runs.
static void dead_line(void **state)
{
    (void)state;
    for (int level = -1; level <= 0; level++) {
        struct rig *rig = rig_new(NULL);
        rig_program(rig, "factory.bin", 0);
        vboard_drive_pin(rig->board, "PA10", level);
        vboard_drive_pin(rig->board, "PA8", 0);
        vboard_power_on(rig->board);
        rig_expect(rig, "waiting for an image", BOOT_TIME);
        vboard_drive_pin(rig->board, "PA8", -1);
        rig_expect(rig, "app 1.0.0: running", 65 * VBOARD_S);
        slots_assert_clean(rig);
        rig_free(rig);
    }
}

/// Senders ///

static void button_and_a_sender(void **state)
{
    (void)state;
    struct rig *rig = factory(NULL);
    vboard_drive_pin(rig->board, "PA8", 0);
    vboard_reset(rig->board);
    rig_expect(rig, "waiting for an image", BOOT_TIME);
    vboard_drive_pin(rig->board, "PA8", -1);
    sender_send_file(rig, "v2.bin");
    rig_expect(rig, "backup ", UPDATE_TIME);
    slots_expect_confirmed(rig, "1.1.0");
    slots_assert_slot(rig, SLOT_B_OFFSET, "v1.bin");
    slots_assert_clean(rig);
    rig_free(rig);
}

// It breaks off, again and again: the bootloader goes on asking, the red LED
// tells that it failed, and the application is as it was.
static void sender_breaks_off(void **state)
{
    (void)state;
    struct rig *rig = bootloader_alone(NULL);
    size_t size;
    uint8_t *data = rig_file("v2.bin", &size);
    for (int i = 0; i < 5; i++) {
        sender_send_blocks(rig, data, 3);
        if (i > 0) { // the first time it says nothing
            assert_int_equal(vboard_uart_send(rig->board, 1, "\x18\x18", 2), 0);
        }
        rig_expect(rig, "1.1.0: source read error (stage)", 150 * VBOARD_S);
        // the blinking goes by the clock: fast becomes slow at its next beat
        vboard_run(rig->board, 500 * VBOARD_MS);
        rig_watch(rig, 5 * VBOARD_S);
        rig_assert_toggles(&rig->red, 500 * VBOARD_MS);
    }
    free(data);
    sender_send_file(rig, "v2.bin");
    slots_expect_confirmed(rig, "1.1.0");
    slots_assert_clean(rig);
    rig_free(rig);
}

// The old application runs again when the sender is gone for good.
static void button_and_a_sender_that_breaks_off(void **state)
{
    (void)state;
    struct rig *rig = factory(NULL);
    vboard_drive_pin(rig->board, "PA8", 0);
    vboard_reset(rig->board);
    rig_expect(rig, "waiting for an image", BOOT_TIME);
    vboard_drive_pin(rig->board, "PA8", -1);
    size_t size;
    uint8_t *data = rig_file("v2.bin", &size);
    sender_send_blocks(rig, data, 5);
    free(data);
    rig_expect(rig, "app 1.0.0: running", 200 * VBOARD_S);
    slots_update(rig, "v2.bin", "1.1.0");
    slots_assert_clean(rig);
    rig_free(rig);
}

static void sent_image_is_bad(void **state)
{
    (void)state;
    struct rig *rig = bootloader_alone(NULL);
    size_t size;
    uint8_t *data = rig_file("v2.bin", &size);
    data[size - 10] ^= 1;
    sender_send(rig, data, size);
    free(data);
    rig_expect(rig, "1.1.0: bad CRC (check)", UPDATE_TIME);
    rig_watch(rig, 5 * VBOARD_S);
    rig_assert_dark(&rig->app);
    assert_true(rig->red.edges > 4);
    sender_send_file(rig, "v2.bin");
    slots_expect_confirmed(rig, "1.1.0");
    slots_assert_clean(rig);
    rig_free(rig);
}

/// Watchdog started by the option bytes ///

static void watchdog_update(void **state)
{
    (void)state;
    struct rig *rig = factory(&hardware_watchdog);
    slots_update(rig, "mid2.bin", "1.1.0");
    slots_update(rig, "v1.bin", "1.0.0");
    vboard_reset(rig->board);
    rig_expect(rig, "app 1.0.0: running", BOOT_TIME);
    rig_watch(rig, 30 * VBOARD_S);
    rig_assert_toggles(&rig->app, 100 * VBOARD_MS);
    assert_int_equal(rig->watchdog_resets, 0);
    slots_assert_clean(rig);
    rig_free(rig);
}

static void watchdog_revert(void **state)
{
    (void)state;
    struct rig *rig = factory(&hardware_watchdog);
    slots_request(rig, "crash.bin");
    rig_expect(rig, "2.1.0: not confirmed (trial)", 2 * UPDATE_TIME);
    rig_expect(rig, "app 1.0.0: running; last update: to 2.1.0: reverted",
               UPDATE_TIME);
    rig_watch(rig, 30 * VBOARD_S);
    assert_int_equal(rig->watchdog_resets, 0);
    slots_assert_clean(rig);
    rig_free(rig);
}

static void watchdog_recovery(void **state)
{
    (void)state;
    struct rig *rig = bootloader_alone(&hardware_watchdog);
    rig_watch(rig, 30 * VBOARD_S);
    rig_assert_toggles(&rig->red, 100 * VBOARD_MS);
    sender_send_file(rig, "v2.bin");
    slots_expect_confirmed(rig, "1.1.0");
    rig_watch(rig, 30 * VBOARD_S);
    assert_int_equal(rig->watchdog_resets, 0);
    slots_assert_clean(rig);
    rig_free(rig);
}

/// Supply ///

static void low_before_the_update(void **state)
{
    (void)state;
    struct rig *rig = factory(NULL);
    struct slots_wear before = slots_wear(rig);
    vboard_set_vdd(rig->board, LOW_MV);
    rig_program(rig, "v2.bin", ARRAY_OFFSET);
    rig_press(rig);
    rig_expect(rig, "no update: supply too low", BOOT_TIME);
    vboard_set_vdd(rig->board, GOOD_MV);
    slots_request(rig, "v2.bin");
    vboard_set_vdd(rig->board, LOW_MV);
    for (int boot = 0; boot < 3; boot++) {
        rig_expect(rig, "update requested", BOOT_TIME);
        rig_expect(rig, "1.1.0: supply too low", BOOT_TIME);
        rig_expect(rig, "app 1.0.0: running", BOOT_TIME);
        vboard_reset(rig->board);
    }
    slots_assert_untouched(rig, &before, APP_OFFSET);
    rig_expect(rig, "app 1.0.0: running", BOOT_TIME);
    vboard_set_vdd(rig->board, GOOD_MV);
    vboard_reset(rig->board);
    slots_expect_confirmed(rig, "1.1.0");
    slots_assert_clean(rig);
    rig_free(rig);
}

// The supply falls at a moment of the install and comes back in a while.
static void low_at(struct rig *rig, uint64_t op)
{
    rig_stop_at_op(rig, op);
    assert_int_equal(vboard_run(rig->board, UPDATE_TIME), VBOARD_STOP_REQUEST);
    rig->stop_at = 0;
    struct slots_wear before = slots_wear(rig);
    vboard_set_vdd(rig->board, LOW_MV);
    uint64_t back = vboard_time(rig->board) + 100 * VBOARD_MS;
    assert_int_equal(vboard_set_vdd_at(rig->board, GOOD_MV, back), 0);
    bool done = rig_wait(rig, "app 1.1.0: running", UPDATE_TIME);
    if (!done) {
        // the old one runs, until somebody resets
        rig_expect(rig, "app 1.0.0: running", BOOT_TIME);
        vboard_reset(rig->board);
        rig_expect(rig, "app 1.1.0: running", UPDATE_TIME);
    }
    rig_expect(rig, "confirmed: ok", BOOT_TIME);
    // nothing was tried over and over
    struct slots_wear after = slots_wear(rig);
    for (unsigned i = 0; i < 8; i++) {
        assert_true(after.sector[i].erases - before.sector[i].erases <= 3);
    }
}

static void low_during_the_update(void **state)
{
    (void)state;
    struct rig *rig = factory(NULL);
    slots_request(rig, "v2.bin");
    struct vboard_snapshot *start = vboard_save(rig->board);
    size_t from = rig->from;
    unsigned count = 0;
    for (uint64_t op = 1; op < 5000; op += op < 60 ? 3 : 151) {
        vboard_restore(rig->board, start);
        rig->len = rig->from = from;
        rig->text[from] = '\0';
        low_at(rig, op);
        count++;
    }
    print_message("board: the supply was low at %u moments of an update\n",
                  count);
    vboard_snapshot_free(start);
    slots_assert_clean(rig);
    rig_free(rig);
}

// For good, in the middle: nothing to run, and nothing is worn. It goes on by
// itself when the supply is back.
static void low_for_long(void **state)
{
    (void)state;
    struct rig *rig = factory(NULL);
    slots_request(rig, "v2.bin");
    rig_expect(rig, "erase 100%", UPDATE_TIME);
    vboard_set_vdd(rig->board, LOW_MV);
    vboard_run(rig->board, VBOARD_S);
    uint64_t ops = vboard_flash_ops(rig->board);
    rig_watch(rig, 2 * VBOARD_S);
    assert_true(vboard_flash_ops(rig->board) == ops);
    assert_true(rig->red.edges >= 3);
    // nor does a reset change that
    vboard_reset(rig->board);
    rig_watch(rig, 2 * VBOARD_S);
    assert_true(vboard_flash_ops(rig->board) == ops);
    assert_true(rig->red.edges >= 3);
    vboard_set_vdd(rig->board, GOOD_MV);
    slots_expect_confirmed(rig, "1.1.0");
    slots_assert_clean(rig);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiting),
        cmocka_unit_test(button_and_nobody_sends),
        cmocka_unit_test(stuck_button),
        cmocka_unit_test(dead_line),
        cmocka_unit_test(button_and_a_sender),
        cmocka_unit_test(sender_breaks_off),
        cmocka_unit_test(button_and_a_sender_that_breaks_off),
        cmocka_unit_test(sent_image_is_bad),
        cmocka_unit_test(watchdog_update),
        cmocka_unit_test(watchdog_revert),
        cmocka_unit_test(watchdog_recovery),
        cmocka_unit_test(low_before_the_update),
        cmocka_unit_test(low_during_the_update),
        cmocka_unit_test(low_for_long),
    };
    return cmocka_run_group_tests_name("board.recovery", tests, NULL, NULL);
}
