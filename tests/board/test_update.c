// SPDX-License-Identifier: MIT
//
// The reference system's whole job on the virtual board, with the very
// binaries that go on the hardware; and everything that can go wrong with it.

#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

#include <zlib.h>

#define BOOT_TIME   (1 * VBOARD_S)
#define UPDATE_TIME (8 * VBOARD_S)

static void put32(uint8_t *p, uint32_t x)
{
    for (unsigned i = 0; i < 4; i++) {
        p[i] = (uint8_t)(x >> 8 * i);
    }
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

// The image in the C array, for tests that spoil it.
static uint8_t *array_of(struct rig *rig)
{
    return vboard_flash(rig->board, NULL) + ARRAY_OFFSET;
}

static void mend_crc(uint8_t *image)
{
    put32(image + 8, (uint32_t)crc32(0, image + 16, get32(image + 4)));
}

static void assert_clean(struct rig *rig)
{
    assert_int_equal(rig->violations, 0);
    assert_int_equal(rig->handover_differences, 0);
    assert_true(rig->handovers > 0);
}

// R14-R18: old application, button, flag, reset, install, new application
static void the_whole_story(void **state)
{
    (void)state;
    struct rig *rig = rig_factory(NULL, "v2.bin");
    uint8_t *flash = vboard_flash(rig->board, NULL);
    uint8_t *boot = malloc(0x8000);
    assert_non_null(boot);
    memcpy(boot, flash, 0x8000);

    rig_expect(rig, "Sureboot", BOOT_TIME);
    rig_expect(rig, "app 1.0.0: running; last update: none", BOOT_TIME);
    rig_watch(rig, VBOARD_S);
    rig_assert_toggles(&rig->app, 100 * VBOARD_MS);
    rig_assert_dark(&rig->red);

    rig_press(rig);
    rig_expect(rig, "update requested", BOOT_TIME);
    rig_expect(rig, "reset by software", BOOT_TIME);
    rig_expect(rig, "update requested", BOOT_TIME);
    rig_expect(rig, "installed 1.1.0", UPDATE_TIME);
    rig_expect(rig, "running 1.1.0 on trial, boot 1 of 3", BOOT_TIME);
    rig_expect(rig, "app 1.1.0: running; last update: to 1.1.0: ok (done)",
               BOOT_TIME);
    rig_expect(rig, "confirmed: ok", BOOT_TIME);
    rig_watch(rig, VBOARD_S);
    rig_assert_toggles(&rig->app, 100 * VBOARD_MS);
    assert_clean(rig);
    assert_int_equal(rig->handovers, 2);
    // now it is not on trial any more, and the watchdog has gone
    assert_true(vboard_hclk(rig->board) == 168000000);
    vboard_reset(rig->board);
    rig_expect(rig, "\nrunning 1.1.0\r", BOOT_TIME);
    rig_watch(rig, 30 * VBOARD_S);
    assert_int_equal(rig->watchdog_resets, 0);

    // the header in the app slot is the image's, the application its bytes
    size_t size;
    uint8_t *image = rig_file("v2.bin", &size);
    assert_memory_equal(flash + APP_OFFSET, image, 16);
    assert_memory_equal(flash + APP_OFFSET + 512, image + 16, size - 16);
    // rule 8: the bootloader never writes itself
    assert_memory_equal(flash, boot, 0x8000);
    assert_true(rig->low_write >= FLASH_BASE + 0x8000);
    free(image);
    free(boot);
    rig_free(rig);
}

// one line for each step that takes long, in ten pieces
static void progress_in_ten_steps(void **state)
{
    (void)state;
    struct rig *rig = rig_factory(NULL, "big2.bin");
    rig_expect(rig, "app 1.0.0", BOOT_TIME);
    rig_press(rig);
    rig_expect(rig, "app 1.1.0: running", UPDATE_TIME);
    char *line = strstr(rig->text, "program ");
    assert_non_null(line);
    line[strcspn(line, "\r\n")] = '\0';
    unsigned pieces = 0;
    for (const char *p = line; (p = strchr(p, '%')); p++) {
        pieces++;
    }
    assert_int_equal(pieces, 10);
    assert_non_null(strstr(line, " 100%"));
    assert_null(strstr(line + strlen(line) + 1, "program "));
    assert_clean(rig);
    rig_free(rig);
}

static void update_with(const struct vboard_config *config)
{
    struct rig *rig = rig_factory(config, "v2.bin");
    rig_expect(rig, "app 1.0.0", BOOT_TIME);
    rig_press(rig);
    rig_expect(rig, "app 1.1.0: running; last update: to 1.1.0: ok",
               2 * UPDATE_TIME);
    vboard_run(rig->board, 3 * VBOARD_S); // and it stays
    assert_int_equal(rig->resets, 2);     // power-on and the request
    assert_int_equal(rig->watchdog_resets, 0);
    assert_clean(rig);
    rig_free(rig);
}

static void slowest_flash(void **state)
{
    (void)state;
    update_with(&(struct vboard_config){
        .mcu = "stm32f446re", .hse_hz = 8000000, .timing = VBOARD_MAXIMUM});
}

static void no_hse(void **state)
{
    (void)state;
    update_with(&(struct vboard_config){.mcu = "stm32f446re"});
}

// its period is half a second, an erase takes longer, nobody can feed it
static void watchdog_started_by_option_bytes(void **state)
{
    (void)state;
    update_with(&(struct vboard_config){.mcu = "stm32f446re",
                                        .hse_hz = 8000000,
                                        .hardware_watchdog = true,
                                        .timing = VBOARD_MAXIMUM});
}

/// A board without an application ///

static void bootloader_alone(void **state)
{
    (void)state;
    struct rig *rig = rig_factory(NULL, NULL);
    memset(vboard_flash(rig->board, NULL) + 0x8000, 0xFF, 0x78000);
    vboard_power_on(rig->board);
    rig_expect(rig, "no valid application", BOOT_TIME);
    rig_watch(rig, 2 * VBOARD_S);
    rig_assert_toggles(&rig->red, 100 * VBOARD_MS);
    assert_int_equal(rig->flash_ops, 0);
    // R18: it takes its first application while it blinks, without a reset
    rig_program(rig, "v2.bin", ARRAY_OFFSET);
    rig_expect(rig, "app 1.1.0: running", UPDATE_TIME);
    assert_clean(rig);
    rig_free(rig);
}

static void failed_update_blinks_slowly(void **state)
{
    (void)state;
    struct rig *rig = rig_factory(NULL, "v2.bin");
    rig_expect(rig, "app 1.0.0", BOOT_TIME);
    rig_press(rig);
    rig_expect(rig, "update requested, ", BOOT_TIME);
    rig_expect(rig, "update requested", BOOT_TIME);
    // the sector is worn out: of each try the erase fails, which follows the
    // 16 words of one record
    uint64_t erase = vboard_flash_ops(rig->board) + 17;
    for (int tries = 1; tries <= 3; tries++, erase += 17) {
        vboard_fail_op(rig->board, erase - vboard_flash_ops(rig->board),
                       VBOARD_FLASH_ERASE_FAILS);
        while (vboard_flash_ops(rig->board) <= erase) {
            assert_int_equal(vboard_run(rig->board, 20 * VBOARD_US),
                             VBOARD_STOP_TIME);
        }
    }
    assert_int_equal(vboard_wear(rig->board, SECTOR_APP).erases, 3);
    rig_expect(rig, "no valid application", UPDATE_TIME);
    rig_watch(rig, 3 * VBOARD_S);
    rig_assert_toggles(&rig->red, 500 * VBOARD_MS);
    // and it has stopped wearing the flash
    uint64_t before = vboard_flash_ops(rig->board);
    rig_watch(rig, 10 * VBOARD_S);
    assert_true(vboard_flash_ops(rig->board) == before);
    // a reset tries again
    vboard_reset(rig->board);
    rig_expect(rig, "app 1.1.0: running", UPDATE_TIME);
    rig_free(rig);
}

static void rotten_application(void **state)
{
    (void)state;
    struct rig *rig = rig_factory(NULL, NULL);
    rig_expect(rig, "app 1.0.0", BOOT_TIME);
    vboard_flash(rig->board, NULL)[APP_OFFSET + 512 + 1000] ^= 4;
    vboard_power_on(rig->board);
    rig_expect(rig, "no valid application: bad CRC", BOOT_TIME);
    rig_free(rig);
}

static void development_build(void **state)
{
    (void)state;
    struct rig *rig = rig_factory(NULL, "v2.bin");
    memset(vboard_flash(rig->board, NULL) + APP_OFFSET, 0xFF, 512);
    vboard_power_on(rig->board);
    rig_expect(rig, "running a development build", BOOT_TIME);
    rig_expect(rig, "app 1.0.0: running", BOOT_TIME);
    rig_press(rig);
    rig_expect(rig, "app 1.1.0: running", UPDATE_TIME);
    rig_free(rig);
}

/// Trial ///

// Nothing to go back to: after three boots the bootloader waits for another
// image, and leaves alone the one that did not confirm.
static void does_not_confirm(void **state)
{
    (void)state;
    struct rig *rig = rig_factory(NULL, "silent.bin");
    rig_expect(rig, "app 1.0.0: running", BOOT_TIME);
    rig_press(rig);
    rig_expect(rig, "installed 2.2.0", UPDATE_TIME);
    for (int boot = 1; boot <= 3; boot++) {
        char line[60];
        snprintf(line, sizeof line, "running 2.2.0 on trial, boot %d of 3",
                 boot);
        rig_expect(rig, line, BOOT_TIME);
        rig_expect(rig, "app 2.2.0: running", BOOT_TIME);
        rig_watch(rig, 20 * VBOARD_S);
        rig_assert_toggles(&rig->app, 100 * VBOARD_MS);
        vboard_reset(rig->board);
    }
    for (int boot = 0; boot < 3; boot++) {
        uint64_t erases = vboard_wear(rig->board, SECTOR_APP).erases;
        rig_expect(rig, "no valid application: not confirmed; waiting for an",
                   BOOT_TIME);
        rig_watch(rig, 10 * VBOARD_S);
        rig_assert_toggles(&rig->red, 100 * VBOARD_MS);
        rig_assert_dark(&rig->app);
        assert_true(vboard_wear(rig->board, SECTOR_APP).erases == erases);
        vboard_reset(rig->board);
    }
    // another image in the array is taken
    rig_program(rig, "v2.bin", ARRAY_OFFSET);
    rig_expect(rig, "installed 1.1.0", UPDATE_TIME);
    rig_expect(rig, "app 1.1.0: running; last update: to 1.1.0: ok", BOOT_TIME);
    rig_expect(rig, "confirmed: ok", BOOT_TIME);
    assert_clean(rig);
    rig_free(rig);
}

static void hangs(void **state)
{
    (void)state;
    struct rig *rig = rig_factory(NULL, "hang.bin");
    rig_expect(rig, "app 1.0.0: running", BOOT_TIME);
    rig_press(rig);
    rig_expect(rig, "app 2.0.0: running", UPDATE_TIME);
    rig_expect(rig, "2.0.0: not confirmed (trial)", 60 * VBOARD_S);
    rig_expect(rig, "no valid application: not confirmed", BOOT_TIME);
    assert_int_equal(rig->watchdog_resets, 3);
    // the watchdog has not gone on behind it
    rig_watch(rig, 60 * VBOARD_S);
    rig_assert_toggles(&rig->red, 100 * VBOARD_MS);
    assert_int_equal(rig->watchdog_resets, 3);
    assert_clean(rig);
    rig_free(rig);
}

/// Bad images: refused before the old application is touched ///

// Presses the button; the old application must come back, with the reason on
// the console of both programs, and its sectors untouched.
static void expect_refusal(struct rig *rig, const char *reason)
{
    struct vboard_wear before = vboard_wear(rig->board, SECTOR_APP);
    char line[80];
    rig_press(rig);
    snprintf(line, sizeof line, ": %s (", reason);
    rig_expect(rig, line, BOOT_TIME);
    snprintf(line, sizeof line, ": refused, %s (", reason);
    rig_expect(rig, "app 1.0.0: running; last update: to ", BOOT_TIME);
    rig_expect(rig, line, BOOT_TIME);
    struct vboard_wear after = vboard_wear(rig->board, SECTOR_APP);
    assert_true(after.erases == before.erases);
    assert_true(after.programs == before.programs);
}

struct spoiled {
    const char *reason;
    uint32_t offset; // of the word to replace
    uint32_t word;
    bool mend; // the CRC
};

static void bad_images(void **state)
{
    (void)state;
    const struct spoiled all[] = {
        {"bad magic", 0, 0xABCDEFAC, false},
        {"bad magic", 0, 0xFFFFFFFF, false},
        {"unknown format", 0, 0x31544253, false},
        {"size 0", 4, 0, false},
        {"truncated", 4, 7, false},
        {"too large", 4, 320 * 1024 - 512 + 1, false},
        {"truncated", 4, 128 * 1024 - 16 + 1, false}, // beyond the sector
        {"bad CRC", 8, 0x12345678, false},
        {"bad CRC", 16 + 2000, 0x12345678, false},
        {"bad stack pointer", 16, 0x20020004, true},
        {"bad stack pointer", 16, 0x20000000, true},
        {"bad stack pointer", 16, 0, true},
        {"bad reset vector", 20, 0x08010300, true}, // even
        {"bad reset vector", 20, 0x08000201, true}, // in the bootloader
        {"bad reset vector", 20, 0xFFFFFFFF, true},
    };
    struct rig *rig = rig_factory(NULL, "v2.bin");
    rig_expect(rig, "app 1.0.0", BOOT_TIME);
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
        rig_program(rig, "v2.bin", ARRAY_OFFSET);
        put32(array_of(rig) + all[i].offset, all[i].word);
        if (all[i].mend) {
            mend_crc(array_of(rig));
        }
        expect_refusal(rig, all[i].reason);
    }
    rig_program(rig, "v2.bin", ARRAY_OFFSET);
    rig_press(rig);
    rig_expect(rig, "app 1.1.0: running; last update: to 1.1.0: ok",
               UPDATE_TIME);
    assert_clean(rig);
    rig_free(rig);
}

