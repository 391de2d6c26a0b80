// SPDX-License-Identifier: MIT
//
// Looks at the bytes of a flash by itself, with zlib's CRC-32 and a copy of
// every image that there is: no code of the engine's takes part.

#ifndef ORACLE_H
#define ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include LAYOUT_HEADER

// Slots A and B are on a chip of their own. board_program() says whether.
#define W25Q_SIZE (SLOTS_ON_W25Q ? SLOT_B_OFFSET + SLOT_B_SIZE : 0)

// What a device holds. slots: the first W25Q_SIZE bytes of the W25Q, or where
// there is none the internal flash too.
struct memory {
    uint8_t *flash;
    uint8_t *slots;
};

// An image file as otatool has packed it.
struct image {
    const char *version;
    uint8_t *file;
    size_t size;
};

enum place { PLACE_APP, PLACE_A, PLACE_B, PLACES };

// Whether the place holds exactly this image, complete and with a good CRC.
bool oracle_holds(const struct memory *memory, enum place place,
                  const struct image *image);
bool oracle_holds_anywhere(const struct memory *memory,
                           const struct image *image);

// Puts an image into the app slot, as a factory does.
void oracle_install(uint8_t *flash, const struct image *image);

// Appends copies of the newest record of the journal, until so many positions
// are free; where fewer are free already, in the other unit. False: no record,
// or no unit is that large.
bool oracle_fill_journal(uint8_t *flash, unsigned free);

// Whether a flash address lies in the journal.
bool oracle_in_journal(uint32_t address);

#endif
