// SPDX-License-Identifier: MIT
//
// Everything that is not as it should be: an application that rots, slots that
// rot, flash that fails, a supply that is low, a button that is held. As long
// as one good application is left anywhere, it runs; the reason is told; and
// no flash is worn out over it.

#include "board.h"

#include <stdlib.h>

#include <zlib.h>

#include "ota/bytes.h"

#define V1 OTA_VERSION(1, 0, 0)
#define V2 OTA_VERSION(1, 1, 0)
#define V3 OTA_VERSION(1, 2, 0)

#define SIZE1 3001
#define SIZE2 2503
#define SIZE3 2011

static struct board board;

// What comes over a line: once, in pieces, with pauses, and no way back.
struct line {
    struct ota_source source;
    uint8_t data[16 + 8 * 1024];
    uint32_t size; // 0: nobody sends
    uint32_t at;
    unsigned calls;
};

static struct line line;

static int line_open(struct ota_source *source)
{
    (void)source;
    line.at = 0;
    return 0;
}

static int line_read(struct ota_source *source, void *data, size_t len)
{
    (void)source;
    if (line.size == 0) {
        return OTA_ERR_SOURCE_READ; // has waited long enough
    }
    if (++line.calls % 3 == 0) {
        return 0;
    }
    uint32_t left = line.size - line.at;
    if (left == 0) {
        return OTA_ERR_SOURCE_END;
    }
    uint32_t n = len < 133 ? (uint32_t)len : 133;
    n = n < left ? n : left;
    memcpy(data, line.data + line.at, n);
    line.at += n;
    return (int)n;
}

static void send(uint32_t version, uint32_t size)
{
    line.size = make_image(&board, line.data, version, size);
}

// A board without anything but a line.
static void start(enum test_layout layout)
{
    board_init(&board, layout, 1);
    line = (struct line){.source = {.read = line_read, .open = line_open}};
    board.sources[0] =
        (struct ota_boot_source){OTA_SOURCE_UART, &line.source, true};
}

static int setup(void **state)
{
    (void)state;
    start(SLOTS_F103);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    board_free(&board);
    return 0;
}

static void restart(enum test_layout layout)
{
    board_free(&board);
    start(layout);
}

// V1 runs and V2 is staged in slot A; slot B is blank.
static void staged_v2(void)
{
    factory_app(&board, V1, SIZE1);
    assert_runs(&board, V1);
    assert_int_equal(stage_image(&board, V2, SIZE2), 0);
}

// V2 is confirmed, slot A is its backup, slot B holds V1.
static void updated_to_v2(void)
{
    factory_app(&board, V1, SIZE1);
    assert_runs(&board, V1);
    full_update(&board, V2, SIZE2);
    assert_runs(&board, V2);
    assert_int_equal(newest(&board).backup, OTA_SLOT_A);
    assert_true(slot_holds(&board, OTA_SLOT_A, V2, SIZE2));
    assert_true(slot_holds(&board, OTA_SLOT_B, V1, SIZE1));
}

static void rot_app(void)
{
    board.ram->now[board.layout.app.offset + OTA_HEADER_SPACE + 777] ^= 0x20;
}

static void rot_slot(uint8_t slot)
{
    board.ram->now[ota_slot_area(&board.layout, slot)->offset + 777] ^= 0x20;
}

static void assert_told(int result, enum ota_step step)
{
    struct ota_record record = newest(&board);
    assert_int_equal(record.result, result);
    assert_int_equal(record.step, step);
    assert_int_equal(record.ota_flag, OTA_FLAG_NONE);
    assert_true(record.flags & OTA_RECORD_SETTLED);
}

static void assert_confirmed(uint32_t version, uint8_t backup)
{
    struct ota_record record = newest(&board);
    assert_int_equal(record.state, OTA_STATE_CONFIRMED);
    assert_int_equal(record.version, version);
    assert_int_equal(record.backup, backup);
}

static void assert_on_trial(uint32_t version)
{
    assert_true(board.boot.trial);
    struct ota_record record = newest(&board);
    assert_int_equal(record.state, OTA_STATE_TRIAL);
    assert_int_equal(record.version, version);
    assert_int_equal(record.attempts, 1);
}

// From then on boots write nothing, and an update works.
static void assert_well(uint32_t version)
{
    uint32_t ops = board.ram->ops;
    for (int i = 0; i < 3; i++) {
        assert_runs(&board, version);
    }
    assert_int_equal(board.ram->ops, ops);
    full_update(&board, V3, SIZE3);
    assert_runs(&board, V3);
}

static void assert_no_app(void)
{
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(continue_boot(&board), OTA_BOOT_NO_APP);
    }
}

/// No record ///

static void factory_application_is_adopted(void **state)
{
    (void)state;
    const enum test_layout layouts[] = {SLOTS_F446, SLOTS_F103, SLOTS_H7,
                                        ONE_SLOT_F446, ONE_SLOT_H7};
    for (unsigned i = 0; i < 5; i++) {
        restart(layouts[i]);
        factory_app(&board, V1, SIZE1);
        put_in_slot(&board, OTA_SLOT_A, V3, SIZE3); // newer, but nobody asked
        assert_runs(&board, V1);
        assert_false(board.boot.trial);
        assert_confirmed(V1, OTA_SLOT_NONE);
        assert_well(V1);
    }
}

// A lost journal costs nothing either: the backup is proved anew.
static void journal_is_lost(void **state)
{
    (void)state;
    updated_to_v2();
    wipe_area(&board.layout.journal[0]);
    wipe_area(&board.layout.journal[1]);
    assert_runs(&board, V2);
    assert_confirmed(V2, OTA_SLOT_NONE);
    assert_well(V2);
}

static void nothing_but_slots(void **state)
{
    (void)state;
    const struct {
        uint32_t a, b; // versions; 0: blank
        uint8_t rotten;
        uint32_t runs; // 0: nothing
    } cases[] = {
        {V1, V2, OTA_SLOT_NONE, V2}, {V2, V1, OTA_SLOT_NONE, V2},
        {V1, V2, OTA_SLOT_B, V1},    {V2, V1, OTA_SLOT_A, V1},
        {V1, 0, OTA_SLOT_NONE, V1},  {0, V1, OTA_SLOT_NONE, V1},
        {V1, 0, OTA_SLOT_A, 0},      {0, V1, OTA_SLOT_B, 0},
        {V1, V1, OTA_SLOT_A, V1},    {V1, V1, OTA_SLOT_B, V1},
        {0, 0, OTA_SLOT_NONE, 0},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        restart(SLOTS_F103);
        if (cases[i].a) {
            put_in_slot(&board, OTA_SLOT_A, cases[i].a, SIZE1);
        }
        if (cases[i].b) {
            put_in_slot(&board, OTA_SLOT_B, cases[i].b, SIZE1);
        }
        if (cases[i].rotten) {
            rot_slot(cases[i].rotten);
        }
        if (cases[i].runs == 0) {
            assert_no_app();
            assert_int_equal(board.ram->ops, 0);
            assert_int_equal(board.boot.journal_error, 0); // blank is none
            continue;
        }
        assert_runs(&board, cases[i].runs);
        assert_true(app_holds(&board, cases[i].runs, SIZE1));
        assert_on_trial(cases[i].runs);
        assert_int_equal(confirm_app(&board), 0);
        assert_runs(&board, cases[i].runs);
        assert_well(cases[i].runs);
    }
}

/// Whole, but not for this board ///

