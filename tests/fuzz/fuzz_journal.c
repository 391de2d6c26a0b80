// SPDX-License-Identifier: MIT
//
// Any contents of the two units, then any course of appends, turn-overs, cuts
// and bad positions: the scan finds the newest record that there is, what was
// written is found, a cut leaves the old or the new one, and no operation
// breaks a promise to the flash (the RAM flash stops the process then).
//
// Input: a geometry; pieces of contents until LOADED; then one byte for each
// step of the course.

#include "fuzz.h"

#include <string.h>

#include "ota/journal.h"
#include "ram_flash.h"

#define UNIT 1024u

enum { CAPACITY = UNIT / OTA_RECORD_SIZE, GEOMETRIES = 4 };

#define RUNS (const struct ota_erase_run[])

static const struct ota_geometry geometries[GEOMETRIES] = {
    {2 * UNIT, 2, 0xFF, 1, RUNS{{2, UNIT}}, 0},
    {2 * UNIT, 8, 0xFF, 1, RUNS{{2, UNIT}}, 0},
    {2 * UNIT, 32, 0xFF, 1, RUNS{{2, UNIT}}, 0},
    {2 * UNIT, 16, 0xFF, 1, RUNS{{2, UNIT}}, 0},
};

static struct ram_flash *ram;
static struct ota_area units[2];

/// Contents ///

// What is erased there stays so: it may be programmed.
static void put(uint32_t offset, const uint8_t *data, uint32_t len)
{
    uint32_t step = ram->flash.geometry->write_unit;
    for (uint32_t at = 0; at < len; at += step) {
        for (uint32_t i = 0; i < step; i++) {
            if (data[at + i] != ram->flash.geometry->erased) {
                ram_flash_load(ram, offset + at, data + at, step);
                break;
            }
        }
    }
}

static struct ota_record take_record(struct input *input)
{
    return (struct ota_record){
        .sequence = take_le(input, 4),
        .state = (uint8_t)take(input),
        .version = take_le(input, 2),
    };
}

// A whole record where its sequence says, or one or two places beside that.
static void put_record(struct input *input)
{
    uint8_t raw[OTA_RECORD_SIZE];
    struct ota_record record = take_record(input);
    uint32_t beside = take(input) % 8;
    ota_record_encode(&record, raw);
    uint32_t position = record.sequence + (beside < 3 ? beside : 0);
    put(position % (2 * CAPACITY) * OTA_RECORD_SIZE, raw, sizeof raw);
}

static void put_bytes(struct input *input)
{
    uint8_t raw[OTA_RECORD_SIZE];
    uint32_t position = take(input) % (2 * CAPACITY);
    uint32_t count = take(input) % (OTA_RECORD_SIZE + 1);
    memset(raw, ram->flash.geometry->erased, sizeof raw);
    for (uint32_t i = 0; i < count; i++) {
        raw[i] = (uint8_t)take(input);
    }
    put(position * OTA_RECORD_SIZE, raw, sizeof raw);
}

static void load(struct input *input)
{
    for (;;) {
        switch (take(input) % 4) {
        case 0: // or nothing more in the input
            return;
        case 1:
            put_record(input);
            break;
        case 2:
            put_bytes(input);
            break;
        default:
            ram_flash_break(ram, take_le(input, 2) % (2 * UNIT) /
                                     ram->flash.geometry->write_unit *
                                     ram->flash.geometry->write_unit);
        }
    }
}

/// A second scan ///

// The newest record of all positions; false: none, or so far apart that it
// cannot be said.
static bool find_newest(struct ota_record *newest, bool *any)
{
    bool clear = true;
    *any = false;
    for (uint32_t i = 0; i < 2 * CAPACITY; i++) {
        uint8_t raw[OTA_RECORD_SIZE];
        struct ota_record record;
        if (ota_area_read(&units[i / CAPACITY], i % CAPACITY * OTA_RECORD_SIZE,
                          raw, sizeof raw) ||
            ota_record_decode(&record, raw) ||
            record.sequence % (2 * CAPACITY) != i) {
            continue;
        }
        if (*any) {
            uint32_t apart = record.sequence - newest->sequence;
            clear = clear && apart + 0x20000000 < 0x40000000;
        }
        if (!*any || (int32_t)(record.sequence - newest->sequence) > 0) {
            *newest = record;
        }
        *any = true;
    }
    return clear;
}

