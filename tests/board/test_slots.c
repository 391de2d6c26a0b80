// SPDX-License-Identifier: MIT
//
// Slots A and B on the virtual board, with the very binaries that go on the
// hardware: staging, trial, confirm, revert, restore, and what they cost.

#include "sender.h"
#include "slots.h"

#include <stdio.h>
#include <stdlib.h>

#include <zlib.h>

#define HEADER       16
#define HEADER_SPACE 512
#define RECORD       64

#define IWDG_PR          0x40003004u
#define IWDG_RLR         0x40003008u
#define DBGMCU_APB1_FZ   0xE0042008u
#define APB1_FZ_IWDG     (1u << 12)
#define TRIAL_WATCHDOG_S 8

static uint32_t peek(struct rig *rig, uint32_t address)
{
    uint8_t raw[4];
    assert_int_equal(vboard_peek(rig->board, address, raw, 4), 0);
    return slots_get32(raw);
}

/// Updates that go well ///

static void assert_trial_watchdog(struct rig *rig)
{
    // 32 kHz / 256: 8 ms a tick
    assert_int_equal(peek(rig, IWDG_PR), 6);
    assert_int_equal(peek(rig, IWDG_RLR), TRIAL_WATCHDOG_S * 1000 / 8);
    // a debugger that halts the core halts it
    assert_true(peek(rig, DBGMCU_APB1_FZ) & APB1_FZ_IWDG);
}

static void the_whole_story(void **state)
{
    (void)state;
    struct rig *rig = rig_factory(NULL, "v2.bin");
    rig_expect(rig, "reset by power-on", BOOT_TIME);
    rig_expect(rig, "\nrunning 1.0.0\r", BOOT_TIME);
    rig_expect(rig, "app 1.0.0: running; last update: none", BOOT_TIME);
    rig_watch(rig, VBOARD_S);
    rig_assert_toggles(&rig->app, 100 * VBOARD_MS);
    rig_assert_dark(&rig->red);

    rig_press(rig);
    rig_expect(rig, "update requested, resetting", UPDATE_TIME);
    slots_assert_slot(rig, SLOT_A_OFFSET, "v2.bin"); // by the application
    rig_expect(rig, "reset by software", BOOT_TIME);
    rig_expect(rig, "update requested", BOOT_TIME);
    rig_expect(rig, "backup ", UPDATE_TIME);
    rig_expect(rig, "erase 100%", UPDATE_TIME);
    slots_assert_slot(rig, SLOT_B_OFFSET, "v1.bin"); // the first-time backup
    rig_expect(rig, "program ", BOOT_TIME);
    rig_expect(rig, "installed 1.1.0", UPDATE_TIME);
    rig_expect(rig, "running 1.1.0 on trial, boot 1 of 3", BOOT_TIME);
    rig_expect(rig, "app 1.1.0: running", BOOT_TIME);
    assert_trial_watchdog(rig);
    rig_expect(rig, "last update: to 1.1.0: ok (done)", BOOT_TIME);
    rig_expect(rig, "confirmed: ok", BOOT_TIME);
    rig_watch(rig, 30 * VBOARD_S); // it feeds the watchdog
    rig_assert_toggles(&rig->app, 100 * VBOARD_MS);
    slots_assert_app(rig, "v2.bin");

    // the next one goes to the other slot; nothing is copied to keep it safe
    slots_forget(rig);
    slots_update(rig, "mid1.bin", "1.0.0");
    assert_null(strstr(rig->text, "backup"));
    slots_assert_slot(rig, SLOT_A_OFFSET, "v2.bin");
    slots_assert_slot(rig, SLOT_B_OFFSET, "mid1.bin");
    slots_assert_app(rig, "mid1.bin");
    assert_int_equal(rig->resets, 3);
    assert_int_equal(rig->watchdog_resets, 0);
    slots_assert_clean(rig);
    rig_free(rig);
}

