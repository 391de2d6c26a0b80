// SPDX-License-Identifier: MIT
//
// A flash device in RAM, as strict as hardware and as nasty: it stops the test
// when the engine breaks its promises (unaligned, not erased, programmed
// twice), and tears what a power cut hits: torn units read differently each
// time, or not at all where the part has error correction.

#ifndef RAM_FLASH_H
#define RAM_FLASH_H

#include "ota/flash.h"

enum ram_cut { CUT_BEFORE, CUT_TORN, CUT_AFTER };

// What a device may refuse; each counts from 1 = the next one, 0 = never.
struct ram_faults {
    uint32_t read_at;  // the n-th read call fails
    uint32_t prog_at;  // the n-th unit programmed fails with prog_error
    uint32_t erase_at; // the n-th unit erased fails with erase_error
    int prog_error;    // what the driver reports; OTA_OK: reads back wrongly
    int erase_error;   // an untouched kind leaves the contents alone
    bool sticky;       // from then on, not just once
};

struct ram_flash {
    struct ota_flash flash; // hand &ram.flash to the engine
    uint8_t *now;           // contents
    uint8_t *then;          // contents before the torn operation
    uint8_t *unit;          // by write unit: enum in ram_flash.c
    bool ecc;               // torn units may fail to read
    bool dead;              // power is cut: nothing works, nothing changes
    uint32_t ops;           // units programmed and erased since creation
    uint32_t cut_at;        // the operation (1 = the next) to cut; 0: none
    enum ram_cut cut;
    struct ram_faults faults;
    uint32_t random;
    uint32_t *erases;  // by erase unit, from the device's start
    uint32_t programs; // write units
};

// A blank device. Free it with ram_flash_free. geometry must outlive it.
struct ram_flash *ram_flash_new(const struct ota_geometry *geometry,
                                uint32_t seed);
void ram_flash_free(struct ram_flash *ram);

// A copy of everything, to branch a test off.
struct ram_flash *ram_flash_copy(const struct ram_flash *ram);

// Puts data there as a factory programmer would: erased units become used.
void ram_flash_load(struct ram_flash *ram, uint32_t offset, const void *data,
                    size_t len);

// Whether any unit of this range may read differently each time.
bool ram_flash_is_torn(const struct ram_flash *ram, uint32_t offset,
                       uint32_t len);

// Power returns after a cut.
void ram_flash_power_on(struct ram_flash *ram);

#endif
