// SPDX-License-Identifier: MIT
//
// A W25Q64 that is missing, dead, blank, full of rubbish, or that dies in the
// middle of something, under the very binaries that go on the hardware.

#include "external.h"

#include <stdio.h>
#include <stdlib.h>

#include "state.h" // what no instruction of the firmware could bring about

static const struct {
    const char *name;
    enum vboard_spi_fault fault;
} faults[] = {
    {"MISO high", VBOARD_SPI_MISO_HIGH},
    {"MISO low", VBOARD_SPI_MISO_LOW},
    {"wrong id", VBOARD_W25Q_WRONG_ID},
    {"busy", VBOARD_W25Q_BUSY},
};
#define FAULTS (sizeof faults / sizeof faults[0])

// Longest that a valid application is kept from running by a W25Q that does not
// answer: it is not even asked.
#define AT_ONCE (50 * VBOARD_MS)

// The same without one: a chip that stays busy is waited for, for the longest
// that an erase may take, at each of its four headers and versions.
#define FOUND_OUT (11 * VBOARD_S)

static uint64_t boot_time(struct rig *rig)
{
    uint64_t start = vboard_time(rig->board);
    vboard_power_on(rig->board);
    rig_expect(rig, "app 1.0.0: running", BOOT_TIME);
    return vboard_time(rig->board) - start;
}

/// A valid application ///

static void application_boots_at_once(void **state)
{
    (void)state;
    struct rig *rig = external_factory(NULL);
    for (unsigned i = 0; i < FAULTS; i++) {
        vboard_w25q_fault(rig->board, faults[i].fault);
        uint64_t time = boot_time(rig);
        print_message("board: boots in %u us with %s\n",
                      (unsigned)(time / VBOARD_US), faults[i].name);
        assert_true(time < AT_ONCE);
    }
    external_end(rig);
}

// No chip at all, not even a faulty one.
static void application_boots_without_chip(void **state)
{
    (void)state;
    const struct vboard_config config = {.mcu = BOARD_MCU, .hse_hz = 8000000};
    struct rig *rig = rig_new(&config);
    rig_program(rig, "factory.bin", 0);
    (void)boot_time(rig); // the first time it makes the journal
    assert_true(boot_time(rig) < AT_ONCE);
    // and says why there is no update
    external_press(rig);
    external_expect_told(rig, "1.0.0",
                         "to 0.0.0: refused, external flash does not answer "
                         "(header)");
    external_end(rig);
}

static void fill_with_rubbish(struct rig *rig, unsigned seed)
{
    uint8_t *bytes = vboard_w25q(rig->board, NULL);
    for (uint32_t i = 0; i < SLOT_B_OFFSET + SLOT_B_SIZE; i++) {
        seed = seed * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(seed >> 24);
    }
}

static void rubbish(void **state)
{
    (void)state;
    struct rig *rig = external_factory(NULL);
    fill_with_rubbish(rig, 1);
    assert_true(boot_time(rig) < AT_ONCE);
    external_press(rig);
    external_expect_told(rig, "1.0.0", "to 0.0.0: refused, bad magic (header)");
    // it does no harm to the next update
    external_put(rig, "v2.bin", SLOT_A_OFFSET);
    external_press(rig);
    external_expect_confirmed(rig, "1.1.0");
    external_assert_slot(rig, "v1.bin", SLOT_B_OFFSET);
    external_end(rig);
}

/// Nothing to run ///

static void recovered(void **state)
{
    (void)state;
    for (unsigned i = 0; i < FAULTS; i += external_every(3)) {
        struct rig *rig = external_without_app(NULL);
        vboard_w25q_fault(rig->board, faults[i].fault);
        vboard_power_on(rig->board);
        rig_expect(rig, "C", FOUND_OUT);
        print_message("board: asks for an image after %u ms with %s\n",
                      (unsigned)(vboard_time(rig->board) / VBOARD_MS),
                      faults[i].name);
        external_recover(rig, "v2.bin", "1.1.0");
        external_end(rig);
    }
}

static void recovered_from_rubbish(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 3; seed += external_every(3)) {
        struct rig *rig = external_without_app(NULL);
        fill_with_rubbish(rig, seed);
        vboard_power_on(rig->board);
        external_recover(rig, "v2.bin", "1.1.0");
        external_end(rig);
    }
}

