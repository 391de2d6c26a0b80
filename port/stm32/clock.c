// SPDX-License-Identifier: MIT
//
// 168 MHz, and back: the most without the regulator's over-drive, whose 7 % of
// speed do not shorten an erase. PLL: source / PLLM = 2 MHz, * 168 = 336 MHz,
// / 2.

#include "port.h"

#include "stm32f4.h"
#include "wait.h"

#define HSI_HZ     16000000u
#define PLL_IN_HZ  2000000u
#define PLL_OUT_HZ 168000000u

// DS10693 gives typical times; these are far beyond them. A crystal that needs
// longer is not waited for.
#define HSE_US       20000
#define HSI_US       1000
#define PLL_US       2000
#define REGULATOR_US 2000
#define SWITCH_US    1000

static bool start_hse(const struct board_hse *hse)
{
    if (hse->hz == 0) {
        return false;
    }
    // HSEBYP can only be written while the HSE is off (RM0390 6.3.1)
    if (hse->bypass) {
        RCC->CR |= RCC_CR_HSEBYP;
    }
    RCC->CR |= RCC_CR_HSEON;
    return stm32_wait(&RCC->CR, RCC_CR_HSERDY, RCC_CR_HSERDY, HSE_US);
}

static void stop_hse(void)
{
    RCC->CR &= ~RCC_CR_HSEON;
    (void)stm32_wait(&RCC->CR, RCC_CR_HSERDY, 0, HSI_US);
    RCC->CR &= ~RCC_CR_HSEBYP;
}

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

static bool start_pll(uint32_t source, uint32_t source_hz)
{
    // scale 1, which the regulator takes up once the PLL is on
    PWR->CR |= PWR_CR_VOS;
    RCC->PLLCFGR = source_hz / PLL_IN_HZ | 168u << RCC_PLLCFGR_PLLN_POS |
                   RCC_PLLCFGR_PLLP_2 | source | 8u << RCC_PLLCFGR_PLLQ_POS |
                   2u << RCC_PLLCFGR_PLLR_POS;
    RCC->CR |= RCC_CR_PLLON;
    return set_wait_states() &&
           stm32_wait(&RCC->CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY, PLL_US) &&
           stm32_wait(&PWR->CSR, PWR_CSR_VOSRDY, PWR_CSR_VOSRDY,
                      REGULATOR_US) &&
           switch_to_pll();
}

// On the HSI with no wait states and no caches, as after reset.
static void stop_pll(void)
{
    RCC->CR |= RCC_CR_HSION;
    (void)stm32_wait(&RCC->CR, RCC_CR_HSIRDY, RCC_CR_HSIRDY, HSI_US);
    RCC->CFGR &= ~RCC_CFGR_SW;
    (void)stm32_wait(&RCC->CFGR, RCC_CFGR_SWS, RCC_CFGR_SWS_HSI, SWITCH_US);
    RCC->CFGR = 0;
    RCC->CR &= ~RCC_CR_PLLON;
    (void)stm32_wait(&RCC->CR, RCC_CR_PLLRDY, 0, PLL_US);
    RCC->PLLCFGR = RCC_PLLCFGR_RESET;
    stm32_flash_flush_caches();
    FLASH->ACR = 0;
}

void stm32_clock_start(const struct board_hse *hse, struct stm32_clocks *clocks)
{
    RCC->APB1ENR |= RCC_APB1_PWR;
    (void)RCC->APB1ENR; // the clock is there two cycles later

    bool pll = start_hse(hse) && start_pll(RCC_PLLCFGR_PLLSRC, hse->hz);
    if (!pll) {
        stop_pll();
        stop_hse();
        pll = start_pll(0, HSI_HZ);
    }
    if (!pll) {
        stop_pll();
    }
    clocks->hclk = pll ? PLL_OUT_HZ : HSI_HZ;
    clocks->pclk1 = pll ? PLL_OUT_HZ / 4 : HSI_HZ;
    clocks->pclk2 = pll ? PLL_OUT_HZ / 2 : HSI_HZ;
}

void stm32_clock_stop(void)
{
    stop_pll();
    stop_hse();
    // by RM0390 6.3.4 these flags need their interrupt enables to come up; a
    // part that sets them anyway is left clean too
    RCC->CIR = RCC_CIR_HSIRDYC | RCC_CIR_HSERDYC | RCC_CIR_PLLRDYC;
}
