// SPDX-License-Identifier: MIT
//
// Oscillators, PLLs and the clock tree (RM0390 6.2): start-up times, the switch
// of SYSCLK and the limits of each clock.

#include "rcc.h"
#include "state.h"

#define HSI_HZ 16000000u

#define CR_HSION (1u << 0)
#define CR_HSEON (1u << 16)
#define CR_PLLON (1u << 24)
// HSITRIM, HSEBYP, CSSON and all the enable bits
#define CR_WRITABLE 0x150D00F9u

#define PLLCFGR_PLLSRC (1u << 22)

#define CFGR_SW 3u
enum { SW_HSI, SW_HSE, SW_PLL_P, SW_PLL_R };

#define RCC_IRQ 5

// Where an oscillator is switched on and says that it is ready; start-up times
// from DS10693 tables 38 to 45, microseconds.
static const struct oscillator_info {
    const char *name;
    uint8_t offset, on, ready, ready_flag; // bits; ready_flag in RCC_CIR
    uint32_t typical, maximum;
} oscillators[OSC_COUNT] = {
    [OSC_HSI] = {"HSI", RCC_CR, 0, 1, 2, 3, 4},
    [OSC_HSE] = {"HSE", RCC_CR, 16, 17, 3, 2000, 2000},
    [OSC_PLL] = {"PLL", RCC_CR, 24, 25, 4, 100, 300},
    [OSC_PLLI2S] = {"PLLI2S", RCC_CR, 26, 27, 5, 100, 300},
    [OSC_PLLSAI] = {"PLLSAI", RCC_CR, 28, 29, 6, 100, 300},
    [OSC_LSI] = {"LSI", RCC_CSR, 0, 1, 0, 15, 40},
    [OSC_LSE] = {"LSE", RCC_BDCR, 0, 1, 1, 2000000, 2000000},
};

static bool bit(const struct vboard *board, uint32_t offset, unsigned number)
{
    return (board->state.device.rcc.reg[offset / 4] >> number) & 1;
}

static bool is_on(const struct vboard *board, enum oscillator osc)
{
    // LSION stays as it is while the watchdog keeps LSI on
    return bit(board, oscillators[osc].offset, oscillators[osc].on) ||
           (osc == OSC_LSI && board->state.device.rcc.lsi_forced);
}

static bool is_ready(const struct vboard *board, enum oscillator osc)
{
    return bit(board, oscillators[osc].offset, oscillators[osc].ready);
}

bool rcc_pll_on(const struct vboard *board)
{
    return is_on(board, OSC_PLL);
}

bool rcc_lsi_ready(const struct vboard *board)
{
    return is_ready(board, OSC_LSI);
}

static uint32_t reg(const struct vboard *board, uint32_t offset)
{
    return board->state.device.rcc.reg[offset / 4];
}

static enum oscillator pll_source(const struct vboard *board)
{
    return reg(board, RCC_PLLCFGR) & PLLCFGR_PLLSRC ? OSC_HSE : OSC_HSI;
}

static uint64_t pll_input(const struct vboard *board)
{
    return pll_source(board) == OSC_HSE ? board->config.hse_hz : HSI_HZ;
}

static uint64_t pll_vco(const struct vboard *board)
{
    uint32_t cfgr = reg(board, RCC_PLLCFGR);
    uint32_t m = cfgr & 0x3F;
    uint32_t n = (cfgr >> 6) & 0x1FF;
    return m ? pll_input(board) * n / m : 0;
}

static uint64_t pll_out(const struct vboard *board, unsigned output)
{
    uint32_t cfgr = reg(board, RCC_PLLCFGR);
    uint32_t p = 2 * (((cfgr >> 16) & 3) + 1);
    uint32_t r = (cfgr >> 28) & 7;
    uint32_t divider = output == SW_PLL_P ? p : r;
    return divider ? pll_vco(board) / divider : 0;
}

static unsigned sysclk_source(const struct vboard *board)
{
    return (reg(board, RCC_CFGR) >> 2) & 3; // SWS
}

bool rcc_sysclk_is_pll(const struct vboard *board)
{
    return sysclk_source(board) >= SW_PLL_P;
}

