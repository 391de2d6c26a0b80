// SPDX-License-Identifier: MIT
//
// SysTick (PM0214 4.5). It counts cycles, so a change of HCLK needs no care
// beyond setting its timer anew.

#include "state.h"

#define SYST_CSR   0x010
#define SYST_RVR   0x014
#define SYST_CVR   0x018
#define SYST_CALIB 0x01C

#define ENABLE    (1u << 0)
#define TICKINT   (1u << 1)
#define CLKSOURCE (1u << 2)
#define COUNTFLAG (1u << 16)

// HCLK cycles in a tick: HCLK or HCLK/8 (PM0214 4.5.1).
static unsigned tick(const struct systick *systick)
{
    return systick->csr & CLKSOURCE ? 1 : 8;
}

void systick_follow(struct vboard *board)
{
    const struct systick *systick = &board->state.scs.systick;
    if (systick->csr & ENABLE && systick->zero_at != NEVER) {
        timer_set(board, TIMER_SYSTICK, time_of_cycle(board, systick->zero_at));
    } else {
        timer_clear(board, TIMER_SYSTICK);
    }
}

// From a count, or from zero: then the next tick loads RVR first.
static void systick_start(struct vboard *board, uint32_t count, uint64_t cycle)
{
    struct systick *systick = &board->state.scs.systick;
    uint64_t ticks = count ? count : (uint64_t)systick->rvr + 1;
    bool idle = count == 0 && systick->rvr == 0;
    systick->zero_at = idle ? NEVER : cycle + ticks * tick(systick);
    systick_follow(board);
}

static uint32_t systick_count(const struct vboard *board)
{
    const struct systick *systick = &board->state.scs.systick;
    if (!(systick->csr & ENABLE)) {
        return systick->stopped_at;
    }
    uint64_t cycle = board->state.clock.cycle;
    if (systick->zero_at == NEVER || systick->zero_at <= cycle) {
        return 0;
    }
    uint64_t left = systick->zero_at - cycle;
    uint64_t ticks = (left + tick(systick) - 1) / tick(systick);
    // the tick that loads RVR has not come yet
    return ticks > systick->rvr && systick->stopped_at == 0 ? 0
                                                            : (uint32_t)ticks;
}

void systick_due(struct vboard *board, enum timer timer)
{
    (void)timer;
    struct systick *systick = &board->state.scs.systick;
    systick->countflag = true;
    systick->stopped_at = 0;
    if (systick->csr & TICKINT) {
        exception_pend(board, EXC_SYSTICK);
    }
    systick_start(board, 0, systick->zero_at);
}

static void write_csr(struct vboard *board, uint32_t value)
{
    struct systick *systick = &board->state.scs.systick;
    systick->stopped_at = systick_count(board);
    systick->csr = value & (ENABLE | TICKINT | CLKSOURCE);
    systick_start(board, systick->stopped_at, board->state.clock.cycle);
}

static void write_cvr(struct vboard *board)
{
    struct systick *systick = &board->state.scs.systick;
    systick->stopped_at = 0;
    systick->countflag = false;
    systick_start(board, 0, board->state.clock.cycle);
}

uint32_t systick_peek(const struct vboard *board, uint32_t offset)
{
    const struct systick *systick = &board->state.scs.systick;
    switch (offset) {
    case SYST_CSR:
        return systick->csr | (systick->countflag ? COUNTFLAG : 0);
    case SYST_RVR:
        return systick->rvr;
    case SYST_CVR:
        return systick_count(board);
    case SYST_CALIB:
        return 0x4000493E; // SKEW, 18750 (RM0390 10.1.2)
    default:
        return 0;
    }
}

// Reading CSR clears COUNTFLAG.
void systick_after_read(struct vboard *board, uint32_t offset)
{
    if (offset == SYST_CSR) {
        board->state.scs.systick.countflag = false;
    }
}

void systick_write(struct vboard *board, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case SYST_CSR:
        write_csr(board, value);
        break;
    case SYST_RVR: // takes effect when it is loaded next
        board->state.scs.systick.rvr = value & 0xFFFFFF;
        break;
    case SYST_CVR:
        write_cvr(board);
        break;
    default:
        break;
    }
}
