// SPDX-License-Identifier: MIT
//
// A new application is on trial until it confirms: its boots are counted, and
// when they are used up the one before comes back, where there is one.

#include "board.h"

#include "ota/bytes.h"

#define V1 OTA_VERSION(1, 0, 0)
#define V2 OTA_VERSION(1, 1, 0)
#define V3 OTA_VERSION(1, 2, 0)

#define SIZE1 3001
#define SIZE2 5003

static struct board board;

static void start(enum test_layout layout)
{
    board_init(&board, layout, 1);
    factory_app(&board, V1, SIZE1);
    assert_runs(&board, V1);
    assert_false(board.boot.trial);
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

// V2 is staged and asked for; the next boot installs it.
static void ask_for_v2(void)
{
    assert_int_equal(stage_image(&board, V2, SIZE2), 0);
    assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
}

// One boot of the trial, which is recorded before it happens.
static void assert_trial_boot(uint32_t version, unsigned attempt)
{
    assert_runs(&board, version);
    assert_true(board.boot.trial);
    struct ota_record record = newest(&board);
    assert_int_equal(record.state, OTA_STATE_TRIAL);
    assert_int_equal(record.attempts, attempt);
    assert_int_equal(record.version, version);
    struct ota_app app;
    struct ota_status status;
    open_app(&board, &app);
    assert_int_equal(ota_app_status(&app, &status), 0);
    assert_true(status.trial);
    assert_false(status.staged);
    assert_int_equal(status.boots_left, board.layout.trial_boots - attempt);
}

static void use_up_the_trial(uint32_t version)
{
    for (unsigned i = 1; i <= board.layout.trial_boots; i++) {
        assert_trial_boot(version, i);
    }
}

static void assert_quiet(uint32_t version)
{
    // the journal may have turned over at the end of the last boot: its first
    // record gets a second
    assert_runs(&board, version);
    uint32_t ops = board.ram->ops;
    for (int i = 0; i < 5; i++) {
        assert_runs(&board, version);
        assert_false(board.boot.trial);
    }
    assert_int_equal(board.ram->ops, ops);
}

static void assert_told(int result, enum ota_step step, uint32_t version)
{
    struct ota_record record = newest(&board);
    assert_int_equal(record.result, result);
    assert_int_equal(record.step, step);
    assert_int_equal(record.tried_version, version);
    assert_int_equal(record.ota_flag, OTA_FLAG_NONE);
}

/// Not confirmed ///

static void reverted_after_n_boots(void **state)
{
    (void)state;
    const enum test_layout layouts[] = {SLOTS_F446, SLOTS_F103, SLOTS_H7};
    const uint8_t boots[] = {1, 3, 5, 255};
    for (unsigned i = 0; i < 12; i++) {
        restart(layouts[i % 3]);
        board.layout.trial_boots = boots[i / 3];
        ask_for_v2();
        use_up_the_trial(V2);
        assert_true(app_holds(&board, V2, SIZE2));
        // the exact old bytes come back, and it is told why
        assert_runs(&board, V1);
        assert_false(board.boot.trial);
        assert_int_equal(board.boot.error, OTA_ERR_UNCONFIRMED);
        assert_true(app_holds(&board, V1, SIZE1));
        assert_told(OTA_ERR_UNCONFIRMED, OTA_STEP_TRIAL, V2);
        struct ota_record record = newest(&board);
        assert_int_equal(record.state, OTA_STATE_CONFIRMED);
        assert_int_equal(record.version, V1);
        assert_int_equal(record.attempts, 0);
        assert_int_equal(record.staged, OTA_SLOT_NONE);
        assert_true(slot_holds(&board, record.backup, V1, SIZE1));
        assert_quiet(V1);
    }
}

// What failed does not come back by itself; whoever asks for it gets it.
static void failed_image_is_not_retried(void **state)
{
    (void)state;
    offer(&board, V2, SIZE2); // it is in the C array too
    ask_for_v2();
    use_up_the_trial(V2);
    assert_runs(&board, V1);
    assert_quiet(V1);
    // an application that asks past the library: nothing is staged any more
    assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
    assert_runs(&board, V1);
    assert_quiet(V1);
    ask_for_v2();
    assert_trial_boot(V2, 1);
    assert_int_equal(confirm_app(&board), 0);
    assert_runs(&board, V2);
    assert_quiet(V2);
}

// The application can tell, by the library, what happened.
static void status_after_a_revert(void **state)
{
    (void)state;
    ask_for_v2();
    use_up_the_trial(V2);
    assert_runs(&board, V1);
    struct ota_app app;
    struct ota_status status;
    open_app(&board, &app);
    assert_int_equal(ota_app_status(&app, &status), 0);
    assert_int_equal(status.version, V1);
    assert_int_equal(status.tried_version, V2);
    assert_int_equal(status.result, OTA_ERR_UNCONFIRMED);
    assert_int_equal(status.step, OTA_STEP_TRIAL);
    assert_false(status.trial);
    assert_false(status.staged);
    assert_false(status.requested);
    assert_int_equal(status.boots_left, 0);
}

// Nothing to go back to: it goes on, without a watchdog, and without wear.
static void assert_goes_on_trial_over(void)
{
    assert_runs(&board, V2);
    assert_false(board.boot.trial);
    assert_told(OTA_ERR_UNCONFIRMED, OTA_STEP_TRIAL, V2);
    assert_int_equal(newest(&board).state, OTA_STATE_TRIAL);
    assert_quiet(V2);
    // and may still say that it is well
    assert_int_equal(confirm_app(&board), 0);
    assert_int_equal(newest(&board).state, OTA_STATE_CONFIRMED);
    assert_int_equal(newest(&board).backup, OTA_SLOT_A);
    assert_runs(&board, V2);
    assert_quiet(V2);
}

static void backup_does_not_verify(void **state)
{
    (void)state;
    const uint32_t places[] = {0, 4, 8, 16, 20, 2000};
    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
        restart(SLOTS_F103);
        ask_for_v2();
        use_up_the_trial(V2);
        assert_int_equal(newest(&board).backup, OTA_SLOT_B);
        board.ram->now[board.layout.slot[1].offset + places[i]] ^= 4;
        assert_goes_on_trial_over();
    }
}

