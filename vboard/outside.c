// SPDX-License-Identifier: MIT
//
// What the world does to the board at a later time: pins, the supply and the
// reset button, in one queue in order of time.

#include <string.h>

#include "state.h"

enum {
    LATER_MAX = sizeof((struct outside_state){0}.later) /
                sizeof((struct outside_state){0}.later[0])
};

static void rearm(struct vboard *board)
{
    const struct outside_state *outside = &board->state.device.outside;
    timer_set(board, TIMER_OUTSIDE,
              outside->count ? outside->later[0].time : NEVER);
}

static void apply(struct vboard *board, const struct change *change)
{
    switch (change->kind) {
    case CHANGE_PIN:
        gpio_drive(board, change->port, change->pin, change->level);
        break;
    case CHANGE_VDD:
        vboard_set_vdd(board, change->vdd_mv);
        break;
    case CHANGE_RESET:
        system_reset(board, RCC_CSR_PINRSTF, false);
        break;
    }
}

int outside_later(struct vboard *board, const struct change *change)
{
    struct outside_state *outside = &board->state.device.outside;
    if (outside->count == LATER_MAX) {
        return -1;
    }
    unsigned place = outside->count;
    while (place > 0 && outside->later[place - 1].time > change->time) {
        outside->later[place] = outside->later[place - 1];
        place--;
    }
    outside->later[place] = *change;
    outside->count++;
    rearm(board);
    return 0;
}

void outside_due(struct vboard *board, enum timer timer)
{
    (void)timer;
    struct outside_state *outside = &board->state.device.outside;
    // a reset or a power cut takes effect before what comes next
    while (outside->count && outside->later[0].time <= now(board) &&
           !cpu_ended(board)) {
        struct change change = outside->later[0];
        outside->count--;
        memmove(&outside->later[0], &outside->later[1],
                outside->count * sizeof(outside->later[0]));
        apply(board, &change);
    }
    rearm(board);
}

bool outside_resets(const struct vboard *board)
{
    const struct outside_state *outside = &board->state.device.outside;
    for (unsigned i = 0; i < outside->count; i++) {
        if (outside->later[i].kind == CHANGE_RESET) {
            return true;
        }
    }
    return false;
}

int vboard_set_vdd_at(struct vboard *board, uint32_t millivolts, uint64_t time)
{
    struct change change = {
        .kind = CHANGE_VDD, .time = time, .vdd_mv = millivolts};
    return outside_later(board, &change);
}

int vboard_reset_at(struct vboard *board, uint64_t time)
{
    struct change change = {.kind = CHANGE_RESET, .time = time};
    return outside_later(board, &change);
}
