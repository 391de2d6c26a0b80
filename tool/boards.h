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

#endif