static void backup_cannot_be_read(void **state)
{
    (void)state;
    ask_for_v2();
    use_up_the_trial(V2);
    watch_area(&board, &board.layout.slot[1])->read_error = OTA_ERR_FLASH_READ;
    assert_goes_on_trial_over();
}

static void one_slot_has_nothing_to_go_back_to(void **state)
{
    (void)state;
    const enum test_layout layouts[] = {ONE_SLOT_F446, ONE_SLOT_F103,
                                        ONE_SLOT_H7};
    for (unsigned i = 0; i < 3; i++) {
        restart(layouts[i]);
        ask_for_v2();
        use_up_the_trial(V2);
        assert_goes_on_trial_over();
    }
}

// What power cuts can do to a good version: it has used up its boots, runs on
// for want of another, and confirms after all.
static void late_confirmation(void **state)
{
    (void)state;
    restart(ONE_SLOT_F446);
    ask_for_v2();
    use_up_the_trial(V2);
    assert_goes_on_trial_over();
    assert_int_equal(confirm_app(&board), 0);
    assert_told(OTA_OK, OTA_STEP_DONE, V2);
    assert_runs(&board, V2);
    assert_int_equal(newest(&board).state, OTA_STATE_CONFIRMED);
    assert_told(OTA_OK, OTA_STEP_DONE, V2);
}

