// SPDX-License-Identifier: MIT
//
// The layout one-slot on the virtual board: images come over the console, there
// is no older version to go back to.

#include "sender.h"
#include "slots.h"

#include <stdio.h>

// The application receives an image and asks for the update.
static void request(struct rig *rig, const char *image)
{
    assert_int_equal(vboard_uart_send(rig->board, 1, "u", 1), 0);
    sender_send_file(rig, image);
    rig_expect(rig, "update requested, resetting", BOOT_TIME);
}

static void update(struct rig *rig, const char *image, const char *version)
{
    request(rig, image);
    slots_expect_confirmed(rig, version);
}

static struct rig *factory(void)
{
    struct rig *rig = rig_factory(NULL, NULL);
    rig_expect(rig, "app 1.0.0: running; last update: none", BOOT_TIME);
    return rig;
}

static void the_whole_story(void **state)
{
    (void)state;
    static const struct {
        const char *image, *version;
    } all[] = {{"v2.bin", "1.1.0"}, {"v1.bin", "1.0.0"}, {"v2.bin", "1.1.0"}};
    struct rig *rig = factory();
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct slots_wear before = slots_wear(rig);
        update(rig, all[i].image, all[i].version);
        size_t size = slots_size(all[i].image);
        slots_assert_written_once(rig, &before, SLOT_A_OFFSET, size);
        slots_assert_written_once(rig, &before, APP_OFFSET, size);
        slots_assert_slot(rig, SLOT_A_OFFSET, all[i].image);
        slots_assert_app(rig, all[i].image);
    }
    assert_null(strstr(rig->text, "backup"));
    rig_watch(rig, 30 * VBOARD_S);
    rig_assert_toggles(&rig->app, 100 * VBOARD_MS);
    assert_int_equal(rig->watchdog_resets, 0);
    slots_assert_clean(rig);
    rig_free(rig);
}

// It goes on running: that is better than nothing. The button replaces it.
static void does_not_confirm(void **state)
{
    (void)state;
    struct rig *rig = factory();
    request(rig, "silent.bin");
    rig_expect(rig, "installed 2.2.0", UPDATE_TIME);
    for (int boot = 1; boot <= 6; boot++) {
        rig_expect(rig, "running 2.2.0", BOOT_TIME);
        rig_expect(rig, "app 2.2.0: running", BOOT_TIME);
        rig_watch(rig, 20 * VBOARD_S);
        rig_assert_toggles(&rig->app, 100 * VBOARD_MS);
        vboard_reset(rig->board);
    }
    rig_expect(rig, "app 2.2.0: running", BOOT_TIME);
    vboard_drive_pin(rig->board, "PA8", 0);
    vboard_reset(rig->board);
    rig_expect(rig, "waiting for an image", BOOT_TIME);
    vboard_drive_pin(rig->board, "PA8", -1);
    sender_send_file(rig, "v2.bin");
    slots_expect_confirmed(rig, "1.1.0");
    slots_assert_clean(rig);
    rig_free(rig);
}

// A version that hangs is reset by the watchdog for as long as it is on trial.
// Then it hangs for good, until somebody holds the button.
static void hangs(void **state)
{
    (void)state;
    struct rig *rig = factory();
    request(rig, "hang.bin");
    rig_expect(rig, "app 2.0.0: running", UPDATE_TIME);
    rig_watch(rig, 120 * VBOARD_S);
    assert_int_equal(rig->watchdog_resets, 3);
    vboard_drive_pin(rig->board, "PA8", 0);
    vboard_reset(rig->board);
    rig_expect(rig, "reset by reset pin", BOOT_TIME);
    rig_expect(rig, "waiting for an image", BOOT_TIME);
    vboard_drive_pin(rig->board, "PA8", -1);
    sender_send_file(rig, "v2.bin");
    slots_expect_confirmed(rig, "1.1.0");
    slots_assert_clean(rig);
    rig_free(rig);
}

static void staged_image_rots(void **state)
{
    (void)state;
    struct rig *rig = factory();
    request(rig, "v2.bin");
    *slots_at(rig, SLOT_A_OFFSET + 3000) ^= 1;
    rig_expect(rig, "1.1.0: bad CRC (check)", BOOT_TIME);
    rig_expect(rig,
               "app 1.0.0: running; last update: to 1.1.0: refused, bad "
               "CRC (check)",
               BOOT_TIME);
    update(rig, "v2.bin", "1.1.0");
    slots_assert_clean(rig);
    rig_free(rig);
}

// The slot it came from still holds a copy.
static void application_rots(void **state)
{
    (void)state;
    struct rig *rig = factory();
    update(rig, "v2.bin", "1.1.0");
    *slots_at(rig, APP_OFFSET + 3000) ^= 1;
    vboard_power_on(rig->board);
    rig_expect(rig, "\n1.1.0: bad CRC (restore)", BOOT_TIME);
    rig_expect(rig, "app 1.1.0: running; last update: to 1.1.0: restored",
               UPDATE_TIME);
    slots_assert_app(rig, "v2.bin");
    slots_assert_clean(rig);
    rig_free(rig);
}

// This layout has no C array: the bootloader neither says that it takes one,
// nor looks for it.
static void has_no_array(void **state)
{
    (void)state;
    struct rig *rig = rig_factory(NULL, NULL);
    uint8_t *flash = vboard_flash(rig->board, NULL);
    assert_int_equal(flash[0x200 + 12] & 7, 6); // SPEC.md, Info block
    memset(flash + 0x8000, 0xFF, 0x78000);
    vboard_power_on(rig->board);
    rig_expect(rig, "waiting for an image", VBOARD_S);
    vboard_run(rig->board, 4 * VBOARD_S);
    assert_null(strstr(rig->text, "truncated"));
    assert_int_equal(rig->violations, 0);
    rig_free(rig);
}

// What the application is sent is checked before anything is erased.
static void bad_images(void **state)
{
    (void)state;
    struct rig *rig = factory();
    struct slots_wear before = slots_wear(rig);
    static uint8_t text[4096];
    memset(text, 'x', sizeof text);
    assert_int_equal(vboard_uart_send(rig->board, 1, "u", 1), 0);
    rig_expect(rig, "C", BOOT_TIME);
    sender_send_first(rig, text, sizeof text);
    rig_expect(rig, "no update: bad magic", 5 * VBOARD_S);
    slots_assert_untouched(rig, &before, SLOT_A_OFFSET);
    // nobody sends
    assert_int_equal(vboard_uart_send(rig->board, 1, "u", 1), 0);
    rig_expect(rig, "no update: source does not answer", 40 * VBOARD_S);
    update(rig, "v2.bin", "1.1.0");
    slots_assert_clean(rig);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_story),
        cmocka_unit_test(does_not_confirm),
        cmocka_unit_test(hangs),
        cmocka_unit_test(staged_image_rots),
        cmocka_unit_test(application_rots),
        cmocka_unit_test(bad_images),
        cmocka_unit_test(has_no_array),
    };
    return cmocka_run_group_tests_name("board.one_slot", tests, NULL, NULL);
}
