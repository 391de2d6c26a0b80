// SPDX-License-Identifier: MIT
//
// The journal on every geometry: append, newest wins, turn-over, torn and
// corrupt records, positions that fail, and a power cut at every operation of
// hundreds of records.

#include "board.h"

#include <stdlib.h>

#include "ota/bytes.h"
#include "ota/crc32.h"

static struct ota_record sample(uint32_t version)
{
    return (struct ota_record){
        .ota_flag = OTA_FLAG_NONE,
        .magic = OTA_MAGIC_PLAIN,
        .size = 1000,
        .version = version,
        .state = OTA_STATE_CONFIRMED,
        .flags = OTA_RECORD_SETTLED,
    };
}

static int write(struct ota_journal *journal, uint32_t version)
{
    struct ota_record record = sample(version);
    return ota_journal_write(journal, &record);
}

static uint32_t scan(struct board *board, struct ota_journal *journal)
{
    int err = ota_journal_scan(journal, board->layout.journal);
    return err ? 0 : journal->newest.version;
}

// A blank board with its journal scanned.
static void start(struct board *board, enum test_layout layout,
                  struct ota_journal *journal)
{
    board_init(board, layout, 1);
    assert_int_equal(scan(board, journal), 0);
}

static void record_bytes(void **state)
{
    (void)state;
    struct ota_record record = {
        .ota_flag = 1,
        .magic = 0xABCDEFAB,
        .size = 0x11223344,
        .crc = 0x55667788,
        .version = 0x01020003,
        .sequence = 0x01000002,
        .state = OTA_STATE_INSTALLING,
        .source = 1,
        .attempts = 5,
        .backup = OTA_SLOT_B,
        .staged = OTA_SLOT_A,
        .installs = 7,
        .step = 8,
        .flags = 1,
        .result = -2,
        .tried_version = 0x0A0B0C0D,
        .security_floor = 9,
        .installed = {1, 2, 3, 4, 5, 6, 7, 8},
        .tried = {9, 10, 11, 12, 13, 14, 15, 16},
    };
    // written out from SPEC.md, Journal
    const uint8_t expected[60] = {
        1,    0,    0,    0,    0xAB, 0xEF, 0xCD, 0xAB, 0x44, 0x33, 0x22, 0x11,
        0x88, 0x77, 0x66, 0x55, 3,    0,    2,    1,    2,    0,    0,    1,
        1,    2,    1,    5,    0x12, 7,    8,    1,    0xFE, 0xFF, 0xFF, 0xFF,
        0x0D, 0x0C, 0x0B, 0x0A, 9,    0,    0,    0,    1,    2,    3,    4,
        5,    6,    7,    8,    9,    10,   11,   12,   13,   14,   15,   16};
    uint8_t raw[OTA_RECORD_SIZE];
    ota_record_encode(&record, raw);
    assert_memory_equal(raw, expected, 60);
    assert_int_equal(load_le32(raw + 60), ota_crc32(0, expected, 60));
    struct ota_record back;
    assert_int_equal(ota_record_decode(&back, raw), 0);
    uint8_t again[OTA_RECORD_SIZE];
    ota_record_encode(&back, again);
    assert_memory_equal(again, raw, sizeof raw);

    for (unsigned bit = 0; bit < 8 * sizeof raw; bit++) {
        raw[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(ota_record_decode(&back, raw), OTA_ERR_CRC);
        raw[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    raw[24] = OTA_JOURNAL_FORMAT + 1;
    store_le32(raw + 60, ota_crc32(0, raw, 60));
    assert_int_equal(ota_record_decode(&back, raw), OTA_ERR_FORMAT);
    memset(raw, 0xFF, sizeof raw);
    assert_int_equal(ota_record_decode(&back, raw), OTA_ERR_CRC);
    memset(raw, 0, sizeof raw);
    assert_int_equal(ota_record_decode(&back, raw), OTA_ERR_CRC);
}

static void blank_journal(void **state)
{
    (void)state;
    struct board board;
    board_init(&board, LAYOUT_F446, 1);
    struct ota_journal journal;
    assert_int_equal(ota_journal_scan(&journal, board.layout.journal),
                     OTA_ERR_JOURNAL_EMPTY);
    assert_false(journal.valid);
    assert_true(journal.blank);
    struct ota_record record = sample(1);
    // an application never begins a journal: it must not erase
    assert_int_equal(ota_journal_append(&journal, &record),
                     OTA_ERR_JOURNAL_FULL);
    assert_int_equal(ota_journal_make_room(&journal), OTA_ERR_JOURNAL_EMPTY);
    assert_int_equal(board.ram->ops, 0);
    // the bootloader erases the unit even though it reads blank
    assert_int_equal(write(&journal, 1), 0);
    assert_int_equal(board.ram->erases[2], 1);
    assert_int_equal(board.ram->erases[3], 0);
    assert_int_equal(scan(&board, &journal), 1);
    assert_false(journal.blank);
    board_free(&board);
}

// three turns on each geometry; only turn-overs erase, in turn
static void newest_wins_through_turn_overs(void **state)
{
    (void)state;
    for (int layout = 0; layout < LAYOUT_COUNT; layout++) {
        struct board board;
        board_init(&board, (enum test_layout)layout, 1);
        struct ota_journal journal;
        scan(&board, &journal);
        uint32_t capacity = ota_journal_capacity(&journal);
        if (capacity > 256) {
            capacity = 256; // H7: one turn is enough to see
        }
        for (uint32_t i = 1; i <= 3 * capacity; i++) {
            assert_int_equal(write(&journal, i), 0);
            assert_int_equal(journal.newest.sequence, i - 1);
            if (i % 7 == 0 || i % capacity < 2) {
                assert_int_equal(scan(&board, &journal), i);
            }
        }
        board_free(&board);
    }
}

static void append_never_erases(void **state)
{
    (void)state;
    struct ota_journal journal;
    struct board board;
    start(&board, LAYOUT_F103, &journal);
    assert_int_equal(write(&journal, 1), 0);
    uint32_t version = 1;
    while (ota_journal_free(&journal) > 0) {
        struct ota_record record = sample(++version);
        assert_int_equal(ota_journal_append(&journal, &record), 0);
    }
    struct ota_record record = sample(++version);
    assert_int_equal(ota_journal_append(&journal, &record),
                     OTA_ERR_JOURNAL_FULL);
    assert_int_equal(scan(&board, &journal), version - 1);
    assert_int_equal(board.ram->erases[16] + board.ram->erases[17], 1);
    board_free(&board);
}

static void room_before_a_jump(void **state)
{
    (void)state;
    struct ota_journal journal;
    struct board board;
    start(&board, LAYOUT_F103, &journal);
    for (uint32_t i = 1; i < 100; i++) {
        assert_int_equal(write(&journal, i), 0);
        assert_int_equal(ota_journal_make_room(&journal), 0);
        assert_true(ota_journal_free(&journal) >= OTA_JOURNAL_RESERVE);
        assert_int_equal(scan(&board, &journal), i);
    }
    board_free(&board);
}

static void corrupt_newest_falls_back(void **state)
{
    (void)state;
    struct ota_journal journal;
    struct board board;
    start(&board, LAYOUT_F446, &journal);
    assert_int_equal(write(&journal, 1), 0);
    assert_int_equal(write(&journal, 2), 0);
    board.ram->now[0x8000 + 64 + 16] ^= 1;
    assert_int_equal(scan(&board, &journal), 1);
    // and the next append goes behind the corrupt one
    assert_int_equal(write(&journal, 3), 0);
    assert_int_equal(journal.newest.sequence, 2);
    assert_int_equal(scan(&board, &journal), 3);
    board_free(&board);
}

// a valid record at a place that its sequence does not name
static void stray_copy_is_no_record(void **state)
{
    (void)state;
    struct ota_journal journal;
    struct board board;
    start(&board, LAYOUT_F446, &journal);
    assert_int_equal(write(&journal, 1), 0);
    uint8_t raw[OTA_RECORD_SIZE];
    struct ota_record record = sample(99);
    record.sequence = 256 + 5; // turn 1: belongs to unit 1
    ota_record_encode(&record, raw);
    ram_flash_load(board.ram, 0x8000 + 5 * 64, raw, sizeof raw);
    assert_int_equal(scan(&board, &journal), 1);
    assert_int_equal(journal.next, 6);
    board_free(&board);
}

// a made-up record with the last number there is: the next one must win
static void sequence_wraps(void **state)
{
    (void)state;
    struct ota_journal journal;
    struct board board;
    start(&board, LAYOUT_F446, &journal);
    uint8_t raw[OTA_RECORD_SIZE];
    struct ota_record record = sample(98);
    record.sequence = 0xFFFFFFFF;
    ota_record_encode(&record, raw);
    ram_flash_load(board.ram, 0xC000 + 255 * 64, raw, sizeof raw);
    assert_int_equal(scan(&board, &journal), 98);
    assert_int_equal(write(&journal, 99), 0);
    assert_int_equal(scan(&board, &journal), 99);
    assert_int_equal(write(&journal, 100), 0);
    assert_int_equal(scan(&board, &journal), 100);
    board_free(&board);
}

static void garbage_in_both_units(void **state)
{
    (void)state;
    struct board board;
    board_init(&board, LAYOUT_F446, 1);
    uint8_t garbage[0x4000];
    for (unsigned i = 0; i < sizeof garbage; i++) {
        garbage[i] = (uint8_t)(i * 73);
    }
    ram_flash_load(board.ram, 0x8000, garbage, sizeof garbage);
    ram_flash_load(board.ram, 0xC000, garbage, sizeof garbage);
    struct ota_journal journal;
    assert_int_equal(scan(&board, &journal), 0);
    assert_false(journal.blank);
    assert_int_equal(write(&journal, 7), 0);
    assert_int_equal(scan(&board, &journal), 7);
    // nothing of the garbage is left that could read as a record one day
    assert_int_equal(ota_area_is_blank(&board.layout.journal[1], 0, 0x4000), 1);
    board_free(&board);
}

static void areas_that_cannot_hold_a_journal(void **state)
{
    (void)state;
    struct board board;
    board_init(&board, LAYOUT_F446, 1);
    struct ota_journal journal;
    struct ota_area units[2] = {board.layout.journal[0],
                                board.layout.journal[1]};
    units[1].size = 0x8000; // reaches over two sectors
    assert_int_equal(ota_journal_scan(&journal, units), OTA_ERR_ARGUMENT);
    units[1] = (struct ota_area){0};
    assert_int_equal(ota_journal_scan(&journal, units), OTA_ERR_ARGUMENT);
    assert_int_equal(board.ram->ops, 0);
    board_free(&board);
}

static void position_that_does_not_hold(void **state)
{
    (void)state;
    struct ota_journal journal;
    struct board board;
    start(&board, LAYOUT_F446, &journal);
    assert_int_equal(write(&journal, 1), 0);
    // a cell that flips, no error reported: the append moves on
    board.ram->faults = (struct ram_faults){.prog_at = 3};
    assert_int_equal(write(&journal, 2), 0);
    assert_int_equal(journal.newest.sequence, 2);
    assert_int_equal(scan(&board, &journal), 2);
    board_free(&board);
}

static void unit_that_takes_nothing(void **state)
{
    (void)state;
    struct ota_journal journal;
    struct board board;
    start(&board, LAYOUT_F446, &journal);
    assert_int_equal(write(&journal, 1), 0);
    board.ram->faults = (struct ram_faults){
        .prog_at = 1, .prog_error = OTA_ERR_FLASH_PROGRAM, .sticky = true};
    struct ota_record record = sample(2);
    uint32_t next = journal.next;
    assert_int_equal(ota_journal_append(&journal, &record),
                     OTA_ERR_JOURNAL_WRITE);
    assert_int_equal(journal.next, next + 4); // and it gives up in time
    assert_int_equal(write(&journal, 2), OTA_ERR_JOURNAL_WRITE);
    assert_int_equal(scan(&board, &journal), 1);
    board_free(&board);
}

static void errors_that_leave_the_position(void **state)
{
    (void)state;
    const int errors[] = {OTA_ERR_POWER, OTA_ERR_FLASH_PROTECTED,
                          OTA_ERR_FLASH_LOCKED};
    for (unsigned i = 0; i < 3; i++) {
        struct board board;
        board_init(&board, LAYOUT_F446, 1);
        struct ota_journal journal;
        scan(&board, &journal);
        assert_int_equal(write(&journal, 1), 0);
        board.ram->faults =
            (struct ram_faults){.prog_at = 1, .prog_error = errors[i]};
        assert_int_equal(write(&journal, 2), errors[i]);
        assert_int_equal(journal.newest.version, 1);
        assert_int_equal(write(&journal, 3), 0);
        assert_int_equal(journal.newest.sequence, 1); // nothing was wasted
        // half written, then the supply fell: that position is spent
        board.ram->faults =
            (struct ram_faults){.prog_at = 2, .prog_error = errors[i]};
        assert_int_equal(write(&journal, 4), errors[i]);
        assert_int_equal(write(&journal, 5), 0);
        assert_int_equal(journal.newest.sequence, 3);
        board_free(&board);
    }
}

static void unreadable_positions(void **state)
{
    (void)state;
    struct ota_journal journal;
    struct board board;
    start(&board, LAYOUT_F446, &journal);
    assert_int_equal(write(&journal, 1), 0);
    assert_int_equal(write(&journal, 2), 0);
    board.ram->faults = (struct ram_faults){.read_at = 1, .sticky = true};
    assert_int_equal(ota_journal_scan(&journal, board.layout.journal),
                     OTA_ERR_JOURNAL_EMPTY);
    assert_false(journal.blank); // unknown is not blank
    board.ram->faults = (struct ram_faults){0};
    assert_int_equal(scan(&board, &journal), 2);
    board_free(&board);
}

// One program that must hold at every cut: versions are written 1, 2, 3, ...;
// after a cut the newest is the last that was finished or the one under way.
static void write_until_cut(struct board *board, uint32_t *finished)
{
    struct ota_journal journal;
    *finished = scan(board, &journal);
    for (uint32_t i = *finished + 1; i <= 60 && !board->ram->dead; i++) {
        if (write(&journal, i) == 0 && ota_journal_make_room(&journal) == 0 &&
            !board->ram->dead) {
            *finished = i;
        }
    }
}

static void cut_once(enum test_layout layout, uint32_t op, enum ram_cut cut)
{
    struct board board;
    board_init(&board, layout, op + 1);
    board.ram->cut_at = op;
    board.ram->cut = cut;
    uint32_t finished;
    write_until_cut(&board, &finished);
    assert_true(board.ram->dead);
    ram_flash_power_on(board.ram);
    for (unsigned boot = 0; boot < 3; boot++) { // torn bits read differently
        struct ota_journal journal;
        uint32_t found = scan(&board, &journal);
        if (found != finished && found != finished + 1) {
            fail_msg("layout %d, cut %u/%d: %u finished, found %u", layout,
                     (unsigned)op, cut, (unsigned)finished, (unsigned)found);
        }
    }
    write_until_cut(&board, &finished); // and it goes on
    struct ota_journal journal;
    assert_int_equal(scan(&board, &journal), 60);
    board_free(&board);
}

static uint32_t operations(enum test_layout layout)
{
    struct board board;
    board_init(&board, layout, 1);
    uint32_t finished;
    write_until_cut(&board, &finished);
    assert_int_equal(finished, 60);
    uint32_t ops = board.ram->ops;
    board_free(&board);
    return ops;
}

static void power_cut_at_every_operation(void **state)
{
    (void)state;
    unsigned cuts = 0;
    const enum test_layout layouts[] = {LAYOUT_F103, LAYOUT_L4};
    for (unsigned i = 0; i < 2; i++) {
        uint32_t ops = operations(layouts[i]);
        for (uint32_t op = 1; op <= ops; op++) {
            for (int cut = CUT_BEFORE; cut <= CUT_AFTER; cut++) {
                cut_once(layouts[i], op, (enum ram_cut)cut);
                cuts++;
            }
        }
    }
    print_message("journal: %u power cuts\n", cuts);
    assert_true(cuts > 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_bytes),
        cmocka_unit_test(blank_journal),
        cmocka_unit_test(newest_wins_through_turn_overs),
        cmocka_unit_test(append_never_erases),
        cmocka_unit_test(room_before_a_jump),
        cmocka_unit_test(corrupt_newest_falls_back),
        cmocka_unit_test(stray_copy_is_no_record),
        cmocka_unit_test(sequence_wraps),
        cmocka_unit_test(garbage_in_both_units),
        cmocka_unit_test(areas_that_cannot_hold_a_journal),
        cmocka_unit_test(position_that_does_not_hold),
        cmocka_unit_test(unit_that_takes_nothing),
        cmocka_unit_test(errors_that_leave_the_position),
        cmocka_unit_test(unreadable_positions),
        cmocka_unit_test(power_cut_at_every_operation),
    };
    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