// Layout single: recovery, and not the same image from the same place again.
static void single_asks_for_another_image(void **state)
{
    (void)state;
    restart(LAYOUT_F446);
    offer(&board, V2, SIZE2);
    assert_int_equal(request(&board), 0);
    use_up_the_trial(V2);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
        assert_int_equal(continue_boot(&board), OTA_BOOT_NO_APP);
        assert_told(OTA_ERR_UNCONFIRMED, OTA_STEP_TRIAL, V2);
    }
    uint32_t ops = board.ram->ops;
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
    assert_int_equal(board.ram->ops, ops);
    assert_true(app_holds(&board, V2, SIZE2)); // nor is anything erased
    offer(&board, V3, 2000);
    assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
    assert_int_equal(board.boot.app.version, V3);
    assert_true(board.boot.trial);
    assert_int_equal(newest(&board).attempts, 1);
    assert_int_equal(confirm_app(&board), 0);
    assert_runs(&board, V3);
    assert_quiet(V3);
}

// The record of the attempt is cut off: this boot did not happen, and the next
// one counts.
static void cut_while_an_attempt_is_recorded(void **state)
{
    (void)state;
    ask_for_v2();
    assert_trial_boot(V2, 1);
    for (int how = CUT_BEFORE; how <= CUT_TORN; how++) {
        board.ram->cut_at = 10;
        board.ram->cut = (enum ram_cut)how;
        assert_int_equal(run_boot(&board), -1);
        ram_flash_power_on(board.ram);
    }
    assert_trial_boot(V2, 2);
    assert_trial_boot(V2, 3);
    assert_runs(&board, V1);
}

// A journal that cannot be written counts nothing; it reverts nothing either.
static void journal_dead_during_the_trial(void **state)
{
    (void)state;
    ask_for_v2();
    assert_trial_boot(V2, 1);
    struct watch *units[] = {watch_area(&board, &board.layout.journal[0]),
                             watch_area(&board, &board.layout.journal[1])};
    for (int i = 0; i < 2; i++) {
        units[i]->prog_error = OTA_ERR_FLASH_PROTECTED;
        units[i]->erase_error = OTA_ERR_FLASH_PROTECTED;
    }
    for (int i = 0; i < 10; i++) {
        assert_runs(&board, V2);
        assert_int_equal(board.boot.journal_error, OTA_ERR_FLASH_PROTECTED);
    }
    units[0]->prog_error = units[1]->prog_error = 0;
    assert_trial_boot(V2, 2);
}

/// The one on trial rots ///

static void rotten_on_trial_is_installed_again(void **state)
{
    (void)state;
    ask_for_v2();
    assert_trial_boot(V2, 1);
    board.ram->now[board.layout.app.offset + OTA_HEADER_SPACE + 99] ^= 1;
    assert_trial_boot(V2, 1);
    assert_true(app_holds(&board, V2, SIZE2));
}

static void rotten_on_trial_and_its_slot_too(void **state)
{
    (void)state;
    ask_for_v2();
    assert_trial_boot(V2, 1);
    board.ram->now[board.layout.app.offset + OTA_HEADER_SPACE + 99] ^= 1;
    board.ram->now[board.layout.slot[0].offset + 999] ^= 1;
    assert_runs(&board, V1);
    assert_told(OTA_ERR_CRC, OTA_STEP_CHECK, V2);
    assert_int_equal(newest(&board).state, OTA_STATE_CONFIRMED);
    assert_quiet(V1);
}

/// Confirmed ///

static void confirmed_is_never_reverted(void **state)
{
    (void)state;
    for (uint8_t boots = 1; boots <= 3; boots++) {
        restart(SLOTS_F103);
        ask_for_v2();
        for (uint8_t i = 1; i <= boots; i++) {
            assert_trial_boot(V2, i);
        }
        uint8_t staged = newest(&board).staged;
        assert_int_equal(confirm_app(&board), 0);
        struct ota_record record = newest(&board);
        assert_int_equal(record.state, OTA_STATE_CONFIRMED);
        assert_int_equal(record.attempts, 0);
        assert_int_equal(record.backup, staged);
        assert_int_equal(record.staged, OTA_SLOT_NONE);
        assert_true(slot_holds(&board, record.backup, V2, SIZE2));
        assert_runs(&board, V2); // settles
        assert_true(newest(&board).flags & OTA_RECORD_SETTLED);
        assert_quiet(V2);
        assert_told(OTA_OK, OTA_STEP_DONE, V2);
    }
}

