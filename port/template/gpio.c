// SPDX-License-Identifier: MIT

#include "pins.h"

// FILL: mode, speed, pull-up and alternate function of one pin: set_field() for
// each register. The port's clock runs, the level is in ODR already; the mode
// comes last, so that nothing drives before all is set.
void stm32_gpio_use(struct gpio_regs *gpio, unsigned number, enum gpio_use use,
                    uint8_t alternate)
{
    (void)gpio;
    (void)number;
    (void)use;
    (void)alternate;
}
