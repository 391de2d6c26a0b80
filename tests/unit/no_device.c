// SPDX-License-Identifier: MIT
//
// The device that the layout names; board_init puts a RAM flash in its place.

#include "geometry.h"

extern const struct ota_flash stm32f446_flash;
const struct ota_flash stm32f446_flash = {.geometry = &stm32f446_geometry};
