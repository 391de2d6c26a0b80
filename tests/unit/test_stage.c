// SPDX-License-Identifier: MIT
//
// Staging an image while the application runs: whatever is offered, however
// often it is broken off, neither the application nor the backup is touched,
// and no record counts on a slot that is being overwritten.

#include "board.h"

#include <stdlib.h>

#include "ota/bytes.h"

#define V1 OTA_VERSION(1, 0, 0)
#define V2 OTA_VERSION(1, 1, 0)
#define V3 OTA_VERSION(1, 2, 0)

static struct board board;
static uint8_t file[64 * 1024];
static struct ota_app app;
static struct ota_stage stage;

// A board that runs V1 and has never been updated.
static void start(enum test_layout layout)
{
    board_init(&board, layout, 1);
    factory_app(&board, V1, 900);
    assert_runs(&board, V1);
    open_app(&board, &app);
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

// As after a reset, without a boot in between.
static void reopen(void)
{
    open_app(&board, &app);
}

static int begin(uint32_t version, uint32_t size)
{
    uint32_t len = make_image(&board, file, version, size);
    return ota_stage_begin(&stage, &app, file, len);
}

static int write_from(uint32_t from, uint32_t to)
{
    int err = 0;
    while (from < to && err == 0) {
        uint32_t n = to - from < 77 ? to - from : 77;
        err = ota_stage_write(&stage, file + from, n);
        from += n;
    }
    return err;
}

// The file is in the slot: finishes, installs and confirms it.
static void finish_and_install(uint32_t version)
{
    assert_int_equal(ota_stage_finish(&stage), 0);
    struct ota_record record = newest(&board);
    assert_int_equal(record.staged, stage.slot);
    assert_int_equal(record.ota_flag, OTA_FLAG_NONE);
    assert_int_equal(ota_app_request(stage.app, OTA_SOURCE_STAGED), 0);
    assert_runs(&board, version);
    assert_int_equal(confirm_app(&board), 0);
}

/// What is refused touches nothing ///

// Begin and resume say the same, and nothing is written anywhere.
static void assert_refused_len(int error, size_t len)
{
    uint32_t ops = board.ram->ops;
    assert_int_equal(ota_stage_begin(&stage, &app, file, len), error);
    assert_int_equal(ota_stage_resume(&stage, &app, file, len), error);
    assert_int_equal(board.ram->ops, ops);
}

static void assert_refused(int error)
{
    assert_refused_len(error, OTA_STAGE_HEAD);
}

static void head_too_short(void **state)
{
    (void)state;
    make_image(&board, file, V2, 500);
    for (size_t len = 0; len < OTA_STAGE_HEAD; len++) {
        assert_refused_len(OTA_ERR_TRUNCATED, len);
    }
    assert_int_equal(ota_stage_begin(&stage, &app, file, OTA_STAGE_HEAD), 0);
}

static void every_header_error(void **state)
{
    (void)state;
    const struct {
        uint32_t offset, value;
        int error;
    } cases[] = {
        {0, 0, OTA_ERR_MAGIC},
        {0, 0xFFFFFFFF, OTA_ERR_MAGIC},
        {0, OTA_MAGIC_SIGNED, OTA_ERR_FORMAT},
        {4, 0, OTA_ERR_SIZE_ZERO},
        {4, 7, OTA_ERR_TRUNCATED},
        {4, 0xFFFFFFFF, OTA_ERR_TOO_LARGE},
        {4, 0xFFFFFFF0, OTA_ERR_TOO_LARGE}, // + 16 is 0
        {16, 0x20005001, OTA_ERR_STACK_POINTER},
        {16, 0x20000000, OTA_ERR_STACK_POINTER},
        {16, 0xFFFFFFFF, OTA_ERR_STACK_POINTER},
        {20, 0x08000101, OTA_ERR_RESET_VECTOR},
        {20, 0xFFFFFFFF, OTA_ERR_RESET_VECTOR},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make_image(&board, file, V2, 500);
        store_le32(file + cases[i].offset, cases[i].value);
        assert_refused(cases[i].error);
    }
    make_image(&board, file, V2, 500);
    board.layout.allow_unsigned = false;
    assert_refused(OTA_ERR_UNSIGNED);
}

// The app slot is smaller than the slots, or the slot than the app slot: what
// fits only one of them is refused, what just fits both is installed.
static void largest_image(void **state)
{
    (void)state;
    const struct {
        enum test_layout layout;
        uint32_t size;
    } cases[] = {
        {SLOTS_F103, 14 * 1024 - 512},
        {SLOTS_H7, 48 * 1024 - 512},
        {ONE_SLOT_F103, 20 * 1024 - 16},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        restart(cases[i].layout);
        make_image(&board, file, V2, cases[i].size + 1);
        assert_refused(OTA_ERR_TOO_LARGE);
        assert_int_equal(begin(V2, cases[i].size), 0);
        assert_int_equal(write_from(0, 16 + cases[i].size), 0);
        finish_and_install(V2);
        assert_true(app_holds(&board, V2, cases[i].size));
    }
    // it needs a place in every slot: it has to be backed up to the other one
    restart(SLOTS_F103);
    board.layout.slot[1].size -= 3 * 1024;
    make_image(&board, file, V2, 13 * 1024 - 16 + 1);
    assert_refused(OTA_ERR_TOO_LARGE);
    make_image(&board, file, V2, 13 * 1024 - 16);
    assert_int_equal(ota_stage_begin(&stage, &app, file, OTA_STAGE_HEAD), 0);
}

static void not_during_a_trial(void **state)
{
    (void)state;
    assert_int_equal(stage_image(&board, V2, 500), 0);
    assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
    assert_runs(&board, V2);
    reopen();
    make_image(&board, file, V3, 500);
    assert_refused(OTA_ERR_ON_TRIAL);
    assert_int_equal(ota_app_confirm(&app), 0);
    assert_int_equal(ota_stage_begin(&stage, &app, file, OTA_STAGE_HEAD), 0);
}

static void not_in_the_middle_of_something(void **state)
{
    (void)state;
    const uint8_t states[] = {OTA_STATE_INSTALLING, OTA_STATE_REVERTING, 0, 5,
                              255};
    make_image(&board, file, V2, 500);
    for (unsigned i = 0; i < sizeof states; i++) {
        struct ota_record record = newest(&board);
        record.state = states[i];
        append_record(&board, record);
        reopen();
        assert_refused(OTA_ERR_BUSY);
    }
}

static void not_without_a_journal(void **state)
{
    (void)state;
    wipe_area(&board.layout.journal[0]);
    uint8_t info[OTA_INFO_SIZE];
    make_info(&board, info);
    assert_int_equal(ota_app_open(&app, &board.layout, info),
                     OTA_ERR_JOURNAL_EMPTY);
    make_image(&board, file, V2, 500);
    assert_refused(OTA_ERR_JOURNAL_EMPTY);
}

static void not_without_slots(void **state)
{
    (void)state;
    restart(LAYOUT_F103);
    make_image(&board, file, V2, 500);
    assert_refused(OTA_ERR_NO_SLOT);
}

static void fill_journal(uint32_t left)
{
    struct ota_journal journal;
    assert_int_equal(ota_journal_scan(&journal, board.layout.journal), 0);
    while (ota_journal_free(&journal) > left) {
        struct ota_record record = journal.newest;
        record.flags = OTA_RECORD_SETTLED;
        assert_int_equal(ota_journal_append(&journal, &record), 0);
    }
    reopen();
}

static void journal_full_before(void **state)
{
    (void)state;
    fill_journal(0);
    make_image(&board, file, V2, 500);
    assert_refused(OTA_ERR_JOURNAL_FULL);
    assert_runs(&board, V1); // makes room
    reopen();
    assert_int_equal(begin(V2, 500), 0);
}

// The image is there, only the record is missing: it is not lost.
static void journal_full_at_the_end(void **state)
{
    (void)state;
    fill_journal(1);
    assert_int_equal(begin(V2, 3000), 0);
    assert_int_equal(write_from(0, 3016), 0);
    assert_int_equal(ota_stage_finish(&stage), OTA_ERR_JOURNAL_FULL);
    assert_runs(&board, V1);
    reopen();
    int32_t from = ota_stage_resume(&stage, &app, file, OTA_STAGE_HEAD);
    assert_int_equal(from, 2048); // the last unit
    assert_int_equal(write_from(2048, 3016), 0);
    finish_and_install(V2);
}

/// The record before the first erase ///

// Whatever the journal counted on is withdrawn while the slot still stands.
static void begin_withdraws(void **state)
{
    (void)state;
    assert_int_equal(stage_image(&board, V2, 3000), 0);
    reopen();
    assert_int_equal(ota_app_request(&app, OTA_SOURCE_STAGED), 0);
    struct watch *slot = watch_area(&board, &board.layout.slot[0]);
    assert_int_equal(begin(V3, 2000), 0);
    assert_int_equal(slot->erased, 0);
    assert_int_equal(slot->programmed, 0);
    assert_int_equal(newest(&board).ota_flag, OTA_FLAG_NONE);
    assert_int_equal(newest(&board).staged, OTA_SLOT_NONE);
    assert_true(slot_holds(&board, OTA_SLOT_A, V2, 3000));
    // once per boot is enough
    uint32_t ops = board.ram->ops;
    assert_int_equal(begin(V3, 2000), 0);
    assert_int_equal(board.ram->ops, ops);
    assert_int_equal(write_from(0, 1), 0);
    assert_int_equal(slot->erased, 2048); // the first and one ahead
}

static void request_of_another_source_is_withdrawn_too(void **state)
{
    (void)state;
    assert_int_equal(ota_app_request(&app, OTA_SOURCE_UART), 0);
    assert_int_equal(begin(V2, 500), 0);
    assert_int_equal(newest(&board).ota_flag, OTA_FLAG_NONE);
}

// The only slot is the backup as well: that role ends before it is erased.
static void one_slot_gives_up_its_backup(void **state)
{
    (void)state;
    restart(ONE_SLOT_F103);
    full_update(&board, V2, 500);
    assert_int_equal(newest(&board).backup, OTA_SLOT_A);
    // in the boot that confirmed, nothing else would have to be withdrawn
    reopen();
    assert_int_equal(begin(V3, 500), 0);
    assert_int_equal(newest(&board).backup, OTA_SLOT_NONE);
    // and in a later one
    struct ota_record record = newest(&board);
    record.backup = OTA_SLOT_A;
    append_record(&board, record);
    assert_runs(&board, V2);
    reopen();
    struct watch *slot = watch_area(&board, &board.layout.slot[0]);
    assert_int_equal(begin(V3, 500), 0);
    assert_int_equal(newest(&board).backup, OTA_SLOT_NONE);
    assert_int_equal(slot->erased, 0);
    assert_int_equal(write_from(0, 516), 0);
    finish_and_install(V3);
    assert_int_equal(newest(&board).backup, OTA_SLOT_A);
}

// A record that cannot be written: the slot is not touched.
static void no_record_no_erase(void **state)
{
    (void)state;
    assert_int_equal(stage_image(&board, V2, 3000), 0);
    reopen();
    struct watch *slot = watch_area(&board, &board.layout.slot[0]);
    board.ram->faults = (struct ram_faults){
        .prog_at = 1, .prog_error = OTA_ERR_POWER, .sticky = true};
    assert_int_equal(begin(V3, 500), OTA_ERR_POWER);
    assert_int_equal(ota_stage_resume(&stage, &app, file, OTA_STAGE_HEAD),
                     OTA_ERR_POWER);
    board.ram->faults = (struct ram_faults){0};
    assert_int_equal(slot->erased, 0);
    assert_int_equal(newest(&board).staged, OTA_SLOT_A);
    assert_true(slot_holds(&board, OTA_SLOT_A, V2, 3000));
}

// Over three updates: nothing but the free slot and the journal, of which an
// application erases nothing.
static void touches_only_the_free_slot(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        uint8_t backup = newest(&board).backup;
        struct watch *slots[2] = {watch_area(&board, &board.layout.slot[0]),
                                  watch_area(&board, &board.layout.slot[1])};
        struct watch *running = watch_area(&board, &board.layout.app);
        uint32_t erases = board.ram->erases[16] + board.ram->erases[17];
        assert_int_equal(stage_image(&board, V2 + i, 2500), 0);
        assert_int_equal(running->erased + running->programmed, 0);
        uint8_t staged = newest(&board).staged;
        assert_int_not_equal(staged, backup);
        assert_int_equal(slots[staged - 1]->erased, 3 * 1024);
        assert_int_equal(slots[staged - 1]->programmed, 2516);
        struct watch *other = slots[OTA_SLOT_B - staged];
        assert_int_equal(other->erased + other->programmed, 0);
        assert_int_equal(board.ram->erases[16] + board.ram->erases[17], erases);
        assert_int_equal(request_from(&board, OTA_SOURCE_STAGED), 0);
        assert_runs(&board, V2 + i);
        assert_int_equal(confirm_app(&board), 0);
    }
}

