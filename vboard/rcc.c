// SPDX-License-Identifier: MIT
//
// Reset and clock control: the registers (RM0390 6.3). What frequencies come
// out of them is in clock.c.

#include <string.h>

#include "rcc.h"
#include "state.h"

#define BDCR_BDRST (1u << 16)
#define CSR_LSION  (1u << 0)
#define CSR_RMVF   (1u << 24)
#define CSR_FLAGS  0xFE000000u

// Reset values and the bits that exist. All software bits must be back at
// their reset value for the hand-over, so one table serves both.
static const struct reg regs[] = {
    {"CR", RCC_CR, 0x00000083, 0x3F0F00FB},
    {"PLLCFGR", RCC_PLLCFGR, 0x24003010, 0x7F437FFF},
    {"CFGR", RCC_CFGR, 0, 0xFF7FFCFF},
    {"CIR", RCC_CIR, 0, 0x00007FFF},
    {"AHB1RSTR", RCC_AHB1RSTR, 0, 0x206010FF},
    {"AHB2RSTR", RCC_AHB1RSTR + 4, 0, 0x00000081},
    {"AHB3RSTR", RCC_AHB1RSTR + 8, 0, 0x00000003},
    {"APB1RSTR", RCC_AHB1RSTR + 16, 0, 0x3FFFC9FF},
    {"APB2RSTR", RCC_APB2RSTR, 0, 0x00C77933},
    {"AHB1ENR", RCC_AHB1ENR, 0, 0x606410FF},
    {"AHB2ENR", RCC_AHB1ENR + 4, 0, 0x00000081},
    {"AHB3ENR", RCC_AHB1ENR + 8, 0, 0x00000003},
    {"APB1ENR", RCC_AHB1ENR + 16, 0, 0x3FFFC9FF},
    {"APB2ENR", RCC_APB2ENR, 0, 0x00C77F33},
    {"AHB1LPENR", 0x50, 0x606790FF, 0x606790FF},
    {"AHB2LPENR", 0x54, 0x00000081, 0x00000081},
    {"AHB3LPENR", 0x58, 0x00000003, 0x00000003},
    {"APB1LPENR", 0x60, 0x3FFFC9FF, 0x3FFFC9FF},
    {"APB2LPENR", 0x64, 0x00C77F33, 0x00C77F33},
    {"BDCR", RCC_BDCR, 0, 0},       // survives resets
    {"CSR", RCC_CSR, 0, CSR_LSION}, // the flags are for the application
    {"SSCGR", 0x80, 0, 0xCFFFFFFF},
    {"PLLI2SCFGR", 0x84, 0x24003010, 0x7F037FFF},
    {"PLLSAICFGR", 0x88, 0x04003010, 0x0F037FFF},
    {"DCKCFGR", 0x8C, 0, 0x1FF01F1F},
    {"CKGATENR", 0x90, 0, 0x0000007F},
    {"DCKCFGR2", 0x94, 0, 0x3CC00000},
};
#define REG_COUNT (sizeof(regs) / sizeof(regs[0]))

static uint32_t *rcc_reg(struct vboard *board, uint32_t offset)
{
    return &board->state.device.rcc.reg[offset / 4];
}

static uint32_t rcc_peek(const struct vboard *board,
                         const struct device *device, uint32_t offset)
{
    (void)device;
    return board->state.device.rcc.reg[offset / 4];
}

static uint32_t writable(uint32_t offset)
{
    for (unsigned i = 0; i < REG_COUNT; i++) {
        if (regs[i].offset == offset) {
            return regs[i].mask;
        }
    }
    return 0;
}

static void write_cir(struct vboard *board, uint32_t value)
{
    uint32_t *cir = rcc_reg(board, RCC_CIR);
    uint32_t flags = *cir & 0xFF & ~(value >> 16);
    *cir = flags | (value & 0x7F00);
    rcc_irq_update(board);
}

// A bit of an RSTR register resets its device and holds it (RM0390 6.3.5 ff).
static void write_rstr(struct vboard *board, uint32_t offset, uint32_t value)
{
    uint32_t rising = value & ~*rcc_reg(board, offset);
    *rcc_reg(board, offset) = value;
    const struct chip *chip = board->chip;
    for (unsigned i = 0; i < chip->device_count; i++) {
        const struct device *device = chip->devices[i];
        if (device->enable_offset == offset + RCC_AHB1ENR - RCC_AHB1RSTR &&
            rising & (1u << device->enable_bit)) {
            device->reset(board, device, false);
        }
    }
}

