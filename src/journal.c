// SPDX-License-Identifier: MIT

#include "ota/journal.h"

// Positions that one append tries before it gives up on a unit.
#define APPEND_TRIES 4

uint32_t ota_journal_capacity(const struct ota_journal *journal)
{
    return journal->capacity;
}

static const struct ota_area *unit_of(const struct ota_journal *journal,
                                      uint32_t turns)
{
    return &journal->units[turns % 2];
}

// 1: a valid record of this position, 0: blank, -1: anything else (torn,
// corrupt, not readable).
static int read_position(const struct ota_journal *journal, uint32_t unit,
                         uint32_t position, struct ota_record *record)
{
    const struct ota_area *area = &journal->units[unit];
    uint32_t offset = position * OTA_RECORD_SIZE;
    if (ota_area_is_blank(area, offset, OTA_RECORD_SIZE) == 1) {
        return 0;
    }
    uint8_t raw[OTA_RECORD_SIZE];
    if (ota_area_read(area, offset, raw, sizeof raw) ||
        ota_record_decode(record, raw)) {
        return -1;
    }
    // a sequence names its unit and position: a stray copy is not valid
    uint32_t its = record->sequence % (2 * journal->capacity);
    return its == unit * journal->capacity + position ? 1 : -1;
}

// No flash lives long enough for the numbers to wrap, but a made-up record may
// stand just before that: what is written after it must win all the same.
static bool is_newer(uint32_t sequence, uint32_t than)
{
    return (int32_t)(sequence - than) > 0;
}

// Looks for the newest record; returns how many positions are used, up to and
// with the last that is not blank.
static uint32_t scan_unit(struct ota_journal *journal, uint32_t unit)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < journal->capacity; i++) {
        struct ota_record record;
        int found = read_position(journal, unit, i, &record);
        if (found != 0) {
            used = i + 1;
        }
        if (found == 1 &&
            (!journal->valid ||
             is_newer(record.sequence, journal->newest.sequence))) {
            ota_record_copy(&journal->newest, &record);
            journal->valid = true;
        }
    }
    return used;
}

// The records that a unit takes; 0: it is none.
static uint32_t capacity_of(const struct ota_area *unit)
{
    return ota_area_unit_size(unit, 0) == (int32_t)unit->size
               ? unit->size / OTA_RECORD_SIZE
               : 0;
}

int ota_journal_scan(struct ota_journal *journal, const struct ota_area *units)
{
    *journal = (struct ota_journal){.units = units};
    uint32_t a = capacity_of(&units[0]), b = capacity_of(&units[1]);
    uint32_t capacity = a < b ? a : b;
    if (capacity <= OTA_JOURNAL_RESERVE) {
        return OTA_ERR_ARGUMENT;
    }
    journal->capacity = capacity;
    a = scan_unit(journal, 0);
    b = scan_unit(journal, 1);
    journal->blank = (a | b) == 0;
    if (!journal->valid) {
        journal->next = capacity; // nothing known: begin with an erase
        return OTA_ERR_JOURNAL_EMPTY;
    }
    uint32_t sequence = journal->newest.sequence;
    journal->turns = sequence / capacity;
    journal->next = journal->turns % 2 ? b : a;
    journal->torn = journal->next != sequence % capacity + 1;
    return 0;
}

uint32_t ota_journal_free(const struct ota_journal *journal)
{
    return journal->capacity - journal->next;
}

int ota_journal_append(struct ota_journal *journal, struct ota_record *record)
{
    const struct ota_area *area = unit_of(journal, journal->turns);
    uint32_t capacity = journal->capacity;
    if (journal->next >= capacity) {
        return OTA_ERR_JOURNAL_FULL;
    }
    for (unsigned i = 0; i < APPEND_TRIES && journal->next < capacity; i++) {
        uint32_t offset = journal->next * OTA_RECORD_SIZE;
        uint8_t raw[OTA_RECORD_SIZE];
        record->sequence = journal->turns * capacity + journal->next;
        ota_record_encode(record, raw);
        int err = ota_area_prog_checked(area, offset, raw, sizeof raw);
        if (ota_flash_is_untouched(err) &&
            ota_area_is_blank(area, offset, OTA_RECORD_SIZE) == 1) {
            return err; // the position is as good as before
        }
        journal->next++;
        if (err == 0) {
            ota_record_copy(&journal->newest, record);
            journal->valid = true;
            journal->torn = false;
            return 0;
        }
        if (ota_flash_is_untouched(err)) {
            return err;
        }
    }
    return OTA_ERR_JOURNAL_WRITE;
}

// Erases the unit of this turn and makes record its first. On failure the
// journal is as before.
static int start_unit(struct ota_journal *journal, uint32_t turns,
                      struct ota_record *record)
{
    int err = ota_area_erase(unit_of(journal, turns), 0);
    if (err) {
        return err;
    }
    uint32_t turns_before = journal->turns, next_before = journal->next;
    journal->turns = turns;
    journal->next = 0;
    err = ota_journal_append(journal, record);
    if (err) {
        journal->turns = turns_before;
        journal->next = next_before;
    }
    return err;
}

// The first record of a journal without any. What the other unit holds is no
// record now, but torn bits may read as one tomorrow: it goes, once the new
// record stands.
static int start_journal(struct ota_journal *journal, struct ota_record *record)
{
    int err = start_unit(journal, 0, record);
    if (err) {
        err = start_unit(journal, 1, record); // unit 0 is worn out
    }
    if (err) {
        return err;
    }
    const struct ota_area *other = unit_of(journal, journal->turns + 1);
    if (ota_area_is_blank(other, 0, other->size) == 1) {
        return 0;
    }
    return ota_area_erase(other, 0);
}

int ota_journal_write(struct ota_journal *journal, struct ota_record *record)
{
    if (!journal->valid) {
        return start_journal(journal, record);
    }
    int err = ota_journal_append(journal, record);
    if (err == OTA_ERR_JOURNAL_FULL || err == OTA_ERR_JOURNAL_WRITE) {
        return start_unit(journal, journal->turns + 1, record);
    }
    return err;
}

int ota_journal_make_room(struct ota_journal *journal)
{
    if (!journal->valid) {
        return OTA_ERR_JOURNAL_EMPTY;
    }
    if (ota_journal_free(journal) >= OTA_JOURNAL_RESERVE) {
        return 0;
    }
    struct ota_record copy;
    ota_record_copy(&copy, &journal->newest);
    return start_unit(journal, journal->turns + 1, &copy);
}
