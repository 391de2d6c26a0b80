// SPDX-License-Identifier: MIT
//
// The flash geometry of each supported chip: plain data, shared by the drivers
// on the target, by otatool and by the tests.

#ifndef STM32_GEOMETRY_H
#define STM32_GEOMETRY_H

#include "ota/flash.h"

// RM0390 3.3, table 4: 4 x 16K, 1 x 64K, 3 x 128K. Programmed by words, which
// needs 2.7 V or more (RM0390 3.5.2).
extern const struct ota_geometry stm32f446_geometry;

// PM0075 2.1, table 3, STM32F103C8: 64 x 1K. Programmed by half-words.
extern const struct ota_geometry stm32f103_geometry;

#endif
