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

#define DIGEST_BOOT     DIGEST_AREA(DIGEST_START, BOOT)
#define DIGEST_JOURNAL0 DIGEST_AREA(DIGEST_BOOT, JOURNAL0)
#define DIGEST_JOURNAL1 DIGEST_AREA(DIGEST_JOURNAL0, JOURNAL1)
#define DIGEST_APP      DIGEST_AREA(DIGEST_JOURNAL1, APP)
#define DIGEST_SLOT_A   DIGEST_AREA(DIGEST_APP, SLOT_A)
#define DIGEST_SLOT_B   DIGEST_AREA(DIGEST_SLOT_A, SLOT_B)
#define LAYOUT_DIGEST   DIGEST_AREA(DIGEST_SLOT_B, ARRAY)

#endif
