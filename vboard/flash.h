// SPDX-License-Identifier: MIT
//
// Between the controllers of the chips (flash_f4.c, flash_f1.c), which have
// the registers and refuse what hardware refuses, and flash_op.c, which has
// the operations: numbers, contents, wear and what a power cut leaves.

#ifndef VBOARD_FLASH_H
#define VBOARD_FLASH_H

#include "state.h"

// A controller.
struct flash_family {
    const struct device *device;
    uint64_t (*duration)(const struct vboard *board, enum vboard_flash_op op,
                         uint32_t size);
    // A store into the flash; the bus is free.
    void (*store)(struct vboard *board, uint32_t address, uint64_t value,
                  unsigned size);
    // An operation has ended, and failed if a test has asked for it.
    void (*ended)(struct vboard *board, bool failed);
};

extern const struct flash_family flash_f4, flash_f1;

// Sector that holds an offset of the flash, and where a sector begins.
unsigned flash_sector_of(const struct vboard *board, uint32_t offset);
uint32_t flash_sector_start(const struct vboard *board, unsigned sector);

// Begin an operation that the controller has accepted. offset counts from the
// start of the flash.
void flash_program(struct vboard *board, uint32_t offset, uint64_t value,
                   unsigned size);
void flash_erase(struct vboard *board, uint32_t offset, uint32_t size);

// The reset of a controller's registers, as its table has them: ACR first, then
// two of keys, SR and CR.
void flash_reset(struct vboard *board, const struct device *device, bool power);

// The bus stalls until no operation is under way. False when the power or a
// reset came first: then do nothing more.
bool flash_wait(struct vboard *board);

// Two keys in a row open a lock; anything else closes it until the next reset
// and ends in a bus error (RM0390 3.6.1, PM0075 2.3.2). open: it is open
// already. Returns whether this value opened it.
bool flash_key(struct vboard *board, struct flash_lock *lock, bool open,
               const uint32_t keys[2], uint32_t offset, uint32_t value);
extern const uint32_t flash_keys[2]; // of both families

#endif
