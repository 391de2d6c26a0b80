// SPDX-License-Identifier: MIT
//
// GPIO ports (RM0390 7): registers, and the level of each pin between what the
// chip drives, what the world drives and the pull resistors.

#include "state.h"

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

enum { MODE_INPUT, MODE_OUTPUT, MODE_ALTERNATE, MODE_ANALOG };
enum { PULL_NONE, PULL_UP, PULL_DOWN };

#define LCKK (1u << 16)

static struct gpio_state *state_of(struct vboard *board, unsigned port)
{
    return &board->state.device.gpio[port];
}

static unsigned mode_of(const struct gpio_state *gpio, unsigned pin)
{
    return (gpio->moder >> (2 * pin)) & 3;
}

static uint32_t outputs(const struct gpio_state *gpio)
{
    uint32_t mask = 0;
    for (unsigned pin = 0; pin < 16; pin++) {
        mask |= (uint32_t)(mode_of(gpio, pin) == MODE_OUTPUT) << pin;
    }
    return mask;
}

int gpio_meter(const struct vboard *board, unsigned port, unsigned pin)
{
    const struct gpio_state *gpio = &board->state.device.gpio[port];
    const struct pin_drive *pins = &board->state.device.pins;
    bool high = (gpio->odr >> pin) & 1;
    bool open_drain = (gpio->otyper >> pin) & 1;
    if (mode_of(gpio, pin) == MODE_OUTPUT && !(open_drain && high)) {
        return high;
    }
    if ((pins->driven[port] >> pin) & 1) {
        return (pins->level[port] >> pin) & 1;
    }
    unsigned pull = (gpio->pupdr >> (2 * pin)) & 3;
    if (mode_of(gpio, pin) == MODE_ANALOG || pull == PULL_NONE) {
        return -1;
    }
    return pull == PULL_UP;
}

// A floating input reads 0, an analog one always does (RM0390 7.3.12).
bool gpio_level(const struct vboard *board, unsigned port, unsigned pin)
{
    const struct gpio_state *gpio = &board->state.device.gpio[port];
    return mode_of(gpio, pin) != MODE_ANALOG &&
           gpio_meter(board, port, pin) == 1;
}

bool gpio_is_alternate(const struct vboard *board, unsigned port, unsigned pin,
                       unsigned af)
{
    const struct gpio_state *gpio = &board->state.device.gpio[port];
    return mode_of(gpio, pin) == MODE_ALTERNATE &&
           ((gpio->afr[pin / 8] >> (4 * (pin % 8))) & 0xF) == af;
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
static void pins_follow(struct vboard *board, unsigned port)
{
    struct gpio_state *gpio = state_of(board, port);
    uint32_t level = 0;
    for (unsigned pin = 0; pin < 16; pin++) {
        level |= (uint32_t)gpio_level(board, port, pin) << pin;
    }
    uint32_t edges = level ^ gpio->level;
    uint32_t shown = level & outputs(gpio);
    uint32_t news = shown ^ gpio->shown;
    gpio->level = level;
    gpio->shown = shown;
    gpio->preset &= ~outputs(gpio);
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

// A level may be set before its pin becomes an output, so that it starts right.
// A pin whose level changes twice without becoming one was forgotten.
static void write_odr(struct vboard *board, const struct device *device,
                      uint32_t value)
{
    struct gpio_state *gpio = state_of(board, device->unit);
    uint32_t changed = (value ^ gpio->odr) & ~outputs(gpio);
    uint32_t again = changed & gpio->preset;
    for (unsigned pin = 0; pin < 16; pin++) {
        if ((again >> pin) & 1) {
            violation(board, device->base + ODR,
                      "%s ODR: P%c%u is switched while it is not an output; "
                      "set its mode in MODER",
                      device->name, device->name[4], pin);
        }
    }
    gpio->preset |= changed;
    gpio->odr = value & 0xFFFF;
}

// Write with LCKK, without, with, then the lock holds until the next reset
// (RM0390 7.4.8).
static void write_lckr(struct vboard *board, const struct device *device,
                       uint32_t value)
{
    struct gpio_state *gpio = state_of(board, device->unit);
    if (gpio->lckr & LCKK) {
        violation(board, device->base + LCKR, "%s LCKR written while locked",
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

// Writes a configuration register with this many bits for each pin; those of
// locked pins stay.
static void configure(struct vboard *board, const struct device *device,
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

static void gpio_write(struct vboard *board, const struct device *device,
                       uint32_t offset, uint32_t value, unsigned size)
{
    struct gpio_state *gpio = state_of(board, device->unit);
    uint32_t aligned = offset & ~3u;
    value = bus_lanes(gpio_peek(board, device, aligned), offset, value, size);
    switch (aligned) {
    case MODER:
        configure(board, device, aligned, &gpio->moder, value, 2, 0);
        break;
    case OTYPER:
        configure(board, device, aligned, &gpio->otyper, value & 0xFFFF, 1, 0);
        break;
    case OSPEEDR:
        configure(board, device, aligned, &gpio->ospeedr, value, 2, 0);
        break;
    case PUPDR:
        configure(board, device, aligned, &gpio->pupdr, value, 2, 0);
        break;
    case IDR:
        violation(board, device->base + IDR, "%s IDR is read-only",
                  device->name);
        break;
    case ODR:
        write_odr(board, device, value);
        break;
    case BSRR: // set wins over reset (RM0390 7.4.7)
        write_odr(board, device, (gpio->odr & ~(value >> 16)) | value);
        break;
    case LCKR:
        write_lckr(board, device, value);
        break;
    default:
        configure(board, device, aligned, &gpio->afr[(aligned - AFRL) / 4],
                  value, 4, aligned == AFRL ? 0 : 8);
        break;
    }
    pins_follow(board, device->unit);
}

static void gpio_reset(struct vboard *board, const struct device *device,
                       bool power)
{
    (void)power;
    struct gpio_state *gpio = state_of(board, device->unit);
    gpio->moder = device->regs[0].reset;
    gpio->otyper = 0;
    gpio->ospeedr = device->regs[2].reset;
    gpio->pupdr = device->regs[3].reset;
    gpio->odr = gpio->lckr = gpio->afr[0] = gpio->afr[1] = 0;
    gpio->preset = gpio->lock_step = 0;
    pins_follow(board, device->unit);
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
    pins_follow(board, port);
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
