// SPDX-License-Identifier: MIT

#include "port.h"

#include "stm32f4.h"
#include "wait.h"

// PR and RLR cross to the LSI's domain in 5 of its cycles (RM0390 21.4.4); at
// 17 kHz that is 0.3 ms.
#define SYNC_US 2000

// The LSI's typical 32 kHz, divided by 256: a tick is 8 ms.
#define TICK_MS 8

static bool runs_from_reset(void)
{
    return (FLASH->OPTCR & FLASH_OPTCR_WDG_SW) == 0;
}

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
    if (runs_from_reset()) {
        set_period(IWDG_PR_DIV256, IWDG_RLR_RESET);
    }
}

void stm32_iwdg_restore(void)
{
    if (runs_from_reset()) {
        set_period(IWDG_PR_DIV4, IWDG_RLR_RESET);
    }
}

void stm32_iwdg_start(uint32_t ms)
{
    DBGMCU->APB1_FZ |= DBGMCU_APB1_FZ_IWDG_STOP;
    IWDG->KR = IWDG_KR_START; // also starts the LSI
    set_period(IWDG_PR_DIV256, ms / TICK_MS);
}

void stm32_iwdg_feed(void)
{
    IWDG->KR = IWDG_KR_RELOAD;
}