/// Writing and finishing ///

static void more_than_the_header_said(void **state)
{
    (void)state;
    assert_int_equal(begin(V2, 500), 0);
    assert_int_equal(write_from(0, 500), 0);
    assert_int_equal(ota_stage_write(&stage, file + 500, 17), OTA_ERR_RANGE);
    assert_int_equal(ota_stage_write(&stage, file + 500, 16), 0);
    assert_int_equal(ota_stage_write(&stage, file, 1), OTA_ERR_RANGE);
    finish_and_install(V2);
}

static void bytes_missing(void **state)
{
    (void)state;
    assert_int_equal(begin(V2, 500), 0);
    assert_int_equal(ota_stage_finish(&stage), OTA_ERR_TRUNCATED);
    assert_int_equal(write_from(0, 515), 0);
    uint32_t ops = board.ram->ops;
    assert_int_equal(ota_stage_finish(&stage), OTA_ERR_TRUNCATED);
    assert_int_equal(board.ram->ops, ops); // nothing is lost by asking early
    assert_int_equal(ota_stage_write(&stage, file + 515, 1), 0);
    finish_and_install(V2);
}

// One bit of what the flash holds is wrong: in the header, in the vectors, at
// the end.
static void flipped_bit(void **state)
{
    (void)state;
    const uint32_t places[] = {0, 4, 8, 12, 15, 16, 20, 1000, 3015};
    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
        assert_int_equal(begin(V2, 3000), 0);
        assert_int_equal(write_from(0, 3016), 0);
        board.ram->now[board.layout.slot[0].offset + places[i]] ^= 0x10;
        int err = ota_stage_finish(&stage);
        if (places[i] < 4) {
            assert_int_equal(err, OTA_ERR_MAGIC);
        } else {
            assert_int_equal(err, OTA_ERR_CRC);
        }
        assert_int_equal(newest(&board).staged, OTA_SLOT_NONE);
        assert_int_equal(ota_app_request(&app, OTA_SOURCE_STAGED),
                         OTA_ERR_NOT_STAGED);
        assert_int_equal(ota_stage_resume(&stage, &app, file, OTA_STAGE_HEAD),
                         0);
    }
    assert_int_equal(write_from(0, 3016), 0);
    finish_and_install(V2);
}

