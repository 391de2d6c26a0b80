// SPDX-License-Identifier: MIT

#include "port.h"

#include "cortex_m.h"
#include "registers.h"

// The most telling flag first: any reset pulls the pin too, and power-on sets
// the brown-out flag as well (RM0390 6.3.21, RM0008
// 7.3.10).
const char *stm32_reset_cause(void)
{
    static const struct {
        uint32_t flag;
        char name[16];
    } causes[] = {
        {RCC_CSR_LPWRRSTF, "low power"}, {RCC_CSR_WWDGRSTF, "window watchdog"},
        {RCC_CSR_IWDGRSTF, "watchdog"},  {RCC_CSR_SFTRSTF, "software"},
        {RCC_CSR_PORRSTF, "power-on"},   {RCC_CSR_BORRSTF, "brown-out"},
        {RCC_CSR_PINRSTF, "reset pin"},
    };
    uint32_t flags = RCC->CSR;
    for (unsigned i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        if (flags & causes[i].flag) {
            return causes[i].name;
        }
    }
    return "unknown";
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
