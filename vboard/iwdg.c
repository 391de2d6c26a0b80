// SPDX-License-Identifier: MIT
//
// Independent watchdog (RM0390 20, RM0008 19): on LSI, in the supply's own
// domain.
//
// A debugger that halts the core halts virtual time as well: the watchdog is
// frozen then as if DBG_IWDG_STOP in DBGMCU_APB1_FZ were set, even if it is
// not. On the hardware only that bit keeps it from resetting a halted chip.

#include "rcc.h"
#include "state.h"

enum { KR = 0x00, PR = 0x04, RLR = 0x08, SR = 0x0C };

#define KEY_UNLOCK 0x5555u
#define KEY_RELOAD 0xAAAAu
#define KEY_START  0xCCCCu

#define SR_PVU (1u << 0)
#define SR_RVU (1u << 1)

#define SYNC_CYCLES 5 // RM0390 20.4.4, at the most
#define COUNT_FULL  0xFFFu

static const struct reg regs[] = {
    {"KR", KR, 0, 0},
    {"PR", PR, 0, 7},
    {"RLR", RLR, COUNT_FULL, COUNT_FULL},
    {"SR", SR, 0, SR_PVU | SR_RVU},
};

static struct iwdg_state *state_of(struct vboard *board)
{
    return &board->state.device.iwdg;
}

bool iwdg_handed_over(const struct vboard *board, uint32_t offset)
{
    return board->state.device.iwdg.running && offset != SR;
}

// What is read of PR and RLR while an update is under way is not valid
// (RM0390 20.4.2): here, the value before.
static uint32_t iwdg_peek(const struct vboard *board,
                          const struct device *device, uint32_t offset)
{
    (void)device;
    const struct iwdg_state *iwdg = &board->state.device.iwdg;
    switch (offset) {
    case PR:
        return iwdg->pvu ? iwdg->old_pr : iwdg->pr;
    case RLR:
        return iwdg->rvu ? iwdg->reload : iwdg->rlr;
    case SR:
        return (iwdg->pvu ? SR_PVU : 0) | (iwdg->rvu ? SR_RVU : 0);
    default:
        return 0;
    }
}

static uint64_t lsi_cycle(const struct vboard *board)
{
    return VBOARD_S / board->chip->rcc->lsi_hz;
}

static void due_update(struct vboard *board)
{
    const struct iwdg_state *iwdg = state_of(board);
    uint64_t ticks = (uint64_t)iwdg->count + 1;
    // it stands until LSI, which it has switched on, has started up
    bool counts = iwdg->running && rcc_lsi_ready(board);
    timer_set(board, TIMER_IWDG,
              counts ? iwdg->since + ticks * iwdg->divider * lsi_cycle(board)
                     : NEVER);
}

static void set_count(struct vboard *board, uint32_t count)
{
    struct iwdg_state *iwdg = state_of(board);
    iwdg->count = count;
    iwdg->since = now(board);
    due_update(board);
}

void iwdg_fed_at(struct vboard *board, uint64_t time)
{
    state_of(board)->since = time;
    due_update(board);
}

static void sync_update(struct vboard *board)
{
    const struct iwdg_state *iwdg = state_of(board);
    uint64_t pvu = iwdg->pvu ? iwdg->pvu_at : NEVER;
    uint64_t rvu = iwdg->rvu ? iwdg->rvu_at : NEVER;
    timer_set(board, TIMER_IWDG_SYNC, pvu < rvu ? pvu : rvu);
}

// A new divider changes the pace of the count that is under way.
static void divider_arrived(struct vboard *board)
{
    struct iwdg_state *iwdg = state_of(board);
    uint64_t passed =
        (now(board) - iwdg->since) / lsi_cycle(board) / iwdg->divider;
    iwdg->divider = 4u << (iwdg->pr > 6 ? 6 : iwdg->pr);
    iwdg->pvu = false;
    if (iwdg->running) {
        set_count(board,
                  passed < iwdg->count ? iwdg->count - (uint32_t)passed : 0);
    }
}