static void write_bdcr(struct vboard *board, uint32_t value)
{
    const uint32_t bits = 0x0000830D | BDCR_BDRST;
    uint32_t *bdcr = rcc_reg(board, RCC_BDCR);
    uint32_t old = *bdcr;
    if ((value & bits) == (old & bits)) {
        return;
    }
    if (!pwr_backup_writable(board)) {
        violation(board, rcc_device.base + RCC_BDCR,
                  "RCC BDCR written while the backup domain is "
                  "write-protected; set DBP in PWR_CR first");
        return;
    }
    *bdcr = value & BDCR_BDRST ? BDCR_BDRST : (value & bits) | (old & ~bits);
    oscillators_follow(board);
}

static void write_csr(struct vboard *board, uint32_t value)
{
    uint32_t *csr = rcc_reg(board, RCC_CSR);
    *csr = (*csr & ~CSR_LSION) | (value & CSR_LSION);
    if (value & CSR_RMVF) {
        *csr &= ~CSR_FLAGS;
    }
    oscillators_follow(board);
}

static void rcc_write(struct vboard *board, const struct device *device,
                      uint32_t offset, uint32_t value, unsigned size)
{
    value =
        bus_lanes(rcc_peek(board, device, offset & ~3u), offset, value, size);
    offset &= ~3u;
    if (offset == RCC_CR) {
        clock_write_cr(board, value);
    } else if (offset == RCC_PLLCFGR) {
        clock_write_pllcfgr(board, value & writable(offset));
    } else if (offset == RCC_CFGR) {
        clock_write_cfgr(board, value & writable(offset));
    } else if (offset == RCC_CIR) {
        write_cir(board, value);
    } else if (offset >= RCC_AHB1RSTR && offset <= RCC_APB2RSTR) {
        write_rstr(board, offset, value & writable(offset));
    } else if (offset == RCC_BDCR) {
        write_bdcr(board, value);
    } else if (offset == RCC_CSR) {
        write_csr(board, value);
    } else {
        *rcc_reg(board, offset) = value & writable(offset);
    }
}

static void rcc_reset(struct vboard *board, const struct device *device,
                      bool power)
{
    (void)device;
    struct rcc_state *rcc = &board->state.device.rcc;
    uint32_t bdcr = power ? 0 : rcc->reg[RCC_BDCR / 4];
    uint32_t flags = power ? 0 : rcc->reg[RCC_CSR / 4] & CSR_FLAGS;
    uint64_t lse_at = power ? NEVER : rcc->ready_at[OSC_LSE];
    memset(rcc, 0, sizeof(*rcc));
    for (unsigned i = 0; i < REG_COUNT; i++) {
        rcc->reg[regs[i].offset / 4] = regs[i].reset;
    }
    for (unsigned osc = 0; osc < OSC_COUNT; osc++) {
        rcc->ready_at[osc] = NEVER;
    }
    rcc->ready_at[OSC_LSE] = lse_at;
    rcc->reg[RCC_BDCR / 4] = bdcr;
    rcc->reg[RCC_CSR / 4] = flags;
    oscillators_follow(board);
    cpu_set_hclk(board, rcc_hclk(board));
}

void rcc_reset_cause(struct vboard *board, uint32_t cause)
{
    // every internal reset pulls NRST low too (RM0390 6.1.1, figure 12)
    *rcc_reg(board, RCC_CSR) |= (cause & CSR_FLAGS) | RCC_CSR_PINRSTF;
    if (cause & RCC_CSR_PORRSTF) {
        *rcc_reg(board, RCC_CSR) |= RCC_CSR_BORRSTF;
    }
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
    if (device->enable_offset == 0) {
        return false;
    }
    uint32_t offset = device->enable_offset - RCC_AHB1ENR + RCC_AHB1RSTR;
    return (board->state.device.rcc.reg[offset / 4] >> device->enable_bit) & 1;
}

const struct device rcc_device = {
    .name = "RCC",
    .base = 0x40023800,
    .size = 0x400,
    .widths = 1 | 2 | 4,
    .write = rcc_write,
    .peek = rcc_peek,
    .reset = rcc_reset,
    .regs = regs,
    .reg_count = REG_COUNT,
};