// erased flash behind every byte of the header and the vectors
static void truncated_at_every_byte(void **state)
{
    (void)state;
    struct rig *rig = rig_factory(NULL, "v2.bin");
    rig_expect(rig, "app 1.0.0", BOOT_TIME);
    for (uint32_t at = 0; at < 24; at++) {
        struct vboard_wear before = vboard_wear(rig->board, SECTOR_APP);
        rig_program(rig, "v2.bin", ARRAY_OFFSET);
        memset(array_of(rig) + at, 0xFF, 0x20000 - at);
        rig_press(rig);
        rig_expect(rig, "update requested\r\n", BOOT_TIME);
        rig_expect(rig, "app 1.0.0: running; last update: to ", BOOT_TIME);
        rig_expect(rig, ": refused, ", BOOT_TIME);
        assert_true(vboard_wear(rig->board, SECTOR_APP).erases ==
                    before.erases);
    }
    assert_clean(rig);
    rig_free(rig);
}

/// Flash and supply ///

static void write_protected_app_slot(void **state)
{
    (void)state;
    struct rig *rig = rig_factory(NULL, "v2.bin");
    rig_expect(rig, "app 1.0.0", BOOT_TIME);
    vboard_protect_sectors(rig->board, 1u << SECTOR_APP);
    rig_press(rig);
    rig_expect(rig, "flash write-protected (erase)", UPDATE_TIME);
    rig_expect(rig, "app 1.0.0: running", BOOT_TIME);
    vboard_protect_sectors(rig->board, 0);
    rig_press(rig);
    rig_expect(rig, "app 1.1.0: running", UPDATE_TIME);
    rig_free(rig);
}

