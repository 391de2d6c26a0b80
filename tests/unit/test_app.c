// SPDX-License-Identifier: MIT
//
// The application library: whose bootloader is this, requests, status.

#include "board.h"

#include "ota/app.h"
#include "ota/bytes.h"

#define V1 OTA_VERSION(1, 0, 0)
#define V2 OTA_VERSION(1, 1, 0)

static struct board board;
static uint8_t info[OTA_INFO_SIZE];

static int setup(void **state)
{
    (void)state;
    board_init(&board, LAYOUT_F446, 1);
    factory_app(&board, V1, 3001);
    assert_runs(&board, V1);
    make_info(&board, info);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    board_free(&board);
    return 0;
}

static void another_bootloader_is_refused(void **state)
{
    (void)state;
    struct ota_app app;
    assert_int_equal(ota_app_open(&app, &board.layout, info), 0);
    const struct {
        unsigned byte;
        int error;
    } changes[] = {
        {0, OTA_ERR_NO_BOOTLOADER}, {8, OTA_ERR_FORMAT},  {9, OTA_ERR_FORMAT},
        {16, OTA_ERR_LAYOUT},       {24, OTA_ERR_LAYOUT}, {31, OTA_ERR_LAYOUT},
    };
    for (unsigned i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        info[changes[i].byte] ^= 2;
        assert_int_equal(ota_app_open(&app, &board.layout, info),
                         changes[i].error);
        info[changes[i].byte] ^= 2;
    }
}

// FNV-1a over the words that SPEC.md lists, computed here once more
static void layout_digest(void **state)
{
    (void)state;
    const uint32_t words[] = {
        0x00044601, 0x08000000, 0, 0x8000, 0x8000, 0x4000, 0xC000,  0x4000,
        0x10000,    0x50000,    0, 0,      0,      0,      0x60000, 0x20000};
    uint64_t hash = 0xCBF29CE484222325u;
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        hash = (hash ^ words[i]) * 0x100000001B3u;
    }
    assert_true(hash == board.layout.digest);
}

static void request_and_status(void **state)
{
    (void)state;
    struct ota_app app;
    struct ota_status status;
    assert_int_equal(ota_app_open(&app, &board.layout, info), 0);
    assert_int_equal(ota_app_status(&app, &status), 0);
    assert_int_equal(status.version, V1);
    assert_int_equal(status.boot_version, OTA_VERSION(0, 1, 0));
    assert_int_equal(status.tried_version, 0);
    assert_false(status.requested);

    struct ota_record before = newest(&board);
    uint32_t erases = board.ram->erases[2] + board.ram->erases[3];
    assert_int_equal(ota_app_request(&app, OTA_SOURCE_C_ARRAY), 0);
    assert_int_equal(ota_app_status(&app, &status), 0);
    assert_true(status.requested);
    assert_int_equal(board.ram->erases[2] + board.ram->erases[3], erases);
    // R4: of the header only the flag changes
    struct ota_record after = newest(&board);
    assert_int_equal(after.ota_flag, 1);
    assert_int_equal(after.magic, before.magic);
    assert_int_equal(after.size, before.size);
    assert_int_equal(after.crc, before.crc);
    assert_int_equal(after.version, before.version);
    assert_int_equal(after.sequence, before.sequence + 1);

    // the button is pressed twice: one record
    uint32_t ops = board.ram->ops;
    assert_int_equal(ota_app_request(&app, OTA_SOURCE_C_ARRAY), 0);
    assert_int_equal(board.ram->ops, ops);

    offer(&board, V2, 5003);
    assert_runs(&board, V2);
    assert_int_equal(ota_app_open(&app, &board.layout, info), 0);
    assert_int_equal(ota_app_status(&app, &status), 0);
    assert_int_equal(status.version, V2);
    assert_int_equal(status.tried_version, V2);
    assert_int_equal(status.result, 0);
    assert_int_equal(status.step, OTA_STEP_DONE);
    assert_false(status.requested);
}