// The file itself is not what its header promises.
static void wrong_contents(void **state)
{
    (void)state;
    assert_int_equal(begin(V2, 3000), 0);
    file[2000] ^= 1;
    assert_int_equal(write_from(0, 3016), 0);
    assert_int_equal(ota_stage_finish(&stage), OTA_ERR_CRC);
    // another header than the one that was offered
    assert_int_equal(begin(V2, 3000), 0);
    store_le32(file + 12, V3);
    assert_int_equal(write_from(0, 3016), 0);
    assert_int_equal(ota_stage_finish(&stage), OTA_ERR_CRC);
    assert_int_equal(newest(&board).staged, OTA_SLOT_NONE);
}

static void slot_cannot_be_read_at_the_end(void **state)
{
    (void)state;
    struct watch *slot = watch_area(&board, &board.layout.slot[0]);
    // the header, then pieces of 256 bytes
    for (uint32_t spare = 0; spare < 12; spare++) {
        assert_int_equal(begin(V2, 3000), 0);
        assert_int_equal(write_from(0, 3016), 0);
        slot->reads = 0;
        slot->spare = spare;
        slot->read_error = OTA_ERR_FLASH_READ;
        assert_int_equal(ota_stage_finish(&stage), OTA_ERR_FLASH_READ);
        assert_int_equal(newest(&board).staged, OTA_SLOT_NONE);
        slot->read_error = 0;
        assert_int_equal(ota_stage_resume(&stage, &app, file, OTA_STAGE_HEAD),
                         0);
    }
    assert_int_equal(write_from(0, 3016), 0);
    finish_and_install(V2);
}

