// SPDX-License-Identifier: MIT
//
// Which port's pins EXTI watches, and what else of the chip can be moved: the
// F4's system configuration controller (RM0390 8), and the F1's AFIO (RM0008
// 9.4), where the same registers stand in the same place.

#include "state.h"

enum {
    MEMRMP = 0x00,
    PMC = 0x04,
    EXTICR1 = 0x08,
    EXTICR4 = 0x14,
    CMPCR = 0x20,
    CFGR = 0x2C
};
// of AFIO
enum { EVCR = 0x00, MAPR = 0x04 };

#define EVCR_EVOE (1u << 7)

// SPI1_REMAP, USART1_REMAP and SWJ_CFG are modelled.
#define MAPR_BITS     0x0700FFFFu
#define MAPR_MODELLED 0x07000005u
#define MAPR_SWJ      (7u << 24)

static const struct reg regs[] = {
    {"MEMRMP", MEMRMP, 0, 0x107},
    {"PMC", PMC, 0, 0x00070000},
    {"EXTICR1", EXTICR1, 0, 0xFFFF},
    {"EXTICR2", EXTICR1 + 4, 0, 0xFFFF},
    {"EXTICR3", EXTICR1 + 8, 0, 0xFFFF},
    {"EXTICR4", EXTICR4, 0, 0xFFFF},
    {"CMPCR", CMPCR, 0, 0x1},
    {"CFGR", CFGR, 0, 0x3},
};

static const struct reg afio_regs[] = {
    {"EVCR", EVCR, 0, 0xFF},
    {"MAPR", MAPR, 0, MAPR_BITS},
    {"EXTICR1", EXTICR1, 0, 0xFFFF},
    {"EXTICR2", EXTICR1 + 4, 0, 0xFFFF},
    {"EXTICR3", EXTICR1 + 8, 0, 0xFFFF},
    {"EXTICR4", EXTICR4, 0, 0xFFFF},
};

unsigned syscfg_exti_port(const struct vboard *board, unsigned pin)
{
    const uint32_t *reg = board->state.device.syscfg.reg;
    return (reg[EXTICR1 / 4 + pin / 4] >> (4 * (pin % 4))) & 0xF;
}

static uint32_t syscfg_peek(const struct vboard *board,
                            const struct device *device, uint32_t offset)
{
    (void)device;
    return board->state.device.syscfg.reg[offset / 4];
}

static void syscfg_write(struct vboard *board, const struct device *device,
                         uint32_t offset, uint32_t value, unsigned size)
{
    (void)size;
    static const uint32_t flash_at_0 = 0;
    if (offset == MEMRMP && device == &syscfg_device && value != flash_at_0) {
        violation(board, device->base + MEMRMP,
                  "not modelled: SYSCFG MEMRMP, other memory than flash at 0");
        return;
    }
    for (unsigned i = 0; i < device->reg_count; i++) {
        if (device->regs[i].offset == offset) {
            board->state.device.syscfg.reg[offset / 4] =
                value & device->regs[i].mask;
        }
    }
}

static void syscfg_reset(struct vboard *board, const struct device *device,
                         bool power)
{
    (void)device;
    (void)power;
    board->state.device.syscfg = (struct syscfg_state){0};
}

const struct device syscfg_device = {
    .name = "SYSCFG",
    .base = 0x40013800,
    .size = 0x400,
    .enable_offset = 0x44,
    .enable_bit = 14,
    .widths = 1 | 2 | 4,
    .write = syscfg_write,
    .peek = syscfg_peek,
    .reset = syscfg_reset,
    .regs = regs,
    .reg_count = sizeof(regs) / sizeof(regs[0]),
};

/// AFIO ///

bool afio_routes(const struct vboard *board, unsigned route)
{
    uint32_t mapr = board->state.device.syscfg.reg[MAPR / 4];
    bool moved = mapr >> (route & 0x1F) & 1;
    return route == 0 || moved == (route == ROUTE_IF(route & 0x1F));
}

// The pins of the debug port (RM0008 9.3.5), what pulls them there
// and up to which SWJ_CFG they belong to it.
static const struct debug_pin {
    uint8_t port, pin;
    int8_t pull; // 1 up, -1 down
    uint8_t swj_last;
} debug_pins[] = {
    {0, 13, 1, 2}, {0, 14, -1, 2}, {0, 15, 1, 1}, {1, 3, 0, 1}, {1, 4, 1, 0},
};

static const struct debug_pin *debug_pin(unsigned port, unsigned pin)
{
    for (unsigned i = 0; i < sizeof(debug_pins) / sizeof(debug_pins[0]); i++) {
        if (debug_pins[i].port == port && debug_pins[i].pin == pin) {
            return &debug_pins[i];
        }
    }
    return NULL;
}

bool afio_is_debug(const struct vboard *board, unsigned port, unsigned pin)
{
    const struct debug_pin *debug = debug_pin(port, pin);
    uint32_t mapr = board->state.device.syscfg.reg[MAPR / 4];
    return debug && (mapr & MAPR_SWJ) >> 24 <= debug->swj_last;
}

int afio_debug_pull(unsigned port, unsigned pin)
{
    const struct debug_pin *debug = debug_pin(port, pin);
    return debug ? debug->pull : 0;
}

// SWJ_CFG is write-only (RM0008 9.4.2): who changes another bit by reading and
// writing back gives the debug port its pins again.
static uint32_t afio_read(struct vboard *board, const struct device *device,
                          uint32_t offset, unsigned size)
{
    (void)size;
    uint32_t value = syscfg_peek(board, device, offset);
    return offset == MAPR ? value & ~MAPR_SWJ : value;
}

// Returns the value that MAPR takes.
static uint32_t check_mapr(struct vboard *board, const struct device *device,
                           uint32_t value)
{
    uint32_t swj = (value & MAPR_SWJ) >> 24;
    uint32_t other = value & MAPR_BITS & ~MAPR_MODELLED;
    if (other) {
        violation(board, device->base + MAPR,
                  "not modelled: AFIO MAPR bits 0x%04X", (unsigned)other);
    }
    if ((swj & (swj - 1)) == 0) {
        return value;
    }
    violation(board, device->base + MAPR,
              "AFIO MAPR SWJ_CFG of %u: only 0, 1, 2 and 4 have an effect",
              (unsigned)swj);
    return (value & ~MAPR_SWJ) | (syscfg_peek(board, device, MAPR) & MAPR_SWJ);
}

static void afio_write(struct vboard *board, const struct device *device,
                       uint32_t offset, uint32_t value, unsigned size)
{
    if (offset == MAPR) {
        value = check_mapr(board, device, value);
    } else if (offset == EVCR && value & EVCR_EVOE) {
        violation(board, device->base + EVCR, "not modelled: AFIO EVCR EVOE");
    }
    syscfg_write(board, device, offset, value, size);
    // pins may belong to the debug port now, or no longer
    gpio_follow_all(board);
}

static void afio_reset(struct vboard *board, const struct device *device,
                       bool power)
{
    syscfg_reset(board, device, power);
    gpio_follow_all(board);
}

const struct device afio_device = {
    .name = "AFIO",
    .base = 0x40010000,
    .size = 0x400,
    .enable_offset = 0x18,
    .enable_bit = 0,
    .widths = 4, // RM0008 9.4: words only
    .read = afio_read,
    .write = afio_write,
    .peek = syscfg_peek,
    .reset = afio_reset,
    .regs = afio_regs,
    .reg_count = sizeof(afio_regs) / sizeof(afio_regs[0]),
};
