// SPDX-License-Identifier: MIT

#include "pll.h"

#include "registers.h"
#include "wait.h"

const struct stm32_clocks stm32_clocks_at_reset = {HSI_HZ, HSI_HZ, HSI_HZ};

bool stm32_oscillator_start(uint32_t on, uint32_t us)
{
    RCC->CR |= on;
    return stm32_wait(&RCC->CR, on << 1, on << 1, us);
}

void stm32_oscillator_stop(uint32_t on)
{
    RCC->CR &= ~on;
    (void)stm32_wait(&RCC->CR, on << 1, 0, STOP_US);
}

static bool start_hse(const struct board_hse *hse)
{
    if (hse->hz == 0) {
        return false;
    }
    // HSEBYP can only be written while the HSE is off (RM0390 6.3.1, RM0008
    // 7.3.1)
    if (hse->bypass) {
        RCC->CR |= RCC_CR_HSEBYP;
    }
    return stm32_oscillator_start(RCC_CR_HSEON, HSE_US);
}

static void stop_hse(void)
{
    stm32_oscillator_stop(RCC_CR_HSEON);
    RCC->CR &= ~RCC_CR_HSEBYP;
}

static void stop_pll(void)
{
    (void)stm32_oscillator_start(RCC_CR_HSION, HSI_US);
    RCC->CFGR &= ~RCC_CFGR_SW;
    (void)stm32_wait(&RCC->CFGR, RCC_CFGR_SWS, RCC_CFGR_SWS_HSI, SWITCH_US);
    stm32_pll_stop();
}

void stm32_clock_start(const struct board_hse *hse, struct stm32_clocks *clocks)
{
    bool pll = start_hse(hse) && stm32_pll_start(hse->hz, clocks);
    if (!pll) {
        stop_pll();
        stop_hse();
        pll = stm32_pll_start(0, clocks);
    }
    if (!pll) {
        stop_pll();
        clocks->hclk = HSI_HZ;
        clocks->pclk1 = HSI_HZ;
        clocks->pclk2 = HSI_HZ;
    }
}

void stm32_clock_stop(void)
{
    stop_pll();
    stop_hse();
    // by RM0390 6.3.4 and RM0008 7.3.3 these flags need their interrupt enables
    // to come up; a part that sets them anyway is left clean too
    RCC->CIR = RCC_CIR_HSIRDYC | RCC_CIR_HSERDYC | RCC_CIR_PLLRDYC;
}