// From the second update on: staged slot and app slot are erased once, each
// byte is programmed once, and the backup is left alone.
static void wear(void **state)
{
    (void)state;
    static const struct {
        const char *image, *version;
    } update[] = {{"mid1.bin", "1.0.0"}, {"v2.bin", "1.1.0"},
                  {"v1.bin", "1.0.0"},   {"mid2.bin", "1.1.0"},
                  {"mid1.bin", "1.0.0"}, {"v2.bin", "1.1.0"}};
    struct rig *rig = rig_factory(NULL, NULL);
    rig_expect(rig, "app 1.0.0: running", BOOT_TIME);
    slots_update(rig, "v2.bin", "1.1.0"); // the first, with a backup copy
    for (unsigned i = 0; i < sizeof update / sizeof update[0]; i++) {
        uint32_t staged = i % 2 ? SLOT_A_OFFSET : SLOT_B_OFFSET;
        uint32_t backup = i % 2 ? SLOT_B_OFFSET : SLOT_A_OFFSET;
        struct slots_wear before = slots_wear(rig);
        slots_update(rig, update[i].image, update[i].version);
        size_t size = slots_size(update[i].image);
        slots_assert_written_once(rig, &before, staged, size);
        slots_assert_written_once(rig, &before, APP_OFFSET, size);
        slots_assert_untouched(rig, &before, backup);
        slots_assert_untouched(rig, &before, ARRAY_OFFSET);
        slots_assert_slot(rig, staged, update[i].image);
        slots_assert_app(rig, update[i].image);
    }
    // records, 16 words each; no sector has been erased for them
    struct vboard_wear a = vboard_wear(rig->board, 2);
    struct vboard_wear b = vboard_wear(rig->board, 3);
    assert_true(a.erases + b.erases <= 1);
    print_message("board: a journal record takes 16 words; 7 updates took %u "
                  "records\n",
                  (unsigned)(a.programs + b.programs) / 16);
    slots_assert_clean(rig);
    rig_free(rig);
}

/// Updates that do not confirm ///

static struct rig *start_trial(const char *image, const char *version)
{
    char line[60];
    struct rig *rig = rig_factory(NULL, NULL);
    rig_expect(rig, "app 1.0.0: running", BOOT_TIME);
    slots_request(rig, image);
    snprintf(line, sizeof line, "installed %s", version);
    rig_expect(rig, line, UPDATE_TIME);
    return rig;
}

static void expect_trial(struct rig *rig, const char *version, unsigned boot)
{
    char line[60];
    snprintf(line, sizeof line, "running %s on trial, boot %u of 3", version,
             boot);
    rig_expect(rig, line, BOOT_TIME);
}

// And it stays reverted, though the image is still there.
static void expect_revert(struct rig *rig, const char *version)
{
    char line[90];
    snprintf(line, sizeof line, "%s: not confirmed (trial)", version);
    rig_expect(rig, line, BOOT_TIME);
    rig_expect(rig, "\nrunning 1.0.0\r", UPDATE_TIME);
    snprintf(line, sizeof line,
             "app 1.0.0: running; last update: to %s: reverted, not confirmed "
             "(trial)",
             version);
    rig_expect(rig, line, BOOT_TIME);
    slots_assert_app(rig, "v1.bin");
    slots_forget(rig);
    vboard_reset(rig->board);
    rig_expect(rig, "\nrunning 1.0.0\r", BOOT_TIME);
    rig_expect(rig, line, BOOT_TIME);
    unsigned resets = rig->resets;
    rig_watch(rig, 40 * VBOARD_S);
    rig_assert_toggles(&rig->app, 100 * VBOARD_MS);
    assert_int_equal(rig->resets, resets);
    // the next one is taken as any other
    slots_update(rig, "v2.bin", "1.1.0");
    slots_assert_clean(rig);
}

static void hang(void **state)
{
    (void)state;
    struct rig *rig = start_trial("hang.bin", "2.0.0");
    for (unsigned boot = 1; boot <= 3; boot++) {
        expect_trial(rig, "2.0.0", boot);
        rig_expect(rig, "app 2.0.0: running", BOOT_TIME);
        uint64_t start = vboard_time(rig->board);
        rig_expect(rig, "reset by watchdog", 20 * VBOARD_S);
        uint64_t took = vboard_time(rig->board) - start;
        assert_true(took > 7 * VBOARD_S && took < 9 * VBOARD_S);
        assert_int_equal(rig->watchdog_resets, boot);
    }
    expect_revert(rig, "2.0.0");
    assert_int_equal(rig->watchdog_resets, 3);
    rig_free(rig);
}