static void refusal_is_told(void **state)
{
    (void)state;
    struct ota_app app;
    struct ota_status status;
    assert_int_equal(ota_app_open(&app, &board.layout, info), 0);
    assert_int_equal(ota_app_request(&app, OTA_SOURCE_C_ARRAY), 0);
    offer(&board, V2, 5003);
    board.image[100] ^= 1;
    assert_runs(&board, V1);
    assert_int_equal(ota_app_open(&app, &board.layout, info), 0);
    assert_int_equal(ota_app_status(&app, &status), 0);
    assert_int_equal(status.version, V1);
    assert_int_equal(status.tried_version, V2);
    assert_int_equal(status.result, OTA_ERR_CRC);
    assert_int_equal(status.step, OTA_STEP_CHECK);
}

static void journal_that_the_bootloader_could_not_write(void **state)
{
    (void)state;
    struct ota_app app;
    struct ota_status status;
    assert_int_equal(ota_area_erase(&board.layout.journal[0], 0), 0);
    uint32_t ops = board.ram->ops;
    assert_int_equal(ota_app_open(&app, &board.layout, info),
                     OTA_ERR_JOURNAL_EMPTY);
    assert_int_equal(ota_app_status(&app, &status), 0);
    assert_int_equal(status.version, V1);
    assert_int_equal(ota_app_request(&app, OTA_SOURCE_C_ARRAY),
                     OTA_ERR_JOURNAL_EMPTY);
    assert_int_equal(board.ram->ops, ops); // an application never erases
}

static void request_that_cannot_be_written(void **state)
{
    (void)state;
    struct ota_app app;
    assert_int_equal(ota_app_open(&app, &board.layout, info), 0);
    board.ram->faults = (struct ram_faults){
        .prog_at = 1, .prog_error = OTA_ERR_POWER, .sticky = true};
    assert_int_equal(ota_app_request(&app, OTA_SOURCE_C_ARRAY), OTA_ERR_POWER);
    board.ram->faults = (struct ram_faults){0};
    assert_runs(&board, V1);
    assert_int_equal(newest(&board).ota_flag, 0);
}

// the last update's own record could not be written; its INSTALLING record,
// with the flag that started it, is what a second request is based on
static void request_after_an_update_without_its_last_record(void **state)
{
    (void)state;
    struct ota_app app;
    assert_int_equal(ota_app_open(&app, &board.layout, info), 0);
    assert_int_equal(ota_app_request(&app, OTA_SOURCE_C_ARRAY), 0);
    offer(&board, V2, 400);
    // INSTALLING, application and header pass, then the supply is low
    board.ram->faults = (struct ram_faults){.prog_at = 16 + 100 + 4 + 1,
                                            .prog_error = OTA_ERR_POWER,
                                            .sticky = true};
    assert_runs(&board, V2);
    board.ram->faults = (struct ram_faults){0};
    assert_int_equal(newest(&board).state, OTA_STATE_INSTALLING);

    assert_int_equal(ota_app_open(&app, &board.layout, info), 0);
    assert_int_equal(ota_app_request(&app, OTA_SOURCE_C_ARRAY), 0);
    offer(&board, OTA_VERSION(1, 2, 0), 500);
    assert_runs(&board, OTA_VERSION(1, 2, 0));
    assert_int_equal(newest(&board).ota_flag, OTA_FLAG_NONE);
}

static void header_that_cannot_be_read(void **state)
{
    (void)state;
    struct ota_app app;
    struct ota_status status;
    assert_int_equal(ota_app_open(&app, &board.layout, info), 0);
    board.ram->faults = (struct ram_faults){.read_at = 1};
    assert_int_equal(ota_app_status(&app, &status), OTA_ERR_FLASH_READ);
    assert_int_equal(status.version, 0);
}

/// Slots and trial, as the application sees them ///

