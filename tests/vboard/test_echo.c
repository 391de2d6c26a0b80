// SPDX-License-Identifier: MIT
//
// Main loops that wait, of the kind that bootloaders and applications have:
// laps that come to nothing are skipped (steady.h), and nothing shows it.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "echo.h"
#include "state.h"

#define RAM_BASE 0x20000000
#define RAM_SIZE (128 * 1024)

// What a run is told apart by.
struct result {
    uint64_t time, instructions;
    uint64_t events, hash; // of all that they say
    unsigned resets;
    uint64_t reset_time;
    uint32_t registers[16];
    uint8_t ram[RAM_SIZE];
    uint64_t skipped;
    struct mailbox box;
};

static void mix(uint64_t *hash, uint64_t value)
{
    *hash = (*hash ^ value) * 1099511628211u;
    *hash ^= *hash >> 29;
}

static void on_event(void *context, const struct vboard_event *event)
{
    struct result *result = context;
    result->events++;
    mix(&result->hash, event->kind);
    mix(&result->hash, event->time);
    mix(&result->hash, event->value);
    if (event->kind == VBOARD_EVENT_RESET) {
        result->resets++;
        result->reset_time = event->time;
    }
}

static struct vboard *start(const struct mailbox *box, bool skipping,
                            struct result *result)
{
    memset(result, 0, sizeof(*result));
    struct vboard_config config = {
        .mcu = "stm32f446re", .event = on_event, .context = result};
    struct vboard *board = vboard_new(&config);
    assert_non_null(board);
    assert_int_equal(vboard_load(board, FIRMWARE_DIR "/echo.elf", 0), 0);
    board->idle.disabled = !skipping;
    vboard_power_on(board);
    struct mailbox settings = *box;
    settings.magic = ECHO_MAGIC;
    assert_int_equal(vboard_poke(board, MAILBOX, &settings, sizeof(settings)),
                     0);
    return board;
}

static void finish(struct vboard *board, struct result *result)
{
    result->time = vboard_time(board);
    result->instructions = vboard_instructions(board);
    result->skipped = board->idle.skipped;
    for (unsigned i = 0; i < 16; i++) {
        result->registers[i] = vboard_register(board, i);
    }
    assert_int_equal(vboard_peek(board, RAM_BASE, result->ram, RAM_SIZE), 0);
    assert_int_equal(
        vboard_peek(board, MAILBOX, &result->box, sizeof(result->box)), 0);
    vboard_free(board);
}

// Sends some bytes on the way.
static struct result *run(const struct mailbox *box, uint64_t duration,
                          bool skipping)
{
    struct result *result = malloc(sizeof(*result));
    assert_non_null(result);
    struct vboard *board = start(box, skipping, result);
    assert_int_equal(vboard_run(board, duration / 3), VBOARD_STOP_TIME);
    const char *text = "as fast as the wire carries them";
    assert_int_equal(vboard_uart_send(board, 1, text, strlen(text)), 0);
    assert_int_equal(vboard_run(board, duration / 3 * 2), VBOARD_STOP_TIME);
    finish(board, result);
    return result;
}

static void expect_same(const struct mailbox *box, uint64_t duration,
                        unsigned resets)
{
    struct result *with = run(box, duration, true);
    struct result *without = run(box, duration, false);
    assert_true(without->skipped == 0);
    assert_true(with->skipped > with->instructions / 10 * 9);
    assert_true(with->time == without->time);
    assert_true(with->instructions == without->instructions);
    assert_true(with->events == without->events);
    assert_true(with->hash == without->hash);
    assert_memory_equal(with->registers, without->registers,
                        sizeof(with->registers));
    assert_memory_equal(with->ram, without->ram, RAM_SIZE);
    assert_int_equal(with->resets, resets);
    free(with);
    free(without);
}

static void skipped_laps_leave_no_trace(void **state)
{
    (void)state;
    expect_same(&(struct mailbox){0}, 130 * VBOARD_MS, 1);
    expect_same(&(struct mailbox){.feeds = FEED}, 60 * VBOARD_MS, 1);
    expect_same(&(struct mailbox){.feeds = FEED_AND_START}, 60 * VBOARD_MS, 1);
    expect_same(&(struct mailbox){.delay = 30}, 60 * VBOARD_MS, 1);
}

// The last lap of each is told from all others by one word, or by the time.
static void laps_that_count_are_executed(void **state)
{
    (void)state;
    for (uint32_t i = COUNT_IN_RAM; i <= COUNT_IN_EVENTS; i++) {
        struct mailbox box = {.counts = i};
        expect_same(&box, 90 * VBOARD_MS, 1);
        struct result *result = run(&box, 90 * VBOARD_MS, true);
        // "ready" and "counted", the echo, the reset
        uint64_t most = i == COUNT_IN_EVENTS ? UINT32_MAX : 7 + 9 + 32 + 2;
        assert_in_range(result->events, 7 + 9 + 32 + 1, most);
        free(result);
    }
}

// The watchdog bites when it was last fed in a lap that was not executed.
static void watchdog_knows_of_skipped_laps(void **state)
{
    (void)state;
    struct mailbox box = {.feeds = FEED_AND_START, .feed_until = 100};
    expect_same(&box, 650 * VBOARD_MS, 2);
    struct result *result = run(&box, 650 * VBOARD_MS, true);
    assert_in_range(result->reset_time, 611 * VBOARD_MS, 614 * VBOARD_MS);
    free(result);
    box.feed_until = 0;
    result = run(&box, 3 * VBOARD_S, true);
    assert_int_equal(result->resets, 1);
    free(result);
}

// 16 KiB back to back, echoed without a loss.
static void echo_keeps_up(void **state)
{
    (void)state;
    enum { SIZE = 16384 };
    struct result *result = malloc(sizeof(*result));
    assert_non_null(result);
    struct mailbox box = {.feeds = FEED};
    struct vboard *board = start(&box, true, result);
    vboard_run(board, 10 * VBOARD_MS);
    static uint8_t data[SIZE];
    for (unsigned i = 0; i < SIZE; i++) {
        data[i] = (uint8_t)(i * 7);
    }
    assert_int_equal(vboard_uart_send(board, 1, data, SIZE), 0);
    uint64_t before = result->events;
    vboard_run(board, 1500 * VBOARD_MS);
    finish(board, result);
    assert_int_equal(result->box.received, SIZE);
    assert_int_equal(result->box.overruns, 0);
    // the rest are edges of the LED
    assert_in_range(result->events - before, SIZE + 10, SIZE + 20);
    free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(skipped_laps_leave_no_trace),
        cmocka_unit_test(laps_that_count_are_executed),
        cmocka_unit_test(watchdog_knows_of_skipped_laps),
        cmocka_unit_test(echo_keeps_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
