// SPDX-License-Identifier: MIT

#include "pins.h"

// The pins have no alternate function numbers: a peripheral that is on has its
// own (RM0008 9.1.9).
void stm32_gpio_use(struct gpio_regs *gpio, unsigned number, enum gpio_use use,
                    uint8_t alternate)
{
    (void)alternate;
    set_field(&gpio->CR[number / 8], number % 8, 4, use);
}