// Starts again on a board with slots.
static void with_slots(struct ota_app *app, enum test_layout layout)
{
    board_free(&board);
    board_init(&board, layout, 1);
    factory_app(&board, V1, 3001);
    assert_runs(&board, V1);
    open_app(&board, app);
}

static struct ota_status status_of(struct ota_app *app)
{
    struct ota_status status;
    open_app(&board, app); // as after a reset
    assert_int_equal(ota_app_status(app, &status), 0);
    return status;
}

static void status_through_an_update(void **state)
{
    (void)state;
    struct ota_app app;
    with_slots(&app, SLOTS_F446);
    struct ota_status status = status_of(&app);
    assert_false(status.staged || status.requested || status.trial);
    assert_int_equal(status.boots_left, 0);

    assert_int_equal(stage_image(&board, V2, 5003), 0);
    status = status_of(&app);
    assert_true(status.staged && !status.requested && !status.trial);
    assert_int_equal(status.version, V1);
    assert_int_equal(status.tried_version, 0);

    assert_int_equal(ota_app_request(&app, OTA_SOURCE_STAGED), 0);
    status = status_of(&app);
    assert_true(status.staged && status.requested && !status.trial);

    for (uint8_t left = 3; left-- > 0;) {
        assert_runs(&board, V2);
        status = status_of(&app);
        assert_true(status.trial && !status.staged && !status.requested);
        assert_int_equal(status.boots_left, left);
        assert_int_equal(status.version, V2);
        assert_int_equal(status.tried_version, V2);
        assert_int_equal(status.result, OTA_OK);
        assert_int_equal(status.step, OTA_STEP_DONE);
    }
    assert_int_equal(ota_app_confirm(&app), 0);
    status = status_of(&app);
    assert_false(status.staged || status.requested || status.trial);
    assert_int_equal(status.boots_left, 0);
}

// What is staged stays so over resets, until it is asked for.
static void staged_waits(void **state)
{
    (void)state;
    struct ota_app app;
    with_slots(&app, SLOTS_F103);
    assert_int_equal(stage_image(&board, V2, 5003), 0);
    for (int i = 0; i < 5; i++) {
        assert_runs(&board, V1);
        assert_true(status_of(&app).staged);
    }
    assert_int_equal(ota_app_request(&app, OTA_SOURCE_STAGED), 0);
    assert_runs(&board, V2);
}

static void nothing_staged(void **state)
{
    (void)state;
    const enum test_layout layouts[] = {LAYOUT_F446, SLOTS_F446, ONE_SLOT_F446};
    struct ota_app app;
    for (unsigned i = 0; i < 3; i++) {
        with_slots(&app, layouts[i]);
        uint32_t ops = board.ram->ops;
        assert_int_equal(ota_app_request(&app, OTA_SOURCE_STAGED),
                         OTA_ERR_NOT_STAGED);
        assert_int_equal(board.ram->ops, ops);
        assert_false(status_of(&app).requested);
        // other sources may be asked all the same
        assert_int_equal(ota_app_request(&app, OTA_SOURCE_UART), 0);
        assert_int_equal(ota_app_request(&app, OTA_SOURCE_ANY), 0);
        assert_int_equal(newest(&board).source, OTA_SOURCE_ANY);
    }
}

// A file that was begun and not finished is not staged.
static void half_staged(void **state)
{
    (void)state;
    struct ota_app app;
    struct ota_stage stage;
    with_slots(&app, SLOTS_F103);
    static uint8_t file[16 + 5003];
    make_image(&board, file, V2, 5003);
    assert_int_equal(ota_stage_begin(&stage, &app, file, sizeof file), 0);
    assert_int_equal(ota_stage_write(&stage, file, sizeof file), 0);
    assert_int_equal(ota_app_request(&app, OTA_SOURCE_STAGED),
                     OTA_ERR_NOT_STAGED);
    assert_int_equal(ota_stage_finish(&stage), 0);
    assert_int_equal(ota_app_request(&app, OTA_SOURCE_STAGED), 0);
}