static void low_supply(void **state)
{
    (void)state;
    struct rig *rig = rig_factory(NULL, "v2.bin");
    rig_expect(rig, "app 1.0.0", BOOT_TIME);
    vboard_set_vdd(rig->board, 2600);
    rig_press(rig);
    rig_expect(rig, "no update: supply too low", BOOT_TIME);
    // it falls between the request and the install
    vboard_set_vdd(rig->board, 3300);
    vboard_run(rig->board, 100 * VBOARD_MS);
    rig_press(rig);
    rig_expect(rig, "update requested", BOOT_TIME);
    vboard_set_vdd(rig->board, 2600);
    rig_expect(rig, "supply too low (begin)", BOOT_TIME);
    rig_expect(rig, "app 1.0.0: running", BOOT_TIME);
    assert_int_equal(vboard_wear(rig->board, SECTOR_APP).erases, 0);
    // the request was not lost
    vboard_set_vdd(rig->board, 3300);
    vboard_reset(rig->board);
    rig_expect(rig, "app 1.1.0: running", UPDATE_TIME);
    rig_free(rig);
}

// the flags of one reset do not hide the next
static void reset_cause(void **state)
{
    (void)state;
    struct rig *rig = rig_factory(NULL, "v2.bin");
    rig_expect(rig, "reset by power-on", BOOT_TIME);
    rig_expect(rig, "app 1.0.0", BOOT_TIME);
    rig_press(rig);
    rig_expect(rig, "reset by software", BOOT_TIME);
    rig_expect(rig, "app 1.1.0", UPDATE_TIME);
    vboard_reset(rig->board);
    rig_expect(rig, "reset by reset pin", BOOT_TIME);
    assert_clean(rig);
    rig_free(rig);
}

