// SPDX-License-Identifier: MIT

#include "pins.h"

#include "port.h"

static struct gpio_regs *regs_of(struct board_pin pin)
{
    return GPIO((unsigned)(pin.port - 'A'));
}

void stm32_pin_write(struct board_pin pin, bool level)
{
    regs_of(pin)->BSRR = 1u << (level ? pin.number : pin.number + 16);
}

// The level first: no glitch when the pin begins to drive. On F1 it also says
// which way an input is pulled.
static void use(struct board_pin pin, enum gpio_use use, uint8_t alternate,
                bool level)
{
    RCC_GPIO_ENR |= RCC_GPIO((unsigned)(pin.port - 'A'));
    (void)RCC_GPIO_ENR; // the clock is there two cycles later (RM0390 6.2.12)
    stm32_pin_write(pin, level);
    stm32_gpio_use(regs_of(pin), pin.number, use, alternate);
}

void stm32_pin_output(struct board_pin pin, bool level)
{
    use(pin, GPIO_OUTPUT, 0, level);
}

void stm32_pin_input_pull_up(struct board_pin pin)
{
    use(pin, GPIO_INPUT_PULL_UP, 0, true);
}

void stm32_pin_alternate(struct board_pin pin, uint8_t alternate, bool input)
{
    use(pin, input ? GPIO_ALTERNATE_INPUT : GPIO_ALTERNATE_OUTPUT, alternate,
        true);
}

bool stm32_pin_read(struct board_pin pin)
{
    return regs_of(pin)->IDR >> pin.number & 1;
}

void stm32_pin_toggle(struct board_pin pin)
{
    stm32_pin_write(pin, (regs_of(pin)->ODR >> pin.number & 1) == 0);
}