static void flash_errors_pass(void **state)
{
    (void)state;
    const int errors[] = {OTA_ERR_FLASH_PROGRAM, OTA_ERR_FLASH_TIMEOUT,
                          OTA_ERR_POWER, OTA_ERR_FLASH_PROTECTED};
    struct watch *slot = watch_area(&board, &board.layout.slot[0]);
    for (unsigned i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        slot->erase_error = errors[i];
        slot->prog_error = 0;
        assert_int_equal(begin(V2, 3000), 0);
        assert_int_equal(write_from(0, 3016), errors[i]);
        slot->erase_error = 0;
        slot->prog_error = errors[i];
        assert_int_equal(begin(V2, 3000), 0);
        assert_int_equal(write_from(0, 3016), errors[i]);
        assert_int_not_equal(ota_stage_finish(&stage), 0);
        assert_int_equal(newest(&board).staged, OTA_SLOT_NONE);
    }
    slot->prog_error = 0;
    assert_int_equal(begin(V2, 3000), 0);
    assert_int_equal(write_from(0, 3016), 0);
    finish_and_install(V2);
}

// A word that is programmed wrongly and not reported.
static void word_that_does_not_hold(void **state)
{
    (void)state;
    assert_int_equal(begin(V2, 3000), 0);
    board.ram->faults = (struct ram_faults){.prog_at = 700};
    assert_int_equal(write_from(0, 3016), 0);
    assert_int_equal(ota_stage_finish(&stage), OTA_ERR_CRC);
    assert_int_equal(ota_stage_resume(&stage, &app, file, OTA_STAGE_HEAD), 0);
}

