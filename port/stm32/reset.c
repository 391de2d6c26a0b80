// SPDX-License-Identifier: MIT

#include "port.h"

#include "cortex_m.h"
#include "stm32f4.h"

// The most telling flag first: any reset pulls the pin too, and power-on sets
// the brown-out flag as well (RM0390 6.3.21).
const char *stm32_reset_cause(void)
{
    uint32_t flags = RCC->CSR;
    if (flags & RCC_CSR_LPWRRSTF) {
        return "low-power management";
    }
    if (flags & RCC_CSR_WWDGRSTF) {
        return "window watchdog";
    }
    if (flags & RCC_CSR_IWDGRSTF) {
        return "watchdog";
    }
    if (flags & RCC_CSR_SFTRSTF) {
        return "software";
    }
    if (flags & RCC_CSR_PORRSTF) {
        return "power-on";
    }
    if (flags & RCC_CSR_BORRSTF) {
        return "brown-out";
    }
    return flags & RCC_CSR_PINRSTF ? "reset pin" : "unknown";
}

void stm32_reset_forget(void)
{
    RCC->CSR |= RCC_CSR_RMVF;
}

void stm32_reset(void)
{
    data_barrier();
    SCB->AIRCR = SCB_AIRCR_VECTKEY | (SCB->AIRCR & SCB_AIRCR_PRIGROUP) |
                 SCB_AIRCR_SYSRESETREQ;
    data_barrier();
    for (;;) {
        // the reset comes within a few cycles
    }
}