// the n-th operation of the update fails: reported, or as a bit that does not
// hold; the install is done again
static void one_bad_operation(void **state)
{
    (void)state;
    const enum vboard_flash_fault faults[] = {VBOARD_FLASH_ERASE_FAILS,
                                              VBOARD_FLASH_PROGRAM_FAILS,
                                              VBOARD_FLASH_BIT_STUCK};
    struct rig *rig = rig_factory(NULL, "v2.bin");
    rig_expect(rig, "app 1.0.0", BOOT_TIME);
    rig_press(rig);
    rig_expect(rig, "update requested", BOOT_TIME);
    struct vboard_snapshot *start = vboard_save(rig->board);
    size_t from = rig->from;
    for (unsigned f = 0; f < 3; f++) {
        for (uint64_t op = 1; op < 1600; op += 37) {
            vboard_restore(rig->board, start);
            rig->len = rig->from = from;
            rig->text[from] = '\0';
            vboard_fail_op(rig->board, op, faults[f]);
            rig_expect(rig, "app 1.1.0: running", 2 * UPDATE_TIME);
        }
    }
    vboard_snapshot_free(start);
    rig_free(rig);
}

/// Journal ///

static void journal_garbage(void **state)
{
    (void)state;
    struct rig *rig = rig_factory(NULL, "v2.bin");
    uint8_t *journal = vboard_flash(rig->board, NULL) + 0x8000;
    for (unsigned i = 0; i < 0x8000; i++) {
        journal[i] = (uint8_t)(i * 31 + 7);
    }
    vboard_power_on(rig->board);
    rig_expect(rig, "app 1.0.0: running; last update: none", BOOT_TIME);
    rig_press(rig);
    rig_expect(rig, "app 1.1.0: running", UPDATE_TIME);
    assert_clean(rig);
    rig_free(rig);
}

