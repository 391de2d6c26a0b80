// SPDX-License-Identifier: MIT
//
// An image that somebody writes to the W25Q64 from its byte 0 on, as the
// reference system has it: it is installed at the press of the button, or it is
// refused with a reason.

#include "external.h"

#include <stdio.h>
#include <stdlib.h>

#include <zlib.h>

#define REFUSED(why, step)   "to 0.0.0: refused, " why " (" step ")"
#define REFUSED_2(why, step) "to 1.1.0: refused, " why " (" step ")"

static uint8_t *slot_a(struct rig *rig)
{
    return vboard_w25q(rig->board, NULL) + SLOT_A_OFFSET;
}

/// Good ones ///

// Once with slot A free, then with the backup there: that has to move.
static void one_after_the_other(void **state)
{
    (void)state;
    static const char *const names[] = {"v2.bin", "v1.bin", "big2.bin",
                                        "big1.bin"};
    struct rig *rig = external_factory(NULL);
    const char *before = "v1.bin";
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        external_put(rig, names[i], SLOT_A_OFFSET);
        external_press(rig);
        external_expect_confirmed(rig, i % 2 ? "1.0.0" : "1.1.0");
        slots_assert_app(rig, names[i]);
        external_assert_slot(rig, names[i], SLOT_A_OFFSET);
        external_assert_slot(rig, before, SLOT_B_OFFSET);
        before = names[i];
    }
    external_end(rig);
}

// Slot A is the backup of 1.1.0 and gets an image that does not confirm: what
// ran before is gone from there, and has to come from elsewhere.
static void reverted(void **state)
{
    (void)state;
    struct rig *rig = external_factory(NULL);
    external_put(rig, "v2.bin", SLOT_A_OFFSET);
    external_press(rig);
    external_expect_confirmed(rig, "1.1.0");
    external_put(rig, "crash.bin", SLOT_A_OFFSET);
    external_press(rig);
    external_expect_told(rig, "1.1.0",
                         "to 2.1.0: reverted, not confirmed (trial)");
    slots_assert_app(rig, "v2.bin");
    // it does not come back by itself
    vboard_power_on(rig->board);
    external_expect_told(rig, "1.1.0",
                         "to 2.1.0: reverted, not confirmed (trial)");
    external_end(rig);
}

// Not a byte of the app slot is left.
static void largest(void **state)
{
    (void)state;
    struct rig *rig = external_factory(NULL);
    uint8_t *slot = slot_a(rig);
    external_put(rig, "v2.bin", SLOT_A_OFFSET);
    uint32_t size = APP_SIZE - 512;
    for (uint32_t i = (uint32_t)slots_size("v2.bin"); i < 16 + size; i++) {
        slot[i] = (uint8_t)(i * 7 % 251);
    }
    slots_put32(slot + 4, size);
    slots_put32(slot + 8, (uint32_t)crc32(0, slot + 16, size));
    external_press(rig);
    external_expect_confirmed(rig, "1.1.0");
    assert_memory_equal(slots_at(rig, APP_OFFSET + 512), slot + 16, size);
    external_end(rig);
}

/// Power cuts ///

// From the image old to new, which lies at byte 0.
struct update {
    const char *old, *new, *version;
};

// After a cut the device runs the old one or the new one, all of it; asked
// again, the new one.
static void cut(struct rig *rig, const struct update *update, uint64_t op,
                enum vboard_cut how)
{
    vboard_cut_at_op(rig->board, op, how);
    assert_int_equal(vboard_run(rig->board, 3 * UPDATE_TIME),
                     VBOARD_STOP_POWER_CUT);
    vboard_power_on(rig->board);
    rig_expect(rig, ".0: running; last update: ", 3 * UPDATE_TIME);
    if (external_app_is(rig, update->new)) {
        return;
    }
    assert_true(external_app_is(rig, update->old));
    rig_expect(rig, "\n", BOOT_TIME);
    external_press(rig);
    external_expect_confirmed(rig, update->version);
    slots_assert_app(rig, update->new);
}