static void confirming_twice_writes_once(void **state)
{
    (void)state;
    ask_for_v2();
    assert_trial_boot(V2, 1);
    struct ota_app app;
    open_app(&board, &app);
    uint32_t programs = board.ram->programs;
    assert_int_equal(ota_app_confirm(&app), 0);
    assert_int_equal(board.ram->programs, programs + OTA_RECORD_SIZE / 2);
    assert_int_equal(ota_app_confirm(&app), 0);
    open_app(&board, &app);
    assert_int_equal(ota_app_confirm(&app), 0);
    assert_int_equal(board.ram->programs, programs + OTA_RECORD_SIZE / 2);
}

static void confirm_without_a_trial(void **state)
{
    (void)state;
    uint32_t ops = board.ram->ops;
    assert_int_equal(confirm_app(&board), 0);
    assert_int_equal(stage_image(&board, V2, SIZE2), 0);
    assert_int_not_equal(board.ram->ops, ops);
    ops = board.ram->ops;
    assert_int_equal(confirm_app(&board), 0);
    assert_int_equal(board.ram->ops, ops);
}

// Another application than the one that runs is on trial: a debugger was here,
// or the last record of the install could not be written.
static void confirm_of_another_application(void **state)
{
    (void)state;
    ask_for_v2();
    assert_trial_boot(V2, 1);
    struct ota_record record = newest(&board);
    const struct ota_record good = record;
    struct ota_record others[6];
    for (unsigned i = 0; i < 6; i++) {
        others[i] = good;
    }
    others[0].version ^= 1;
    others[1].crc ^= 1;
    others[2].size ^= 1;
    others[3].magic ^= 1;
    others[4].state = OTA_STATE_INSTALLING;
    others[5].state = OTA_STATE_REVERTING;
    for (unsigned i = 0; i < 6; i++) {
        struct ota_record before;
        if (i % 3 == 0) {
            append_record(&board, good);
            assert_runs(&board, V2); // makes room in the journal
        }
        append_record(&board, others[i]);
        before = newest(&board);
        uint32_t ops = board.ram->ops;
        assert_int_equal(confirm_app(&board), OTA_ERR_NO_TRIAL);
        assert_int_equal(board.ram->ops, ops);
        assert_int_equal(newest(&board).sequence, before.sequence);
    }
}

static void confirm_that_cannot_be_written(void **state)
{
    (void)state;
    ask_for_v2();
    assert_trial_boot(V2, 1);
    struct ota_app app;
    open_app(&board, &app);
    board.ram->faults =
        (struct ram_faults){.prog_at = 1, .prog_error = OTA_ERR_POWER};
    assert_int_equal(ota_app_confirm(&app), OTA_ERR_POWER);
    assert_int_equal(newest(&board).state, OTA_STATE_TRIAL);
    assert_int_equal(ota_app_confirm(&app), 0); // again, as the header says
    assert_int_equal(newest(&board).state, OTA_STATE_CONFIRMED);
}

static void confirm_with_a_full_journal(void **state)
{
    (void)state;
    ask_for_v2();
    assert_trial_boot(V2, 1);
    struct ota_app app;
    open_app(&board, &app);
    while (ota_journal_free(&app.journal) > 0) {
        append_record(&board, newest(&board));
        open_app(&board, &app);
    }
    assert_int_equal(ota_app_confirm(&app), OTA_ERR_JOURNAL_FULL);
    assert_trial_boot(V2, 2); // makes room
    assert_int_equal(confirm_app(&board), 0);
}