// Another source is asked while an image waits: it goes on waiting unless its
// slot is needed.
static void another_source_than_what_is_staged(void **state)
{
    (void)state;
    struct ota_app app;
    with_slots(&app, SLOTS_F103);
    assert_int_equal(stage_image(&board, V2, 5003), 0);
    open_app(&board, &app);
    assert_int_equal(ota_app_request(&app, OTA_SOURCE_C_ARRAY), 0);
    assert_runs(&board, V1); // the array is blank
    assert_int_equal(status_of(&app).result, OTA_ERR_MAGIC);
    assert_true(status_of(&app).staged);
    offer(&board, OTA_VERSION(1, 2, 0), 700);
    assert_int_equal(ota_app_request(&app, OTA_SOURCE_C_ARRAY), 0);
    assert_runs(&board, OTA_VERSION(1, 2, 0));
    assert_true(status_of(&app).trial);
    assert_int_equal(ota_app_confirm(&app), 0);
    assert_false(status_of(&app).staged);
}

static void refused_staged_image_is_told(void **state)
{
    (void)state;
    struct ota_app app;
    with_slots(&app, SLOTS_F103);
    assert_int_equal(stage_image(&board, V2, 5003), 0);
    open_app(&board, &app);
    assert_int_equal(ota_app_request(&app, OTA_SOURCE_STAGED), 0);
    board.ram->now[board.layout.slot[0].offset + 4000] ^= 1;
    assert_runs(&board, V1);
    struct ota_status status = status_of(&app);
    assert_int_equal(status.version, V1);
    assert_int_equal(status.tried_version, V2);
    assert_int_equal(status.result, OTA_ERR_CRC);
    assert_int_equal(status.step, OTA_STEP_CHECK);
    assert_false(status.staged || status.requested);
    assert_int_equal(ota_app_request(&app, OTA_SOURCE_STAGED),
                     OTA_ERR_NOT_STAGED);
}

// A debugger's build asks for an update like any other; its version is 0.
static void development_build_sees_itself(void **state)
{
    (void)state;
    struct ota_app app;
    board_free(&board);
    board_init(&board, SLOTS_F103, 1);
    factory_app(&board, V1, 3001);
    memset(board.ram->now + board.layout.app.offset, 0xFF, 16);
    assert_int_equal(run_boot(&board), OTA_BOOT_RUN);
    assert_true(board.boot.development);
    assert_int_equal(status_of(&app).version, 0);
    assert_false(status_of(&app).trial);
    assert_int_equal(ota_app_confirm(&app), 0); // there is nothing to confirm
}

// More attempts in the record than the layout has: no boots are left.
static void boots_left_never_below_zero(void **state)
{
    (void)state;
    struct ota_app app;
    with_slots(&app, SLOTS_F103);
    struct ota_record record = newest(&board);
    record.state = OTA_STATE_TRIAL;
    const uint8_t attempts[] = {0, 1, 2, 3, 4, 255};
    const uint8_t left[] = {3, 2, 1, 0, 0, 0};
    for (unsigned i = 0; i < sizeof attempts; i++) {
        record.attempts = attempts[i];
        append_record(&board, record);
        assert_int_equal(status_of(&app).boots_left, left[i]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(another_bootloader_is_refused),
        TEST(layout_digest),
        TEST(request_and_status),
        TEST(refusal_is_told),
        TEST(journal_that_the_bootloader_could_not_write),
        TEST(request_that_cannot_be_written),
        TEST(request_after_an_update_without_its_last_record),
        TEST(header_that_cannot_be_read),
        TEST(status_through_an_update),
        TEST(staged_waits),
        TEST(nothing_staged),
        TEST(half_staged),
        TEST(another_source_than_what_is_staged),
        TEST(refused_staged_image_is_told),
        TEST(development_build_sees_itself),
        TEST(boots_left_never_below_zero),
    };
    return cmocka_run_group_tests_name("app", tests, NULL, NULL);
}