static void crash(void **state)
{
    (void)state;
    struct rig *rig = start_trial("crash.bin", "2.1.0");
    for (unsigned boot = 1; boot <= 3; boot++) {
        expect_trial(rig, "2.1.0", boot);
        rig_expect(rig, "app 2.1.0: running", BOOT_TIME);
        rig_expect(rig, "app 2.1.0: crashed at dead0000, resetting", BOOT_TIME);
        rig_expect(rig, "reset by software", BOOT_TIME);
    }
    expect_revert(rig, "2.1.0");
    rig_free(rig);
}

static void silent(void **state)
{
    (void)state;
    struct rig *rig = start_trial("silent.bin", "2.2.0");
    for (unsigned boot = 1; boot <= 3; boot++) {
        expect_trial(rig, "2.2.0", boot);
        rig_expect(rig, "app 2.2.0: running", BOOT_TIME);
        rig_watch(rig, 30 * VBOARD_S); // it blinks, and feeds the watchdog
        rig_assert_toggles(&rig->app, 100 * VBOARD_MS);
        // no update of what is no more than a trial
        rig_press(rig);
        rig_expect(rig, "no update: on trial", BOOT_TIME);
        vboard_run(rig->board, 100 * VBOARD_MS); // it is let go
        vboard_reset(rig->board);
    }
    expect_revert(rig, "2.2.0");
    assert_int_equal(rig->watchdog_resets, 0);
    rig_free(rig);
}

// A trial that power cuts interrupt is counted too.
static void silent_with_power_cuts(void **state)
{
    (void)state;
    struct rig *rig = start_trial("silent.bin", "2.2.0");
    for (unsigned boot = 1; boot <= 3; boot++) {
        expect_trial(rig, "2.2.0", boot);
        rig_expect(rig, "app 2.2.0: running", BOOT_TIME);
        vboard_power_on(rig->board);
    }
    expect_revert(rig, "2.2.0");
    rig_free(rig);
}

// Where the core is, in flash: it stays there.
static void hang_here(struct rig *rig)
{
    uint8_t *at =
        slots_at(rig, (vboard_register(rig->board, 15) & ~1u) - FLASH_BASE);
    memcpy(at, (const uint8_t[]){0xFE, 0xE7}, 2); // b .
}

// The watchdog runs in trials only: a confirmed application that hangs hangs.
static void no_watchdog_after_the_trial(void **state)
{
    (void)state;
    struct rig *rig = rig_factory(NULL, NULL);
    rig_expect(rig, "app 1.0.0: running", BOOT_TIME);
    slots_update(rig, "v2.bin", "1.1.0");
    vboard_run(rig->board, 300 * VBOARD_MS);
    struct vboard_snapshot *confirmed = vboard_save(rig->board);
    // until the next reset it goes on
    hang_here(rig);
    rig_expect(rig, "reset by watchdog", 20 * VBOARD_S);
    vboard_restore(rig->board, confirmed);
    vboard_snapshot_free(confirmed);

    vboard_reset(rig->board);
    rig_expect(rig, "app 1.1.0: running", BOOT_TIME);
    assert_int_equal(peek(rig, IWDG_PR), 0);
    assert_int_equal(peek(rig, IWDG_RLR), 0xFFF);
    vboard_run(rig->board, 300 * VBOARD_MS);
    hang_here(rig);
    unsigned resets = rig->resets;
    rig_watch(rig, 60 * VBOARD_S);
    rig_assert_dark(&rig->app);
    assert_int_equal(rig->resets, resets);
    slots_assert_clean(rig);
    rig_free(rig);
}

/// Bad images ///

static void mend_crc(uint8_t *image)
{
    slots_put32(image + 8,
                (uint32_t)crc32(0, image + HEADER, slots_get32(image + 4)));
}

// The application refuses it and goes on; the bootloader never hears of it.
static void expect_no_update(struct rig *rig, const char *reason)
{
    char line[60];
    unsigned resets = rig->resets;
    rig_press(rig);
    snprintf(line, sizeof line, "no update: %s", reason);
    rig_expect(rig, line, UPDATE_TIME);
    vboard_run(rig->board, 100 * VBOARD_MS);
    rig_watch(rig, VBOARD_S);
    rig_assert_toggles(&rig->app, 100 * VBOARD_MS);
    assert_int_equal(rig->resets, resets);
}

