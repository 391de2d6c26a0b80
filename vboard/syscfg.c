// SPDX-License-Identifier: MIT
//
// System configuration controller (RM0390 8): which port's pins EXTI watches.

#include "state.h"

enum {
    MEMRMP = 0x00,
    PMC = 0x04,
    EXTICR1 = 0x08,
    EXTICR4 = 0x14,
    CMPCR = 0x20,
    CFGR = 0x2C
};

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

static uint32_t *reg(struct syscfg_state *syscfg, uint32_t offset)
{
    switch (offset) {
    case MEMRMP:
        return &syscfg->memrmp;
    case PMC:
        return &syscfg->pmc;
    case CMPCR:
        return &syscfg->cmpcr;
    case CFGR:
        return &syscfg->cfgr;
    default:
        return &syscfg->exticr[(offset - EXTICR1) / 4];
    }
}

unsigned syscfg_exti_port(const struct vboard *board, unsigned pin)
{
    const struct syscfg_state *syscfg = &board->state.device.syscfg;
    return (syscfg->exticr[pin / 4] >> (4 * (pin % 4))) & 0xF;
}

static uint32_t syscfg_peek(const struct vboard *board,
                            const struct device *device, uint32_t offset)
{
    (void)device;
    struct syscfg_state syscfg = board->state.device.syscfg;
    return *reg(&syscfg, offset);
}

static void syscfg_write(struct vboard *board, const struct device *device,
                         uint32_t offset, uint32_t value, unsigned size)
{
    (void)size;
    static const uint32_t flash_at_0 = 0;
    if (offset == MEMRMP && value != flash_at_0) {
        violation(board, device->base + MEMRMP,
                  "not modelled: SYSCFG MEMRMP, other memory than flash at 0");
        return;
    }
    for (unsigned i = 0; i < device->reg_count; i++) {
        if (device->regs[i].offset == offset) {
            *reg(&board->state.device.syscfg, offset) =
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