static void journal_write_protected(void **state)
{
    (void)state;
    struct rig *rig = rig_factory(NULL, "v2.bin");
    vboard_protect_sectors(rig->board, 0xC);
    vboard_power_on(rig->board);
    rig_expect(rig, "journal: flash write-protected", BOOT_TIME);
    rig_expect(rig, "app 1.0.0: running; no updates: journal empty", BOOT_TIME);
    unsigned resets = rig->resets;
    rig_press(rig);
    vboard_run(rig->board, VBOARD_S);
    assert_int_equal(rig->resets, resets);
    rig_free(rig);
}

// hundreds of refused updates: the journal turns over, in turn
static void journal_turn_over(void **state)
{
    (void)state;
    struct rig *rig = rig_factory(NULL, NULL);
    rig_expect(rig, "app 1.0.0", BOOT_TIME);
    for (int i = 0; i < 300; i++) {
        rig->len = rig->from = 0;
        rig->text[0] = '\0';
        rig_press(rig);
        rig_expect(rig, "running; last update: to 0.0.0: refused, bad magic",
                   BOOT_TIME);
    }
    uint64_t a = vboard_wear(rig->board, 2).erases;
    uint64_t b = vboard_wear(rig->board, 3).erases;
    assert_true(a + b >= 2 && a + b <= 4);
    assert_true(a >= 1 && b >= 1);
    assert_clean(rig);
    rig_free(rig);
}

/// Button ///