static void refused_by_the_application(void **state)
{
    (void)state;
    static const struct {
        const char *reason;
        uint32_t offset, word;
        bool mend; // the CRC
    } all[] = {
        {"bad magic", 0, 0xFFFFFFFF, false},
        {"unknown format", 0, 0x31544253, false},
        {"size 0", 4, 0, false},
        {"truncated", 4, 7, false},
        // a slot would hold it, the app slot does not
        {"too large", 4, APP_SIZE - HEADER_SPACE + 1, false},
        {"too large", 4, SLOT_A_SIZE - HEADER, false},
        {"bad CRC", 8, 0x12345678, false},
        {"bad CRC", HEADER + 2000, 0x12345678, false},
        {"bad stack pointer", HEADER, 0x20020004, true},
        {"bad reset vector", HEADER + 4, 0x08020300, true},
        // of an image for the layout single, or for no bootloader at all
        {"bad reset vector", HEADER + 4, 0x08010301, true},
        {"bad reset vector", HEADER + 4, 0x08000201, true},
    };
    struct rig *rig = rig_factory(NULL, NULL);
    rig_expect(rig, "app 1.0.0: running", BOOT_TIME);
    struct slots_wear before = slots_wear(rig);
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
        rig_program(rig, "v2.bin", ARRAY_OFFSET);
        slots_put32(slots_at(rig, ARRAY_OFFSET) + all[i].offset, all[i].word);
        if (all[i].mend) {
            mend_crc(slots_at(rig, ARRAY_OFFSET));
        }
        expect_no_update(rig, all[i].reason);
    }
    slots_assert_untouched(rig, &before, APP_OFFSET);
    slots_assert_untouched(rig, &before, SLOT_B_OFFSET);
    vboard_reset(rig->board);
    rig_expect(rig, "app 1.0.0: running; last update: none", BOOT_TIME);
    slots_update(rig, "v2.bin", "1.1.0");
    slots_assert_clean(rig);
    rig_free(rig);
}

// The slot changes behind the application's back.
static void refused_by_the_bootloader(void **state)
{
    (void)state;
    static const struct {
        const char *reason;
        uint32_t offset, word;
        bool mend;
    } all[] = {
        {"bad magic (header)", 0, 0xFFFFFFFF, false},
        {"too large (header)", 4, APP_SIZE - HEADER_SPACE + 1, false},
        {"bad CRC (check)", HEADER + 2000, 0x12345678, false},
        {"bad stack pointer (header)", HEADER, 0x20020004, true},
        {"bad reset vector (header)", HEADER + 4, 0x08020300, true},
    };
    struct rig *rig = rig_factory(NULL, NULL);
    rig_expect(rig, "app 1.0.0: running", BOOT_TIME);
    struct slots_wear before = slots_wear(rig);
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
        char line[60];
        slots_request(rig, "v2.bin");
        uint8_t *slot = slots_at(rig, SLOT_A_OFFSET);
        slots_put32(slot + all[i].offset, all[i].word);
        if (all[i].mend) {
            mend_crc(slot);
        }
        snprintf(line, sizeof line, ": %s\r", all[i].reason);
        rig_expect(rig, line, BOOT_TIME);
        rig_expect(rig, "\nrunning 1.0.0\r", BOOT_TIME);
        snprintf(line, sizeof line, ": refused, %s", all[i].reason);
        rig_expect(rig, "app 1.0.0: running", BOOT_TIME);
        rig_expect(rig, line, BOOT_TIME);
        // it is not tried again
        vboard_reset(rig->board);
        rig_expect(rig, "app 1.0.0: running", BOOT_TIME);
        rig_expect(rig, line, BOOT_TIME);
    }
    slots_assert_untouched(rig, &before, APP_OFFSET);
    slots_update(rig, "v2.bin", "1.1.0");
    slots_assert_clean(rig);
    rig_free(rig);
}

/// What rots ///

static void rot(struct rig *rig, uint32_t offset)
{
    *slots_at(rig, offset + HEADER_SPACE + 1000) ^= 4;
}

