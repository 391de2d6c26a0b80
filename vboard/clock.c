// SPDX-License-Identifier: MIT
//
// Oscillators and the clock tree (RM0390 6.2, RM0008 7.2): start-up times, the
// switch of SYSCLK and what it keeps on.

#include "rcc.h"
#include "state.h"

#define CR_HSION (1u << 0)
#define CR_HSEON (1u << 16)
#define CR_PLLON (1u << 24)

#define CFGR_SW 3u

static const struct rcc_family *family_of(const struct vboard *board)
{
    return board->chip->rcc;
}

static const struct oscillator_info *info_of(const struct vboard *board,
                                             enum oscillator osc)
{
    return &family_of(board)->oscillators[osc];
}

static bool bit(const struct vboard *board, uint32_t offset, unsigned number)
{
    return (board->state.device.rcc.reg[offset / 4] >> number) & 1;
}

static bool is_on(const struct vboard *board, enum oscillator osc)
{
    // LSION stays as it is while the watchdog keeps LSI on
    return bit(board, info_of(board, osc)->offset, info_of(board, osc)->on) ||
           (osc == OSC_LSI && board->state.device.rcc.lsi_forced);
}

static bool is_ready(const struct vboard *board, enum oscillator osc)
{
    return bit(board, info_of(board, osc)->offset, info_of(board, osc)->ready);
}

bool rcc_pll_on(const struct vboard *board)
{
    return is_on(board, OSC_PLL);
}

bool rcc_lsi_ready(const struct vboard *board)
{
    return is_ready(board, OSC_LSI);
}

static unsigned sysclk_source(const struct vboard *board)
{
    return (rcc_reg(board, family_of(board)->cfgr) >> 2) & 3; // SWS
}

bool rcc_sysclk_is_pll(const struct vboard *board)
{
    return sysclk_source(board) >= SW_PLL;
}

bool rcc_hsi_ready(const struct vboard *board)
{
    return is_ready(board, OSC_HSI);
}

uint64_t rcc_sysclk(const struct vboard *board)
{
    switch (sysclk_source(board)) {
    case SW_HSI:
        return family_of(board)->hsi_hz;
    case SW_HSE:
        return board->config.hse_hz;
    default:
        return family_of(board)->pll_out(board, sysclk_source(board));
    }
}

uint32_t rcc_hclk(const struct vboard *board)
{
    // HPRE, log 2 of the divider: there is no division by 32
    static const uint8_t shift[] = {1, 2, 3, 4, 6, 7, 8, 9};
    uint32_t hpre = (rcc_reg(board, family_of(board)->cfgr) >> 4) & 0xF;
    uint64_t hz = rcc_sysclk(board);
    return (uint32_t)(hpre & 8 ? hz >> shift[hpre & 7] : hz);
}

static uint32_t apb_clock(const struct vboard *board, unsigned ppre_bit)
{
    uint32_t ppre = (rcc_reg(board, family_of(board)->cfgr) >> ppre_bit) & 7;
    return ppre & 4 ? rcc_hclk(board) >> ((ppre & 3) + 1) : rcc_hclk(board);
}

uint32_t rcc_pclk1(const struct vboard *board)
{
    return apb_clock(board, family_of(board)->ppre1);
}

uint32_t rcc_pclk2(const struct vboard *board)
{
    return apb_clock(board, family_of(board)->ppre2);
}

void rcc_check_apb(struct vboard *board, uint32_t max1, uint32_t max2)
{
    const struct rcc_family *rcc = family_of(board);
    const struct {
        unsigned number, hz, max;
    } apb[] = {{1, rcc_pclk1(board), max1}, {2, rcc_pclk2(board), max2}};
    for (unsigned i = 0; i < 2; i++) {
        if (apb[i].hz > apb[i].max) {
            violation(board, rcc->device->base + rcc->cfgr,
                      "APB%u clock of %u Hz is above %u MHz", apb[i].number,
                      apb[i].hz, apb[i].max / 1000000);
        }
    }
}

void rcc_check_limits(struct vboard *board)
{
    family_of(board)->check_limits(board);
}

static void hclk_follow(struct vboard *board)
{
    if (rcc_hclk(board) != vboard_hclk(board)) {
        cpu_set_hclk(board, rcc_hclk(board));
    }
    rcc_check_limits(board);
}

static enum oscillator sw_oscillator(unsigned sw)
{
    return sw == SW_HSI ? OSC_HSI : sw == SW_HSE ? OSC_HSE : OSC_PLL;
}

// The switch happens when the source selected is ready (RM0390 6.2.6).
static void switch_if_ready(struct vboard *board)
{
    uint32_t *cfgr = &board->state.device.rcc.reg[family_of(board)->cfgr / 4];
    unsigned sw = *cfgr & CFGR_SW;
    if (sw == sysclk_source(board) || !is_ready(board, sw_oscillator(sw))) {
        return;
    }
    *cfgr = (*cfgr & ~(CFGR_SW << 2)) | sw << 2;
}

static bool can_start(struct vboard *board, enum oscillator osc)
{
    if (osc == OSC_HSE) {
        return board->config.hse_hz != 0;
    }
    if (osc != OSC_PLL) {
        return true;
    }
    const struct rcc_family *rcc = family_of(board);
    rcc->check_pll(board);
    enum oscillator source = rcc->pll_source(board);
    if (!is_ready(board, source)) {
        violation(board, rcc->device->base + RCC_CR,
                  "PLLON set while the PLL's source %s is not ready",
                  info_of(board, source)->name);
        return false;
    }
    return true;
}

