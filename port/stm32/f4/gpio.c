// SPDX-License-Identifier: MIT

#include "pins.h"

void stm32_gpio_use(struct gpio_regs *gpio, unsigned number, enum gpio_use use,
                    uint8_t alternate)
{
    set_field(&gpio->AFR[number / 8], number % 8, 4, alternate);
    set_field(&gpio->OSPEEDR, number, 2, use >> 4);
    set_field(&gpio->PUPDR, number, 2, use >> 2 & 3);
    set_field(&gpio->MODER, number, 2, use & 3);
}