static void button_bounces(void **state)
{
    (void)state;
    struct rig *rig = rig_factory(NULL, "v2.bin");
    rig_expect(rig, "app 1.0.0", BOOT_TIME);
    // a spike is no press
    vboard_drive_pin(rig->board, "PA8", 0);
    vboard_run(rig->board, 2 * VBOARD_MS);
    vboard_drive_pin(rig->board, "PA8", -1);
    vboard_run(rig->board, VBOARD_S);
    assert_int_equal(rig->resets, 1);
    // a contact that bounces for 5 ms is one
    for (int i = 0; i < 10; i++) {
        vboard_drive_pin(rig->board, "PA8", i % 2 ? -1 : 0);
        vboard_run(rig->board, VBOARD_MS / 2);
    }
    rig_press(rig);
    rig_expect(rig, "app 1.1.0: running", UPDATE_TIME);
    assert_int_equal(rig->resets, 2);
    rig_free(rig);
}

static void button_during_the_update(void **state)
{
    (void)state;
    struct rig *rig = rig_factory(NULL, "big2.bin");
    rig_expect(rig, "app 1.0.0", BOOT_TIME);
    rig_press(rig);
    rig_expect(rig, "update requested, ", BOOT_TIME);
    rig_expect(rig, "update requested", BOOT_TIME);
    unsigned presses = 0;
    // the last one is over before the new application runs
    while (!strstr(rig->text, "program ")) {
        rig_press(rig);
        vboard_run(rig->board, 70 * VBOARD_MS);
        presses++;
    }
    assert_true(presses > 1);
    rig_expect(rig, "app 1.1.0: running", UPDATE_TIME);
    vboard_run(rig->board, VBOARD_S);
    assert_int_equal(rig->resets, 2);
    rig_free(rig);
}

// held down for long: one press, one update
static void button_held_down(void **state)
{
    (void)state;
    struct rig *rig = rig_factory(NULL, "v2.bin");
    rig_expect(rig, "app 1.0.0", BOOT_TIME);
    vboard_drive_pin(rig->board, "PA8", 0);
    rig_watch(rig, 5 * VBOARD_S); // it counts when it is let go
    rig_assert_toggles(&rig->app, 100 * VBOARD_MS);
    assert_int_equal(rig->resets, 1);
    vboard_drive_pin(rig->board, "PA8", -1);
    rig_expect(rig, "app 1.1.0: running", UPDATE_TIME);
    vboard_run(rig->board, 2 * VBOARD_S);
    assert_int_equal(rig->resets, 2);
    assert_clean(rig);
    rig_free(rig);
}

// A button that is pressed again right away is a call for recovery, which goes
// first; what was asked for before is not lost.
static void button_down_again_at_the_reset(void **state)
{
    (void)state;
    struct rig *rig = rig_factory(NULL, "v2.bin");
    rig_expect(rig, "app 1.0.0", BOOT_TIME);
    rig_press(rig);
    rig_expect(rig, "update requested", BOOT_TIME);
    vboard_drive_pin(rig->board, "PA8", 0);
    rig_expect(rig, "waiting for an image", BOOT_TIME);
    rig_watch(rig, 50 * VBOARD_S);
    rig_assert_toggles(&rig->red, 100 * VBOARD_MS);
    rig_expect(rig, "installed 1.1.0", 20 * VBOARD_S);
    rig_expect(rig, "confirmed: ok", BOOT_TIME);
    assert_int_equal(rig->resets, 2);
    assert_clean(rig);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_story),
        cmocka_unit_test(progress_in_ten_steps),
        cmocka_unit_test(slowest_flash),
        cmocka_unit_test(no_hse),
        cmocka_unit_test(watchdog_started_by_option_bytes),
        cmocka_unit_test(bootloader_alone),
        cmocka_unit_test(failed_update_blinks_slowly),
        cmocka_unit_test(rotten_application),
        cmocka_unit_test(development_build),
        cmocka_unit_test(does_not_confirm),
        cmocka_unit_test(hangs),
        cmocka_unit_test(bad_images),
        cmocka_unit_test(truncated_at_every_byte),
        cmocka_unit_test(write_protected_app_slot),
        cmocka_unit_test(low_supply),
        cmocka_unit_test(reset_cause),
        cmocka_unit_test(one_bad_operation),
        cmocka_unit_test(journal_garbage),
        cmocka_unit_test(journal_write_protected),
        cmocka_unit_test(journal_turn_over),
        cmocka_unit_test(button_bounces),
        cmocka_unit_test(button_during_the_update),
        cmocka_unit_test(button_held_down),
        cmocka_unit_test(button_down_again_at_the_reset),
    };
    return cmocka_run_group_tests_name("board.update", tests, NULL, NULL);
}