static uint64_t sysclk(const struct vboard *board)
{
    switch (sysclk_source(board)) {
    case SW_HSI:
        return HSI_HZ;
    case SW_HSE:
        return board->config.hse_hz;
    default:
        return pll_out(board, sysclk_source(board));
    }
}

uint32_t rcc_hclk(const struct vboard *board)
{
    // HPRE, log 2 of the divider: there is no division by 32
    static const uint8_t shift[] = {1, 2, 3, 4, 6, 7, 8, 9};
    uint32_t hpre = (reg(board, RCC_CFGR) >> 4) & 0xF;
    uint64_t hz = sysclk(board);
    return (uint32_t)(hpre & 8 ? hz >> shift[hpre & 7] : hz);
}

static uint32_t apb_clock(const struct vboard *board, unsigned ppre_bit)
{
    uint32_t ppre = (reg(board, RCC_CFGR) >> ppre_bit) & 7;
    return ppre & 4 ? rcc_hclk(board) >> ((ppre & 3) + 1) : rcc_hclk(board);
}

uint32_t rcc_pclk1(const struct vboard *board)
{
    return apb_clock(board, 10);
}

uint32_t rcc_pclk2(const struct vboard *board)
{
    return apb_clock(board, 13);
}

// Wait states that HCLK needs at this supply (RM0390 table 5).
static unsigned latency_needed(const struct vboard *board)
{
    uint32_t mv = pwr_vdd(board);
    uint32_t mhz = mv >= 2700 ? 30 : mv >= 2400 ? 24 : mv >= 2100 ? 22 : 20;
    uint32_t hclk = rcc_hclk(board);
    return hclk ? (hclk - 1) / (mhz * 1000000) : 0;
}

void rcc_check_limits(struct vboard *board)
{
    uint32_t cfgr = rcc_device.base + RCC_CFGR;
    unsigned hclk = rcc_hclk(board);
    unsigned needed = latency_needed(board);
    if (hclk > pwr_max_hclk(board)) {
        violation(board, cfgr,
                  "HCLK of %u Hz is above the %u Hz that VOS and over-drive in "
                  "PWR_CR allow",
                  hclk, (unsigned)pwr_max_hclk(board));
    }
    if (flash_latency(board) < needed) {
        violation(board, flash_device.base,
                  "FLASH ACR LATENCY of %u is too small for HCLK of %u Hz at "
                  "%u mV; it must be %u",
                  flash_latency(board), hclk, (unsigned)pwr_vdd(board), needed);
    }
    if (rcc_pclk1(board) > 45000000) {
        violation(board, cfgr, "APB1 clock of %u Hz is above 45 MHz",
                  (unsigned)rcc_pclk1(board));
    }
    if (rcc_pclk2(board) > 90000000) {
        violation(board, cfgr, "APB2 clock of %u Hz is above 90 MHz",
                  (unsigned)rcc_pclk2(board));
    }
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
    uint32_t *cfgr = &board->state.device.rcc.reg[RCC_CFGR / 4];
    unsigned sw = *cfgr & CFGR_SW;
    if (sw == sysclk_source(board) || !is_ready(board, sw_oscillator(sw))) {
        return;
    }
    *cfgr = (*cfgr & ~(CFGR_SW << 2)) | sw << 2;
}

void rcc_irq_update(struct vboard *board)
{
    uint32_t cir = reg(board, RCC_CIR);
    nvic_line(board, RCC_IRQ, cir & (cir >> 8) & 0x7F);
}

static void check_pll(struct vboard *board)
{
    uint32_t address = rcc_device.base + RCC_PLLCFGR;
    uint32_t cfgr = reg(board, RCC_PLLCFGR);
    uint32_t m = cfgr & 0x3F;
    uint32_t n = (cfgr >> 6) & 0x1FF;
    uint64_t input = m ? pll_input(board) / m : 0;
    if (m < 2 || n < 50 || n > 432 || ((cfgr >> 24) & 0xF) < 2 ||
        ((cfgr >> 28) & 7) < 2) {
        violation(board, address,
                  "RCC PLLCFGR holds a factor that is not allowed (PLLM 2..63, "
                  "PLLN 50..432, PLLQ 2..15, PLLR 2..7)");
    } else if (input < 950000 || input > 2100000) {
        violation(board, address,
                  "PLL input of %u Hz is outside 1 to 2 MHz; change PLLM",
                  (unsigned)input);
    } else if (pll_vco(board) < 100000000 || pll_vco(board) > 432000000) {
        violation(board, address,
                  "PLL VCO of %u Hz is outside 100 to 432 MHz; change PLLN",
                  (unsigned)pll_vco(board));
    }
}