static void finishing_is_not_asked_for_twice(void **state)
{
    (void)state;
    assert_int_equal(begin(V2, 500), 0);
    assert_int_equal(write_from(0, 516), 0);
    assert_int_equal(ota_stage_finish(&stage), 0);
    finish_and_install(V2); // harmless all the same
}

/// Broken off ///

static void begun_again_at_every_byte(void **state)
{
    (void)state;
    for (uint32_t at = 0; at <= 16 + 300; at++) {
        restart(at % 2 ? SLOTS_F103 : ONE_SLOT_F103);
        assert_int_equal(begin(V2, 300), 0);
        assert_int_equal(write_from(0, at), 0);
        if (at % 3) {
            assert_runs(&board, V1); // a reset in between, or none
            reopen();
        }
        assert_int_equal(begin(V3, 290), 0);
        assert_int_equal(write_from(0, 306), 0);
        finish_and_install(V3);
        assert_true(app_holds(&board, V3, 290));
    }
}

static void resume_without_a_beginning(void **state)
{
    (void)state;
    make_image(&board, file, V2, 3000);
    assert_int_equal(ota_stage_resume(&stage, &app, file, OTA_STAGE_HEAD), 0);
    assert_int_equal(write_from(0, 3016), 0);
    finish_and_install(V2);
}

static void resume_with_another_header(void **state)
{
    (void)state;
    assert_int_equal(begin(V2, 5000), 0);
    assert_int_equal(write_from(0, 4000), 0);
    make_image(&board, file, V3, 5000);
    assert_int_equal(ota_stage_resume(&stage, &app, file, OTA_STAGE_HEAD), 0);
    make_image(&board, file, V2, 5000);
    store_le32(file + 12, V3); // version alone
    assert_int_equal(ota_stage_resume(&stage, &app, file, OTA_STAGE_HEAD), 0);
    make_image(&board, file, V2, 5000);
    assert_int_equal(ota_stage_resume(&stage, &app, file, OTA_STAGE_HEAD),
                     3 * 1024);
    assert_int_equal(write_from(3 * 1024, 5016), 0);
    finish_and_install(V2);
}

// What the first unit says cannot be read just now: from the start.
static void resume_where_the_header_cannot_be_read(void **state)
{
    (void)state;
    assert_int_equal(begin(V2, 5000), 0);
    assert_int_equal(write_from(0, 4000), 0);
    struct watch *slot = watch_area(&board, &board.layout.slot[0]);
    slot->read_error = OTA_ERR_FLASH_READ;
    slot->once = true;
    assert_int_equal(ota_stage_resume(&stage, &app, file, OTA_STAGE_HEAD), 0);
}

// A slot of one unit has no blank one behind it.
static void resume_in_a_slot_of_one_unit(void **state)
{
    (void)state;
    restart(SLOTS_F446);
    assert_int_equal(begin(V2, 5000), 0);
    assert_int_equal(write_from(0, 4000), 0);
    assert_int_equal(ota_stage_resume(&stage, &app, file, OTA_STAGE_HEAD), 0);
    assert_int_equal(write_from(0, 5016), 0);
    finish_and_install(V2);
}

static uint32_t unit_of(uint32_t at)
{
    uint32_t unit = board.layout.slot[0].flash->geometry->run[0].size;
    return at / unit * unit;
}

