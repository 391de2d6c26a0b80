// SPDX-License-Identifier: MIT
//
// A flash device in RAM, as strict as hardware and as nasty: it stops the test
// when the engine breaks its promises (unaligned, not erased, programmed
// twice), and tears what a power cut hits: torn units read differently each
// time, or not at all where the part has error correction.
//
// To branch a test off: ram_flash_mark, do anything, ram_flash_rollback. That
// costs what has changed, not what the device holds.

#ifndef RAM_FLASH_H
#define RAM_FLASH_H

#include "ota/flash.h"

enum ram_cut { CUT_BEFORE, CUT_TORN, CUT_AFTER };

// How what is torn reads until the power fails again.
enum ram_mood {
    MOOD_MIXED, // each unit old, new or between, and another time differently
    MOOD_OLD,   // as if the operation had never begun
    MOOD_NEW,   // as if it had been completed
    MOOD_BAD,   // not at all; without error correction like MOOD_MIXED
    MOOD_COUNT
};

// What a device may refuse; each counts from 1 = the next one, 0 = never.
struct ram_faults {
    uint32_t gone_at; // from the n-th call of any kind on, all fail: ..
    int gone_error;   // .. with this

    uint32_t read_at;  // the n-th read call fails
    uint32_t prog_at;  // the n-th unit programmed fails with prog_error
    uint32_t erase_at; // the n-th unit erased fails with erase_error
    int prog_error;    // what the driver reports; OTA_OK: reads back wrongly
    int erase_error;   // an untouched kind leaves the contents alone
    bool sticky;       // from then on, not just once
};

// One operation: what a power cut can hit.
struct ram_op {
    bool erase;
    uint32_t offset;
    uint32_t len;        // of the erase unit or block, of the write unit or
                         // what lies in one page
    const uint8_t *data; // to be programmed
};

struct ram_flash {
    struct ota_flash flash; // hand &ram.flash to the engine
    uint8_t *now;           // contents
    uint8_t *then;          // contents before the torn operation
    uint8_t *unit;          // by write unit: enum in ram_flash.c
    uint32_t *extent; // by erase unit: bytes from its start that may have been
                      // touched since it was erased
    bool has_broken;  // ram_flash_break has been called
    bool ecc;         // torn units may fail to read
    uint32_t page;    // so many bytes are programmed by one operation, which
                      // tears anywhere in them; 0: each write unit for itself
    enum ram_mood mood;
    struct ram_flash *supply; // whose power it shares: the next four count for
                              // all that share one; at first its own
    bool dead;                // power is cut: nothing works, nothing changes
    uint32_t ops;             // units programmed and erased since creation
    uint32_t cut_at;          // the operation (1 = the next) to cut; 0: none
    enum ram_cut cut;
    struct ram_faults faults;
    uint32_t random;
    uint32_t *erases;     // by erase unit, from the device's start
    uint32_t *programmed; // by erase unit: write units programmed
    uint32_t programs;    // write units

    // Told of each operation before it is done. May be NULL.
    void (*before)(struct ram_flash *ram, const struct ram_op *op);
    // Told of a broken promise; must not return. NULL: abort.
    void (*broken)(const char *what, uint32_t offset);

    uint8_t *log; // what to put back, newest last
    size_t log_used, log_size;
    unsigned marks; // that are open: only then the log is kept
};

// A state to go back to.
struct ram_mark {
    size_t log_used;
    enum ram_mood mood;
    bool dead;
    uint32_t ops, cut_at, random, programs;
    struct ram_faults faults;
};

// A blank device. Free it with ram_flash_free. geometry must outlive it.
struct ram_flash *ram_flash_new(const struct ota_geometry *geometry,
                                uint32_t seed);
void ram_flash_free(struct ram_flash *ram);

// Marks are rolled back in the reverse order, each once.
struct ram_mark ram_flash_mark(struct ram_flash *ram);
void ram_flash_rollback(struct ram_flash *ram, const struct ram_mark *mark);

// Does an operation as a power cut leaves it; the power itself stays on.
void ram_flash_apply(struct ram_flash *ram, const struct ram_op *op,
                     enum ram_cut how);

// Puts data there as a factory programmer would: erased units become used.
// Not between mark and rollback.
void ram_flash_load(struct ram_flash *ram, uint32_t offset, const void *data,
                    size_t len);

// The write unit at offset cannot be read any more, until it is erased.
void ram_flash_break(struct ram_flash *ram, uint32_t offset);

// Whether any unit of this range cannot be read, or may read differently each
// time.
bool ram_flash_is_torn(const struct ram_flash *ram, uint32_t offset,
                       uint32_t len);

// Number of the erase unit that an offset lies in; its first byte and size.
uint32_t ram_flash_unit(const struct ota_geometry *geometry, uint32_t offset,
                        uint32_t *start, uint32_t *size);

// Power returns after a cut.
void ram_flash_power_on(struct ram_flash *ram);

// Random numbers from here on; draws a mood.
void ram_flash_seed(struct ram_flash *ram, uint32_t seed);

#endif