static void confirm_without_reading_the_header(void **state)
{
    (void)state;
    ask_for_v2();
    assert_trial_boot(V2, 1);
    struct ota_app app;
    open_app(&board, &app);
    board.ram->faults = (struct ram_faults){.read_at = 1};
    assert_int_equal(ota_app_confirm(&app), OTA_ERR_FLASH_READ);
    assert_int_equal(newest(&board).state, OTA_STATE_TRIAL);
    assert_int_equal(ota_app_confirm(&app), 0);
}

static void confirm_without_a_journal(void **state)
{
    (void)state;
    wipe_area(&board.layout.journal[0]);
    struct ota_app app;
    uint8_t info[OTA_INFO_SIZE];
    make_info(&board, info);
    assert_int_equal(ota_app_open(&app, &board.layout, info),
                     OTA_ERR_JOURNAL_EMPTY);
    assert_int_equal(ota_app_confirm(&app), OTA_ERR_JOURNAL_EMPTY);
}

static void single_confirms_too(void **state)
{
    (void)state;
    restart(LAYOUT_F446);
    offer(&board, V2, SIZE2);
    assert_int_equal(request(&board), 0);
    assert_trial_boot(V2, 1);
    assert_int_equal(confirm_app(&board), 0);
    assert_runs(&board, V2);
    assert_quiet(V2);
}

static void requests_are_refused_on_trial(void **state)
{
    (void)state;
    ask_for_v2();
    assert_trial_boot(V2, 1);
    struct ota_app app;
    open_app(&board, &app);
    uint32_t ops = board.ram->ops;
    for (int source = OTA_SOURCE_ANY; source <= OTA_SOURCE_UART; source++) {
        assert_int_equal(ota_app_request(&app, (enum ota_source_id)source),
                         OTA_ERR_ON_TRIAL);
    }
    assert_int_equal(board.ram->ops, ops);
    assert_int_equal(ota_app_confirm(&app), 0);
    assert_int_equal(ota_app_request(&app, OTA_SOURCE_STAGED),
                     OTA_ERR_NOT_STAGED); // the slot is the backup now
    assert_int_equal(ota_app_request(&app, OTA_SOURCE_UART), 0);
}

/// Updates in a row ///

// Bytes of the erase units that the first len bytes of an area lie in.
static uint32_t units_of(const struct ota_area *area, uint32_t len)
{
    uint32_t end = 0;
    while (end < len) {
        int32_t size = ota_area_unit_size(area, end);
        assert_true(size > 0);
        end += (uint32_t)size;
    }
    return end;
}

static uint32_t padded(uint32_t len)
{
    uint32_t unit = board.ram->flash.geometry->write_unit;
    return (len + unit - 1) / unit * unit;
}

static unsigned erase_units(void)
{
    const struct ota_geometry *geometry = board.ram->flash.geometry;
    unsigned count = 0;
    for (unsigned run = 0; run < geometry->run_count; run++) {
        count += geometry->run[run].count;
    }
    return count;
}

// One update in steady state: slot and app slot once each, the backup not.
static void measured_update(uint32_t version, uint32_t size)
{
    uint32_t before[64];
    memcpy(before, board.ram->erases, erase_units() * sizeof before[0]);
    uint8_t old = newest(&board).backup;
    struct watch *slots[2] = {watch_area(&board, &board.layout.slot[0]),
                              watch_area(&board, &board.layout.slot[1])};
    struct watch *running = watch_area(&board, &board.layout.app);
    full_update(&board, version, size);
    for (unsigned i = 0; i < erase_units(); i++) {
        assert_true(board.ram->erases[i] - before[i] <= 1);
    }
    uint8_t backup = newest(&board).backup;
    assert_int_not_equal(backup, old);
    assert_true(slot_holds(&board, backup, version, size));
    const struct watch *used = slots[backup - 1];
    assert_int_equal(used->erased, units_of(used->area, 16 + size));
    assert_int_equal(used->programmed, padded(16 + size));
    const struct watch *spared = slots[OTA_SLOT_B - backup];
    assert_int_equal(spared->erased + spared->programmed, 0);
    assert_int_equal(running->erased,
                     units_of(running->area, OTA_HEADER_SPACE + size));
    assert_int_equal(running->programmed, padded(16) + padded(size));
}

