// SPDX-License-Identifier: MIT
//
// Power control of the F446 (RM0390 5.4): voltage scaling and over-drive.

#include "pwr.h"

#define CR_VOS      (3u << 14)
#define CR_ODEN     (1u << 16)
#define CR_ODSWEN   (1u << 17)
#define CR_WRITABLE 0x003FEFF3u // CWUF and CSBF read as 0
#define CR_RESET    0x0000C000u

#define CSR_VOSRDY   (1u << 14)
#define CSR_ODRDY    (1u << 16)
#define CSR_ODSWRDY  (1u << 17)
#define CSR_WRITABLE 0x00000380u // EWUP2, EWUP1, BRE

// Over-drive and scaling settle (DS10693 table 21), either timing.
#define SETTLE (45 * VBOARD_US)

static const struct reg regs[] = {
    {"CR", PWR_CR, CR_RESET, CR_WRITABLE},
    {"CSR", PWR_CSR, 0, CSR_WRITABLE},
};

const struct device pwr_f4_device = {
    .name = "PWR",
    .base = 0x40007000,
    .size = 0x400,
    .enable_offset = 0x40,
    .enable_bit = 28,
    .widths = 2 | 4,
    .write = pwr_write,
    .peek = pwr_peek,
    .reset = pwr_reset,
    .regs = regs,
    .reg_count = 2,
};

static struct pwr_state *pwr(struct vboard *board)
{
    return &board->state.device.pwr;
}

uint32_t pwr_max_hclk(const struct vboard *board)
{
    const struct pwr_state *state = &board->state.device.pwr;
    bool over_drive = state->csr & CSR_ODSWRDY;
    // VOS counts only while the PLL is on; it is scale 3 otherwise
    uint32_t vos = rcc_pll_on(board) ? (state->cr & CR_VOS) >> 14 : 1;
    switch (vos) {
    case 3:
        return over_drive ? 180000000 : 168000000;
    case 2:
        return over_drive ? 168000000 : 144000000;
    default:
        return 120000000;
    }
}

static void timer_update(struct vboard *board)
{
    const struct pwr_state *state = pwr(board);
    uint64_t first = state->vos_at;
    first = state->od_at < first ? state->od_at : first;
    first = state->odsw_at < first ? state->odsw_at : first;
    timer_set(board, TIMER_PWR, first);
}

void pwr_due(struct vboard *board, enum timer timer)
{
    (void)timer;
    struct pwr_state *state = pwr(board);
    const struct {
        uint64_t *at;
        uint32_t flag;
    } wait[] = {{&state->vos_at, CSR_VOSRDY},
                {&state->od_at, CSR_ODRDY},
                {&state->odsw_at, CSR_ODSWRDY}};
    for (unsigned i = 0; i < 3; i++) {
        if (*wait[i].at <= now(board)) {
            *wait[i].at = NEVER;
            state->csr |= wait[i].flag;
        }
    }
    timer_update(board);
}

static void pll_changed(struct vboard *board)
{
    struct pwr_state *state = pwr(board);
    state->csr &= ~CSR_VOSRDY;
    state->vos_at = rcc_pll_on(board) ? now(board) + SETTLE : NEVER;
    timer_update(board);
}

// ODEN first, ODSWEN once ODRDY is set, both while SYSCLK is HSI or HSE
// (RM0390 5.1.4). Returns the bits as they may become.
static uint32_t check_over_drive(struct vboard *board, uint32_t value)
{
    struct pwr_state *state = pwr(board);
    uint32_t address = pwr_f4_device.base + PWR_CR;
    uint32_t rising = value & ~state->cr;
    if ((value ^ state->cr) & CR_ODSWEN && rcc_sysclk_is_pll(board)) {
        violation(board, address,
                  "PWR CR ODSWEN changed while SYSCLK is the PLL");
    }
    if (rising & CR_ODSWEN && !(state->csr & CSR_ODRDY)) {
        violation(board, address, "PWR CR ODSWEN set before ODRDY in PWR_CSR");
        value &= ~CR_ODSWEN;
    }
    return value;
}

static void over_drive_follow(struct vboard *board, uint32_t old)
{
    struct pwr_state *state = pwr(board);
    uint32_t rising = state->cr & ~old;
    if (rising & CR_ODEN) {
        state->od_at = now(board) + SETTLE;
    }
    if (rising & CR_ODSWEN) {
        state->odsw_at = now(board) + SETTLE;
    }
    if (!(state->cr & CR_ODEN)) {
        state->csr &= ~CSR_ODRDY;
        state->od_at = NEVER;
    }
    if (!(state->cr & CR_ODSWEN) || !(state->cr & CR_ODEN)) {
        state->csr &= ~CSR_ODSWRDY;
        state->odsw_at = NEVER;
    }
    timer_update(board);
}

static uint32_t check_cr(struct vboard *board, uint32_t value)
{
    uint32_t old = pwr(board)->cr;
    if ((value ^ old) & CR_VOS && rcc_pll_on(board)) {
        violation(board, pwr_f4_device.base + PWR_CR,
                  "PWR CR VOS written while the PLL is on; clear PLLON first");
        value = (value & ~CR_VOS) | (old & CR_VOS);
    }
    if ((value & CR_VOS) == 0) {
        violation(board, pwr_f4_device.base + PWR_CR,
                  "PWR CR VOS of 0 is reserved");
    }
    return check_over_drive(board, value);
}

// Levels of DS10693 table 19; PDR falling, typical.
const struct pwr_family pwr_f4 = {
    .device = &pwr_f4_device,
    .cr_writable = CR_WRITABLE,
    .csr_writable = CSR_WRITABLE,
    .pvd_falling = {2040, 2190, 2350, 2510, 2660, 2820, 2930, 3030},
    .pvd_rising = {2140, 2300, 2450, 2600, 2760, 2930, 3030, 3140},
    .pdr = 1680,
    .check_cr = check_cr,
    .cr_written = over_drive_follow,
    .pll_changed = pll_changed,
};