static bool can_start(struct vboard *board, enum oscillator osc)
{
    if (osc == OSC_HSE) {
        return board->config.hse_hz != 0;
    }
    if (osc != OSC_PLL) {
        return true;
    }
    check_pll(board);
    if (!is_ready(board, pll_source(board))) {
        violation(board, rcc_device.base + RCC_CR,
                  "PLLON set while the PLL's source %s is not ready",
                  oscillators[pll_source(board)].name);
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
    const struct oscillator_info *info = &oscillators[osc];
    rcc->ready_at[osc] = NEVER;
    rcc->reg[info->offset / 4] |= 1u << info->ready;
    // the flag needs its interrupt enabled (RM0390 6.3.4)
    uint32_t *cir = &rcc->reg[RCC_CIR / 4];
    *cir |= (*cir >> 8) & (1u << info->ready_flag);
    if (osc == OSC_LSI) {
        iwdg_lsi_ready(board);
    }
}

void oscillators_follow(struct vboard *board)
{
    struct rcc_state *rcc = &board->state.device.rcc;
    for (enum oscillator osc = 0; osc < OSC_COUNT; osc++) {
        const struct oscillator_info *info = &oscillators[osc];
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

// What SYSCLK runs on cannot be switched off (RM0390 6.3.1): the bits that
// stay.
static uint32_t bits_in_use(const struct vboard *board)
{
    unsigned source = sysclk_source(board);
    uint32_t in_use = source == SW_HSI   ? CR_HSION
                      : source == SW_HSE ? CR_HSEON
                                         : CR_PLLON;
    if (in_use == CR_PLLON) {
        in_use |= pll_source(board) == OSC_HSE ? CR_HSEON : CR_HSION;
    }
    return in_use;
}

void clock_write_cr(struct vboard *board, uint32_t value)
{
    uint32_t *cr = &board->state.device.rcc.reg[RCC_CR / 4];
    uint32_t kept = bits_in_use(board) & ~value;
    if (kept) {
        violation(board, rcc_device.base + RCC_CR,
                  "RCC CR 0x%08X would stop an oscillator that SYSCLK runs on; "
                  "switch SW in RCC_CFGR first",
                  (unsigned)value);
    }
    bool pll_was_on = rcc_pll_on(board);
    *cr = (*cr & ~CR_WRITABLE) | ((value | kept) & CR_WRITABLE);
    oscillators_follow(board);
    if (rcc_pll_on(board) != pll_was_on) {
        pwr_pll_changed(board);
    }
}

void clock_write_pllcfgr(struct vboard *board, uint32_t value)
{
    uint32_t *cfgr = &board->state.device.rcc.reg[RCC_PLLCFGR / 4];
    if (rcc_pll_on(board) && value != *cfgr) {
        violation(board, rcc_device.base + RCC_PLLCFGR,
                  "RCC PLLCFGR written while the PLL is on; clear PLLON first");
        return;
    }
    *cfgr = value;
}

void clock_write_cfgr(struct vboard *board, uint32_t value)
{
    uint32_t *cfgr = &board->state.device.rcc.reg[RCC_CFGR / 4];
    enum oscillator wanted = sw_oscillator(value & CFGR_SW);
    if (!is_on(board, wanted)) {
        violation(board, rcc_device.base + RCC_CFGR,
                  "RCC CFGR SW selects %s, which is off: the switch waits",
                  oscillators[wanted].name);
    }
    *cfgr = (*cfgr & (CFGR_SW << 2)) | (value & ~(CFGR_SW << 2));
    switch_if_ready(board);
    hclk_follow(board);
}