static void cut_anywhere(struct rig *rig, const struct update *update)
{
    external_put(rig, update->new, SLOT_A_OFFSET);
    rig_press(rig);
    struct external_moment start = external_save(rig);
    uint64_t before = rig->flash_ops;
    external_expect_confirmed(rig, update->version);
    uint64_t ops = rig->flash_ops - before;
    unsigned count = 0;
    for (uint64_t op = 1; op <= ops;
         op += (op < 60 ? 5 : ops / 20) * external_every(5)) {
        external_restore(rig, &start);
        cut(rig, update, op, (enum vboard_cut)(count++ % 3));
    }
    print_message("board: the power was cut at %u of %u operations\n", count,
                  (unsigned)ops);
    vboard_snapshot_free(start.board);
}

static void power_cuts(void **state)
{
    (void)state;
    static const struct update first = {"v1.bin", "v2.bin", "1.1.0"};
    static const struct update over_backup = {"v2.bin", "v1.bin", "1.0.0"};
    struct rig *rig = external_factory(NULL);
    cut_anywhere(rig, &first);
    external_end(rig);

    rig = external_factory(NULL);
    external_put(rig, "v2.bin", SLOT_A_OFFSET);
    external_press(rig);
    external_expect_confirmed(rig, "1.1.0");
    cut_anywhere(rig, &over_backup);
    external_end(rig);
}

/// Bad ones ///

static void all_blank(uint8_t *slot, size_t size)
{
    (void)size;
    memset(slot, 0xFF, SLOT_A_SIZE);
}

static void all_zero(uint8_t *slot, size_t size)
{
    (void)size;
    memset(slot, 0, SLOT_A_SIZE);
}

static void rubbish(uint8_t *slot, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        slot[i] = (uint8_t)(i * 131 >> 3 ^ i);
    }
}

static void bad_crc(uint8_t *slot, size_t size)
{
    slot[size - 1] ^= 0x10;
}

static void bad_first_code(uint8_t *slot, size_t size)
{
    (void)size;
    slot[16 + 0x40] ^= 1;
}

static void truncated(uint8_t *slot, size_t size)
{
    memset(slot + size / 2, 0xFF, size - size / 2);
}

static void says_nothing(uint8_t *slot, size_t size)
{
    (void)size;
    slots_put32(slot + 4, 0);
}

static void shorter_than_vectors(uint8_t *slot, size_t size)
{
    (void)size;
    slots_put32(slot + 4, 7);
}

static void says_too_much(uint8_t *slot, size_t size)
{
    (void)size;
    slots_put32(slot + 4, APP_SIZE - 512 + 1);
}

static void says_all_there_is(uint8_t *slot, size_t size)
{
    (void)size;
    slots_put32(slot + 4, 0xFFFFFFFF);
}

// The largest that fits, and with a good CRC; but 8 bytes more do not.
static void larger_than_app_slot(uint8_t *slot, size_t size)
{
    uint32_t larger = APP_SIZE - 512 + 8;
    for (uint32_t i = (uint32_t)size; i < 16 + larger; i++) {
        slot[i] = (uint8_t)i;
    }
    slots_put32(slot + 4, larger);
    slots_put32(slot + 8, (uint32_t)crc32(0, slot + 16, larger));
}

static void seal(uint8_t *slot, size_t size)
{
    slots_put32(slot + 8, (uint32_t)crc32(0, slot + 16, (uInt)size - 16));
}

// The same application as it is linked for a chip with more RAM, or another
// layout.
static void other_chip(uint8_t *slot, size_t size)
{
    slots_put32(slot + 16, RAM_BASE + RAM_SIZE + 0x1000);
    seal(slot, size);
}

static void other_layout(uint8_t *slot, size_t size)
{
    slots_put32(slot + 20, 0x08002201);
    seal(slot, size);
}

static void signed_image(uint8_t *slot, size_t size)
{
    (void)size;
    slot[0] ^= 0x10;
}

