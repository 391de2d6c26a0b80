// SPDX-License-Identifier: MIT

#include "pll.h"

// FILL: wait states, then the PLL's source and factors, its start
// (stm32_oscillator_start(RCC_CR_PLLON, PLL_US)), bus dividers, the switch, and
// the wait until RCC_CFGR_SWS shows it. *clocks: what comes out. Nothing is
// lost while this fails: the chip stays on the HSI.
bool stm32_pll_start(uint32_t hse_hz, struct stm32_clocks *clocks)
{
    (void)hse_hz;
    (void)clocks;
    return false;
}

// FILL: the PLL off, then dividers, wait states and caches as after reset, also
// after a start that stopped half-way.
void stm32_pll_stop(void)
{
}
