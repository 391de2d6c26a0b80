// SPDX-License-Identifier: MIT
//
// The vector table of a Cortex-M, as far as the core goes (Armv7-M ARM B1.5.3).
// The bootloader enables no other interrupt and needs no more; in an
// application those of the chip follow. A handler is replaced by defining a
// function of its name.

#include "startup.h"

#define WEAK __attribute__((weak, alias("Default_Handler")))

// A fault, or an interrupt that nobody expects: start again. Waiting for ever
// would make a dead device of a passing disturbance.
void Default_Handler(void)
{
    stm32_reset();
}

void NMI_Handler(void) WEAK;
void HardFault_Handler(void) WEAK;
void MemManage_Handler(void) WEAK;
void BusFault_Handler(void) WEAK;
void UsageFault_Handler(void) WEAK;
void SVC_Handler(void) WEAK;
void DebugMon_Handler(void) WEAK;
void PendSV_Handler(void) WEAK;
void SysTick_Handler(void) WEAK;

// Initial stack pointer, reset vector, exceptions from number 2 to 15.
__attribute__((section(".vectors"), used)) const union vector vectors[] = {
    {.address = _estack},
    {Reset_Handler},
    {NMI_Handler},
    {HardFault_Handler},
    {MemManage_Handler},
    {BusFault_Handler},
    {UsageFault_Handler},
    {0},
    {0},
    {0},
    {0},
    {SVC_Handler},
    {DebugMon_Handler},
    {0},
    {PendSV_Handler},
    {SysTick_Handler},
};

_Static_assert(sizeof(vectors) == 16 * 4, "Armv7-M ARM B1.5.3");