static const struct {
    void (*spoil)(uint8_t *slot, size_t size);
    const char *outcome;
} bad[] = {
    {all_blank, REFUSED("bad magic", "header")},
    {all_zero, REFUSED("bad magic", "header")},
    {rubbish, REFUSED("bad magic", "header")},
    {bad_crc, REFUSED_2("bad CRC", "check")},
    {bad_first_code, REFUSED_2("bad CRC", "check")},
    {truncated, REFUSED_2("bad CRC", "check")},
    {says_nothing, REFUSED_2("size 0", "header")},
    {shorter_than_vectors, REFUSED_2("truncated", "header")},
    {says_too_much, REFUSED_2("too large", "header")},
    {says_all_there_is, REFUSED_2("too large", "header")},
    {larger_than_app_slot, REFUSED_2("too large", "header")},
    {other_chip, REFUSED_2("bad stack pointer", "header")},
    {other_layout, REFUSED_2("bad reset vector", "header")},
    {signed_image, REFUSED("bad magic", "header")},
};

// Told once and again at every boot, and not tried again: nothing is erased or
// programmed after the record of it. (The first of a unit is written twice.)
static void refused(struct rig *rig, unsigned i)
{
    memset(slot_a(rig), 0xFF, SLOT_A_SIZE);
    external_put(rig, "v2.bin", SLOT_A_OFFSET);
    bad[i].spoil(slot_a(rig), slots_size("v2.bin"));
    external_press(rig);
    external_expect_told(rig, "1.0.0", bad[i].outcome);
    uint64_t ops = 0;
    for (int boot = 0; boot < 3; boot++) {
        ops = rig->flash_ops;
        vboard_power_on(rig->board);
        external_expect_told(rig, "1.0.0", bad[i].outcome);
    }
    assert_int_equal(rig->flash_ops, ops);
    slots_assert_app(rig, "v1.bin");
    slots_forget(rig);
}

static void bad_images(void **state)
{
    (void)state;
    struct rig *rig = external_factory(NULL);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        refused(rig, i);
    }
    external_put(rig, "v2.bin", SLOT_A_OFFSET);
    external_press(rig);
    external_expect_confirmed(rig, "1.1.0");
    external_end(rig);
}

// The same where slot A was the backup: it is gone, by the owner's own hand,
// and what runs must not be touched.
static void bad_image_over_the_backup(void **state)
{
    (void)state;
    struct rig *rig = external_factory(NULL);
    external_put(rig, "v2.bin", SLOT_A_OFFSET);
    external_press(rig);
    external_expect_confirmed(rig, "1.1.0");
    external_put(rig, "v1.bin", SLOT_A_OFFSET);
    bad_crc(slot_a(rig), slots_size("v1.bin"));
    external_press(rig);
    external_expect_told(rig, "1.1.0", "to 1.0.0: refused, bad CRC (check)");
    slots_assert_app(rig, "v2.bin");
    external_put(rig, "v1.bin", SLOT_A_OFFSET);
    external_press(rig);
    external_expect_confirmed(rig, "1.0.0");
    external_assert_slot(rig, "v2.bin", SLOT_B_OFFSET);
    external_end(rig);
}

// With nothing to run the same images are no help, and no harm.
static void bad_images_and_no_application(void **state)
{
    (void)state;
    for (unsigned i = 3; i < sizeof bad / sizeof bad[0];
         i += external_every(5)) {
        struct rig *rig = external_without_app(NULL);
        external_put(rig, "v2.bin", SLOT_A_OFFSET);
        bad[i].spoil(slot_a(rig), slots_size("v2.bin"));
        vboard_power_on(rig->board);
        external_recover(rig, "v2.bin", "1.1.0");
        external_end(rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_after_the_other),
        cmocka_unit_test(reverted),
        cmocka_unit_test(largest),
        cmocka_unit_test(power_cuts),
        cmocka_unit_test(bad_images),
        cmocka_unit_test(bad_image_over_the_backup),
        cmocka_unit_test(bad_images_and_no_application),
    };
    return cmocka_run_group_tests_name("board.slot_a", tests, NULL, NULL);
}