// The CRC is right, the header or the vectors are not: linked for another
// address, another RAM, too large, or not signed where it has to be.
static const struct {
    uint32_t offset, value;
    int error;
} foreign[] = {
    {16, 0x20005004, OTA_ERR_STACK_POINTER},
    {16, 0x20000000, OTA_ERR_STACK_POINTER},
    {20, 0x08000201, OTA_ERR_RESET_VECTOR},
    {20, 0x08004A08, OTA_ERR_RESET_VECTOR}, // even
    {0, OTA_MAGIC_SIGNED, OTA_ERR_FORMAT},
};

static void make_foreign(uint8_t *image, unsigned i)
{
    make_image(&board, image, V2, SIZE2);
    store_le32(image + foreign[i].offset, foreign[i].value);
    fix_crc(image);
}

static void foreign_application(void **state)
{
    (void)state;
    static uint8_t image[16 + SIZE2];
    for (unsigned i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        restart(SLOTS_F103);
        make_foreign(image, i);
        uint32_t app = board.layout.app.offset;
        ram_flash_load(board.ram, app, image, 16);
        ram_flash_load(board.ram, app + 512, image + 16, SIZE2);
        assert_no_app();
        assert_int_equal(board.boot.app_error, foreign[i].error);
        assert_false(board.boot.development);
        put_in_slot(&board, OTA_SLOT_B, V1, SIZE1);
        assert_runs(&board, V1);
    }
    restart(SLOTS_F103);
    factory_app(&board, V1, SIZE1);
    board.layout.allow_unsigned = false;
    assert_no_app();
    assert_int_equal(board.boot.app_error, OTA_ERR_UNSIGNED);
    board.layout.allow_unsigned = true;
    board.layout.app.size = 2 * 1024; // as if it were that small
    assert_no_app();
    assert_int_equal(board.boot.app_error, OTA_ERR_TOO_LARGE);
}

// In a slot, wherever the request or the rescue comes from.
static void foreign_image_in_a_slot(void **state)
{
    (void)state;
    static uint8_t image[16 + SIZE2];
    for (unsigned i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        restart(SLOTS_F103);
        make_foreign(image, i);
        ram_flash_load(board.ram, board.layout.slot[0].offset, image,
                       sizeof image);
        assert_no_app();
        assert_int_equal(board.ram->ops, 0);
        factory_app(&board, V1, SIZE1);
        assert_runs(&board, V1);
        struct ota_record record = newest(&board);
        record.staged = OTA_SLOT_A;
        record.source = OTA_SOURCE_STAGED;
        record.ota_flag = OTA_FLAG_REQUEST;
        append_record(&board, record);
        assert_runs(&board, V1);
        assert_told(foreign[i].error, OTA_STEP_HEADER);
        assert_int_equal(newest(&board).staged, OTA_SLOT_NONE);
    }
}

/// It rots ///

static void application_comes_back_from_its_backup(void **state)
{
    (void)state;
    const enum test_layout layouts[] = {SLOTS_F446, SLOTS_F103, SLOTS_H7,
                                        ONE_SLOT_F446, ONE_SLOT_F103};
    for (unsigned i = 0; i < 5; i++) {
        restart(layouts[i]);
        factory_app(&board, V1, SIZE1);
        assert_runs(&board, V1);
        full_update(&board, V2, SIZE2);
        assert_runs(&board, V2);
        rot_app();
        assert_runs(&board, V2);
        assert_false(board.boot.trial); // it was confirmed and still is
        assert_true(app_holds(&board, V2, SIZE2));
        assert_confirmed(V2, OTA_SLOT_A);
        assert_told(OTA_ERR_CRC, OTA_STEP_RESTORE);
        assert_well(V2);
    }
}

static void header_or_vectors_rot(void **state)
{
    (void)state;
    const uint32_t places[] = {0, 4, 8, 12, 512, 516, 517};
    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
        restart(SLOTS_F103);
        updated_to_v2();
        board.ram->now[board.layout.app.offset + places[i]] ^= 0x80;
        assert_int_equal(run_boot(&board), OTA_BOOT_RUN);
        // the version is not covered by the CRC: that is another good image
        if (places[i] != 12) {
            assert_true(app_holds(&board, V2, SIZE2));
            assert_int_equal(newest(&board).step, OTA_STEP_RESTORE);
        }
    }
}

static void backup_rotted_too(void **state)
{
    (void)state;
    updated_to_v2();
    rot_app();
    rot_slot(OTA_SLOT_A);
    assert_runs(&board, V1);
    assert_true(app_holds(&board, V1, SIZE1));
    assert_on_trial(V1); // nobody knows whether it still is what is wanted
    assert_int_equal(confirm_app(&board), 0);
    assert_runs(&board, V1);
    assert_confirmed(V1, OTA_SLOT_B);
    assert_well(V1);
}

// It never had a backup, but the slots hold something: the newer one is tried,
// and the other one is what it goes back to.
static void rotted_without_a_backup(void **state)
{
    (void)state;
    factory_app(&board, V1, SIZE1);
    assert_runs(&board, V1);
    assert_confirmed(V1, OTA_SLOT_NONE);
    put_in_slot(&board, OTA_SLOT_A, V2, SIZE2);
    put_in_slot(&board, OTA_SLOT_B, V3, SIZE3);
    rot_app();
    assert_runs(&board, V3);
    assert_on_trial(V3);
    assert_int_equal(newest(&board).backup, OTA_SLOT_A);
    assert_runs(&board, V3);
    assert_runs(&board, V3);
    assert_runs(&board, V2);
    assert_told(OTA_ERR_UNCONFIRMED, OTA_STEP_TRIAL);
}

static void everything_rotted(void **state)
{
    (void)state;
    updated_to_v2();
    rot_app();
    rot_slot(OTA_SLOT_A);
    rot_slot(OTA_SLOT_B);
    assert_no_app();
    assert_false(ota_boot_update_failed(&board.boot));
    // a line brings a new one
    send(V3, SIZE3);
    assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
    assert_true(app_holds(&board, V3, SIZE3));
    assert_on_trial(V3);
    assert_true(slot_holds(&board, newest(&board).staged, V3, SIZE3));
    assert_int_equal(confirm_app(&board), 0);
    assert_runs(&board, V3);
}

// The same on boards that have never had anything.
static void line_brings_the_first_application(void **state)
{
    (void)state;
    for (int layout = 0; layout < BOARD_COUNT; layout++) {
        restart((enum test_layout)layout);
        assert_no_app();
        assert_int_equal(board.ram->ops, 0);
        send(V2, SIZE2);
        assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
        assert_true(app_holds(&board, V2, SIZE2));
        assert_on_trial(V2);
        assert_told(OTA_OK, OTA_STEP_DONE);
        assert_int_equal(confirm_app(&board), 0);
        assert_runs(&board, V2);
    }
}

static void no_source_at_all(void **state)
{
    (void)state;
    board.config.source_count = 0;
    assert_no_app();
    updated_to_v2();
    assert_int_equal(request_from(&board, OTA_SOURCE_ANY), 0);
    assert_runs(&board, V2);
    assert_told(OTA_ERR_SOURCE_OPEN, OTA_STEP_OPEN);
    rot_app();
    assert_runs(&board, V2);
}