// What only the W25Q holds runs, even from the slot that no record names.
static void rescued(void **state)
{
    (void)state;
    for (unsigned slot = 0; slot < 2; slot++) {
        struct rig *rig = external_without_app(NULL);
        fill_with_rubbish(rig, 9);
        external_put(rig, "v2.bin", slot ? SLOT_B_OFFSET : SLOT_A_OFFSET);
        vboard_power_on(rig->board);
        rig_expect(rig, "app 1.1.0: running", UPDATE_TIME);
        slots_assert_app(rig, "v2.bin");
        external_end(rig);
    }
}

// It waits, and blinks evenly, whatever the W25Q is at.
static void blinks_evenly(void **state)
{
    (void)state;
    struct rig *rig = external_without_app(NULL);
    vboard_power_on(rig->board);
    rig_watch(rig, 8 * VBOARD_S);
    rig_assert_toggles(&rig->red, 100 * VBOARD_MS);
    rig_assert_dark(&rig->app);
    assert_int_equal(rig->flash_ops, 0);
    for (unsigned i = 0; i < FAULTS; i += external_every(3)) {
        vboard_w25q_fault(rig->board, faults[i].fault);
        vboard_power_on(rig->board);
        vboard_run(rig->board, FOUND_OUT);
        rig_watch(rig, 5 * VBOARD_S);
        rig_assert_toggles(&rig->red, 100 * VBOARD_MS);
        assert_int_equal(rig->flash_ops, 0);
    }
    assert_int_equal(rig->violations, 0);
    rig_free(rig);
}

/// Dying in the middle ///

enum end { OLD, NEW, NOTHING };

// Until something runs, or an image is waited for.
static bool runs(struct rig *rig)
{
    rig->red.edges = 0;
    bool found = false;
    for (int s = 0; s < 30 && !found && rig->red.edges < 4; s++) {
        found = rig_wait(rig, ".0: running", VBOARD_S);
    }
    assert_true(found || rig->red.edges >= 4);
    return found;
}

// What runs in the end, if anything.
static enum end wait_for_end(struct rig *rig)
{
    if (runs(rig)) {
        bool new = strncmp(rig->text + rig->from - 14, "1.1", 3) == 0;
        assert_true(external_app_is(rig, new ? "v2.bin" : "v1.bin"));
        return new ? NEW : OLD;
    }
    // the only copies are where nobody can read them
    assert_false(external_app_is(rig, "v1.bin"));
    assert_false(external_app_is(rig, "v2.bin"));
    return NOTHING;
}

// The W25Q dies at an operation. Then it is mended, or an image is sent.
static enum end dies(struct rig *rig, uint64_t op, enum vboard_spi_fault fault,
                     bool send)
{
    rig_stop_at_op(rig, op);
    if (vboard_run(rig->board, UPDATE_TIME) != VBOARD_STOP_REQUEST) {
        return NEW; // it was over before
    }
    rig->stop_at = 0;
    vboard_w25q_fault(rig->board, fault);
    enum end end = wait_for_end(rig);
    vboard_reset(rig->board);
    assert_int_equal(wait_for_end(rig), end);
    if (end == NOTHING && send) {
        external_recover(rig, "v2.bin", "1.1.0");
        return end;
    }
    vboard_w25q_fault(rig->board, VBOARD_SPI_GOOD);
    vboard_power_on(rig->board);
    enum end after = wait_for_end(rig);
    assert_true(after == NEW || (end == OLD && after == OLD));
    return end;
}

static void dies_in_update(void **state)
{
    (void)state;
    struct rig *rig = external_factory(NULL);
    external_put(rig, "v2.bin", SLOT_A_OFFSET);
    external_press(rig);
    struct external_moment start = external_save(rig);
    uint64_t before = rig->flash_ops;
    external_expect_confirmed(rig, "1.1.0");
    uint64_t ops = rig->flash_ops - before;
    unsigned ends[3] = {0}, run = 0;
    for (uint64_t op = 1; op <= ops;
         op += (op < 60 ? 6 : ops / 15) * external_every(4)) {
        external_restore(rig, &start);
        ends[dies(rig, op, faults[run % FAULTS].fault, run / FAULTS % 2)]++;
        run++;
    }
    print_message("board: the W25Q died at %u of %u operations: %u times the "
                  "old one ran on, %u the new, %u waited for an image\n",
                  run, (unsigned)ops, ends[OLD], ends[NEW], ends[NOTHING]);
    assert_true(ends[OLD] && ends[NOTHING]);
    vboard_snapshot_free(start.board);
    external_end(rig);
}

