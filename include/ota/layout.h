// SPDX-License-Identifier: MIT
//
// Where everything lies on a board: one constant that the bootloader, the
// application and otatool share. boards/layout.c makes it from the numbers in
// boards/<board>/<layout>.h, which the linker scripts read too.

#ifndef OTA_LAYOUT_H
#define OTA_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "ota/flash.h"

// The app slot begins with this many bytes of header space, then the vector
// table. 512 because VTOR wants a table of up to 128 vectors aligned to 512
// (Armv7-M ARM B3.2.5), and because a signed header is that long.
#define OTA_HEADER_SPACE 512

struct ota_layout {
    const char *name;     // "<board>-<layout>", as otatool --board takes it;
                          // NULL in firmware that tells nothing
    uint32_t target;      // target id: which board and layout (SPEC.md)
    uint32_t flash_base;  // address of byte 0 of the device that holds app
    uint32_t ram_base;    // first address of the RAM a stack may lie in
    uint32_t ram_size;    // bytes
    bool allow_unsigned;  // policy: plain images are accepted
    uint8_t trial_boots;  // policy: so often a new application may boot before
                          // it confirms; 1 or more
    struct ota_area boot; // the bootloader; never written by it
    struct ota_area journal[2]; // one erase unit each
    struct ota_area app;        // the app slot
    struct ota_area slot[2];    // slots A and B; flash NULL: none. B alone is
                                // not possible
    struct ota_area array;      // a C array with an image; flash NULL: none
    uint64_t digest;            // of all areas, see boards/digest.h
};

// The address of the application's vector table.
static inline uint32_t ota_layout_vectors(const struct ota_layout *layout)
{
    return layout->flash_base + layout->app.offset + OTA_HEADER_SPACE;
}

#endif