// The first that has a good image is taken, whichever it is.
static void several_sources(void **state)
{
    (void)state;
    const struct ota_boot_source sources[] = {
        {OTA_SOURCE_C_ARRAY, &board.array.source, false},
        {OTA_SOURCE_UART, &line.source, true}};
    for (int i = 0; i < 4; i++) {
        restart(SLOTS_F103);
        board.config.sources = sources;
        board.config.source_count = 2;
        if (i % 2) { // there is an application, and it asks for any
            factory_app(&board, V1, SIZE1);
            assert_runs(&board, V1);
            assert_int_equal(request_from(&board, OTA_SOURCE_ANY), 0);
        }
        offer(&board, V3, SIZE3);
        if (i < 2) {
            board.image[500] ^= 1;
        }
        send(V2, SIZE2);
        assert_runs(&board, i < 2 ? V2 : V3);
        assert_on_trial(i < 2 ? V2 : V3);
        assert_told(OTA_OK, OTA_STEP_DONE);
    }
}

// All are asked again and again, the first one too.
static void source_that_has_an_image_later(void **state)
{
    (void)state;
    const struct ota_boot_source sources[] = {
        {OTA_SOURCE_C_ARRAY, &board.array.source, false},
        {OTA_SOURCE_UART, &line.source, true}};
    for (int i = 0; i < 2; i++) {
        restart(SLOTS_F103);
        board.config.sources = sources;
        board.config.source_count = 2;
        assert_no_app();
        if (i == 0) {
            offer(&board, V2, SIZE2);
        } else {
            send(V2, SIZE2);
        }
        assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
        assert_true(app_holds(&board, V2, SIZE2));
    }
}

// What the line brings is bad: nothing of it is installed, the next try is.
static void line_brings_a_bad_image(void **state)
{
    (void)state;
    struct watch *running = watch_area(&board, &board.layout.app);
    send(V2, SIZE2);
    line.data[2000] ^= 1;
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
    assert_int_equal(board.boot.error, OTA_ERR_CRC);
    assert_int_equal(newest(&board).result, OTA_ERR_CRC);
    assert_int_equal(newest(&board).step, OTA_STEP_CHECK);
    assert_int_equal(newest(&board).tried_version, V2);
    line.size = 1000; // breaks off
    assert_int_equal(continue_boot(&board), OTA_BOOT_NO_APP);
    assert_int_equal(running->erased + running->programmed, 0);
    send(V2, SIZE2);
    assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
    assert_true(app_holds(&board, V2, SIZE2));
}

// A request whose source has nothing, while the application has rotted: the
// backup is looked into all the same.
static void request_fails_and_application_rotted(void **state)
{
    (void)state;
    updated_to_v2();
    assert_int_equal(request_from(&board, OTA_SOURCE_UART), 0);
    rot_app();
    assert_runs(&board, V2);
    assert_true(app_holds(&board, V2, SIZE2));
    assert_confirmed(V2, OTA_SLOT_A);
    assert_int_equal(newest(&board).ota_flag, OTA_FLAG_NONE);
}

/// Updates that cannot be finished ///

static void assert_refused(int error, enum ota_step step)
{
    struct watch *running = watch_area(&board, &board.layout.app);
    assert_runs(&board, V1);
    assert_false(board.boot.trial);
    assert_int_equal(running->erased + running->programmed, 0);
    assert_told(error, step);
    assert_int_equal(newest(&board).tried_version, V2);
    assert_int_equal(newest(&board).state, OTA_STATE_CONFIRMED);
    uint32_t ops = board.ram->ops;
    assert_runs(&board, V1); // not tried again
    assert_int_equal(board.ram->ops, ops);
}

static void staged_image_rots_before_the_install(void **state)
{
    (void)state;
    staged_v2();
    assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
    rot_slot(OTA_SLOT_A);
    assert_refused(OTA_ERR_CRC, OTA_STEP_CHECK);
    assert_int_equal(newest(&board).staged, OTA_SLOT_NONE);
    assert_well(V1);
}

// Cuts the power in the middle of programming V2 over V1.
static void cut_the_install(void)
{
    staged_v2();
    assert_int_equal(request_from(&board, OTA_SOURCE_UART), 0);
    assert_runs(&board, V1); // nobody sends: a result of former times
    assert_int_equal(newest(&board).result, OTA_ERR_SOURCE_READ);
    assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
    struct watch *running = watch_area(&board, &board.layout.app);
    ota_boot_begin(&board.boot, &board.config);
    while (running->programmed == 0) {
        assert_int_equal(ota_boot_step(&board.boot), OTA_BOOT_BUSY);
    }
    board.ram->cut_at = 100;
    board.ram->cut = CUT_TORN;
    while (!board.ram->dead) {
        assert_int_equal(ota_boot_step(&board.boot), OTA_BOOT_BUSY);
    }
    ram_flash_power_on(board.ram);
    assert_int_equal(newest(&board).state, OTA_STATE_INSTALLING);
    assert_int_equal(newest(&board).result, OTA_OK);
    assert_int_equal(newest(&board).step, OTA_STEP_BEGIN);
    assert_int_equal(newest(&board).tried_version, V2);
    assert_int_equal(newest(&board).backup, OTA_SLOT_B);
    assert_true(slot_holds(&board, OTA_SLOT_B, V1, SIZE1));
}

static void install_is_done_again(void **state)
{
    (void)state;
    cut_the_install();
    assert_runs(&board, V2);
    assert_true(app_holds(&board, V2, SIZE2));
    assert_on_trial(V2);
    assert_told(OTA_OK, OTA_STEP_DONE);
}

// It came over a line that is silent by now, but it stands in its slot.
static void reset_after_a_line_has_brought_it(void **state)
{
    (void)state;
    for (int button = 0; button < 2; button++) {
        restart(SLOTS_F103);
        factory_app(&board, V1, SIZE1);
        assert_runs(&board, V1);
        board.config.recovery = button;
        if (!button) {
            assert_int_equal(request_from(&board, OTA_SOURCE_UART), 0);
        }
        send(V2, SIZE2);
        ota_boot_begin(&board.boot, &board.config);
        while (newest(&board).staged == OTA_SLOT_NONE) {
            enum ota_verdict verdict = ota_boot_step(&board.boot);
            assert_int_not_equal(verdict, OTA_BOOT_RUN);
        }
        assert_int_equal(newest(&board).state, OTA_STATE_CONFIRMED);
        assert_int_equal(newest(&board).version, V1);
        board.config.recovery = false;
        line.size = 0;
        assert_runs(&board, V2);
        assert_on_trial(V2);
        assert_true(slot_holds(&board, OTA_SLOT_B, V1, SIZE1));
    }
}

// The record says from where, though nobody had staged it.
static void reset_during_a_rescue(void **state)
{
    (void)state;
    put_in_slot(&board, OTA_SLOT_B, V2, SIZE2);
    struct watch *running = watch_area(&board, &board.layout.app);
    ota_boot_begin(&board.boot, &board.config);
    while (running->programmed == 0) {
        assert_int_equal(ota_boot_step(&board.boot), OTA_BOOT_BUSY);
    }
    assert_int_equal(newest(&board).state, OTA_STATE_INSTALLING);
    assert_int_equal(newest(&board).staged, OTA_SLOT_B);
    assert_runs(&board, V2);
    assert_on_trial(V2);
}

// Failures of another image do not count.
static void failures_of_another_image(void **state)
{
    (void)state;
    staged_v2();
    struct ota_record record = newest(&board);
    record.installs = 2;
    record.ota_flag = OTA_FLAG_REQUEST;
    record.source = OTA_SOURCE_STAGED;
    append_record(&board, record);
    struct watch *running = watch_area(&board, &board.layout.app);
    running->prog_error = OTA_ERR_FLASH_PROGRAM;
    ota_boot_begin(&board.boot, &board.config);
    while (board.boot.failures == 0) {
        assert_int_equal(ota_boot_step(&board.boot), OTA_BOOT_BUSY);
    }
    assert_int_equal(newest(&board).installs, 1);
    running->prog_error = 0;
    assert_runs(&board, V2);
}

