// SPDX-License-Identifier: MIT

#include "steady.h"

#include <stdlib.h>
#include <string.h>

#include "state.h"

// Blocks after an interrupt, or after a try that succeeded, before a try: the
// way back into the loop.
#define SETTLE  24
#define PATIENT 16384 // and at most, after tries that failed
#define FRAME   3     // and while a frame is shifted on an SPI bus
// A lap of more blocks than this is not looked for, nor one whose first block
// comes more often with other registers.
#define LONGEST 512
#define MISSES  32

static const int register_id[15] = {
    // those that change soonest come first
    UC_ARM_REG_R3,  UC_ARM_REG_R2,  UC_ARM_REG_R0,  UC_ARM_REG_R1,
    UC_ARM_REG_R4,  UC_ARM_REG_R5,  UC_ARM_REG_SP,  UC_ARM_REG_LR,
    UC_ARM_REG_R6,  UC_ARM_REG_R7,  UC_ARM_REG_R8,  UC_ARM_REG_R9,
    UC_ARM_REG_R10, UC_ARM_REG_R11, UC_ARM_REG_R12,
};

int steady_open(struct vboard *board)
{
    struct steady *steady = &board->steady;
    steady->backoff = SETTLE;
    steady->state = malloc(sizeof(*steady->state));
    steady->ram = malloc(board->chip->ram_size);
    return steady->state && steady->ram &&
                   !uc_context_alloc(board->uc, &steady->cpu[0]) &&
                   !uc_context_alloc(board->uc, &steady->cpu[1])
               ? 0
               : -1;
}

void steady_close(struct vboard *board)
{
    struct steady *steady = &board->steady;
    free(steady->state);
    free(steady->ram);
    for (int i = 0; i < 2; i++) {
        if (steady->cpu[i]) {
            uc_context_free(steady->cpu[i]);
        }
    }
}

static void give_up(struct steady *steady)
{
    steady->phase = STEADY_OFF;
    steady->wait = steady->backoff;
    steady->backoff =
        2 * steady->backoff < PATIENT ? 2 * steady->backoff : PATIENT;
}

void steady_broken(struct vboard *board)
{
    if (board->steady.phase != STEADY_OFF) {
        give_up(&board->steady);
    }
}

void steady_resume(struct vboard *board)
{
    struct steady *steady = &board->steady;
    steady->phase = STEADY_OFF;
    steady->wait = steady->wait > SETTLE ? steady->wait : SETTLE;
}

void steady_hope(struct vboard *board)
{
    struct steady *steady = &board->steady;
    steady->phase = STEADY_OFF;
    steady->wait = steady->backoff = SETTLE;
}

void steady_fed(struct vboard *board)
{
    board->steady.fed = true;
    board->steady.fed_cycle = board->state.clock.cycle;
}

static void note_registers(struct vboard *board)
{
    for (unsigned i = 0; i < 15; i++) {
        board->steady.registers[i] = cpu_get(board, register_id[i]);
    }
}

static bool same_registers(const struct vboard *board)
{
    for (unsigned i = 0; i < 15; i++) {
        if (board->steady.registers[i] != cpu_get(board, register_id[i])) {
            return false;
        }
    }
    return true;
}

static void begin_search(struct vboard *board, uint32_t address)
{
    struct steady *steady = &board->steady;
    steady->phase = STEADY_SEARCH;
    steady->anchor = address;
    steady->hops = 0;
    steady->misses = 0;
    note_registers(board);
}

static void begin_confirm(struct vboard *board)
{
    struct steady *steady = &board->steady;
    if (uc_context_save(board->uc, steady->cpu[0])) {
        give_up(steady);
        return;
    }
    memcpy(steady->state, &board->state, sizeof(board->state));
    memcpy(steady->ram, board->ram, board->chip->ram_size);
    steady->phase = STEADY_CONFIRM;
    steady->hops = 0;
    steady->misses = 0;
    steady->fed = false;
    steady->events = board->events;
}

// All that a lap is decided by, but for the time.
static bool same_machine(struct vboard *board)
{
    struct steady *steady = &board->steady;
    struct state *before = steady->state;
    uint64_t cycle = before->clock.cycle;
    uint64_t instructions = before->instructions;
    before->clock.cycle = board->state.clock.cycle;
    before->instructions = board->state.instructions;
    if (steady->fed) {
        before->device.iwdg.since = board->state.device.iwdg.since;
        before->due[TIMER_IWDG] = board->state.due[TIMER_IWDG];
    }
    bool same =
        steady->events == board->events &&
        !memcmp(before, &board->state, sizeof(*before)) &&
        !memcmp(steady->ram, board->ram, board->chip->ram_size) &&
        !uc_context_save(board->uc, steady->cpu[1]) &&
        !memcmp(steady->cpu[0], steady->cpu[1], uc_context_size(board->uc));
    before->clock.cycle = cycle;
    before->instructions = instructions;
    return same;
}

// Whole laps that end before the cycle of the next timer.
static uint64_t laps_left(struct vboard *board, uint64_t lap)
{
    uint64_t deadline = board->deadline;
    if (board->steady.fed) {
        // not the watchdog's: it is fed in each lap, well before it bites
        uint64_t bite = cycle_of_timer(board, TIMER_IWDG);
        if (bite < board->state.clock.cycle + 2 * lap) {
            return 0;
        }
        deadline = deadline_without(board, TIMER_IWDG);
    }
    return (deadline - board->state.clock.cycle - 1) / lap;
}

static void skip(struct vboard *board)
{
    struct steady *steady = &board->steady;
    struct state *state = &board->state;
    uint64_t lap = state->clock.cycle - steady->state->clock.cycle;
    uint64_t instructions = state->instructions - steady->state->instructions;
    uint64_t laps = laps_left(board, lap);
    state->clock.cycle += laps * lap;
    state->instructions += laps * instructions;
    board->idle.skipped += laps * instructions;
    if (steady->fed) {
        iwdg_fed_at(board,
                    time_of_cycle(board, steady->fed_cycle + laps * lap));
    }
    steady->phase = STEADY_OFF;
    steady->wait = steady->backoff = SETTLE;
}

static void at_anchor(struct vboard *board)
{
    struct steady *steady = &board->steady;
    if (!same_registers(board)) {
        if (++steady->misses == MISSES) {
            give_up(steady);
        }
    } else if (steady->phase == STEADY_SEARCH) {
        begin_confirm(board);
    } else if (same_machine(board)) {
        skip(board);
    } else {
        give_up(steady);
    }
}

void steady_block(struct vboard *board, uint32_t address)
{
    struct steady *steady = &board->steady;
    if (steady->wait) {
        steady->wait--;
    } else if (steady->phase == STEADY_OFF) {
        if (timers_quick_armed(board)) {
            // a frame is shifted: a lap now would be one round of the loop
            // that waits for its end
            steady->wait = FRAME;
        } else if (!board->idle.disabled) {
            begin_search(board, address);
        }
    } else if (++steady->hops == LONGEST) {
        give_up(steady);
    } else if (address == steady->anchor) {
        at_anchor(board);
    }
}