// Stages until the power goes; how many bytes were taken.
static uint32_t stage_until_cut(uint32_t op, enum ram_cut how)
{
    board.ram->cut_at = op;
    board.ram->cut = how;
    uint32_t total = 16 + load_le32(file + 4);
    int err = ota_stage_begin(&stage, &app, file, OTA_STAGE_HEAD);
    uint32_t taken = 0;
    if (err == 0) {
        err = write_from(0, total);
        taken = stage.writer.position;
    }
    if (err == 0) {
        err = ota_stage_finish(&stage);
    }
    assert_int_equal(err != 0, board.ram->dead);
    return taken;
}

// The offset as the header promises it: the beginning of a unit; what was
// behind a unit that had been begun is not asked for again.
static void check_offset(int32_t from, uint32_t taken)
{
    assert_true(from >= 0);
    uint32_t start = (uint32_t)from;
    assert_int_equal(start, unit_of(start));
    assert_true(start <= taken);
    uint32_t current = unit_of(taken > 0 ? taken - 1 : 0);
    uint32_t unit = board.layout.slot[0].flash->geometry->run[0].size;
    assert_true(start + unit >= current);
}

static void resume_after(uint32_t op, enum ram_cut how, uint32_t size)
{
    uint32_t total = make_image(&board, file, V2, size);
    uint32_t taken = stage_until_cut(op, how);
    bool cut = board.ram->dead;
    ram_flash_power_on(board.ram);
    board.ram->cut_at = 0;
    assert_runs(&board, V1);
    if (!cut) {
        return;
    }
    reopen();
    int32_t from = ota_stage_resume(&stage, &app, file, OTA_STAGE_HEAD);
    check_offset(from, taken);
    assert_int_equal(stage.writer.position, from);
    assert_int_equal(write_from((uint32_t)from, total), 0);
    finish_and_install(V2);
    const struct ota_area *slot = ota_slot_area(&board.layout, stage.slot);
    assert_true(slot_holds(&board, stage.slot, V2, size));
    assert_false(ram_flash_is_torn(board.ram, slot->offset, total));
}

static void resume_after_a_cut_anywhere(enum test_layout layout, uint32_t size)
{
    uint32_t cuts = 0;
    bool dead = true;
    for (uint32_t op = 1; dead; op++) {
        // torn is the worst; now and then before and after
        int first = op % 4 ? CUT_TORN : CUT_BEFORE;
        int last = op % 4 ? CUT_TORN : CUT_AFTER;
        for (int how = first; how <= last; how++) {
            restart(layout);
            board.ram->random = op * 3 + (uint32_t)how;
            uint32_t before = board.ram->ops;
            resume_after(op, (enum ram_cut)how, size);
            dead = board.ram->ops - before >= op && dead;
            dead = dead && newest(&board).version == V2;
            cuts += dead;
        }
    }
    assert_true(cuts > size / 32);
}

static void resume_after_a_cut_on_f103(void **state)
{
    (void)state;
    resume_after_a_cut_anywhere(SLOTS_F103, 3100);
    resume_after_a_cut_anywhere(ONE_SLOT_F103, 700);
}

static void resume_after_a_cut_on_h7(void **state)
{
    (void)state;
    resume_after_a_cut_anywhere(SLOTS_H7, 25000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(head_too_short),
        TEST(every_header_error),
        TEST(largest_image),
        TEST(not_during_a_trial),
        TEST(not_in_the_middle_of_something),
        TEST(not_without_a_journal),
        TEST(not_without_slots),
        TEST(journal_full_before),
        TEST(journal_full_at_the_end),
        TEST(begin_withdraws),
        TEST(request_of_another_source_is_withdrawn_too),
        TEST(one_slot_gives_up_its_backup),
        TEST(no_record_no_erase),
        TEST(touches_only_the_free_slot),
        TEST(more_than_the_header_said),
        TEST(bytes_missing),
        TEST(flipped_bit),
        TEST(wrong_contents),
        TEST(slot_cannot_be_read_at_the_end),
        TEST(flash_errors_pass),
        TEST(word_that_does_not_hold),
        TEST(finishing_is_not_asked_for_twice),
        TEST(begun_again_at_every_byte),
        TEST(resume_without_a_beginning),
        TEST(resume_with_another_header),
        TEST(resume_where_the_header_cannot_be_read),
        TEST(resume_in_a_slot_of_one_unit),
        TEST(resume_after_a_cut_on_f103),
        TEST(resume_after_a_cut_on_h7),
    };
    return cmocka_run_group_tests_name("stage", tests, NULL, NULL);
}
