// SPDX-License-Identifier: MIT

#include "wait.h"

#include "registers.h"

// A loop below takes 4 cycles or more: so many of them are no less than a
// microsecond.
#define LOOPS_PER_US(hz) (((hz) + 3999999) / 4000000)

static uint32_t loops_per_us(void)
{
    switch (RCC->CFGR & RCC_CFGR_SWS) {
    case RCC_CFGR_SWS_HSI:
        return LOOPS_PER_US(HSI_HZ);
    case RCC_CFGR_SWS_HSE:
        return LOOPS_PER_US(HSE_MAX_HZ);
    default:
        return LOOPS_PER_US(PLL_MAX_HZ);
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
