// SPDX-License-Identifier: MIT

#include "port.h"

#include "cortex_m.h"
#include "registers.h"

// Lines 0 to 4 have an interrupt each, the others share two.
static unsigned irq_of(enum board_pin pin)
{
    if (board_number(pin) <= 4) {
        return EXTI0_IRQ + board_number(pin);
    }
    return board_number(pin) <= 9 ? EXTI9_5_IRQ : EXTI15_10_IRQ;
}

void stm32_exti_falling(enum board_pin pin)
{
    RCC->APB2ENR |= RCC_APB2_EXTI_ROUTE;
    (void)RCC->APB2ENR;

    unsigned shift = board_number(pin) % 4 * 4;
    volatile uint32_t *exticr = &EXTI_ROUTE->EXTICR[board_number(pin) / 4];
    *exticr = (*exticr & ~(0xFu << shift)) | board_port(pin) << shift;

    uint32_t line = 1u << board_number(pin);
    EXTI->FTSR |= line;
    EXTI->PR = line; // an edge from before does not count
    EXTI->IMR |= line;

    unsigned irq = irq_of(pin);
    NVIC->ISER[irq / 32] = 1u << irq % 32;
}

bool stm32_exti_take(enum board_pin pin)
{
    uint32_t line = 1u << board_number(pin);
    bool pending = (EXTI->PR & line) != 0;
    EXTI->PR = line; // write 1 to clear, this line alone
    return pending;
}
