// SPDX-License-Identifier: MIT

#include "pins.h"

#include "port.h"

static struct gpio_regs *regs_of(enum board_pin pin)
{
    return GPIO(board_port(pin));
}

void stm32_pin_write(enum board_pin pin, bool level)
{
    regs_of(pin)->BSRR =
        1u << (level ? board_number(pin) : board_number(pin) + 16);
}

// The level first: no glitch when the pin begins to drive. On F1 it also says
// which way an input is pulled.
static void use(enum board_pin pin, enum gpio_use use, uint8_t alternate,
                bool level)
{
    RCC_GPIO_ENR |= RCC_GPIO(board_port(pin));
    (void)RCC_GPIO_ENR; // the clock is there two cycles later (RM0390 6.2.12)
    stm32_pin_write(pin, level);
    stm32_gpio_use(regs_of(pin), board_number(pin), use, alternate);
}

void stm32_pin_output(enum board_pin pin, bool level)
{
    use(pin, GPIO_OUTPUT, 0, level);
}

void stm32_pin_input_pull_up(enum board_pin pin)
{
    use(pin, GPIO_INPUT_PULL_UP, 0, true);
}

void stm32_pin_alternate(enum board_pin pin, uint8_t alternate, bool input)
{
    use(pin, input ? GPIO_ALTERNATE_INPUT : GPIO_ALTERNATE_OUTPUT, alternate,
        true);
}

bool stm32_pin_read(enum board_pin pin)
{
    return regs_of(pin)->IDR >> board_number(pin) & 1;
}

void stm32_pin_toggle(enum board_pin pin)
{
    stm32_pin_write(pin, (regs_of(pin)->ODR >> board_number(pin) & 1) == 0);
}