static void staged_image_rots_during_the_install(void **state)
{
    (void)state;
    cut_the_install();
    rot_slot(OTA_SLOT_A);
    assert_runs(&board, V1);
    assert_true(app_holds(&board, V1, SIZE1));
    assert_confirmed(V1, OTA_SLOT_B);
    assert_told(OTA_ERR_CRC, OTA_STEP_CHECK);
    assert_int_equal(newest(&board).tried_version, V2);
    assert_well(V1);
}

static void both_slots_rot_during_the_install(void **state)
{
    (void)state;
    cut_the_install();
    rot_slot(OTA_SLOT_A);
    rot_slot(OTA_SLOT_B);
    assert_no_app();
    assert_true(ota_boot_update_failed(&board.boot));
    send(V3, SIZE3);
    assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
    assert_on_trial(V3);
}

// Only the record of the success is missing, and the slots are gone.
static void installed_but_for_its_record(void **state)
{
    (void)state;
    const uint8_t backups[] = {OTA_SLOT_B, OTA_SLOT_NONE};
    for (unsigned i = 0; i < 2; i++) {
        restart(SLOTS_F103);
        staged_v2();
        assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
        assert_runs(&board, V2);
        struct ota_record record = newest(&board);
        record.state = OTA_STATE_INSTALLING;
        record.attempts = 0;
        record.backup = backups[i];
        append_record(&board, record);
        rot_slot(OTA_SLOT_A);
        rot_slot(OTA_SLOT_B);
        struct watch *running = watch_area(&board, &board.layout.app);
        assert_runs(&board, V2);
        assert_on_trial(V2);
        assert_int_equal(running->erased + running->programmed, 0);
        assert_int_equal(newest(&board).staged, OTA_SLOT_A);
        assert_int_equal(newest(&board).backup, backups[i]);
    }
}

// It says INSTALLING, but the application before is still whole, and nothing
// else is.
static void nothing_was_installed_yet(void **state)
{
    (void)state;
    cut_the_install();
    wipe_area(&board.layout.app);
    factory_app(&board, V1, SIZE1);
    rot_slot(OTA_SLOT_A);
    rot_slot(OTA_SLOT_B);
    assert_runs(&board, V1);
    assert_confirmed(V1, OTA_SLOT_NONE);
    assert_told(OTA_ERR_CRC, OTA_STEP_CHECK);
}

/// The app slot's flash fails ///

// Three installs in one boot, then the backup.
static void install_that_fails_three_times(void **state)
{
    (void)state;
    const int errors[] = {OTA_ERR_FLASH_PROGRAM, OTA_ERR_FLASH_TIMEOUT};
    for (unsigned i = 0; i < 4; i++) {
        restart(SLOTS_F103);
        staged_v2();
        assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
        struct watch *running = watch_area(&board, &board.layout.app);
        if (i % 2) {
            running->erase_error = OTA_ERR_FLASH_ERASE;
        } else {
            running->prog_error = errors[i / 2];
        }
        ota_boot_begin(&board.boot, &board.config);
        while (board.boot.failures < OTA_INSTALL_TRIES) {
            assert_int_equal(ota_boot_step(&board.boot), OTA_BOOT_BUSY);
        }
        int why = i % 2 ? OTA_ERR_FLASH_ERASE : errors[i / 2];
        running->prog_error = running->erase_error = 0; // V1 is spared by it
        assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
        assert_true(app_holds(&board, V1, SIZE1));
        assert_confirmed(V1, OTA_SLOT_B);
        assert_told(why, i % 2 ? OTA_STEP_ERASE : OTA_STEP_PROGRAM);
        assert_well(V1);
    }
}

// One a boot, with a reset in between: the third is the last all the same.
static void installs_that_fail_in_several_boots(void **state)
{
    (void)state;
    staged_v2();
    assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
    struct watch *running = watch_area(&board, &board.layout.app);
    running->prog_error = OTA_ERR_FLASH_PROGRAM;
    for (uint8_t i = 1; i <= OTA_INSTALL_TRIES; i++) {
        ota_boot_begin(&board.boot, &board.config);
        while (board.boot.failures == 0) {
            assert_int_equal(ota_boot_step(&board.boot), OTA_BOOT_BUSY);
        }
        assert_int_equal(newest(&board).installs, i);
    }
    running->prog_error = 0;
    running->erased = 0;
    assert_runs(&board, V1);
    assert_confirmed(V1, OTA_SLOT_B);
    assert_told(OTA_ERR_FLASH_PROGRAM, OTA_STEP_PROGRAM);
    assert_true(running->erased <= 4 * 1024); // only for V1
    assert_int_equal(newest(&board).installs, 0);
    // who asks for it once more gets it: the flash is good again
    assert_int_equal(stage_image(&board, V2, SIZE2), 0);
    assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
    assert_runs(&board, V2);
}

static void app_slot_fails_for_good(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        restart(SLOTS_F103);
        staged_v2();
        put_in_slot(&board, OTA_SLOT_B, V1, SIZE1);
        name_backup(&board, OTA_SLOT_B);
        assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
        struct watch *running = watch_area(&board, &board.layout.app);
        running->prog_error = i == 0 ? OTA_ERR_FLASH_PROGRAM : 0;
        running->erase_error = i == 1 ? OTA_ERR_FLASH_ERASE : 0;
        running->read_error = i == 2 ? OTA_ERR_FLASH_READ : 0;
        running->spare = 5; // until it has been verified: V1 is good
        for (int n = 1; n <= 3; n++) {
            running->erased = 0;
            assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
            uint32_t ops = board.ram->ops;
            // three installs, the backup once, the other slot once
            assert_true(running->erased <= 5 * board.layout.app.size);
            for (int k = 0; k < 50; k++) {
                assert_int_equal(continue_boot(&board), OTA_BOOT_NO_APP);
            }
            assert_int_equal(board.ram->ops, ops);
        }
        assert_true(ota_boot_update_failed(&board.boot));
        running->prog_error = running->erase_error = running->read_error = 0;
        assert_int_equal(run_boot(&board), OTA_BOOT_RUN);
        assert_true(app_holds(&board, V1, SIZE1) ||
                    app_holds(&board, V2, SIZE2));
    }
}

// What waits in the other slot has nothing to do with it.
static void staged_image_outlives_a_restore(void **state)
{
    (void)state;
    updated_to_v2();
    assert_int_equal(stage_image(&board, V3, 800), 0);
    board.ram->now[board.layout.app.offset + OTA_HEADER_SPACE + 100] ^= 1;
    assert_runs(&board, V2);
    assert_int_equal(newest(&board).staged, OTA_SLOT_B);
    assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
    assert_runs(&board, V3);
}

// A debugger ends the trial: the slot of what was on trial is no update.
static void another_application_during_a_trial(void **state)
{
    (void)state;
    staged_v2();
    assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
    assert_runs(&board, V2);
    assert_int_equal(newest(&board).state, OTA_STATE_TRIAL);
    wipe_area(&board.layout.app);
    factory_app(&board, V3, 900);
    assert_runs(&board, V3);
    assert_int_equal(newest(&board).state, OTA_STATE_CONFIRMED);
    assert_int_equal(newest(&board).staged, OTA_SLOT_NONE);
}

