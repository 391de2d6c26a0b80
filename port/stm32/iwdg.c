// SPDX-License-Identifier: MIT

#include "port.h"

#include "registers.h"
#include "wait.h"

// PR and RLR cross to the LSI's domain in 5 of its cycles (RM0390 21.4.4,
// RM0008 19.4.4); at 17 kHz that is 0.3 ms.
#define SYNC_US 2000

static void set_period(uint32_t prescaler, uint32_t reload)
{
    uint32_t busy = IWDG_SR_PVU | IWDG_SR_RVU;
    (void)stm32_wait(&IWDG->SR, busy, 0, SYNC_US);
    IWDG->KR = IWDG_KR_ACCESS;
    IWDG->PR = prescaler;
    IWDG->RLR = reload;
    (void)stm32_wait(&IWDG->SR, busy, 0, SYNC_US);
    stm32_iwdg_feed(); // reloads, and closes the access to PR and RLR
}

void stm32_iwdg_stretch(void)
{
    if (iwdg_runs_from_reset()) {
        set_period(IWDG_PR_DIV256, IWDG_RLR_RESET);
    }
}

void stm32_iwdg_restore(void)
{
    if (iwdg_runs_from_reset()) {
        set_period(IWDG_PR_DIV4, IWDG_RLR_RESET);
    }
}

void stm32_iwdg_start(uint32_t ms)
{
    iwdg_halt_with_core();
    IWDG->KR = IWDG_KR_START; // also starts the LSI
    set_period(IWDG_PR_DIV256, ms * (LSI_HZ / 1000) / 256);
}

void stm32_iwdg_feed(void)
{
    IWDG->KR = IWDG_KR_RELOAD;
}