static bool is_same(const struct ota_record *a, const struct ota_record *b)
{
    uint8_t raw[2][OTA_RECORD_SIZE];
    ota_record_encode(a, raw[0]);
    ota_record_encode(b, raw[1]);
    return memcmp(raw[0], raw[1], OTA_RECORD_SIZE) == 0;
}

// The same but for its number.
static bool is_content(const struct ota_record *a, const struct ota_record *b)
{
    struct ota_record numbered = *a;
    numbered.sequence = b->sequence;
    return is_same(&numbered, b);
}

// Scans, and compares with the second scan. False: the contents are such that
// nothing can be promised.
static bool scan(struct ota_journal *journal)
{
    struct ota_record newest = {0};
    bool any;
    int err = ota_journal_scan(journal, units);
    bool clear = find_newest(&newest, &any);
    CHECK(err == (any ? 0 : OTA_ERR_JOURNAL_EMPTY));
    CHECK(journal->valid == any);
    CHECK(ota_journal_free(journal) <= CAPACITY);
    CHECK(!any || !clear || is_same(&journal->newest, &newest));
    return clear;
}

/// The course ///

// A write of one kind; what was written, or is the newest now.
static int change(struct ota_journal *journal, uint32_t kind,
                  struct ota_record *record)
{
    if (kind == 0) {
        return ota_journal_append(journal, record);
    }
    if (kind == 1) {
        return ota_journal_write(journal, record);
    }
    *record = journal->newest;
    return ota_journal_make_room(journal);
}

// stood: before it a record stood there, no bit of which was doubtful.
static void check_changed(struct ota_journal *journal, uint32_t kind, int err,
                          const struct ota_record *before,
                          const struct ota_record *record, bool stood)
{
    struct ota_journal again;
    CHECK(ota_journal_scan(&again, units) == 0 || !again.valid);
    if (err == 0 && kind != 2) {
        CHECK(again.valid && is_same(&again.newest, record));
        CHECK(is_same(&journal->newest, record));
        CHECK(again.next == journal->next &&
              again.turns % 2 == journal->turns % 2);
    }
    if (err == 0 && kind == 2 && stood) {
        CHECK(again.valid && is_content(&again.newest, before));
        CHECK(ota_journal_free(journal) >= OTA_JOURNAL_RESERVE);
    }
    if (err != 0 && stood) {
        CHECK(again.valid);
        CHECK(is_same(&again.newest, before) || is_same(&again.newest, record));
    }
}

static void step(struct ota_journal *journal, uint32_t what)
{
    static uint32_t version = 0x10000;
    uint32_t kind = (what & 7) % 3;
    struct ota_record before = journal->newest;
    version++;
    struct ota_record record = {.state = OTA_STATE_CONFIRMED,
                                .version = version};
    // what a cut tore may read as a record once, and another time not
    bool stood = journal->valid && !ram_flash_is_torn(ram, 0, 2 * UNIT);
    bool cut = what & 0x80;
    ram->cut_at = cut ? 1 + (what >> 3 & 0xF) : 0;
    ram->cut = what & 8 ? CUT_TORN : CUT_AFTER;
    ram->faults = (struct ram_faults){
        .prog_at = what & 0x40 ? 1 + (what >> 3 & 7) : 0,
        .prog_error = OTA_ERR_FLASH_PROGRAM,
    };
    int err = change(journal, kind, &record);
    ram->faults = (struct ram_faults){0};
    ram->cut_at = 0;
    if (ram->dead) {
        ram_flash_power_on(ram);
        CHECK(ota_journal_scan(journal, units) == 0 || !journal->valid);
        CHECK(!stood ||
              (journal->valid && (is_content(&journal->newest, &before) ||
                                  is_content(&journal->newest, &record))));
        return;
    }
    check_changed(journal, kind, err, &before, &record, stood);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint32_t geometry = take(&input) % GEOMETRIES;
    ram = ram_flash_new(&geometries[geometry], 1);
    ram->ecc = geometry != 0;
    units[0] = (struct ota_area){&ram->flash, 0, UNIT};
    units[1] = (struct ota_area){&ram->flash, UNIT, UNIT};
    load(&input);

    struct ota_journal journal;
    bool clear = scan(&journal);
    for (int i = 0; clear && i < 32 && input.left > 0; i++) {
        step(&journal, take(&input));
    }
    ram_flash_free(ram);
    return 0;
}
