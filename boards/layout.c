// SPDX-License-Identifier: MIT
//
// Turns the numbers of one layout header into its struct ota_layout. Compiled
// once for each layout: LAYOUT_HEADER names the header, LAYOUT_SYMBOL the
// constant (board_layout in firmware, one name per layout in otatool),
// LAYOUT_HAS_NAME may be 0 where nobody reads the name.

#include "ota/layout.h"

#include "digest.h"
#include LAYOUT_HEADER

#ifndef LAYOUT_HAS_NAME
#define LAYOUT_HAS_NAME 1
#endif

// an area of no size is none
#define AREA(name, device)                                                     \
    {                                                                          \
        name##_SIZE > 0 ? &device : NULL, name##_OFFSET, name##_SIZE           \
    }

extern const struct ota_flash FLASH_DEVICE;
extern const struct ota_flash SLOT_DEVICE;
extern const struct ota_layout LAYOUT_SYMBOL;

const struct ota_layout LAYOUT_SYMBOL = {
    .name = LAYOUT_HAS_NAME ? LAYOUT_NAME : NULL,
    .target = LAYOUT_TARGET,
    .flash_base = FLASH_BASE,
    .ram_base = RAM_BASE,
    .ram_size = RAM_SIZE,
    .allow_unsigned = ALLOW_UNSIGNED,
    .trial_boots = TRIAL_BOOTS,
    .boot = AREA(BOOT, FLASH_DEVICE),
    .journal = {AREA(JOURNAL0, FLASH_DEVICE), AREA(JOURNAL1, FLASH_DEVICE)},
    .app = AREA(APP, FLASH_DEVICE),
    .slot = {AREA(SLOT_A, SLOT_DEVICE), AREA(SLOT_B, SLOT_DEVICE)},
    .array = AREA(ARRAY, FLASH_DEVICE),
    .digest = LAYOUT_DIGEST,
};