static void timer_update(struct vboard *board)
{
    uint64_t first = NEVER;
    for (unsigned osc = 0; osc < OSC_COUNT; osc++) {
        uint64_t at = board->state.device.rcc.ready_at[osc];
        first = at < first ? at : first;
    }
    timer_set(board, TIMER_RCC, first);
}

static void became_ready(struct vboard *board, enum oscillator osc)
{
    struct rcc_state *rcc = &board->state.device.rcc;
    const struct oscillator_info *info = info_of(board, osc);
    rcc->ready_at[osc] = NEVER;
    rcc->reg[info->offset / 4] |= 1u << info->ready;
    // the flag needs its interrupt enabled (RM0390 6.3.4)
    uint32_t *cir = &rcc->reg[family_of(board)->cir / 4];
    *cir |= (*cir >> 8) & (1u << info->ready_flag);
    if (osc == OSC_LSI) {
        iwdg_lsi_ready(board);
    }
}

void oscillators_follow(struct vboard *board)
{
    struct rcc_state *rcc = &board->state.device.rcc;
    for (enum oscillator osc = 0; osc < OSC_COUNT; osc++) {
        const struct oscillator_info *info = info_of(board, osc);
        if (!info->name) {
            continue;
        }
        if (!is_on(board, osc)) {
            rcc->reg[info->offset / 4] &= ~(1u << info->ready);
            rcc->ready_at[osc] = NEVER;
        } else if (!is_ready(board, osc) && rcc->ready_at[osc] == NEVER &&
                   can_start(board, osc)) {
            uint32_t us = board->config.timing == VBOARD_MAXIMUM
                              ? info->maximum
                              : info->typical;
            rcc->ready_at[osc] = now(board) + us * VBOARD_US;
        }
    }
    timer_update(board);
}

void rcc_due(struct vboard *board, enum timer timer)
{
    (void)timer;
    for (enum oscillator osc = 0; osc < OSC_COUNT; osc++) {
        if (board->state.device.rcc.ready_at[osc] <= now(board)) {
            became_ready(board, osc);
        }
    }
    timer_update(board);
    rcc_irq_update(board);
    switch_if_ready(board);
    hclk_follow(board);
}

void rcc_force_lsi(struct vboard *board)
{
    board->state.device.rcc.lsi_forced = true;
    oscillators_follow(board);
}

// What SYSCLK runs on cannot be switched off (RM0390 6.3.1, RM0008 7.3.1): the
// bits that stay.
static uint32_t bits_in_use(const struct vboard *board)
{
    unsigned source = sysclk_source(board);
    uint32_t in_use = source == SW_HSI   ? CR_HSION
                      : source == SW_HSE ? CR_HSEON
                                         : CR_PLLON;
    if (in_use == CR_PLLON) {
        in_use |= family_of(board)->pll_source(board) == OSC_HSE ? CR_HSEON
                                                                 : CR_HSION;
    }
    return in_use;
}

void clock_write_cr(struct vboard *board, uint32_t value)
{
    const struct rcc_family *rcc = family_of(board);
    uint32_t *cr = &board->state.device.rcc.reg[RCC_CR / 4];
    uint32_t kept = bits_in_use(board) & ~value;
    if (kept) {
        violation(board, rcc->device->base + RCC_CR,
                  "RCC CR 0x%08X would stop an oscillator that SYSCLK runs on; "
                  "switch SW in RCC_CFGR first",
                  (unsigned)value);
    }
    bool pll_was_on = rcc_pll_on(board);
    *cr = (*cr & ~rcc->cr_writable) | ((value | kept) & rcc->cr_writable);
    oscillators_follow(board);
    if (rcc_pll_on(board) != pll_was_on) {
        pwr_pll_changed(board);
    }
}

uint32_t clock_pll_bits(struct vboard *board, uint32_t value)
{
    const struct rcc_family *rcc = family_of(board);
    uint32_t changed = (value ^ rcc_reg(board, rcc->pll)) & rcc->pll_bits;
    if (!changed || !rcc_pll_on(board)) {
        return value;
    }
    violation(board, rcc->device->base + rcc->pll,
              "RCC %s written while the PLL is on; clear PLLON first",
              reg_name(rcc->device, rcc->pll));
    return value ^ changed;
}

void clock_write_cfgr(struct vboard *board, uint32_t value)
{
    const struct rcc_family *rcc = family_of(board);
    uint32_t *cfgr = &board->state.device.rcc.reg[rcc->cfgr / 4];
    uint32_t sw = value & CFGR_SW;
    enum oscillator wanted = sw_oscillator(sw);
    if (sw > rcc->sw_last) {
        violation(board, rcc->device->base + rcc->cfgr,
                  "RCC CFGR SW of %u is not allowed", (unsigned)sw);
        value = (value & ~CFGR_SW) | (*cfgr & CFGR_SW);
    } else if (!is_on(board, wanted)) {
        violation(board, rcc->device->base + rcc->cfgr,
                  "RCC CFGR SW selects %s, which is off: the switch waits",
                  info_of(board, wanted)->name);
    }
    *cfgr = (*cfgr & (CFGR_SW << 2)) | (value & ~(CFGR_SW << 2));
    switch_if_ready(board);
    hclk_follow(board);
}
