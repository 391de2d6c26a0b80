// SPDX-License-Identifier: MIT
//
// GPIO ports of the F1 (RM0008 9.2): registers. Each pin has four bits in CRL
// or CRH; a pull resistor takes its direction from ODR.

#include "gpio.h"

enum {
    CRL = 0x00,
    CRH = 0x04,
    IDR = 0x08,
    ODR = 0x0C,
    BSRR = 0x10,
    BRR = 0x14,
    LCKR = 0x18
};

#define CR_RESET 0x44444444u // all of them floating inputs

// Of a pin's four bits: MODE, 0 for an input, and CNF. CNF of an input:
#define MODE 3u
enum { CNF_ANALOG, CNF_FLOATING, CNF_PULLED, CNF_RESERVED };
// and its bits of an output
#define CNF_OPEN_DRAIN 1u
#define CNF_ALTERNATE  2u

static unsigned nibble(const struct vboard *board, unsigned port, unsigned pin)
{
    const struct gpio_state *gpio = &board->state.device.gpio[port];
    return (gpio->cr[pin / 8] >> (4 * (pin % 8))) & 0xF;
}

static struct pin_setup setup(const struct vboard *board, unsigned port,
                              unsigned pin)
{
    unsigned bits = nibble(board, port, pin);
    unsigned cnf = bits >> 2;
    struct pin_setup setup = {.mode = PIN_INPUT};
    if (afio_is_debug(board, port, pin)) {
        setup.pull = afio_debug_pull(port, pin) > 0   ? PULL_UP
                     : afio_debug_pull(port, pin) < 0 ? PULL_DOWN
                                                      : PULL_NONE;
    } else if (bits & MODE) {
        setup.mode = cnf & CNF_ALTERNATE ? PIN_ALTERNATE : PIN_OUTPUT;
        setup.open_drain = cnf & CNF_OPEN_DRAIN;
    } else if (cnf == CNF_ANALOG) {
        setup.mode = PIN_ANALOG;
    } else if (cnf == CNF_PULLED) {
        bool up = (board->state.device.gpio[port].odr >> pin) & 1;
        setup.pull = up ? PULL_UP : PULL_DOWN;
    }
    return setup;
}

static bool output_of(const struct vboard *board, unsigned port, unsigned pin,
                      unsigned route)
{
    return setup(board, port, pin).mode == PIN_ALTERNATE &&
           afio_routes(board, route);
}

// What comes in comes in at a plain input (RM0008 9.1.4, 9.1.11).
static bool input_of(const struct vboard *board, unsigned port, unsigned pin,
                     unsigned route)
{
    return setup(board, port, pin).mode == PIN_INPUT &&
           !afio_is_debug(board, port, pin) && afio_routes(board, route);
}

const struct gpio_family gpio_f1 = {ODR, "CRL or CRH", setup, output_of,
                                    input_of};

static uint32_t gpio_peek(const struct vboard *board,
                          const struct device *device, uint32_t offset)
{
    const struct gpio_state *gpio = &board->state.device.gpio[device->unit];
    switch (offset) {
    case CRL:
    case CRH:
        return gpio->cr[offset / 4];
    case IDR:
        return gpio->level;
    case ODR:
        return gpio->odr;
    case LCKR:
        return gpio->lckr;
    default:
        return 0; // BSRR and BRR are write-only
    }
}

static void write_odr(struct vboard *board, const struct device *device,
                      uint32_t value)
{
    uint32_t pulled = 0;
    for (unsigned pin = 0; pin < 16; pin++) {
        bool is_pulled = nibble(board, device->unit, pin) == CNF_PULLED << 2;
        pulled |= (uint32_t)is_pulled << pin;
    }
    gpio_write_odr(board, device, value, pulled);
}

static void check_setup(struct vboard *board, const struct device *device,
                        unsigned pin, uint32_t address)
{
    unsigned bits = nibble(board, device->unit, pin);
    if (bits == CNF_RESERVED << 2) {
        violation(board, address,
                  "%s: CNF of 3 is reserved for the input P%c%u", device->name,
                  device->name[4], pin);
    }
    if (afio_is_debug(board, device->unit, pin) && bits != (CR_RESET & 0xF)) {
        violation(board, address,
                  "%s: P%c%u belongs to the debug port until SWJ_CFG in "
                  "AFIO_MAPR frees it",
                  device->name, device->name[4], pin);
    }
}

static void write_cr(struct vboard *board, const struct device *device,
                     uint32_t offset, uint32_t value)
{
    uint32_t *cr = &board->state.device.gpio[device->unit].cr[offset / 4];
    uint32_t old = *cr;
    unsigned first = offset == CRL ? 0 : 8;
    gpio_configure(board, device, offset, cr, value, 4, first);
    for (unsigned i = 0; i < 8; i++) {
        if ((*cr ^ old) >> (4 * i) & 0xF) {
            check_setup(board, device, first + i, device->base + offset);
        }
    }
}

static void gpio_write(struct vboard *board, const struct device *device,
                       uint32_t offset, uint32_t value, unsigned size)
{
    (void)size; // words only
    const struct gpio_state *gpio = &board->state.device.gpio[device->unit];
    switch (offset) {
    case CRL:
    case CRH:
        write_cr(board, device, offset, value);
        break;
    case IDR:
        violation(board, device->base + IDR, "%s IDR is read-only",
                  device->name);
        break;
    case ODR:
        write_odr(board, device, value);
        break;
    case BSRR: // set wins over reset (RM0008 9.2.5)
        write_odr(board, device, (gpio->odr & ~(value >> 16)) | value);
        break;
    case BRR:
        write_odr(board, device, gpio->odr & ~value);
        break;
    default:
        gpio_write_lckr(board, device, LCKR, value);
        break;
    }
    gpio_follow(board, device->unit);
}

static void gpio_reset(struct vboard *board, const struct device *device,
                       bool power)
{
    (void)power;
    struct gpio_state *gpio = &board->state.device.gpio[device->unit];
    gpio->cr[0] = gpio->cr[1] = CR_RESET;
    gpio->odr = gpio->lckr = 0;
    gpio->preset = gpio->lock_step = 0;
    gpio_follow(board, device->unit);
}

// IDR depends on the world: the hand-over check leaves it out.
static const struct reg regs[] = {
    {"CRL", CRL, CR_RESET, 0xFFFFFFFF},
    {"CRH", CRH, CR_RESET, 0xFFFFFFFF},
    {"IDR", IDR, 0, 0},
    {"ODR", ODR, 0, 0xFFFF},
    {"BSRR", BSRR, 0, 0},
    {"BRR", BRR, 0, 0},
    {"LCKR", LCKR, 0, 0x1FFFF},
};

#define GPIO(letter, number)                                                   \
    {                                                                          \
        .name = "GPIO" letter, .base = 0x40010800 + 0x400 * number,            \
        .size = 0x400, .enable_offset = 0x18, .enable_bit = 2 + number,        \
        .unit = number, .widths = 4, .write = gpio_write, .peek = gpio_peek,   \
        .reset = gpio_reset, .regs = regs,                                     \
        .reg_count = sizeof(regs) / sizeof(regs[0]),                           \
    }

const struct device gpio_f1_device[5] = {
    GPIO("A", 0), GPIO("B", 1), GPIO("C", 2), GPIO("D", 3), GPIO("E", 4),
};
