// SPDX-License-Identifier: MIT

#include "oracle.h"

#include <string.h>

#include <zlib.h>

#define HEADER       16u // of a plain image
#define HEADER_SPACE 512u
#define MAGIC        0xABCDEFABu

#define RECORD      64u
#define RECORD_CRC  60u // offsets in a record (SPEC.md, Journal)
#define RECORD_SEQ  20u
#define RECORDS     (JOURNAL0_SIZE / RECORD)
#define NO_POSITION UINT32_MAX

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static void put32(uint8_t *p, uint32_t x)
{
    for (unsigned i = 0; i < 4; i++) {
        p[i] = (uint8_t)(x >> 8 * i);
    }
}

/// Images ///

static const struct {
    uint32_t offset, gap;
} places[PLACES] = {
    [PLACE_APP] = {APP_OFFSET, HEADER_SPACE - HEADER},
    [PLACE_A] = {SLOT_A_OFFSET, 0},
    [PLACE_B] = {SLOT_B_OFFSET, 0},
};

bool oracle_holds(const struct memory *memory, enum place place,
                  const struct image *image)
{
    const uint8_t *device = place == PLACE_APP ? memory->flash : memory->slots;
    const uint8_t *header = device + places[place].offset;
    if (memcmp(header, image->file, HEADER) != 0 || get32(header) != MAGIC) {
        return false;
    }
    const uint8_t *payload = header + HEADER + places[place].gap;
    uint32_t size = get32(header + 4);
    return size == image->size - HEADER &&
           crc32(0, payload, size) == get32(header + 8) &&
           memcmp(payload, image->file + HEADER, size) == 0;
}

bool oracle_holds_anywhere(const struct memory *memory,
                           const struct image *image)
{
    return oracle_holds(memory, PLACE_APP, image) ||
           oracle_holds(memory, PLACE_A, image) ||
           oracle_holds(memory, PLACE_B, image);
}

void oracle_install(uint8_t *flash, const struct image *image)
{
    memcpy(flash + APP_OFFSET, image->file, HEADER);
    memcpy(flash + APP_OFFSET + HEADER_SPACE, image->file + HEADER,
           image->size - HEADER);
}

/// Journal ///

bool oracle_in_journal(uint32_t address)
{
    uint32_t offset = address - FLASH_BASE;
    return offset >= JOURNAL0_OFFSET &&
           offset < JOURNAL0_OFFSET + JOURNAL0_SIZE + JOURNAL1_SIZE;
}

// The record with a sequence number lies there, valid or not.
static uint8_t *position(uint8_t *flash, uint32_t sequence)
{
    uint32_t unit = sequence / RECORDS % 2;
    return flash + (unit ? JOURNAL1_OFFSET : JOURNAL0_OFFSET) +
           sequence % RECORDS * RECORD;
}

static bool is_record(const uint8_t *raw)
{
    return crc32(0, raw, RECORD_CRC) == get32(raw + RECORD_CRC);
}

// The sequence number of the newest valid record.
static uint32_t newest(uint8_t *flash)
{
    uint32_t best = NO_POSITION;
    for (uint32_t i = 0; i < 2 * RECORDS; i++) {
        const uint8_t *raw = position(flash, i);
        uint32_t sequence = get32(raw + RECORD_SEQ);
        if (is_record(raw) && position(flash, sequence) == raw &&
            (best == NO_POSITION || sequence > best)) {
            best = sequence;
        }
    }
    return best;
}

// Positions behind this one in its unit.
static uint32_t left_behind(uint32_t sequence)
{
    return RECORDS - 1 - sequence % RECORDS;
}

static void put_record(uint8_t *flash, uint8_t raw[RECORD], uint32_t sequence)
{
    put32(raw + RECORD_SEQ, sequence);
    put32(raw + RECORD_CRC, (uint32_t)crc32(0, raw, RECORD_CRC));
    memcpy(position(flash, sequence), raw, RECORD);
}

bool oracle_fill_journal(uint8_t *flash, unsigned free)
{
    uint32_t sequence = newest(flash);
    if (sequence == NO_POSITION || free >= RECORDS) {
        return false;
    }
    uint8_t raw[RECORD];
    memcpy(raw, position(flash, sequence), RECORD);
    if (left_behind(sequence) < free) { // over to the other unit
        sequence += left_behind(sequence) + 1;
        memset(position(flash, sequence), 0xFF, JOURNAL0_SIZE);
        put_record(flash, raw, sequence);
    }
    while (left_behind(sequence) > free) {
        put_record(flash, raw, ++sequence);
    }
    return true;
}
