// SPDX-License-Identifier: MIT
//
// Power control (RM0390 5.4, RM0008 5.4): the supply detector and what chips
// share. Voltage scaling of the F4 is in pwr_f4.c.

#include "pwr.h"

#define CR_PVDE (1u << 4)
#define CR_DBP  (1u << 8)

#define CSR_WUF  (1u << 0)
#define CSR_SBF  (1u << 1)
#define CSR_PVDO (1u << 2)

#define PVD_EXTI_LINE 16

static struct pwr_state *pwr(struct vboard *board)
{
    return &board->state.device.pwr;
}

uint32_t pwr_peek(const struct vboard *board, const struct device *device,
                  uint32_t offset)
{
    (void)device;
    const struct pwr_state *state = &board->state.device.pwr;
    return offset == PWR_CR ? state->cr : state->csr;
}

uint32_t pwr_vdd(const struct vboard *board)
{
    return board->state.device.pwr.vdd_mv;
}

bool pwr_backup_writable(const struct vboard *board)
{
    return board->state.device.pwr.cr & CR_DBP;
}

void pwr_pll_changed(struct vboard *board)
{
    if (board->chip->pwr->pll_changed) {
        board->chip->pwr->pll_changed(board);
    }
}

static void pvd_update(struct vboard *board)
{
    const struct pwr_family *family = board->chip->pwr;
    struct pwr_state *state = pwr(board);
    unsigned pls = (state->cr >> 5) & 7;
    bool was_low = state->csr & CSR_PVDO;
    bool low = state->vdd_mv <
               (was_low ? family->pvd_rising[pls] : family->pvd_falling[pls]);
    low = low && (state->cr & CR_PVDE);
    if (low != was_low) {
        state->csr ^= CSR_PVDO;
        exti_line(board, PVD_EXTI_LINE, low);
    }
}

static void write_cr(struct vboard *board, uint32_t value)
{
    const struct pwr_family *family = board->chip->pwr;
    struct pwr_state *state = pwr(board);
    uint32_t old = state->cr;
    if (family->check_cr) {
        value = family->check_cr(board, value);
    }
    state->cr = value & family->cr_writable;
    if (value & (1u << 2)) { // CWUF
        state->csr &= ~CSR_WUF;
    }
    if (value & (1u << 3)) { // CSBF
        state->csr &= ~CSR_SBF;
    }
    if (family->cr_written) {
        family->cr_written(board, old);
    }
    pvd_update(board);
    rcc_check_limits(board);
}

void pwr_write(struct vboard *board, const struct device *device,
               uint32_t offset, uint32_t value, unsigned size)
{
    (void)device;
    (void)size;
    const struct pwr_family *family = board->chip->pwr;
    struct pwr_state *state = pwr(board);
    if (offset == PWR_CR) {
        write_cr(board, value);
        return;
    }
    state->csr =
        (state->csr & ~family->csr_writable) | (value & family->csr_writable);
    // the F4's backup regulator is ready at once: nothing here depends on it
    state->csr = state->csr & PWR_CSR_BRE ? state->csr | PWR_CSR_BRR
                                          : state->csr & ~PWR_CSR_BRR;
}

void pwr_reset(struct vboard *board, const struct device *device, bool power)
{
    struct pwr_state *state = pwr(board);
    uint32_t vdd = state->vdd_mv;
    if (power) {
        vdd = board->config.vdd_mv ? board->config.vdd_mv : 3300;
    }
    *state = (struct pwr_state){
        .cr = device->regs[0].reset,
        .vos_at = NEVER,
        .od_at = NEVER,
        .odsw_at = NEVER,
        .vdd_mv = vdd,
    };
    timer_clear(board, TIMER_PWR);
    rcc_check_limits(board);
}

void vboard_set_vdd(struct vboard *board, uint32_t millivolts)
{
    pwr(board)->vdd_mv = millivolts;
    if (!board->state.powered) {
        return;
    }
    if (millivolts < board->chip->pwr->pdr) {
        power_cut(board, "supply", 0);
        return;
    }
    pvd_update(board);
    rcc_check_limits(board);
}