static void updates_in_a_row(void **state)
{
    (void)state;
    const enum test_layout layouts[] = {SLOTS_F446, SLOTS_F103, SLOTS_H7};
    for (unsigned i = 0; i < 3; i++) {
        restart(layouts[i]);
        full_update(&board, V2, SIZE2); // the first one makes a backup as well
        for (uint32_t n = 1; n <= 4; n++) {
            measured_update(V2 + n, SIZE2 + n * 100);
        }
        assert_runs(&board, V2 + 4);
        assert_quiet(V2 + 4);
    }
}

// The first update makes a backup of what the factory programmed, in the slot
// beside: one more copy, once.
static void first_update_makes_a_backup(void **state)
{
    (void)state;
    struct watch *beside = watch_area(&board, &board.layout.slot[1]);
    ask_for_v2();
    assert_int_equal(beside->programmed, 0);
    assert_trial_boot(V2, 1);
    assert_true(slot_holds(&board, OTA_SLOT_B, V1, SIZE1));
    assert_int_equal(beside->erased, units_of(beside->area, 16 + SIZE1));
    assert_int_equal(beside->programmed, padded(16 + SIZE1));
    assert_int_equal(newest(&board).backup, OTA_SLOT_B);
    assert_int_equal(newest(&board).staged, OTA_SLOT_A);
}

// It is there already, though the journal does not know: nothing is copied.
static void backup_that_is_there_is_not_made_again(void **state)
{
    (void)state;
    put_in_slot(&board, OTA_SLOT_B, V1, SIZE1);
    name_backup(&board, OTA_SLOT_B);
    struct watch *beside = watch_area(&board, &board.layout.slot[1]);
    ask_for_v2();
    assert_trial_boot(V2, 1);
    assert_int_equal(beside->erased, 0);
    assert_int_equal(newest(&board).backup, OTA_SLOT_B);
    assert_trial_boot(V2, 2);
    assert_trial_boot(V2, 3);
    assert_runs(&board, V1);
    assert_true(app_holds(&board, V1, SIZE1));
}

// A copy that no record names may be torn and read well just now: it is made
// again.
static void copy_that_nobody_names_is_made_again(void **state)
{
    (void)state;
    put_in_slot(&board, OTA_SLOT_B, V1, SIZE1);
    struct watch *beside = watch_area(&board, &board.layout.slot[1]);
    ask_for_v2();
    assert_trial_boot(V2, 1);
    assert_true(beside->erased > 0);
    assert_int_equal(newest(&board).backup, OTA_SLOT_B);
}

// The journal says that the slot is the backup, and it is not: it is made one
// before the application is touched.
static void backup_that_rotted_is_made_again(void **state)
{
    (void)state;
    const uint32_t places[] = {0, 4, 8, 12, 16, 1234, 16 + SIZE2 - 1};
    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
        restart(SLOTS_F103);
        full_update(&board, V2, SIZE2);
        assert_runs(&board, V2);
        assert_int_equal(newest(&board).backup, OTA_SLOT_A);
        board.ram->now[board.layout.slot[0].offset + places[i]] ^= 1;
        assert_int_equal(stage_image(&board, V3, 800), 0);
        assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
        assert_trial_boot(V3, 1);
        assert_true(slot_holds(&board, OTA_SLOT_A, V2, SIZE2));
        assert_trial_boot(V3, 2);
        assert_trial_boot(V3, 3);
        assert_runs(&board, V2);
        assert_told(OTA_ERR_UNCONFIRMED, OTA_STEP_TRIAL, V3);
    }
}