static void app_slot_is_write_protected(void **state)
{
    (void)state;
    staged_v2();
    assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
    struct watch *running = watch_area(&board, &board.layout.app);
    running->erase_error = OTA_ERR_FLASH_PROTECTED;
    assert_runs(&board, V1);
    assert_false(board.boot.trial);
    assert_told(OTA_ERR_FLASH_PROTECTED, OTA_STEP_ERASE);
    assert_confirmed(V1, OTA_SLOT_B); // which has been proved
    running->erase_error = 0;
    assert_well(V1);
}

// The same without an application: however long somebody waits for an image,
// and images lie there, the journal is not worn out by beginnings.
static void app_slot_stays_write_protected(void **state)
{
    (void)state;
    staged_v2();
    offer(&board, V3, 900);
    wipe_area(&board.layout.app);
    struct watch *running = watch_area(&board, &board.layout.app);
    running->erase_error = OTA_ERR_FLASH_PROTECTED;
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(continue_boot(&board), OTA_BOOT_NO_APP);
    }
    uint32_t ops = board.ram->ops;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(continue_boot(&board), OTA_BOOT_NO_APP);
    }
    assert_int_equal(board.ram->ops, ops);
    running->erase_error = 0;
    assert_int_equal(run_boot(&board), OTA_BOOT_RUN);
}

/// The other slot's flash fails ///

// No backup, no update.
static void backup_cannot_be_written(void **state)
{
    (void)state;
    const int errors[] = {OTA_ERR_FLASH_PROGRAM, OTA_ERR_FLASH_TIMEOUT,
                          OTA_ERR_FLASH_PROTECTED};
    for (unsigned i = 0; i < 6; i++) {
        restart(SLOTS_F103);
        staged_v2();
        assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
        struct watch *beside = watch_area(&board, &board.layout.slot[1]);
        beside->prog_error = i < 3 ? errors[i] : 0;
        beside->erase_error = i < 3 ? 0 : errors[i - 3];
        assert_refused(errors[i % 3], OTA_STEP_BACKUP);
        assert_true(slot_holds(&board, OTA_SLOT_A, V2, SIZE2));
        beside->prog_error = beside->erase_error = 0;
        assert_well(V1);
    }
}

// It takes the backup, and does not hold it.
static void backup_does_not_hold(void **state)
{
    (void)state;
    staged_v2();
    assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
    struct watch *beside = watch_area(&board, &board.layout.slot[1]);
    ota_boot_begin(&board.boot, &board.config);
    while (beside->programmed < 1000) {
        assert_int_equal(ota_boot_step(&board.boot), OTA_BOOT_BUSY);
    }
    board.ram->now[board.layout.slot[1].offset + 500] ^= 1;
    assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
    assert_true(app_holds(&board, V1, SIZE1));
    assert_told(OTA_ERR_CRC, OTA_STEP_BACKUP);
}

// Recovery with a slot that takes nothing: once, then without it.
static void slot_fails_in_recovery(void **state)
{
    (void)state;
    struct watch *slot = watch_area(&board, &board.layout.slot[0]);
    slot->prog_error = OTA_ERR_FLASH_PROGRAM;
    send(V2, SIZE2);
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
    assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
    assert_true(app_holds(&board, V2, SIZE2));
    assert_on_trial(V2);
    assert_int_equal(newest(&board).staged, OTA_SLOT_NONE);
    assert_int_equal(slot->erased, 2 * 1024);
    // it has no backup: it runs on
    line.size = 0;
    for (int i = 0; i < 5; i++) {
        assert_runs(&board, V2);
    }
    slot->prog_error = 0;
    assert_int_equal(confirm_app(&board), 0);
    assert_runs(&board, V2);
    assert_well(V2);
}

// Neither the slots nor the app slot: bounded.
static void nothing_can_be_written_in_recovery(void **state)
{
    (void)state;
    struct watch *slot = watch_area(&board, &board.layout.slot[0]);
    struct watch *running = watch_area(&board, &board.layout.app);
    slot->prog_error = running->prog_error = OTA_ERR_FLASH_PROGRAM;
    send(V2, SIZE2);
    assert_no_app();
    assert_true(slot->erased <= 2 * 1024);
    assert_true(running->erased <= OTA_INSTALL_TRIES * 2 * 1024);
    assert_true(ota_boot_update_failed(&board.boot));
    slot->prog_error = running->prog_error = 0;
    assert_runs(&board, V2);
}

/// Going back is interrupted ///

static void revert_is_cut_off(void **state)
{
    (void)state;
    for (uint32_t at = 1; at < 2600; at += at < 60 ? 1 : 97) {
        restart(SLOTS_F103);
        staged_v2();
        assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
        for (int i = 0; i < 3; i++) {
            assert_runs(&board, V2);
        }
        board.ram->cut_at = at;
        board.ram->cut = (enum ram_cut)(at % 3);
        if (run_boot(&board) >= 0) {
            assert_true(at > SIZE1 / 2);
            break;
        }
        ram_flash_power_on(board.ram);
        assert_runs(&board, V1);
        assert_true(app_holds(&board, V1, SIZE1));
        assert_confirmed(V1, OTA_SLOT_B);
        assert_told(OTA_ERR_UNCONFIRMED, OTA_STEP_TRIAL);
        assert_int_equal(newest(&board).tried_version, V2);
    }
}

// And then the backup rots: what did not confirm is better than nothing.
static void backup_rots_during_the_revert(void **state)
{
    (void)state;
    staged_v2();
    assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
    for (int i = 0; i < 3; i++) {
        assert_runs(&board, V2);
    }
    board.ram->cut_at = 100;
    board.ram->cut = CUT_TORN;
    assert_int_equal(run_boot(&board), -1);
    ram_flash_power_on(board.ram);
    assert_int_equal(newest(&board).state, OTA_STATE_REVERTING);
    rot_slot(OTA_SLOT_B);
    assert_runs(&board, V2);
    assert_on_trial(V2);
}

/// The button ///

static void button_with_a_valid_application(void **state)
{
    (void)state;
    staged_v2();
    board.config.recovery = true;
    uint32_t ops = board.ram->ops;
    assert_no_app();
    assert_int_equal(board.boot.app_error, 0);
    assert_false(ota_boot_update_failed(&board.boot));
    // nobody sends anything
    ota_boot_end_recovery(&board.boot);
    assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
    assert_true(app_holds(&board, V1, SIZE1));
    assert_int_equal(newest(&board).staged, OTA_SLOT_A);
    // one record: what the application wrote is settled
    assert_int_equal(board.ram->ops, ops + OTA_RECORD_SIZE / 2);
}

static void button_brings_an_image(void **state)
{
    (void)state;
    staged_v2();
    board.config.recovery = true;
    assert_no_app();
    send(V3, SIZE3);
    assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
    assert_true(app_holds(&board, V3, SIZE3));
    assert_on_trial(V3);
    // V2, which waited, is gone; V1, which ran, is the backup
    assert_true(slot_holds(&board, newest(&board).staged, V3, SIZE3));
    assert_true(slot_holds(&board, newest(&board).backup, V1, SIZE1));
    board.config.recovery = false;
    assert_runs(&board, V3);
    assert_runs(&board, V3);
    assert_runs(&board, V1); // not confirmed
}

static void button_never_overwrites_the_backup(void **state)
{
    (void)state;
    updated_to_v2();
    struct watch *backup = watch_area(&board, &board.layout.slot[0]);
    board.config.recovery = true;
    send(V3, SIZE3);
    line.data[1000] ^= 1; // bad, three times, then good
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
    assert_int_equal(continue_boot(&board), OTA_BOOT_NO_APP);
    send(V3, SIZE3);
    assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
    assert_true(app_holds(&board, V3, SIZE3));
    assert_int_equal(backup->erased + backup->programmed, 0);
    assert_int_equal(newest(&board).backup, OTA_SLOT_A);
    assert_int_equal(newest(&board).staged, OTA_SLOT_B);
}