static struct rig *updated(void)
{
    struct rig *rig = rig_factory(NULL, NULL);
    rig_expect(rig, "app 1.0.0: running", BOOT_TIME);
    slots_update(rig, "v2.bin", "1.1.0");
    memset(slots_at(rig, ARRAY_OFFSET), 0xFF, ARRAY_SIZE);
    slots_forget(rig);
    return rig;
}

static void application_rots(void **state)
{
    (void)state;
    struct rig *rig = updated();
    rot(rig, APP_OFFSET);
    struct slots_wear before = slots_wear(rig);
    vboard_reset(rig->board);
    rig_expect(rig, "\n1.1.0: bad CRC (restore)", BOOT_TIME);
    rig_expect(rig, "\nrunning 1.1.0\r", UPDATE_TIME);
    rig_expect(rig,
               "app 1.1.0: running; last update: to 1.1.0: restored, bad "
               "CRC (restore)",
               BOOT_TIME);
    slots_assert_app(rig, "v2.bin");
    slots_assert_written_once(rig, &before, APP_OFFSET, slots_size("v2.bin"));
    slots_assert_untouched(rig, &before, SLOT_A_OFFSET);
    slots_assert_untouched(rig, &before, SLOT_B_OFFSET);
    slots_update(rig, "v1.bin", "1.0.0");
    slots_assert_clean(rig);
    rig_free(rig);
}

// So does its header: that is told too, though a blank board's is not.
static void header_rots(void **state)
{
    (void)state;
    struct rig *rig = updated();
    memset(slots_at(rig, APP_OFFSET), 0, HEADER);
    vboard_reset(rig->board);
    rig_expect(rig, "\n1.1.0: bad magic (restore)", BOOT_TIME);
    rig_expect(rig, "\nrunning 1.1.0\r", UPDATE_TIME);
    rig_expect(rig, "restored, bad magic (restore)", BOOT_TIME);
    slots_assert_app(rig, "v2.bin");
    slots_assert_clean(rig);
    rig_free(rig);
}

// The backup as well: the version before it is still in the other slot.
static void application_and_backup_rot(void **state)
{
    (void)state;
    struct rig *rig = updated();
    rot(rig, APP_OFFSET);
    rot(rig, SLOT_A_OFFSET);
    vboard_reset(rig->board);
    rig_expect(rig, "running 1.0.0", UPDATE_TIME);
    rig_expect(rig, "app 1.0.0: running", BOOT_TIME);
    slots_assert_app(rig, "v1.bin");
    slots_assert_clean(rig);
    rig_free(rig);
}

static void everything_rots(void **state)
{
    (void)state;
    struct rig *rig = updated();
    rot(rig, APP_OFFSET);
    rot(rig, SLOT_A_OFFSET);
    rot(rig, SLOT_B_OFFSET);
    vboard_reset(rig->board);
    rig_expect(rig, "no valid application: bad CRC; waiting for an image",
               BOOT_TIME);
    rig_watch(rig, 20 * VBOARD_S);
    rig_assert_toggles(&rig->red, 100 * VBOARD_MS);
    rig_assert_dark(&rig->app);
    // an image that appears is taken
    rig_program(rig, "v2.bin", ARRAY_OFFSET);
    rig_expect(rig, "installed 1.1.0", UPDATE_TIME);
    rig_expect(rig, "confirmed: ok", UPDATE_TIME);
    slots_assert_clean(rig);
    rig_free(rig);
}

// The backup alone: nobody notices, until the next update makes another one.
static void backup_rots(void **state)
{
    (void)state;
    struct rig *rig = updated();
    rot(rig, SLOT_A_OFFSET);
    slots_request(rig, "hang.bin");
    rig_expect(rig, "backup ", UPDATE_TIME);
    rig_expect(rig, "installed 2.0.0", UPDATE_TIME);
    slots_assert_slot(rig, SLOT_A_OFFSET, "v2.bin");
    rig_expect(rig, "2.0.0: not confirmed (trial)", 60 * VBOARD_S);
    rig_expect(rig, "app 1.1.0: running; last update: to 2.0.0: reverted",
               UPDATE_TIME);
    slots_assert_app(rig, "v2.bin");
    slots_assert_clean(rig);
    rig_free(rig);
}

/// Without the bootloader's help ///

