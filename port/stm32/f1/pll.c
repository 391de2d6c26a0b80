// SPDX-License-Identifier: MIT
//
// Up to 72 MHz: the HSE, times what gives most, or half the HSI, 4 MHz, times
// 16: 64 MHz. APB1 gets half of it (at most 36 MHz), APB2 all.

#include "pll.h"

#include "registers.h"
#include "wait.h"

#define MOST_TIMES 16u

static uint32_t times_of(uint32_t hz)
{
    uint32_t times = PLL_MAX_HZ / hz;
    return times < MOST_TIMES ? times : MOST_TIMES;
}

bool stm32_pll_start(uint32_t hse_hz, struct stm32_clocks *clocks)
{
    uint32_t source_hz = hse_hz > 0 ? hse_hz : HSI_HZ / 2;
    uint32_t times = times_of(source_hz);
    uint32_t hz = source_hz * times;
    *clocks = (struct stm32_clocks){hz, hz / 2, hz};

    // two from 48 MHz on; the prefetch buffer is on after reset and stays
    // (PM0075 3.1)
    FLASH->ACR = FLASH_ACR_PRFTBE | FLASH_ACR_LATENCY_2WS;
    // source and factor while the PLL is off (RM0008 7.3.2)
    RCC->CFGR = (hse_hz > 0 ? RCC_CFGR_PLLSRC : 0) |
                (times - 2) << RCC_CFGR_PLLMUL_POS | RCC_CFGR_PPRE1_DIV2;
    if (!stm32_oscillator_start(RCC_CR_PLLON, PLL_US)) {
        return false;
    }
    RCC->CFGR |= RCC_CFGR_SW_PLL;
    return stm32_wait(&RCC->CFGR, RCC_CFGR_SWS, RCC_CFGR_SWS_PLL, SWITCH_US);
}

void stm32_pll_stop(void)
{
    stm32_oscillator_stop(RCC_CR_PLLON);
    RCC->CFGR = 0;
    FLASH->ACR = FLASH_ACR_PRFTBE;
}
