// SPDX-License-Identifier: MIT
//
// The chips on the board's SPIs. Start them after the clock, and the tick of
// 1 ms before they are used: their drivers' waits count it.

#ifndef BOARDS_DEVICES_H
#define BOARDS_DEVICES_H

#include "ota/sd.h"
#include "port.h"

// The W25Q64 of layouts that have their slots on it (SLOT_DEVICE w25q64_flash);
// in others nothing happens. Talks to no chip: one that is missing is noticed
// by whoever uses it.
void board_w25q_start(const struct stm32_clocks *clocks);

// The SD card; one need not be there.
extern struct ota_sd board_sd;
void board_sd_start(const struct stm32_clocks *clocks);

#endif
