// SPDX-License-Identifier: MIT

#include "port.h"

#include "stm32f4.h"

static struct gpio_regs *enable_port(struct board_pin pin)
{
    unsigned port = (unsigned)(pin.port - 'A');
    RCC->AHB1ENR |= RCC_AHB1_GPIO(port);
    (void)RCC->AHB1ENR; // the clock is there two cycles later (RM0390 6.2.12)
    return GPIO(port);
}

// Replaces the field of width bits that belongs to position in a register of
// such fields.
static void set_field(volatile uint32_t *reg, unsigned position, unsigned width,
                      uint32_t value)
{
    unsigned shift = position * width;
    uint32_t mask = ((1u << width) - 1) << shift;
    *reg = (*reg & ~mask) | value << shift;
}

static void set_mode(struct gpio_regs *gpio, struct board_pin pin,
                     enum gpio_mode mode, enum gpio_pull pull)
{
    set_field(&gpio->PUPDR, pin.number, 2, pull);
    set_field(&gpio->MODER, pin.number, 2, mode);
}

static void write_pin(struct gpio_regs *gpio, struct board_pin pin, bool level)
{
    gpio->BSRR = 1u << (level ? pin.number : pin.number + 16);
}

void stm32_pin_output(struct board_pin pin, bool level)
{
    struct gpio_regs *gpio = enable_port(pin);
    // the level first: no glitch when the pin begins to drive
    write_pin(gpio, pin, level);
    set_mode(gpio, pin, GPIO_OUTPUT, GPIO_NO_PULL);
}

void stm32_pin_input_pull_up(struct board_pin pin)
{
    set_mode(enable_port(pin), pin, GPIO_INPUT, GPIO_PULL_UP);
}

void stm32_pin_alternate(struct board_pin pin, uint8_t alternate, bool pull_up)
{
    struct gpio_regs *gpio = enable_port(pin);
    set_field(&gpio->AFR[pin.number / 8], pin.number % 8, 4, alternate);
    set_mode(gpio, pin, GPIO_ALTERNATE, pull_up ? GPIO_PULL_UP : GPIO_NO_PULL);
}

bool stm32_pin_read(struct board_pin pin)
{
    return GPIO((unsigned)(pin.port - 'A'))->IDR >> pin.number & 1;
}

void stm32_pin_toggle(struct board_pin pin)
{
    struct gpio_regs *gpio = GPIO((unsigned)(pin.port - 'A'));
    write_pin(gpio, pin, (gpio->ODR >> pin.number & 1) == 0);
}
