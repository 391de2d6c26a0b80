// SPDX-License-Identifier: MIT

#include "port.h"

#include "registers.h"
#include "wait.h"

#define PVD_US 100

static void start_detector(void)
{
    // written only when needed: an interrupt may write the register too
    if ((RCC->APB1ENR & RCC_APB1_PWR) == 0) {
        RCC->APB1ENR |= RCC_APB1_PWR;
        (void)RCC->APB1ENR;
    }
    if ((PWR->CR & PWR_CR_PVDE) != 0) {
        return; // the application's own setting stays
    }
    PWR->CR =
        (PWR->CR & ~PWR_CR_PLS) | PVD_LEVEL << PWR_CR_PLS_POS | PWR_CR_PVDE;
    // until the comparator has settled: it may begin with either answer
    (void)stm32_wait(&PWR->CSR, 0, 1, PVD_US); // never so: all of the time
}

bool stm32_supply_ok(void)
{
    start_detector();
    return (PWR->CSR & PWR_CSR_PVDO) == 0;
}
