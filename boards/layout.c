// SPDX-License-Identifier: MIT
//
// Turns the numbers of one layout header into its struct ota_layout. Compiled
// once for each layout: LAYOUT_HEADER names the header, LAYOUT_SYMBOL the
// constant (board_layout in firmware, one name per layout in otatool).

#include "ota/layout.h"

#include LAYOUT_HEADER

// FNV-1a with 64 bits, over 32-bit words: a constant expression, so that the
// info block needs no tool to fill it in. It tells layouts apart by accident,
// not by attack; trust never rests on it.
#define OTA_DIGEST(hash, word)                                                 \
    (((uint64_t)(hash) ^ (uint64_t)(word)) * 0x100000001B3u)
#define DIGEST_AREA(hash, name)                                                \
    OTA_DIGEST(OTA_DIGEST(hash, name##_OFFSET), name##_SIZE)
#define DIGEST_START                                                           \
    OTA_DIGEST(OTA_DIGEST(0xCBF29CE484222325u, LAYOUT_TARGET), FLASH_BASE)

#define AREA(name)                                                             \
    {                                                                          \
        &FLASH_DEVICE, name##_OFFSET, name##_SIZE                              \
    }

extern const struct ota_flash FLASH_DEVICE;
extern const struct ota_layout LAYOUT_SYMBOL;

const struct ota_layout LAYOUT_SYMBOL = {
    .name = LAYOUT_NAME,
    .target = LAYOUT_TARGET,
    .flash_base = FLASH_BASE,
    .ram_base = RAM_BASE,
    .ram_size = RAM_SIZE,
    .allow_unsigned = ALLOW_UNSIGNED,
    .boot = AREA(BOOT),
    .journal = {AREA(JOURNAL0), AREA(JOURNAL1)},
    .app = AREA(APP),
    .array = AREA(ARRAY),
    .digest = DIGEST_AREA(
        DIGEST_AREA(
            DIGEST_AREA(DIGEST_AREA(DIGEST_AREA(DIGEST_START, BOOT), JOURNAL0),
                        JOURNAL1),
            APP),
        ARRAY),
};