// While a slot is overwritten no record counts on it.
static void button_and_a_cut_while_the_image_comes(void **state)
{
    (void)state;
    for (int one_slot = 0; one_slot < 2; one_slot++) {
        restart(one_slot ? ONE_SLOT_F103 : SLOTS_F103);
        factory_app(&board, V1, SIZE1);
        assert_runs(&board, V1);
        if (one_slot) { // the only slot is the backup
            full_update(&board, V1, SIZE1);
            assert_runs(&board, V1);
        } else { // what is staged is asked for
            assert_int_equal(stage_image(&board, V2, SIZE2), 0);
            assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
        }
        board.config.recovery = true;
        assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
        send(V3, SIZE3);
        board.ram->cut_at = 400;
        board.ram->cut = CUT_TORN;
        assert_int_equal(continue_boot(&board), -1);
        ram_flash_power_on(board.ram);
        assert_int_equal(newest(&board).backup, OTA_SLOT_NONE);
        assert_int_equal(newest(&board).staged, OTA_SLOT_NONE);
        board.config.recovery = false;
        line.size = 0;
        assert_runs(&board, V1);
        assert_well(V1);
    }
}

static void button_during_a_trial(void **state)
{
    (void)state;
    staged_v2();
    assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
    assert_runs(&board, V2);
    struct watch *backup = watch_area(&board, &board.layout.slot[1]);
    board.config.recovery = true;
    assert_no_app();
    send(V3, SIZE3);
    assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
    assert_true(app_holds(&board, V3, SIZE3));
    assert_on_trial(V3);
    assert_int_equal(backup->erased + backup->programmed, 0);
    assert_int_equal(newest(&board).backup, OTA_SLOT_B);
    board.config.recovery = false;
    line.size = 0;
    assert_runs(&board, V3);
    assert_runs(&board, V3);
    assert_runs(&board, V1); // the last one that was confirmed
    assert_told(OTA_ERR_UNCONFIRMED, OTA_STEP_TRIAL);
}

static void button_let_go_during_a_trial(void **state)
{
    (void)state;
    staged_v2();
    assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
    assert_runs(&board, V2);
    board.config.recovery = true;
    assert_no_app();
    assert_int_equal(newest(&board).attempts, 1); // not a boot of it yet
    ota_boot_end_recovery(&board.boot);
    assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
    assert_true(board.boot.trial);
    assert_int_equal(newest(&board).attempts, 2);
}

// A request that is there already is done once the button is let go.
static void button_and_a_request(void **state)
{
    (void)state;
    staged_v2();
    assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
    board.config.recovery = true;
    assert_no_app();
    ota_boot_end_recovery(&board.boot);
    assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
    assert_true(app_holds(&board, V2, SIZE2));
}

static void button_with_a_rotten_application(void **state)
{
    (void)state;
    updated_to_v2();
    rot_app();
    board.config.recovery = true;
    assert_no_app(); // somebody wants to send something
    ota_boot_end_recovery(&board.boot);
    assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
    assert_true(app_holds(&board, V2, SIZE2));
}

static void button_in_the_middle_of_an_install(void **state)
{
    (void)state;
    cut_the_install();
    board.config.recovery = true;
    assert_no_app();
    send(V3, SIZE3);
    assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
    assert_true(app_holds(&board, V3, SIZE3));
    assert_true(slot_holds(&board, OTA_SLOT_B, V1, SIZE1)); // the backup
    assert_int_equal(newest(&board).backup, OTA_SLOT_B);
}

static void end_recovery_is_for_the_button_only(void **state)
{
    (void)state;
    assert_no_app();
    ota_boot_end_recovery(&board.boot);
    assert_int_equal(continue_boot(&board), OTA_BOOT_NO_APP);
}

/// The supply is low ///

// Everything but reading fails, as long as it lasts.
static void supply(bool good)
{
    board.ram->faults = (struct ram_faults){0};
    if (!good) {
        board.ram->faults = (struct ram_faults){.prog_at = 1,
                                                .prog_error = OTA_ERR_POWER,
                                                .erase_at = 1,
                                                .erase_error = OTA_ERR_POWER,
                                                .sticky = true};
    }
}

static void supply_low_before_the_update(void **state)
{
    (void)state;
    staged_v2();
    assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
    uint32_t programs = board.ram->programs;
    supply(false);
    for (int i = 0; i < 5; i++) {
        assert_runs(&board, V1);
        assert_int_equal(board.boot.error, OTA_ERR_POWER);
    }
    assert_int_equal(board.ram->programs, programs);
    supply(true);
    assert_int_equal(newest(&board).ota_flag, OTA_FLAG_REQUEST);
    assert_runs(&board, V2);
    assert_on_trial(V2);
    assert_told(OTA_OK, OTA_STEP_DONE);
}

// It is back in time for the record of why.
static void supply_low_for_a_moment(void **state)
{
    (void)state;
    staged_v2();
    assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
    board.ram->faults =
        (struct ram_faults){.prog_at = 1, .prog_error = OTA_ERR_POWER};
    assert_runs(&board, V1);
    struct ota_record record = newest(&board);
    assert_int_equal(record.result, OTA_ERR_POWER);
    assert_int_equal(record.ota_flag, OTA_FLAG_REQUEST);
    assert_int_equal(record.source, OTA_SOURCE_STAGED);
    assert_int_equal(record.staged, OTA_SLOT_A);
    assert_runs(&board, V2);
    assert_told(OTA_OK, OTA_STEP_DONE);
}

// It goes down at every n-th operation of the update, stays down for a while
// and comes back, in the same boot: nothing is lost, and what was erased or
// programmed once is so at most once more.
static void supply_goes_down_during(uint32_t at)
{
    staged_v2();
    assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
    uint32_t ops = board.ram->ops;
    ota_boot_begin(&board.boot, &board.config);
    enum ota_verdict verdict = OTA_BOOT_BUSY;
    while (verdict == OTA_BOOT_BUSY && board.ram->ops - ops < at) {
        verdict = ota_boot_step(&board.boot);
    }
    supply(false);
    uint32_t programs = board.ram->programs;
    while (verdict == OTA_BOOT_BUSY) {
        verdict = ota_boot_step(&board.boot);
    }
    for (int i = 0; i < 50 && verdict == OTA_BOOT_NO_APP; i++) {
        verdict = (enum ota_verdict)continue_boot(&board);
    }
    assert_int_equal(board.ram->programs, programs);
    supply(true);
    if (verdict == OTA_BOOT_NO_APP) {
        // it was in the middle: it goes on where it waited
        assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
        assert_true(app_holds(&board, V2, SIZE2));
    }
    // what runs now is the old one, or the new one, whole; and the next boot
    // has it done
    assert_true(app_holds(&board, V1, SIZE1) || app_holds(&board, V2, SIZE2));
    assert_runs(&board, V2);
    for (unsigned unit = 16; unit < 64; unit++) {
        // a unit of a slot is erased once for V2 or the backup, the app slot
        // once more if it was caught half done
        assert_true(board.ram->erases[unit] <= 2);
    }
}

static void supply_low_anywhere_in_the_update(void **state)
{
    (void)state;
    for (uint32_t at = 1; at < 3100; at += at % 100 < 20 ? 1 : 41) {
        restart(SLOTS_F103);
        supply_goes_down_during(at);
    }
}