// Another application programmed beside the bootloader's journal.
static void adopts_what_is_programmed(void **state)
{
    (void)state;
    struct rig *rig = updated();
    size_t size;
    uint8_t *image = rig_file("mid1.bin", &size);
    memset(slots_at(rig, APP_OFFSET), 0xFF, APP_SIZE);
    memcpy(slots_at(rig, APP_OFFSET), image, HEADER);
    memcpy(slots_at(rig, APP_OFFSET + HEADER_SPACE), image + HEADER,
           size - HEADER);
    free(image);
    vboard_power_on(rig->board);
    rig_expect(rig, "\nrunning 1.0.0\r", BOOT_TIME); // not on trial
    rig_expect(rig, "app 1.0.0: running", BOOT_TIME);
    // the slots hold no copy of it: the update makes one
    slots_request(rig, "crash.bin");
    rig_expect(rig, "backup ", UPDATE_TIME);
    rig_expect(rig, "2.1.0: not confirmed (trial)", UPDATE_TIME);
    rig_expect(rig, "app 1.0.0: running; last update: to 2.1.0: reverted",
               UPDATE_TIME);
    slots_assert_app(rig, "mid1.bin");
    slots_assert_clean(rig);
    rig_free(rig);
}

// A debugger's build is run as it is, and never restored over.
static void development_build(void **state)
{
    (void)state;
    struct rig *rig = updated();
    memset(slots_at(rig, APP_OFFSET), 0xFF, HEADER_SPACE);
    struct slots_wear before = slots_wear(rig);
    for (int build = 0; build < 3; build++) {
        rot(rig, APP_OFFSET - 900); // a word that nobody minds: a handler
        vboard_power_on(rig->board);
        rig_expect(rig, "running a development build", BOOT_TIME);
        rig_expect(rig, "app 1.1.0: running", BOOT_TIME);
    }
    slots_assert_untouched(rig, &before, APP_OFFSET);
    slots_assert_untouched(rig, &before, SLOT_A_OFFSET);
    slots_assert_untouched(rig, &before, SLOT_B_OFFSET);
    slots_update(rig, "mid1.bin", "1.0.0");
    slots_assert_clean(rig);
    rig_free(rig);
}

// R18: a blank board with the bootloader, and an image in sector 4.
static void first_application(void **state)
{
    (void)state;
    struct rig *rig = rig_new(NULL);
    rig_program(rig, "factory.bin", 0);
    memset(slots_at(rig, BOOT_SIZE), 0xFF, FLASH_SIZE - BOOT_SIZE);
    rig_program(rig, "v1.bin", ARRAY_OFFSET);
    vboard_power_on(rig->board);
    rig_expect(rig, "stage ", UPDATE_TIME);
    rig_expect(rig, "installed 1.0.0", UPDATE_TIME);
    rig_expect(rig, "running 1.0.0 on trial, boot 1 of 3", BOOT_TIME);
    rig_expect(rig, "confirmed: ok", BOOT_TIME);
    slots_assert_app(rig, "v1.bin");
    vboard_power_on(rig->board);
    rig_expect(rig, "\nrunning 1.0.0\r", BOOT_TIME);
    rig_expect(rig, "app 1.0.0: running", BOOT_TIME);
    slots_forget(rig);
    slots_update(rig, "v2.bin", "1.1.0");
    assert_null(strstr(rig->text, "backup")); // it has one already
    slots_assert_clean(rig);
    rig_free(rig);
}

// The first application never confirms: there is nothing better, so it runs.
static void first_application_does_not_confirm(void **state)
{
    (void)state;
    struct rig *rig = rig_new(NULL);
    rig_program(rig, "factory.bin", 0);
    memset(slots_at(rig, BOOT_SIZE), 0xFF, FLASH_SIZE - BOOT_SIZE);
    rig_program(rig, "silent.bin", ARRAY_OFFSET);
    vboard_power_on(rig->board);
    rig_expect(rig, "app 2.2.0: running", UPDATE_TIME);
    struct slots_wear before = slots_wear(rig);
    for (int i = 0; i < 6; i++) {
        vboard_reset(rig->board);
        rig_expect(rig, "app 2.2.0: running", BOOT_TIME);
    }
    slots_assert_untouched(rig, &before, APP_OFFSET);
    slots_assert_clean(rig);
    rig_free(rig);
}

