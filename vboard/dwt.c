// SPDX-License-Identifier: MIT
//
// The cycle counter (DWT, ARMv7-M C1.8). It runs while DEMCR.TRCENA and
// DWT_CTRL.CYCCNTENA are set.

#include "state.h"

#define DWT_CTRL   0xE0001000
#define DWT_CYCCNT 0xE0001004

#define DEMCR_TRCENA (1u << 24)
#define CYCCNTENA    (1u << 0)

void dwt_reset(struct vboard *board)
{
    board->state.dwt = (struct dwt_state){0};
}

static bool counts(const struct dwt_state *dwt)
{
    return dwt->demcr & DEMCR_TRCENA && dwt->ctrl & CYCCNTENA;
}

static uint32_t cyccnt(const struct vboard *board)
{
    const struct dwt_state *dwt = &board->state.dwt;
    if (!counts(dwt)) {
        return dwt->stopped_at;
    }
    return (uint32_t)(board->state.clock.cycle - dwt->zero_cycle);
}

static void set_cyccnt(struct vboard *board, uint32_t value)
{
    struct dwt_state *dwt = &board->state.dwt;
    dwt->stopped_at = value;
    dwt->zero_cycle = board->state.clock.cycle - value;
}

uint32_t dwt_read(const struct vboard *board, uint32_t address)
{
    if (!(board->state.dwt.demcr & DEMCR_TRCENA)) {
        return 0;
    }
    switch (address) {
    case DWT_CTRL:
        return 0x40000000 | board->state.dwt.ctrl; // four comparators
    case DWT_CYCCNT:
        return cyccnt(board);
    default:
        return 0;
    }
}

void dwt_write(struct vboard *board, uint32_t address, uint32_t value)
{
    struct dwt_state *dwt = &board->state.dwt;
    if (!(dwt->demcr & DEMCR_TRCENA)) {
        violation(board, address, "DWT written while DEMCR.TRCENA is 0");
        return;
    }
    if (address == DWT_CYCCNT) {
        set_cyccnt(board, value);
    } else if (address == DWT_CTRL) {
        uint32_t count = cyccnt(board);
        dwt->ctrl = value & 0x0FFFFFFF;
        set_cyccnt(board, count);
    }
}

void dwt_set_demcr(struct vboard *board, uint32_t value)
{
    uint32_t count = cyccnt(board);
    board->state.dwt.demcr = value;
    set_cyccnt(board, count);
}
