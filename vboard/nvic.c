// SPDX-License-Identifier: MIT
//
// Which exception is pending, enabled, active, and which of them comes next
// (ARMv7-M B1.5.4).

#include "state.h"

#define PRIORITY_NONE 256 // below every configurable priority

bool in_set(const struct exception_set *set, unsigned number)
{
    return set->word[number / 32] >> (number % 32) & 1;
}

void set_add(struct exception_set *set, unsigned number)
{
    set->word[number / 32] |= 1u << (number % 32);
}

void set_remove(struct exception_set *set, unsigned number)
{
    set->word[number / 32] &= ~(1u << (number % 32));
}

void exception_pend(struct vboard *board, unsigned number)
{
    set_add(&board->state.scs.pending, number);
    cpu_poke(board);
}

void nvic_pulse(struct vboard *board, unsigned irq)
{
    exception_pend(board, EXC_IRQ0 + irq);
}

void nvic_line(struct vboard *board, unsigned irq, bool level)
{
    uint32_t *line = &board->state.scs.line[irq / 32];
    uint32_t bit = 1u << (irq % 32);
    if (level && !(*line & bit)) {
        exception_pend(board, EXC_IRQ0 + irq);
    }
    *line = level ? *line | bit : *line & ~bit;
}

void nvic_line_recheck(struct vboard *board, unsigned number)
{
    if (number < EXC_IRQ0) {
        return;
    }
    unsigned irq = number - EXC_IRQ0;
    if (board->state.scs.line[irq / 32] >> (irq % 32) & 1) {
        exception_pend(board, number);
    }
}

static int full_priority(const struct vboard *board, unsigned number)
{
    switch (number) {
    case EXC_NMI:
        return -2;
    case EXC_HARDFAULT:
        return -1;
    default:
        return board->state.scs.priority[number];
    }
}

static int without_subpriority(const struct vboard *board, int priority)
{
    if (priority < 0) {
        return priority;
    }
    return priority & ~((2 << board->state.scs.prigroup) - 1);
}

int exception_priority(const struct vboard *board, unsigned number)
{
    return without_subpriority(board, full_priority(board, number));
}

unsigned nvic_best_pending(const struct vboard *board)
{
    unsigned best = 0;
    int best_priority = PRIORITY_NONE;
    for (unsigned word = 0; word < EXCEPTION_WORDS; word++) {
        uint32_t left = exceptions_waiting(board, word);
        for (; left; left &= left - 1) {
            unsigned number = word * 32 + (unsigned)__builtin_ctz(left);
            int priority = full_priority(board, number);
            if (priority < best_priority) {
                best = number;
                best_priority = priority;
            }
        }
    }
    return best;
}

static int active_priority(const struct vboard *board)
{
    int lowest = PRIORITY_NONE;
    for (unsigned word = 0; word < EXCEPTION_WORDS; word++) {
        uint32_t left = board->state.scs.active.word[word];
        for (; left; left &= left - 1) {
            unsigned number = word * 32 + (unsigned)__builtin_ctz(left);
            int priority = exception_priority(board, number);
            lowest = priority < lowest ? priority : lowest;
        }
    }
    return lowest;
}

static int priority_with_basepri(const struct vboard *board)
{
    int priority = active_priority(board);
    uint32_t basepri = cpu_get(board, UC_ARM_REG_BASEPRI) & 0xF0;
    if (basepri) {
        int limit = without_subpriority(board, (int)basepri);
        priority = limit < priority ? limit : priority;
    }
    return priority;
}

int execution_priority(const struct vboard *board)
{
    int priority = priority_with_basepri(board);
    if (cpu_get(board, UC_ARM_REG_PRIMASK) & 1 && priority > 0) {
        priority = 0;
    }
    if (cpu_get(board, UC_ARM_REG_FAULTMASK) & 1 && priority > -1) {
        priority = -1;
    }
    return priority;
}

unsigned exception_next(const struct vboard *board)
{
    unsigned number = nvic_best_pending(board);
    if (number == 0 ||
        exception_priority(board, number) >= execution_priority(board)) {
        return 0;
    }
    return number;
}

bool exception_wakes(const struct vboard *board)
{
    unsigned number = nvic_best_pending(board);
    return number &&
           exception_priority(board, number) < priority_with_basepri(board);
}
