// SPDX-License-Identifier: MIT

#include "port.h"

#include "stm32f4.h"
#include "wait.h"

// PR and RLR cross to the LSI's domain in 5 of its cycles (RM0390 21.4.4); at
// 17 kHz that is 0.3 ms.
#define SYNC_US 2000

static bool runs_from_reset(void)
{
    return (FLASH->OPTCR & FLASH_OPTCR_WDG_SW) == 0;
}

static void set_period(uint32_t prescaler)
{
    if (!runs_from_reset()) {
        return;
    }
    uint32_t busy = IWDG_SR_PVU | IWDG_SR_RVU;
    (void)stm32_wait(&IWDG->SR, busy, 0, SYNC_US);
    IWDG->KR = IWDG_KR_ACCESS;
    IWDG->PR = prescaler;
    IWDG->RLR = IWDG_RLR_RESET;
    (void)stm32_wait(&IWDG->SR, busy, 0, SYNC_US);
    stm32_iwdg_feed(); // reloads, and closes the access to PR and RLR
}

void stm32_iwdg_stretch(void)
{
    set_period(IWDG_PR_DIV256);
}

void stm32_iwdg_restore(void)
{
    set_period(IWDG_PR_DIV4);
}

void stm32_iwdg_feed(void)
{
    IWDG->KR = IWDG_KR_RELOAD;
}