// In recovery there is nothing to run meanwhile.
static void supply_low_in_recovery(void **state)
{
    (void)state;
    send(V2, SIZE2);
    supply(false);
    assert_no_app();
    assert_int_equal(board.ram->programs, 0);
    supply(true);
    assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
    assert_true(app_holds(&board, V2, SIZE2));
}

static void supply_low_when_it_rotted(void **state)
{
    (void)state;
    updated_to_v2();
    rot_app();
    uint32_t ops = board.ram->programs;
    supply(false);
    assert_no_app();
    assert_int_equal(board.ram->programs, ops);
    supply(true);
    assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
    assert_true(app_holds(&board, V2, SIZE2));
}

static void supply_low_in_a_trial(void **state)
{
    (void)state;
    staged_v2();
    assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
    for (int i = 0; i < 3; i++) {
        assert_runs(&board, V2);
    }
    supply(false); // no time to go back
    assert_runs(&board, V2);
    assert_runs(&board, V2);
    supply(true);
    assert_runs(&board, V1);
    assert_told(OTA_ERR_UNCONFIRMED, OTA_STEP_TRIAL);
}

/// Development builds ///

static void flash_by_debugger(uint32_t version, uint32_t size)
{
    static uint8_t image[16 + 8 * 1024];
    make_image(&board, image, version, size);
    ram_flash_load(board.ram, board.layout.app.offset + OTA_HEADER_SPACE,
                   image + 16, size);
}

static void assert_development(void)
{
    struct watch *running = watch_area(&board, &board.layout.app);
    assert_int_equal(run_boot(&board), OTA_BOOT_RUN);
    assert_true(board.boot.development);
    assert_false(board.boot.trial);
    assert_int_equal(running->erased + running->programmed, 0);
}

// Slots that hold something newer and a journal that knows of something else
// are no reason to replace it.
static void development_build_is_left_alone(void **state)
{
    (void)state;
    put_in_slot(&board, OTA_SLOT_A, V3, SIZE3);
    flash_by_debugger(V1, SIZE1);
    assert_development();

    for (uint8_t trial = 0; trial < 2; trial++) {
        restart(SLOTS_F103);
        updated_to_v2();
        if (trial) {
            assert_int_equal(stage_image(&board, V3, SIZE3), 0);
            assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
            assert_runs(&board, V3);
        }
        wipe_area(&board.layout.app);
        flash_by_debugger(V1, SIZE1);
        for (int i = 0; i < 6; i++) {
            assert_development();
        }
        assert_int_equal(newest(&board).state, OTA_STATE_CONFIRMED);
        assert_int_equal(newest(&board).version, 0);
        assert_int_equal(newest(&board).attempts, 0);
        assert_int_equal(newest(&board).backup, OTA_SLOT_NONE);
    }
}

static void update_over_a_development_build(void **state)
{
    (void)state;
    flash_by_debugger(V1, SIZE1);
    assert_development();
    full_update(&board, V2, SIZE2);
    assert_runs(&board, V2);
    assert_confirmed(V2, OTA_SLOT_A);
    assert_well(V2);
}

// There is no backup of it: an update that does not confirm stays, and what
// some other slot holds from former times does not come up.
static void unconfirmed_update_over_a_development_build(void **state)
{
    (void)state;
    for (int trouble = 0; trouble < 3; trouble++) {
        restart(SLOTS_F103);
        put_in_slot(&board, OTA_SLOT_B, V1, SIZE1);
        flash_by_debugger(V3, SIZE3);
        assert_development();
        assert_int_equal(stage_image(&board, V2, SIZE2), 0);
        assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
        if (trouble == 1) {
            board.ram->cut_at = 500;
            board.ram->cut = CUT_TORN;
            assert_int_equal(run_boot(&board), -1);
            ram_flash_power_on(board.ram);
        } else if (trouble == 2) {
            board.ram->faults = (struct ram_faults){
                .prog_at = 500, .prog_error = OTA_ERR_FLASH_PROGRAM};
        }
        for (int i = 0; i < 6; i++) {
            assert_runs(&board, V2);
            assert_int_equal(board.boot.trial, i < 3);
            assert_int_equal(newest(&board).backup, OTA_SLOT_NONE);
        }
    }
}

static void refused_update_over_a_development_build(void **state)
{
    (void)state;
    flash_by_debugger(V1, SIZE1);
    assert_development();
    assert_int_equal(stage_image(&board, V2, SIZE2), 0);
    assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
    rot_slot(OTA_SLOT_A);
    assert_development();
    assert_told(OTA_ERR_CRC, OTA_STEP_CHECK);
}

/// Reads that fail ///

// One bad read anywhere: the right application runs all the same.
static void one_bad_read(const struct ota_area *area, uint32_t limit)
{
    for (uint32_t spare = 0; spare < limit; spare++) {
        struct watch *watch = watch_area(&board, area);
        watch->read_error = OTA_ERR_FLASH_READ;
        watch->once = true;
        watch->spare = spare;
        assert_runs(&board, V2);
    }
}

static void one_bad_read_costs_nothing(void **state)
{
    (void)state;
    updated_to_v2();
    uint32_t erases[64];
    memcpy(erases, board.ram->erases, sizeof erases);
    one_bad_read(&board.layout.app, 8);
    one_bad_read(&board.layout.slot[0], 8);
    one_bad_read(&board.layout.slot[1], 8);
    // a record that could not be read is written again, no more
    one_bad_read(&board.layout.journal[0], 40);
    one_bad_read(&board.layout.journal[1], 40);
    for (unsigned i = 18; i < 64; i++) {
        assert_int_equal(board.ram->erases[i], erases[i]);
    }
    assert_confirmed(V2, OTA_SLOT_A);
}

// A bad read somewhere in an update: refused at the worst, never lost.
static void one_bad_read_in_an_update(void **state)
{
    (void)state;
    unsigned done = 0;
    for (uint32_t at = 1; at < 400; at += 3) {
        restart(SLOTS_F103);
        staged_v2();
        assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
        board.ram->faults = (struct ram_faults){.read_at = at};
        assert_int_equal(run_boot(&board), OTA_BOOT_RUN);
        board.ram->faults = (struct ram_faults){0};
        done += app_holds(&board, V2, SIZE2);
        assert_true(app_holds(&board, V1, SIZE1) ||
                    app_holds(&board, V2, SIZE2));
        assert_int_equal(run_boot(&board), OTA_BOOT_RUN);
    }
    assert_true(done > 60);
}

static void app_slot_cannot_be_read(void **state)
{
    (void)state;
    updated_to_v2();
    struct watch *running = watch_area(&board, &board.layout.app);
    running->read_error = OTA_ERR_FLASH_READ;
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
    // it tries to bring it back, so often and no more
    assert_true(running->erased <= 5 * board.layout.app.size);
    uint32_t ops = board.ram->ops;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(continue_boot(&board), OTA_BOOT_NO_APP);
    }
    assert_int_equal(board.ram->ops, ops);
    running->read_error = 0;
    assert_int_equal(run_boot(&board), OTA_BOOT_RUN);
    assert_true(app_holds(&board, V2, SIZE2) || app_holds(&board, V1, SIZE1));
}

static void slots_cannot_be_read(void **state)
{
    (void)state;
    updated_to_v2();
    for (int i = 0; i < 2; i++) {
        watch_area(&board, &board.layout.slot[i])->read_error =
            OTA_ERR_FLASH_READ;
    }
    uint32_t ops = board.ram->ops;
    assert_runs(&board, V2); // needs none of them
    assert_int_equal(board.ram->ops, ops);
    rot_app();
    assert_no_app();
    // and whoever sends an image does it without them
    send(V3, SIZE3);
    ops = board.ram->erases[32] + board.ram->erases[48];
    assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
    assert_true(app_holds(&board, V3, SIZE3));
    assert_int_equal(board.ram->erases[32] + board.ram->erases[48], ops);
    line.size = 0;
    assert_runs(&board, V3);
}

