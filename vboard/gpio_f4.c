// SPDX-License-Identifier: MIT
//
// GPIO ports of the F4 (RM0390 7): registers.

#include "gpio.h"

enum {
    MODER = 0x00,
    OTYPER = 0x04,
    OSPEEDR = 0x08,
    PUPDR = 0x0C,
    IDR = 0x10,
    ODR = 0x14,
    BSRR = 0x18,
    LCKR = 0x1C,
    AFRL = 0x20,
    AFRH = 0x24
};

static struct pin_setup setup(const struct vboard *board, unsigned port,
                              unsigned pin)
{
    const struct gpio_state *gpio = &board->state.device.gpio[port];
    return (struct pin_setup){
        .mode = (gpio->moder >> (2 * pin)) & 3,
        .open_drain = (gpio->otyper >> pin) & 1,
        .pull = (gpio->pupdr >> (2 * pin)) & 3,
    };
}

static bool is_alternate(const struct vboard *board, unsigned port,
                         unsigned pin, unsigned af)
{
    const struct gpio_state *gpio = &board->state.device.gpio[port];
    return setup(board, port, pin).mode == PIN_ALTERNATE &&
           ((gpio->afr[pin / 8] >> (4 * (pin % 8))) & 0xF) == af;
}

const struct gpio_family gpio_f4 = {ODR, "MODER", setup, is_alternate,
                                    is_alternate};

static uint32_t gpio_peek(const struct vboard *board,
                          const struct device *device, uint32_t offset)
{
    const struct gpio_state *gpio = &board->state.device.gpio[device->unit];
    switch (offset) {
    case MODER:
        return gpio->moder;
    case OTYPER:
        return gpio->otyper;
    case OSPEEDR:
        return gpio->ospeedr;
    case PUPDR:
        return gpio->pupdr;
    case IDR:
        return gpio->level;
    case ODR:
        return gpio->odr;
    case LCKR:
        return gpio->lckr;
    case AFRL:
    case AFRH:
        return gpio->afr[(offset - AFRL) / 4];
    default:
        return 0; // BSRR is write-only
    }
}

static void gpio_write(struct vboard *board, const struct device *device,
                       uint32_t offset, uint32_t value, unsigned size)
{
    struct gpio_state *gpio = &board->state.device.gpio[device->unit];
    uint32_t aligned = offset & ~3u;
    value = bus_lanes(gpio_peek(board, device, aligned), offset, value, size);
    switch (aligned) {
    case MODER:
        gpio_configure(board, device, aligned, &gpio->moder, value, 2, 0);
        break;
    case OTYPER:
        gpio_configure(board, device, aligned, &gpio->otyper, value & 0xFFFF, 1,
                       0);
        break;
    case OSPEEDR:
        gpio_configure(board, device, aligned, &gpio->ospeedr, value, 2, 0);
        break;
    case PUPDR:
        gpio_configure(board, device, aligned, &gpio->pupdr, value, 2, 0);
        break;
    case IDR:
        violation(board, device->base + IDR, "%s IDR is read-only",
                  device->name);
        break;
    case ODR:
        gpio_write_odr(board, device, value, 0);
        break;
    case BSRR: // set wins over reset (RM0390 7.4.7)
        gpio_write_odr(board, device, (gpio->odr & ~(value >> 16)) | value, 0);
        break;
    case LCKR:
        gpio_write_lckr(board, device, LCKR, value);
        break;
    default:
        gpio_configure(board, device, aligned, &gpio->afr[(aligned - AFRL) / 4],
                       value, 4, aligned == AFRL ? 0 : 8);
        break;
    }
    gpio_follow(board, device->unit);
}

static void gpio_reset(struct vboard *board, const struct device *device,
                       bool power)
{
    (void)power;
    struct gpio_state *gpio = &board->state.device.gpio[device->unit];
    gpio->moder = device->regs[0].reset;
    gpio->otyper = 0;
    gpio->ospeedr = device->regs[2].reset;
    gpio->pupdr = device->regs[3].reset;
    gpio->odr = gpio->lckr = gpio->afr[0] = gpio->afr[1] = 0;
    gpio->preset = gpio->lock_step = 0;
    gpio_follow(board, device->unit);
}

// IDR depends on the world: the hand-over check leaves it out.
#define GPIO_REGS(moder, ospeedr, pupdr)                                       \
    (const struct reg[])                                                       \
    {                                                                          \
        {"MODER", MODER, moder, 0xFFFFFFFF}, {"OTYPER", OTYPER, 0, 0xFFFF},    \
            {"OSPEEDR", OSPEEDR, ospeedr, 0xFFFFFFFF},                         \
            {"PUPDR", PUPDR, pupdr, 0xFFFFFFFF}, {"IDR", IDR, 0, 0},           \
            {"ODR", ODR, 0, 0xFFFF}, {"BSRR", BSRR, 0, 0},                     \
            {"LCKR", LCKR, 0, 0x1FFFF}, {"AFRL", AFRL, 0, 0xFFFFFFFF},         \
            {"AFRH", AFRH, 0, 0xFFFFFFFF},                                     \
    }

#define GPIO(letter, number, moder, ospeedr, pupdr)                            \
    {                                                                          \
        .name = "GPIO" letter, .base = 0x40020000 + 0x400 * number,            \
        .size = 0x400, .enable_offset = 0x30, .enable_bit = number,            \
        .unit = number, .widths = 1 | 2 | 4, .write = gpio_write,              \
        .peek = gpio_peek, .reset = gpio_reset,                                \
        .regs = GPIO_REGS(moder, ospeedr, pupdr), .reg_count = 10,             \
    }

// The debug port's pins are alternate at reset (RM0390 7.3.1).
const struct device gpio_device[GPIO_PORTS] = {
    GPIO("A", 0, 0xA8000000, 0x0C000000, 0x64000000),
    GPIO("B", 1, 0x00000280, 0x000000C0, 0x00000100),
    GPIO("C", 2, 0, 0, 0),
    GPIO("D", 3, 0, 0, 0),
    GPIO("E", 4, 0, 0, 0),
    GPIO("F", 5, 0, 0, 0),
    GPIO("G", 6, 0, 0, 0),
    GPIO("H", 7, 0, 0, 0),
};