// The C array that was asked before the sender held no image: no word of that.
static void first_application_over_the_line(void **state)
{
    (void)state;
    struct rig *rig = rig_new(NULL);
    rig_program(rig, "factory.bin", 0);
    memset(slots_at(rig, BOOT_SIZE), 0xFF, FLASH_SIZE - BOOT_SIZE);
    vboard_power_on(rig->board);
    rig_expect(rig, "no valid application: bad magic; waiting", BOOT_TIME);
    sender_send_file(rig, "v1.bin");
    rig_expect(rig, "confirmed: ok", UPDATE_TIME);
    assert_null(strstr(rig->text, "bad magic ("));
    assert_non_null(strstr(rig->text, "\nerase 100%"));
    assert_non_null(strstr(rig->text, "\ninstalled 1.0.0"));
    slots_assert_app(rig, "v1.bin");
    slots_assert_clean(rig);
    rig_free(rig);
}

/// Journal ///

static void with_journal(void (*spoil)(uint8_t *journal))
{
    struct rig *rig = updated();
    spoil(slots_at(rig, JOURNAL0_OFFSET));
    vboard_power_on(rig->board);
    rig_expect(rig, "\nrunning 1.1.0\r", BOOT_TIME); // confirmed: it stands
    rig_expect(rig, "app 1.1.0: running; last update: none", BOOT_TIME);
    slots_update(rig, "v1.bin", "1.0.0");
    slots_assert_clean(rig);
    rig_free(rig);
}

static void garbage(uint8_t *journal)
{
    for (unsigned i = 0; i < JOURNAL0_SIZE + JOURNAL1_SIZE; i++) {
        journal[i] = (uint8_t)(i * 31 + 7);
    }
}

// Every record is good, but of a format that this bootloader does not know.
static void future(uint8_t *journal)
{
    for (unsigned i = 0; i < JOURNAL0_SIZE + JOURNAL1_SIZE; i += RECORD) {
        if (slots_get32(journal + i + 60) == 0xFFFFFFFF) {
            continue;
        }
        journal[i + 24] = 9;
        slots_put32(journal + i + 60, (uint32_t)crc32(0, journal + i, 60));
    }
}

static void journal_garbage(void **state)
{
    (void)state;
    with_journal(garbage);
}

static void journal_of_the_future(void **state)
{
    (void)state;
    with_journal(future);
}

// Many updates: the units of the journal are used in turn.
static void journal_turn_over(void **state)
{
    (void)state;
    struct rig *rig = updated();
    uint64_t erases = 0;
    for (int i = 0; erases < 3; i++) {
        assert_true(i < 200);
        slots_forget(rig);
        slots_update(rig, i % 2 ? "v2.bin" : "v1.bin",
                     i % 2 ? "1.1.0" : "1.0.0");
        erases = vboard_wear(rig->board, 2).erases +
                 vboard_wear(rig->board, 3).erases;
    }
    assert_true(vboard_wear(rig->board, 2).erases >= 1);
    assert_true(vboard_wear(rig->board, 3).erases >= 1);
    slots_assert_clean(rig);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_story),
        cmocka_unit_test(wear),
        cmocka_unit_test(hang),
        cmocka_unit_test(crash),
        cmocka_unit_test(silent),
        cmocka_unit_test(silent_with_power_cuts),
        cmocka_unit_test(no_watchdog_after_the_trial),
        cmocka_unit_test(refused_by_the_application),
        cmocka_unit_test(refused_by_the_bootloader),
        cmocka_unit_test(application_rots),
        cmocka_unit_test(header_rots),
        cmocka_unit_test(application_and_backup_rot),
        cmocka_unit_test(everything_rots),
        cmocka_unit_test(backup_rots),
        cmocka_unit_test(adopts_what_is_programmed),
        cmocka_unit_test(development_build),
        cmocka_unit_test(first_application),
        cmocka_unit_test(first_application_does_not_confirm),
        cmocka_unit_test(first_application_over_the_line),
        cmocka_unit_test(journal_garbage),
        cmocka_unit_test(journal_of_the_future),
        cmocka_unit_test(journal_turn_over),
    };
    return cmocka_run_group_tests_name("board.slots", tests, NULL, NULL);
}
