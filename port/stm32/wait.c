// SPDX-License-Identifier: MIT

#include "wait.h"

#include "stm32f4.h"

// A loop below takes 4 cycles or more: 45 of them are no less than a
// microsecond at 180 MHz, the most the PLL may give. The HSE gives at most
// 50 MHz, the HSI 16 MHz.
static uint32_t loops_per_us(void)
{
    switch (RCC->CFGR & RCC_CFGR_SWS) {
    case RCC_CFGR_SWS_HSI:
        return 4;
    case RCC_CFGR_SWS_HSE:
        return 13;
    default:
        return 45;
    }
}

bool stm32_wait(const volatile uint32_t *reg, uint32_t mask, uint32_t value,
                uint32_t us)
{
    uint32_t loops = us * loops_per_us();
    while (loops > 0) {
        if ((*reg & mask) == value) {
            return true;
        }
        loops--;
    }
    return (*reg & mask) == value;
}

void stm32_delay(uint32_t us)
{
    for (uint32_t loops = us * loops_per_us(); loops > 0; loops--) {
        __asm__ volatile("nop");
    }
}