static void journal_cannot_be_read(void **state)
{
    (void)state;
    updated_to_v2();
    for (int i = 0; i < 2; i++) {
        watch_area(&board, &board.layout.journal[i])->read_error =
            OTA_ERR_FLASH_READ;
    }
    for (int i = 0; i < 3; i++) {
        assert_runs(&board, V2);
        assert_int_not_equal(board.boot.journal_error, 0);
    }
    // without an application it is the slots that count
    rot_app();
    assert_runs(&board, V2);
    assert_true(app_holds(&board, V2, SIZE2));
    assert_runs(&board, V2);
}

// Areas that cannot hold one: told, and no reason to stop.
static void journal_areas_that_are_none(void **state)
{
    (void)state;
    board.layout.journal[0].offset += 512;
    assert_no_app();
    assert_int_equal(board.boot.journal_error, OTA_ERR_ARGUMENT);
    factory_app(&board, V1, SIZE1);
    assert_runs(&board, V1);
    assert_int_not_equal(board.boot.journal_error, 0);
}

static void dead_journal_and_a_line(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct watch *unit = watch_area(&board, &board.layout.journal[i]);
        unit->read_error = OTA_ERR_FLASH_READ;
        unit->prog_error = OTA_ERR_FLASH_PROGRAM;
        unit->erase_error = OTA_ERR_FLASH_ERASE;
    }
    send(V2, SIZE2);
    assert_runs(&board, V2);
    line.size = 0;
    assert_runs(&board, V2);
}

/// Journals of other versions ///

// A record of a format that is not known yet, with a valid CRC.
static void load_future_record(void)
{
    struct ota_record record = {.state = OTA_STATE_CONFIRMED, .version = V1};
    uint8_t raw[OTA_RECORD_SIZE];
    ota_record_encode(&record, raw);
    raw[24] = OTA_JOURNAL_FORMAT + 1;
    store_le32(raw + 60, (uint32_t)crc32(0, raw, 60));
    ram_flash_load(board.ram, board.layout.journal[0].offset, raw, sizeof raw);
}

static void journal_of_a_future_format(void **state)
{
    (void)state;
    load_future_record();
    factory_app(&board, V1, SIZE1);
    assert_runs(&board, V1);
    assert_confirmed(V1, OTA_SLOT_NONE);
    restart(SLOTS_F103);
    load_future_record();
    put_in_slot(&board, OTA_SLOT_B, V2, SIZE2);
    assert_runs(&board, V2);
    assert_on_trial(V2);
    restart(SLOTS_F103);
    load_future_record();
    flash_by_debugger(V1, SIZE1); // or the rest of something half done?
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
}

static void staged_in_a_slot_that_is_not_there(void **state)
{
    (void)state;
    const enum test_layout layouts[] = {ONE_SLOT_F103, LAYOUT_F103};
    for (unsigned i = 0; i < 2; i++) {
        for (uint8_t slot = OTA_SLOT_A; slot <= OTA_SLOT_B; slot++) {
            restart(layouts[i]);
            factory_app(&board, V1, SIZE1);
            assert_runs(&board, V1);
            struct ota_record record = newest(&board);
            record.ota_flag = OTA_FLAG_REQUEST;
            record.source = OTA_SOURCE_STAGED;
            record.staged = slot;
            record.backup = slot;
            append_record(&board, record);
            assert_runs(&board, V1);
            assert_int_equal(newest(&board).ota_flag, OTA_FLAG_NONE);
            assert_int_not_equal(newest(&board).result, 0);
        }
    }
}

// A backup in slot B, as the layout with two slots had it, does not hide the
// only slot of this one.
static void backup_of_another_layout(void **state)
{
    (void)state;
    restart(ONE_SLOT_F103);
    factory_app(&board, V1, SIZE1);
    assert_runs(&board, V1);
    full_update(&board, V2, SIZE2);
    assert_runs(&board, V2);
    struct ota_record record = newest(&board);
    record.backup = OTA_SLOT_B;
    record.flags = OTA_RECORD_SETTLED;
    append_record(&board, record);
    rot_app();
    assert_runs(&board, V2);
    assert_true(app_holds(&board, V2, SIZE2));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(factory_application_is_adopted),
        TEST(journal_is_lost),
        TEST(nothing_but_slots),
        TEST(foreign_application),
        TEST(foreign_image_in_a_slot),
        TEST(application_comes_back_from_its_backup),
        TEST(header_or_vectors_rot),
        TEST(backup_rotted_too),
        TEST(rotted_without_a_backup),
        TEST(everything_rotted),
        TEST(line_brings_the_first_application),
        TEST(no_source_at_all),
        TEST(several_sources),
        TEST(source_that_has_an_image_later),
        TEST(line_brings_a_bad_image),
        TEST(request_fails_and_application_rotted),
        TEST(staged_image_rots_before_the_install),
        TEST(install_is_done_again),
        TEST(reset_after_a_line_has_brought_it),
        TEST(reset_during_a_rescue),
        TEST(failures_of_another_image),
        TEST(staged_image_rots_during_the_install),
        TEST(both_slots_rot_during_the_install),
        TEST(installed_but_for_its_record),
        TEST(nothing_was_installed_yet),
        TEST(install_that_fails_three_times),
        TEST(installs_that_fail_in_several_boots),
        TEST(app_slot_fails_for_good),
        TEST(staged_image_outlives_a_restore),
        TEST(another_application_during_a_trial),
        TEST(app_slot_is_write_protected),
        TEST(app_slot_stays_write_protected),
        TEST(backup_cannot_be_written),
        TEST(backup_does_not_hold),
        TEST(slot_fails_in_recovery),
        TEST(nothing_can_be_written_in_recovery),
        TEST(revert_is_cut_off),
        TEST(backup_rots_during_the_revert),
        TEST(button_with_a_valid_application),
        TEST(button_brings_an_image),
        TEST(button_never_overwrites_the_backup),
        TEST(button_and_a_cut_while_the_image_comes),
        TEST(button_during_a_trial),
        TEST(button_let_go_during_a_trial),
        TEST(button_and_a_request),
        TEST(button_with_a_rotten_application),
        TEST(button_in_the_middle_of_an_install),
        TEST(end_recovery_is_for_the_button_only),
        TEST(supply_low_before_the_update),
        TEST(supply_low_for_a_moment),
        TEST(supply_low_anywhere_in_the_update),
        TEST(supply_low_in_recovery),
        TEST(supply_low_when_it_rotted),
        TEST(supply_low_in_a_trial),
        TEST(development_build_is_left_alone),
        TEST(update_over_a_development_build),
        TEST(unconfirmed_update_over_a_development_build),
        TEST(refused_update_over_a_development_build),
        TEST(one_bad_read_costs_nothing),
        TEST(one_bad_read_in_an_update),
        TEST(app_slot_cannot_be_read),
        TEST(slots_cannot_be_read),
        TEST(journal_cannot_be_read),
        TEST(journal_areas_that_are_none),
        TEST(dead_journal_and_a_line),
        TEST(journal_of_a_future_format),
        TEST(staged_in_a_slot_that_is_not_there),
        TEST(backup_of_another_layout),
    };
    return cmocka_run_group_tests_name("rescue", tests, NULL, NULL);
}
