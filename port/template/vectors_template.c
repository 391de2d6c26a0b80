// SPDX-License-Identifier: MIT
//
// FILL: the interrupts of the chip, in the order of the manual's table; {0}
// where it has a gap. They follow those of the core in the vector table. A
// handler is replaced by defining a function of its name.

#include "registers.h"
#include "startup.h"

#define WEAK __attribute__((weak, alias("unexpected")))

void unexpected(void);

// As Default_Handler in vectors.c; an alias must stand in its own file.
void unexpected(void)
{
    stm32_reset();
}

void FLASH_IRQHandler(void) WEAK;
void EXTI0_IRQHandler(void) WEAK;
void EXTI1_IRQHandler(void) WEAK;
void EXTI2_IRQHandler(void) WEAK;
void EXTI3_IRQHandler(void) WEAK;
void EXTI4_IRQHandler(void) WEAK;
void EXTI9_5_IRQHandler(void) WEAK;
void EXTI15_10_IRQHandler(void) WEAK;

__attribute__((section(".vectors.interrupts"), used))
const union vector interrupt_vectors[INTERRUPTS] = {
    [FLASH_IRQ] = {FLASH_IRQHandler},
    [EXTI0_IRQ] = {EXTI0_IRQHandler},
    [EXTI0_IRQ + 1] = {EXTI1_IRQHandler},
    [EXTI0_IRQ + 2] = {EXTI2_IRQHandler},
    [EXTI0_IRQ + 3] = {EXTI3_IRQHandler},
    [EXTI0_IRQ + 4] = {EXTI4_IRQHandler},
    [EXTI9_5_IRQ] = {EXTI9_5_IRQHandler},
    [EXTI15_10_IRQ] = {EXTI15_10_IRQHandler},
};