void iwdg_sync_due(struct vboard *board, enum timer timer)
{
    (void)timer;
    struct iwdg_state *iwdg = state_of(board);
    if (iwdg->pvu && iwdg->pvu_at <= now(board)) {
        divider_arrived(board);
    }
    if (iwdg->rvu && iwdg->rvu_at <= now(board)) {
        iwdg->rvu = false;
        iwdg->reload = iwdg->rlr;
    }
    sync_update(board);
}

// Without LSI an update waits for ever: PVU and RVU stay set.
static uint64_t arrival(const struct vboard *board)
{
    return rcc_lsi_ready(board) ? now(board) + SYNC_CYCLES * lsi_cycle(board)
                                : NEVER;
}

void iwdg_lsi_ready(struct vboard *board)
{
    struct iwdg_state *iwdg = state_of(board);
    if (iwdg->pvu && iwdg->pvu_at == NEVER) {
        iwdg->pvu_at = arrival(board);
    }
    if (iwdg->rvu && iwdg->rvu_at == NEVER) {
        iwdg->rvu_at = arrival(board);
    }
    sync_update(board);
    if (iwdg->running) {
        set_count(board, iwdg->count);
    }
}

static void start(struct vboard *board)
{
    struct iwdg_state *iwdg = state_of(board);
    if (iwdg->running) {
        return;
    }
    iwdg->running = true;
    rcc_force_lsi(board);
    set_count(board, COUNT_FULL);
}

static void write_kr(struct vboard *board, uint32_t key)
{
    struct iwdg_state *iwdg = state_of(board);
    iwdg->writable = key == KEY_UNLOCK;
    if (key == KEY_START) {
        start(board);
    } else if (key == KEY_RELOAD && iwdg->running) {
        set_count(board, iwdg->reload);
        steady_fed(board);
    }
}

// Whether PR or RLR may be written: unlocked, and its last value has arrived.
static bool may_write(struct vboard *board, const struct device *device,
                      uint32_t offset, bool updating)
{
    const char *name = reg_name(device, offset);
    if (!state_of(board)->writable) {
        violation(board, device->base + offset,
                  "IWDG %s written while protected: ignored; write 0x5555 to "
                  "KR first",
                  name);
        return false;
    }
    if (updating) {
        violation(board, device->base + offset,
                  "IWDG %s written while its last update is under way: wait "
                  "for %s in IWDG_SR to clear",
                  name, offset == PR ? "PVU" : "RVU");
        return false;
    }
    return true;
}

static void iwdg_write(struct vboard *board, const struct device *device,
                       uint32_t offset, uint32_t value, unsigned size)
{
    (void)size;
    struct iwdg_state *iwdg = state_of(board);
    value &= 0xFFFF;
    if (offset == KR) {
        write_kr(board, value);
    } else if (offset == PR && may_write(board, device, PR, iwdg->pvu)) {
        iwdg->old_pr = iwdg->pr;
        iwdg->pr = value & 7;
        iwdg->pvu = true;
        iwdg->pvu_at = arrival(board);
        sync_update(board);
    } else if (offset == RLR && may_write(board, device, RLR, iwdg->rvu)) {
        iwdg->rlr = value & COUNT_FULL;
        iwdg->rvu = true;
        iwdg->rvu_at = arrival(board);
        sync_update(board);
    }
}

void iwdg_due(struct vboard *board, enum timer timer)
{
    (void)timer;
    system_reset(board, RCC_CSR_IWDGRSTF, false);
}

static void iwdg_reset(struct vboard *board, const struct device *device,
                       bool power)
{
    (void)device;
    (void)power;
    *state_of(board) = (struct iwdg_state){
        .rlr = COUNT_FULL, .reload = COUNT_FULL, .divider = 4};
    timer_clear(board, TIMER_IWDG);
    timer_clear(board, TIMER_IWDG_SYNC);
    if (board->config.hardware_watchdog) {
        start(board);
    }
}

const struct device iwdg_device = {
    .name = "IWDG",
    .base = 0x40003000,
    .size = 0x400,
    .widths = 2 | 4,
    .write = iwdg_write,
    .peek = iwdg_peek,
    .reset = iwdg_reset,
    .regs = regs,
    .reg_count = sizeof(regs) / sizeof(regs[0]),
};
