// SPDX-License-Identifier: MIT
//
// The boards and layouts that otatool knows.

#ifndef BOARDS_H
#define BOARDS_H

#include "ota/layout.h"

// Ends with NULL. Of each board the default layout comes first.
extern const struct ota_layout *const boards[];

// "<board>-<layout>", or "<board>" alone for its default layout. A board's name
// holds no '-', a layout's may. NULL: none.
const struct ota_layout *boards_find(const char *name);

// Whether an area of the layout lies on the W25Q, where offsets count from its
// byte 0, and not in the flash at flash_base; whether its slots do.
bool boards_is_external(const struct ota_layout *layout,
                        const struct ota_area *area);
bool boards_has_external(const struct ota_layout *layout);

#endif
