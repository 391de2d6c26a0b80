// SPDX-License-Identifier: MIT
//
// Between gpio.c, which has the pins, and the registers of the chips
// (gpio_f4.c, gpio_f1.c).

#ifndef VBOARD_GPIO_H
#define VBOARD_GPIO_H

#include "state.h"

enum pin_mode { PIN_INPUT, PIN_OUTPUT, PIN_ALTERNATE, PIN_ANALOG };
enum pin_pull { PULL_NONE, PULL_UP, PULL_DOWN };

// What a pin's registers make of it.
struct pin_setup {
    enum pin_mode mode;
    bool open_drain;
    enum pin_pull pull;
};

struct gpio_family {
    uint16_t odr;     // its offset
    const char *mode; // the register that makes a pin an output
    struct pin_setup (*setup)(const struct vboard *board, unsigned port,
                              unsigned pin);
    bool (*output_of)(const struct vboard *board, unsigned port, unsigned pin,
                      unsigned route);
    bool (*input_of)(const struct vboard *board, unsigned port, unsigned pin,
                     unsigned route);
};

extern const struct gpio_family gpio_f4, gpio_f1;

// Pins that are general purpose outputs.
uint32_t gpio_outputs(const struct vboard *board, unsigned port);
// After any change of a port's registers or pins.
void gpio_follow(struct vboard *board, unsigned port);
// pulled are pins that ODR acts on although they are no outputs.
void gpio_write_odr(struct vboard *board, const struct device *device,
                    uint32_t value, uint32_t pulled);
void gpio_write_lckr(struct vboard *board, const struct device *device,
                     uint32_t offset, uint32_t value);
// Writes a configuration register with this many bits for each pin; those of
// locked pins stay.
void gpio_configure(struct vboard *board, const struct device *device,
                    uint32_t offset, uint32_t *reg, uint32_t value,
                    unsigned bits, unsigned first_pin);

#endif
