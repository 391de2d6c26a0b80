// SPDX-License-Identifier: MIT
//
// 168 MHz: the most without the regulator's over-drive, whose 7 % of speed do
// not shorten an erase. PLL: source / PLLM = 2 MHz, * 168 = 336 MHz, / 2.

#include "pll.h"

#include "caches.h"
#include "registers.h"
#include "wait.h"

#define PLL_IN_HZ    2000000u
#define PLL_OUT_HZ   168000000u
#define REGULATOR_US 2000

// Five would do from 2.7 V, eight do from 2.1 V (RM0390 3.4.1, table 5): with a
// supply that is too low for programming, the code that finds out must run.
static bool set_wait_states(void)
{
    FLASH->ACR = FLASH_ACR_LATENCY_8WS | FLASH_ACR_PRFTEN | FLASH_ACR_ICEN |
                 FLASH_ACR_DCEN;
    return (FLASH->ACR & FLASH_ACR_LATENCY) == FLASH_ACR_LATENCY_8WS;
}

static bool switch_to_pll(void)
{
    // APB1 at most 45 MHz, APB2 at most 90 MHz: 42 and 84
    RCC->CFGR = RCC_CFGR_PPRE1_DIV4 | RCC_CFGR_PPRE2_DIV2;
    RCC->CFGR |= RCC_CFGR_SW_PLL;
    return stm32_wait(&RCC->CFGR, RCC_CFGR_SWS, RCC_CFGR_SWS_PLL, SWITCH_US);
}

bool stm32_pll_start(uint32_t hse_hz, struct stm32_clocks *clocks)
{
    if (hse_hz % PLL_IN_HZ != 0) {
        return false;
    }
    RCC->APB1ENR |= RCC_APB1_PWR;
    (void)RCC->APB1ENR; // the clock is there two cycles later
    // scale 1, which the regulator takes up once the PLL is on
    PWR->CR |= PWR_CR_VOS;
    uint32_t source = hse_hz > 0 ? hse_hz / PLL_IN_HZ | RCC_PLLCFGR_PLLSRC
                                 : HSI_HZ / PLL_IN_HZ;
    RCC->PLLCFGR = source | 168u << RCC_PLLCFGR_PLLN_POS | RCC_PLLCFGR_PLLP_2 |
                   8u << RCC_PLLCFGR_PLLQ_POS | 2u << RCC_PLLCFGR_PLLR_POS;
    *clocks = (struct stm32_clocks){PLL_OUT_HZ, PLL_OUT_HZ / 4, PLL_OUT_HZ / 2};
    return set_wait_states() && stm32_oscillator_start(RCC_CR_PLLON, PLL_US) &&
           stm32_wait(&PWR->CSR, PWR_CSR_VOSRDY, PWR_CSR_VOSRDY,
                      REGULATOR_US) &&
           switch_to_pll();
}

void stm32_pll_stop(void)
{
    RCC->CFGR = 0;
    stm32_oscillator_stop(RCC_CR_PLLON);
    RCC->PLLCFGR = RCC_PLLCFGR_RESET;
    stm32_flush_caches();
    FLASH->ACR = 0;
}