// Lengths around the write unit and the chunk, through staging, backup, install
// and revert.
static void any_length(void **state)
{
    (void)state;
    const enum test_layout layouts[] = {SLOTS_F446, SLOTS_F103, SLOTS_H7};
    const uint32_t sizes[] = {10, 12, 13, 15,   16,   17,   31,   32,   33,
                              47, 48, 49, 1007, 1008, 1023, 1024, 1025, 2049};
    for (unsigned i = 0; i < 3 * (sizeof sizes / sizeof sizes[0]); i++) {
        restart(layouts[i % 3]);
        uint32_t size = sizes[i / 3];
        full_update(&board, V2, size);
        assert_runs(&board, V2);
        // the slot is not proved to be its backup: it is copied to it
        board.ram->now[board.layout.slot[0].offset] ^= 1;
        assert_int_equal(stage_image(&board, V3, sizes[i % 17]), 0);
        assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
        use_up_the_trial(V3);
        assert_true(app_holds(&board, V3, sizes[i % 17]));
        assert_runs(&board, V2);
        assert_true(app_holds(&board, V2, size));
        assert_true(slot_holds(&board, OTA_SLOT_A, V2, size));
    }
}

static struct {
    enum ota_step step;
    unsigned percent;
    unsigned steps; // seen, by bit
} progress;

static void see_progress(void *context, enum ota_step step, unsigned percent)
{
    assert_ptr_equal(context, &progress);
    assert_true(percent <= 100);
    assert_true(step != progress.step || percent >= progress.percent);
    progress.step = step;
    progress.percent = percent;
    progress.steps |= 1u << step;
}

static void progress_is_told(void **state)
{
    (void)state;
    memset(&progress, 0, sizeof progress);
    board.config.progress = see_progress;
    board.config.context = &progress;
    ask_for_v2();
    assert_trial_boot(V2, 1);
    const unsigned install = 1u << OTA_STEP_CHECK | 1u << OTA_STEP_ERASE |
                             1u << OTA_STEP_PROGRAM | 1u << OTA_STEP_VERIFY |
                             1u << OTA_STEP_DONE;
    assert_int_equal(progress.steps, install | 1u << OTA_STEP_BACKUP);
    assert_int_equal(progress.step, OTA_STEP_DONE);
    assert_int_equal(progress.percent, 100);
    assert_int_equal(confirm_app(&board), 0);
    offer(&board, V3, 3000);
    assert_int_equal(request(&board), 0);
    progress.steps = 0;
    assert_trial_boot(V3, 1);
    assert_int_equal(progress.steps, install | 1u << OTA_STEP_STAGE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reverted_after_n_boots),
        TEST(failed_image_is_not_retried),
        TEST(status_after_a_revert),
        TEST(backup_does_not_verify),
        TEST(backup_cannot_be_read),
        TEST(one_slot_has_nothing_to_go_back_to),
        TEST(late_confirmation),
        TEST(single_asks_for_another_image),
        TEST(cut_while_an_attempt_is_recorded),
        TEST(journal_dead_during_the_trial),
        TEST(rotten_on_trial_is_installed_again),
        TEST(rotten_on_trial_and_its_slot_too),
        TEST(confirmed_is_never_reverted),
        TEST(confirming_twice_writes_once),
        TEST(confirm_without_a_trial),
        TEST(confirm_of_another_application),
        TEST(confirm_that_cannot_be_written),
        TEST(confirm_with_a_full_journal),
        TEST(confirm_without_reading_the_header),
        TEST(confirm_without_a_journal),
        TEST(single_confirms_too),
        TEST(requests_are_refused_on_trial),
        TEST(updates_in_a_row),
        TEST(first_update_makes_a_backup),
        TEST(backup_that_is_there_is_not_made_again),
        TEST(copy_that_nobody_names_is_made_again),
        TEST(backup_that_rotted_is_made_again),
        TEST(any_length),
        TEST(progress_is_told),
    };
    return cmocka_run_group_tests_name("trial", tests, NULL, NULL);
}
