// SPDX-License-Identifier: MIT

#include "port.h"

#include "cortex_m.h"

static volatile uint32_t millis;

void SysTick_Handler(void);

void SysTick_Handler(void)
{
    millis++;
}

void stm32_systick_start(const struct stm32_clocks *clocks)
{
    SYST->RVR = clocks->hclk / 1000 - 1;
    SYST->CVR = 0;
    SYST->CSR = SYST_CSR_CLKSOURCE | SYST_CSR_TICKINT | SYST_CSR_ENABLE;
}

void stm32_systick_stop(void)
{
    SYST->CSR = 0;
    SYST->RVR = 0;
    SYST->CVR = 0;
    // a tick may be pending already
    SCB->ICSR = SCB_ICSR_PENDSTCLR;
}

uint32_t stm32_millis(void)
{
    return millis;
}

void stm32_sleep(uint32_t ms)
{
    uint32_t start = millis;
    while (millis - start < ms) {
        wait_for_interrupt();
    }
}
