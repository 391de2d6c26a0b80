// SPDX-License-Identifier: MIT
//
// Between clock.c and the generation's PLL.

#ifndef STM32_PLL_H
#define STM32_PLL_H

#include "port.h"

// Bounds in microseconds. The data sheets give typical times; these are far
// beyond them. A crystal that needs longer is not waited for.
#define HSE_US    20000
#define HSI_US    1000
#define STOP_US   1000
#define PLL_US    2000
#define SWITCH_US 1000

// HSI, HSE and PLL: each has its RDY bit above its ON bit in RCC_CR. Whether it
// runs.
bool stm32_oscillator_start(uint32_t on, uint32_t us);
void stm32_oscillator_stop(uint32_t on);

// From the HSI, to as fast as the chip goes: with wait states, PLL and bus
// dividers. hse_hz 0: the PLL runs from the HSI. False: it does not come up, or
// not with this HSE; clocks are undefined then, and stm32_pll_stop is needed.
bool stm32_pll_start(uint32_t hse_hz, struct stm32_clocks *clocks);

// With the HSI as the system's clock already: PLL, wait states, caches and
// dividers as after reset, whatever they are.
void stm32_pll_stop(void);

#endif
