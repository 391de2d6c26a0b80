// SPDX-License-Identifier: MIT

#include "gpio.h"

#include "port.h"

static struct gpio_regs *regs_of(struct board_pin pin)
{
    return GPIO((unsigned)(pin.port - 'A'));
}

static void start(struct board_pin pin)
{
    RCC_GPIO_ENR |= RCC_GPIO((unsigned)(pin.port - 'A'));
    (void)RCC_GPIO_ENR; // the clock is there two cycles later (RM0390 6.2.12)
}

static void use(struct board_pin pin, enum gpio_use use, uint8_t alternate)
{
    start(pin);
    stm32_gpio_use(regs_of(pin), pin.number, use, alternate);
}

void stm32_pin_write(struct board_pin pin, bool level)
{
    regs_of(pin)->BSRR = 1u << (level ? pin.number : pin.number + 16);
}

void stm32_pin_output(struct board_pin pin, bool level)
{
    start(pin);
    // the level first: no glitch when the pin begins to drive
    stm32_pin_write(pin, level);
    use(pin, GPIO_OUTPUT, 0);
}

void stm32_pin_input_pull_up(struct board_pin pin)
{
    use(pin, GPIO_INPUT_PULL_UP, 0);
}

void stm32_pin_alternate_output(struct board_pin pin, uint8_t alternate)
{
    use(pin, GPIO_ALTERNATE_OUTPUT, alternate);
}

void stm32_pin_alternate_input(struct board_pin pin, uint8_t alternate)
{
    use(pin, GPIO_ALTERNATE_INPUT, alternate);
}

bool stm32_pin_read(struct board_pin pin)
{
    return regs_of(pin)->IDR >> pin.number & 1;
}

void stm32_pin_toggle(struct board_pin pin)
{
    stm32_pin_write(pin, (regs_of(pin)->ODR >> pin.number & 1) == 0);
}