// One operation fails, or its result does not read back; the next ones are
// good.
static void operation_fails(void **state)
{
    (void)state;
    static const enum vboard_flash_fault kinds[] = {VBOARD_FLASH_ERASE_FAILS,
                                                    VBOARD_FLASH_PROGRAM_FAILS,
                                                    VBOARD_FLASH_BIT_STUCK};
    struct rig *rig = external_factory(NULL);
    external_put(rig, "v2.bin", SLOT_A_OFFSET);
    external_press(rig);
    struct external_moment start = external_save(rig);
    unsigned run = 0;
    for (uint64_t op = 1; op < 120; op += 3 * external_every(8)) {
        external_restore(rig, &start);
        vboard_fail_op(rig->board, op, kinds[run++ % 3]);
        if (wait_for_end(rig) == OLD) {
            external_press(rig);
            external_expect_confirmed(rig, "1.1.0");
        }
    }
    vboard_snapshot_free(start.board);
    external_end(rig);
}

// Block protection that somebody has set.
static void write_protected(void **state)
{
    (void)state;
    struct rig *rig = external_factory(NULL);
    external_put(rig, "v2.bin", SLOT_A_OFFSET);
    rig->board->state.device.w25q.status |= 0x1C; // BP2 to BP0
    external_press(rig);
    external_expect_told(rig, "1.0.0",
                         "to 1.1.0: refused, flash write-protected (backup)");
    external_end(rig);
}

// Without its backup what is on trial runs on, unconfirmed; and goes back once
// the W25Q can be read again.
static void dies_in_trial(void **state)
{
    (void)state;
    struct rig *rig = external_factory(NULL);
    external_put(rig, "silent.bin", SLOT_A_OFFSET);
    external_press(rig);
    rig_expect(rig, "app 2.2.0: running", 3 * UPDATE_TIME);
    vboard_w25q_fault(rig->board, VBOARD_SPI_MISO_LOW);
    for (unsigned boot = 0; boot < 3 * TRIAL_BOOTS; boot++) {
        vboard_reset(rig->board);
        rig_expect(rig, "app 2.2.0: running", UPDATE_TIME);
    }
    vboard_w25q_fault(rig->board, VBOARD_SPI_GOOD);
    vboard_reset(rig->board);
    external_expect_told(rig, "1.0.0",
                         "to 2.2.0: reverted, not confirmed (trial)");
    slots_assert_app(rig, "v1.bin");
    external_end(rig);
}

// A sender is told at once, and what runs is as it was.
static void sent_by_hand_without_chip(void **state)
{
    (void)state;
    struct rig *rig = external_factory(NULL);
    vboard_w25q_fault(rig->board, VBOARD_SPI_MISO_HIGH);
    assert_int_equal(vboard_drive_pin(rig->board, "PA8", 0), 0);
    vboard_reset(rig->board);
    rig_expect(rig, "C", BOOT_TIME);
    assert_int_equal(vboard_drive_pin(rig->board, "PA8", -1), 0);
    size_t size;
    uint8_t *image = rig_file("v2.bin", &size);
    sender_send_first(rig, image, size);
    free(image);
    rig_expect(rig, "\x18\x18", UPDATE_TIME); // CAN
    rig_expect(rig, "app 1.0.0: running", 70 * VBOARD_S);
    slots_assert_app(rig, "v1.bin");
    external_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(application_boots_at_once),
        cmocka_unit_test(application_boots_without_chip),
        cmocka_unit_test(rubbish),
        cmocka_unit_test(recovered),
        cmocka_unit_test(recovered_from_rubbish),
        cmocka_unit_test(rescued),
        cmocka_unit_test(blinks_evenly),
        cmocka_unit_test(dies_in_update),
        cmocka_unit_test(operation_fails),
        cmocka_unit_test(write_protected),
        cmocka_unit_test(dies_in_trial),
        cmocka_unit_test(sent_by_hand_without_chip),
    };
    return cmocka_run_group_tests_name("board.w25q_dead", tests, NULL, NULL);
}
