// SPDX-License-Identifier: MIT
//
// Of layouts that have their slots elsewhere.

#include "devices.h"

void board_w25q_start(const struct stm32_clocks *clocks)
{
    (void)clocks;
}
