// SPDX-License-Identifier: MIT

#include "port.h"

#include "cortex_m.h"
#include "registers.h"

// Lines 0 to 4 have an interrupt each, the others share two.
static unsigned irq_of(struct board_pin pin)
{
    if (pin.number <= 4) {
        return EXTI0_IRQ + pin.number;
    }
    return pin.number <= 9 ? EXTI9_5_IRQ : EXTI15_10_IRQ;
}

void stm32_exti_falling(struct board_pin pin)
{
    RCC->APB2ENR |= RCC_APB2_EXTI_ROUTE;
    (void)RCC->APB2ENR;

    unsigned shift = pin.number % 4 * 4;
    volatile uint32_t *exticr = &EXTI_ROUTE->EXTICR[pin.number / 4];
    *exticr = (*exticr & ~(0xFu << shift)) | (uint32_t)(pin.port - 'A')
                                                 << shift;

    uint32_t line = 1u << pin.number;
    EXTI->FTSR |= line;
    EXTI->PR = line; // an edge from before does not count
    EXTI->IMR |= line;

    unsigned irq = irq_of(pin);
    NVIC->ISER[irq / 32] = 1u << irq % 32;
}

bool stm32_exti_take(struct board_pin pin)
{
    uint32_t line = 1u << pin.number;
    bool pending = (EXTI->PR & line) != 0;
    EXTI->PR = line; // write 1 to clear, this line alone
    return pending;
}
