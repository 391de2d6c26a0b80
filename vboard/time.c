// SPDX-License-Identifier: MIT

#include "state.h"

// 128 bits hold any cycle count times 10^12.
__extension__ typedef unsigned __int128 uint128;

static void (*const handler[TIMER_COUNT])(struct vboard *, enum timer) = {
    [TIMER_SYSTICK] = systick_due,
    [TIMER_FLASH] = flash_due,
    [TIMER_IWDG] = iwdg_due,
    [TIMER_IWDG_SYNC] = iwdg_sync_due,
    [TIMER_RCC] = rcc_due,
    [TIMER_PWR] = pwr_due,
    [TIMER_USART1_TX] = usart_tx_due,
    [TIMER_USART1_RX] = usart_rx_due,
    [TIMER_USART2_TX] = usart_tx_due,
    [TIMER_USART2_RX] = usart_rx_due,
    [TIMER_SPI1] = spi_due,
    [TIMER_SPI2] = spi_due,
    [TIMER_W25Q] = w25q_due,
    [TIMER_W25Q_WRITE] = w25q_due,
    [TIMER_W25Q_SELECT] = w25q_due,
    [TIMER_OUTSIDE] = outside_due,
    [TIMER_CUT] = cut_due,
    [TIMER_RUN_END] = run_end_due,
};

// Rounds down, and cycle_of_time rounds up: so a time that was made from a
// cycle gives that cycle again.
uint64_t time_of_cycle(const struct vboard *board, uint64_t cycle)
{
    const struct clock *clock = &board->state.clock;
    uint128 cycles = cycle - clock->base_cycle;
    return clock->base_time + (uint64_t)(cycles * VBOARD_S / clock->hclk);
}

static uint64_t cycle_of_time(const struct vboard *board, uint64_t time)
{
    const struct clock *clock = &board->state.clock;
    if (time == NEVER) {
        return NEVER;
    }
    if (time <= clock->base_time) {
        return clock->base_cycle;
    }
    uint128 scaled = (uint128)(time - clock->base_time) * clock->hclk;
    return clock->base_cycle + (uint64_t)((scaled + VBOARD_S - 1) / VBOARD_S);
}

uint64_t now(const struct vboard *board)
{
    return time_of_cycle(board, board->state.clock.cycle);
}

void clock_set_hclk(struct vboard *board, uint32_t hz)
{
    struct clock *clock = &board->state.clock;
    clock->base_time = now(board);
    clock->base_cycle = clock->cycle;
    clock->hclk = hz;
    deadline_update(board);
}

static enum timer timer_first(const struct vboard *board)
{
    enum timer first = 0;
    for (enum timer timer = 1; timer < TIMER_COUNT; timer++) {
        if (board->state.due[timer] < board->state.due[first]) {
            first = timer;
        }
    }
    return first;
}

uint64_t timers_next(const struct vboard *board)
{
    return board->state.due[timer_first(board)];
}

void deadline_update(struct vboard *board)
{
    board->deadline = cycle_of_time(board, timers_next(board));
}

uint64_t cycle_of_timer(const struct vboard *board, enum timer timer)
{
    return cycle_of_time(board, board->state.due[timer]);
}

uint64_t deadline_without(const struct vboard *board, enum timer without)
{
    uint64_t first = NEVER;
    for (enum timer timer = 0; timer < TIMER_COUNT; timer++) {
        uint64_t due = board->state.due[timer];
        first = timer != without && due < first ? due : first;
    }
    return cycle_of_time(board, first);
}

void timer_set(struct vboard *board, enum timer timer, uint64_t due)
{
    board->state.due[timer] = due;
    deadline_update(board);
}

void timer_clear(struct vboard *board, enum timer timer)
{
    timer_set(board, timer, NEVER);
}

uint64_t timer_due(const struct vboard *board, enum timer timer)
{
    return board->state.due[timer];
}

void timers_reset(struct vboard *board)
{
    for (enum timer timer = 0; timer < TIMER_COUNT; timer++) {
        board->state.due[timer] = NEVER;
    }
    deadline_update(board);
}

void timers_run(struct vboard *board)
{
    while (board->deadline <= board->state.clock.cycle && !cpu_ended(board)) {
        enum timer timer = timer_first(board);
        timer_clear(board, timer);
        handler[timer](board, timer);
    }
}

static bool is_quick(enum timer timer)
{
    return timer == TIMER_SPI1 || timer == TIMER_SPI2;
}

void timers_run_quick(struct vboard *board)
{
    while (board->deadline <= board->state.clock.cycle && !cpu_ended(board)) {
        enum timer timer = timer_first(board);
        if (!is_quick(timer)) {
            return;
        }
        timer_clear(board, timer);
        idle_broken(board); // a register has changed
        handler[timer](board, timer);
    }
}

bool timers_quick_armed(const struct vboard *board)
{
    return board->state.due[TIMER_SPI1] != NEVER ||
           board->state.due[TIMER_SPI2] != NEVER;
}

void time_skip(struct vboard *board, uint64_t until)
{
    uint64_t next = timers_next(board);
    uint64_t cycle = cycle_of_time(board, next < until ? next : until);
    if (cycle > board->state.clock.cycle) {
        board->state.clock.cycle = cycle;
    }
    timers_run(board);
}

void stall(struct vboard *board, uint64_t duration)
{
    uint64_t until = now(board) + duration;
    while (now(board) < until && !cpu_ended(board)) {
        time_skip(board, until);
    }
}
