// SPDX-License-Identifier: MIT
//
// Between gpio.c and the generation's gpio.c.

#ifndef STM32_PINS_H
#define STM32_PINS_H

#include <stdint.h>

#include "registers.h"

// Configures a pin of a port whose clock is on. alternate: the number of the
// alternate function, for the uses that have one.
void stm32_gpio_use(struct gpio_regs *gpio, unsigned number, enum gpio_use use,
                    uint8_t alternate);

// Replaces the field of width bits that belongs to position in a register of
// such fields.
static inline void set_field(volatile uint32_t *reg, unsigned position,
                             unsigned width, uint32_t value)
{
    unsigned shift = position * width;
    uint32_t mask = ((1u << width) - 1) << shift;
    *reg = (*reg & ~mask) | value << shift;
}

#endif
