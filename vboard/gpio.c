// SPDX-License-Identifier: MIT
//
// Pins of GPIO ports, whatever their registers: the level of each between what
// the chip drives, what the world drives and the pull resistors; ODR and LCKR,
// which chips share.

#include "gpio.h"

#define LCKK (1u << 16)

static struct gpio_state *state_of(struct vboard *board, unsigned port)
{
    return &board->state.device.gpio[port];
}

static struct pin_setup setup_of(const struct vboard *board, unsigned port,
                                 unsigned pin)
{
    return board->chip->gpio->setup(board, port, pin);
}

uint32_t gpio_outputs(const struct vboard *board, unsigned port)
{
    uint32_t mask = 0;
    for (unsigned pin = 0; pin < 16; pin++) {
        mask |= (uint32_t)(setup_of(board, port, pin).mode == PIN_OUTPUT)
                << pin;
    }
    return mask;
}

int gpio_meter(const struct vboard *board, unsigned port, unsigned pin)
{
    const struct gpio_state *gpio = &board->state.device.gpio[port];
    const struct pin_drive *pins = &board->state.device.pins;
    struct pin_setup setup = setup_of(board, port, pin);
    bool high = (gpio->odr >> pin) & 1;
    if (setup.mode == PIN_OUTPUT && !(setup.open_drain && high)) {
        return high;
    }
    if ((pins->driven[port] >> pin) & 1) {
        return (pins->level[port] >> pin) & 1;
    }
    if (setup.mode == PIN_ANALOG || setup.pull == PULL_NONE) {
        return -1;
    }
    return setup.pull == PULL_UP;
}

// A floating input reads 0, an analog one always does (RM0390 7.3.12, RM0008
// 9.1.10).
bool gpio_level(const struct vboard *board, unsigned port, unsigned pin)
{
    return setup_of(board, port, pin).mode != PIN_ANALOG &&
           gpio_meter(board, port, pin) == 1;
}

bool gpio_output_of(const struct vboard *board, unsigned port, unsigned pin,
                    unsigned route)
{
    return board->chip->gpio->output_of(board, port, pin, route);
}

bool gpio_input_of(const struct vboard *board, unsigned port, unsigned pin,
                   unsigned route)
{
    return board->chip->gpio->input_of(board, port, pin, route);
}

static void show(struct vboard *board, unsigned port, unsigned pin, bool high)
{
    char name[8];
    snprintf(name, sizeof(name), "P%c%u", (char)('A' + port), pin);
    struct vboard_event event = {
        .kind = VBOARD_EVENT_PIN, .text = name, .value = high};
    send_event(board, &event);
}

// After any change: edges go to EXTI, those of outputs to the host. A pin that
// stops being an output counts as low: its LED goes out.
void gpio_follow(struct vboard *board, unsigned port)
{
    struct gpio_state *gpio = state_of(board, port);
    uint32_t outputs = gpio_outputs(board, port);
    uint32_t level = 0;
    for (unsigned pin = 0; pin < 16; pin++) {
        level |= (uint32_t)gpio_level(board, port, pin) << pin;
    }
    uint32_t edges = level ^ gpio->level;
    uint32_t shown = level & outputs;
    uint32_t news = shown ^ gpio->shown;
    gpio->level = level;
    gpio->shown = shown;
    gpio->preset &= ~outputs;
    for (unsigned pin = 0; pin < 16; pin++) {
        if ((edges >> pin) & 1) {
            exti_pin(board, port, pin, (level >> pin) & 1);
        }
        if ((news >> pin) & 1 && !spi_is_select(board, port, pin)) {
            show(board, port, pin, (shown >> pin) & 1);
        }
    }
    spi_pins_follow(board, port);
}

// A level may be set before its pin becomes an output, so that it starts right.
// A pin whose level changes twice without becoming one was forgotten.
void gpio_write_odr(struct vboard *board, const struct device *device,
                    uint32_t value, uint32_t pulled)
{
    struct gpio_state *gpio = state_of(board, device->unit);
    uint32_t used = gpio_outputs(board, device->unit) | pulled;
    uint32_t changed = (value ^ gpio->odr) & ~used;
    uint32_t again = changed & gpio->preset;
    for (unsigned pin = 0; pin < 16; pin++) {
        if ((again >> pin) & 1) {
            violation(board, device->base + board->chip->gpio->odr,
                      "%s ODR: P%c%u is switched while it is not an output; "
                      "set its mode in %s",
                      device->name, device->name[4], pin,
                      board->chip->gpio->mode);
        }
    }
    gpio->preset |= changed;
    gpio->odr = value & 0xFFFF;
}

// Write with LCKK, without, with, then the lock holds until the next reset
// (RM0390 7.4.8, RM0008 9.2.7).
void gpio_write_lckr(struct vboard *board, const struct device *device,
                     uint32_t offset, uint32_t value)
{
    struct gpio_state *gpio = state_of(board, device->unit);
    if (gpio->lckr & LCKK) {
        violation(board, device->base + offset, "%s LCKR written while locked",
                  device->name);
        return;
    }
    static const uint32_t key[] = {LCKK, 0, LCKK};
    uint32_t pins = value & 0xFFFF;
    bool same = gpio->lock_step == 0 || pins == gpio->lckr;
    bool right = same && (value & LCKK) == key[gpio->lock_step];
    gpio->lckr = pins;
    gpio->lock_step = right ? gpio->lock_step + 1 : 0;
    if (gpio->lock_step == 3) {
        gpio->lckr |= LCKK;
    }
}

void gpio_configure(struct vboard *board, const struct device *device,
                    uint32_t offset, uint32_t *reg, uint32_t value,
                    unsigned bits, unsigned first_pin)
{
    const struct gpio_state *gpio = state_of(board, device->unit);
    uint32_t locked = 0;
    for (unsigned pin = first_pin; pin < 16; pin++) {
        if (gpio->lckr & LCKK && (gpio->lckr >> pin) & 1 &&
            bits * (pin - first_pin) < 32) {
            locked |= ((1u << bits) - 1) << (bits * (pin - first_pin));
        }
    }
    if ((value ^ *reg) & locked) {
        violation(board, device->base + offset,
                  "%s %s changes a pin that LCKR has locked", device->name,
                  reg_name(device, offset));
    }
    *reg = (value & ~locked) | (*reg & locked);
}

void gpio_drive(struct vboard *board, unsigned port, unsigned pin, int level)
{
    struct pin_drive *pins = &board->state.device.pins;
    uint32_t mask = 1u << pin;
    pins->driven[port] &= ~mask;
    pins->level[port] &= ~mask;
    if (level >= 0) {
        pins->driven[port] |= mask;
        pins->level[port] |= level ? mask : 0;
    }
    gpio_follow(board, port);
}

void gpio_follow_all(struct vboard *board)
{
    for (unsigned port = 0; port < GPIO_PORTS; port++) {
        gpio_follow(board, port);
    }
}
