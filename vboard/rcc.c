// SPDX-License-Identifier: MIT
//
// Reset and clock control: the registers, as far as chips share them (RM0390
// 6.3, RM0008 7.3). What frequencies come out of them is in clock.c.

#include <string.h>

#include "rcc.h"
#include "state.h"

#define RCC_IRQ 5

#define BDCR_BDRST (1u << 16)
#define CSR_LSION  (1u << 0)
#define CSR_RMVF   (1u << 24)
#define CSR_FLAGS  0xFE000000u

static uint32_t *slot(struct vboard *board, uint32_t offset)
{
    return &board->state.device.rcc.reg[offset / 4];
}

uint32_t rcc_reg(const struct vboard *board, uint32_t offset)
{
    return board->state.device.rcc.reg[offset / 4];
}

uint32_t rcc_peek(const struct vboard *board, const struct device *device,
                  uint32_t offset)
{
    (void)device;
    return board->state.device.rcc.reg[offset / 4];
}

// All software bits must be back at their reset value for the hand-over, so
// one table serves both.
static uint32_t writable(const struct device *device, uint32_t offset)
{
    for (unsigned i = 0; i < device->reg_count; i++) {
        if (device->regs[i].offset == offset) {
            return device->regs[i].mask;
        }
    }
    return 0;
}

void rcc_irq_update(struct vboard *board)
{
    uint32_t cir = rcc_reg(board, board->chip->rcc->cir);
    nvic_line(board, RCC_IRQ, cir & (cir >> 8) & 0x7F);
}

static void write_cir(struct vboard *board, const struct device *device,
                      uint32_t offset, uint32_t value)
{
    uint32_t *cir = slot(board, offset);
    uint32_t flags = *cir & 0xFF & ~(value >> 16);
    *cir = flags | (value & writable(device, offset) & 0x7F00);
    rcc_irq_update(board);
}

// A bit of an RSTR register resets its device and holds it (RM0390 6.3.5 ff).
static void write_rstr(struct vboard *board, uint32_t offset, uint32_t value)
{
    uint32_t rising = value & ~*slot(board, offset);
    *slot(board, offset) = value;
    const struct chip *chip = board->chip;
    for (unsigned i = 0; i < chip->device_count; i++) {
        const struct device *device = chip->devices[i];
        if (device->enable_offset == offset + chip->rcc->rstr_to_enr &&
            rising & (1u << device->enable_bit)) {
            device->reset(board, device, false);
        }
    }
}

static void write_bdcr(struct vboard *board, uint32_t value)
{
    const struct rcc_family *rcc = board->chip->rcc;
    const uint32_t bits = rcc->bdcr_bits | BDCR_BDRST;
    uint32_t *bdcr = slot(board, rcc->bdcr);
    uint32_t old = *bdcr;
    if ((value & bits) == (old & bits)) {
        return;
    }
    if (!pwr_backup_writable(board)) {
        violation(board, rcc->device->base + rcc->bdcr,
                  "RCC BDCR written while the backup domain is "
                  "write-protected; set DBP in PWR_CR first");
        return;
    }
    *bdcr = value & BDCR_BDRST ? BDCR_BDRST : (value & bits) | (old & ~bits);
    oscillators_follow(board);
}

static void write_csr(struct vboard *board, uint32_t value)
{
    uint32_t *csr = slot(board, board->chip->rcc->csr);
    *csr = (*csr & ~CSR_LSION) | (value & CSR_LSION);
    if (value & CSR_RMVF) {
        *csr &= ~CSR_FLAGS;
    }
    oscillators_follow(board);
}

void rcc_write(struct vboard *board, const struct device *device,
               uint32_t offset, uint32_t value, unsigned size)
{
    const struct rcc_family *rcc = board->chip->rcc;
    value =
        bus_lanes(rcc_peek(board, device, offset & ~3u), offset, value, size);
    offset &= ~3u;
    if (offset == rcc->pll) {
        value = clock_pll_bits(board, value);
    }
    if (offset == RCC_CR) {
        clock_write_cr(board, value);
    } else if (offset == rcc->cfgr) {
        clock_write_cfgr(board, value & writable(device, offset));
    } else if (offset == rcc->cir) {
        write_cir(board, device, offset, value);
    } else if (offset >= rcc->rstr_first && offset <= rcc->rstr_last) {
        write_rstr(board, offset, value & writable(device, offset));
    } else if (offset == rcc->bdcr) {
        write_bdcr(board, value);
    } else if (offset == rcc->csr) {
        write_csr(board, value);
    } else {
        *slot(board, offset) = value & writable(device, offset);
    }
}

void rcc_reset(struct vboard *board, const struct device *device, bool power)
{
    const struct rcc_family *family = board->chip->rcc;
    struct rcc_state *rcc = &board->state.device.rcc;
    uint32_t bdcr = power ? 0 : rcc->reg[family->bdcr / 4];
    uint32_t flags = power ? 0 : rcc->reg[family->csr / 4] & CSR_FLAGS;
    uint64_t lse_at = power ? NEVER : rcc->ready_at[OSC_LSE];
    memset(rcc, 0, sizeof(*rcc));
    for (unsigned i = 0; i < device->reg_count; i++) {
        rcc->reg[device->regs[i].offset / 4] = device->regs[i].reset;
    }
    for (unsigned osc = 0; osc < OSC_COUNT; osc++) {
        rcc->ready_at[osc] = NEVER;
    }
    rcc->ready_at[OSC_LSE] = lse_at;
    rcc->reg[family->bdcr / 4] = bdcr;
    rcc->reg[family->csr / 4] = flags;
    oscillators_follow(board);
    cpu_set_hclk(board, rcc_hclk(board));
}

void rcc_reset_cause(struct vboard *board, uint32_t cause)
{
    // every internal reset pulls NRST low too (RM0390 6.1.1, figure 12; RM0008
    // 7.1.1, figure 4)
    uint32_t flags = (cause & CSR_FLAGS) | RCC_CSR_PINRSTF;
    if (cause & RCC_CSR_PORRSTF) {
        flags |= board->chip->rcc->power_flags;
    }
    *slot(board, board->chip->rcc->csr) |= flags;
}

const char *rcc_cause_text(uint32_t cause)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } flags[] = {
        {RCC_CSR_PORRSTF, "PORRSTF"}, {RCC_CSR_IWDGRSTF, "IWDGRSTF"},
        {RCC_CSR_SFTRSTF, "SFTRSTF"}, {1u << 30, "WWDGRSTF"},
        {1u << 31, "LPWRRSTF"},       {RCC_CSR_BORRSTF, "BORRSTF"},
        {RCC_CSR_PINRSTF, "PINRSTF"},
    };
    for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (cause & flags[i].flag) {
            return flags[i].name;
        }
    }
    return "";
}

bool rcc_enabled(const struct vboard *board, const struct device *device)
{
    if (device->enable_offset == 0) {
        return true;
    }
    const uint32_t *reg = board->state.device.rcc.reg;
    uint32_t enr = reg[device->enable_offset / 4];
    return (enr >> device->enable_bit) & 1;
}

bool rcc_held_in_reset(const struct vboard *board, const struct device *device)
{
    const struct rcc_family *rcc = board->chip->rcc;
    uint32_t offset = device->enable_offset - rcc->rstr_to_enr;
    // the F1 does not reset what hangs on its AHB
    if (device->enable_offset == 0 || offset < rcc->rstr_first ||
        offset > rcc->rstr_last) {
        return false;
    }
    return (board->state.device.rcc.reg[offset / 4] >> device->enable_bit) & 1;
}
