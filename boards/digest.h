// SPDX-License-Identifier: MIT
//
// The digest of a layout's area table, from the macros of its header: for
// layout.c, which puts it into struct ota_layout, and for the bootloader's info
// block.

#ifndef BOARDS_DIGEST_H
#define BOARDS_DIGEST_H

#include <stdint.h>

// FNV-1a with 64 bits, over 32-bit words: a constant expression, so that the
// info block needs no tool to fill it in. It tells layouts apart by accident,
// not by attack; trust never rests on it.
#define OTA_DIGEST(hash, word)                                                 \
    (((uint64_t)(hash) ^ (uint64_t)(word)) * 0x100000001B3u)
#define DIGEST_AREA(hash, name)                                                \
    OTA_DIGEST(OTA_DIGEST(hash, name##_OFFSET), name##_SIZE)
#define DIGEST_START                                                           \
    OTA_DIGEST(OTA_DIGEST(0xCBF29CE484222325u, LAYOUT_TARGET), FLASH_BASE)

#define LAYOUT_DIGEST                                                          \
    DIGEST_AREA(                                                               \
        DIGEST_AREA(DIGEST_AREA(DIGEST_AREA(DIGEST_AREA(DIGEST_START, BOOT),   \
                                            JOURNAL0),                         \
                                JOURNAL1),                                     \
                    APP),                                                      \
        ARRAY)

#endif
