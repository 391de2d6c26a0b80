// SPDX-License-Identifier: MIT
//
// External interrupts (RM0390 10, RM0008 10.2) and how their lines reach the
// NVIC.

#include "state.h"

enum {
    IMR = 0x00,
    EMR = 0x04,
    RTSR = 0x08,
    FTSR = 0x0C,
    SWIER = 0x10,
    PR = 0x14
};

#define REGS(lines)                                                            \
    {                                                                          \
        {"IMR", IMR, 0, lines}, {"EMR", EMR, 0, lines},                        \
            {"RTSR", RTSR, 0, lines}, {"FTSR", FTSR, 0, lines},                \
            {"SWIER", SWIER, 0, lines}, {"PR", PR, 0, lines},                  \
    }

static const struct reg regs[] = REGS(0x007FFFFF);
static const struct reg regs_f1[] = REGS(0x0007FFFF);

// Lines that share an interrupt (RM0390 table 38, RM0008 table 63).
static const struct {
    uint32_t lines;
    uint8_t irq;
} vectors[] = {
    {1u << 0, 6},   {1u << 1, 7},     {1u << 2, 8},      {1u << 3, 9},
    {1u << 4, 10},  {0x1Fu << 5, 23}, {0x3Fu << 10, 40}, {1u << 16, 1},
    {1u << 17, 41}, {1u << 18, 42},   {1u << 20, 76},    {1u << 21, 2},
    {1u << 22, 3},
};

static struct exti_state *state_of(struct vboard *board)
{
    return &board->state.device.exti;
}

static void irq_update(struct vboard *board)
{
    const struct exti_state *exti = state_of(board);
    for (unsigned i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        nvic_line(board, vectors[i].irq,
                  exti->pr & exti->imr & vectors[i].lines);
    }
}

void exti_line(struct vboard *board, unsigned line, bool rising)
{
    struct exti_state *exti = state_of(board);
    exti->pr |= (rising ? exti->rtsr : exti->ftsr) & (1u << line);
    irq_update(board);
}

void exti_pin(struct vboard *board, unsigned port, unsigned pin, bool level)
{
    if (syscfg_exti_port(board, pin) == port) {
        exti_line(board, pin, level);
    }
}

static uint32_t exti_peek(const struct vboard *board,
                          const struct device *device, uint32_t offset)
{
    (void)device;
    const struct exti_state *exti = &board->state.device.exti;
    const uint32_t value[] = {exti->imr,  exti->emr,   exti->rtsr,
                              exti->ftsr, exti->swier, exti->pr};
    return value[offset / 4];
}

static void exti_write(struct vboard *board, const struct device *device,
                       uint32_t offset, uint32_t value, unsigned size)
{
    (void)size;
    struct exti_state *exti = state_of(board);
    value &= device->regs[offset / 4].mask;
    switch (offset) {
    case IMR:
        exti->imr = value;
        break;
    case EMR:
        exti->emr = value;
        break;
    case RTSR:
        exti->rtsr = value;
        break;
    case FTSR:
        exti->ftsr = value;
        break;
    case SWIER: // works on lines that IMR lets through (RM0390 10.3.5)
        exti->pr |= value & ~exti->swier & exti->imr;
        exti->swier = value;
        break;
    default: // PR: write 1 to clear, and SWIER with it
        exti->pr &= ~value;
        exti->swier &= ~value;
        break;
    }
    irq_update(board);
}

static void exti_reset(struct vboard *board, const struct device *device,
                       bool power)
{
    (void)device;
    (void)power;
    *state_of(board) = (struct exti_state){0};
    irq_update(board);
}

#define EXTI(address, table)                                                   \
    {                                                                          \
        .name = "EXTI", .base = address, .size = 0x400, .widths = 4,           \
        .write = exti_write, .peek = exti_peek, .reset = exti_reset,           \
        .regs = table, .reg_count = sizeof(table) / sizeof(table[0]),          \
    }

const struct device exti_device = EXTI(0x40013C00, regs);
const struct device exti_f1_device = EXTI(0x40010400, regs_f1);
