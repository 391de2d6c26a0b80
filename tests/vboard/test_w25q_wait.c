// SPDX-License-Identifier: MIT
//
// A firmware that polls a W25Q64: the laps of its loops are skipped, and
// nothing shows it; resets and power cuts in its midst.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "state.h"

#define ID       "id 00ef4017\r\n"
#define RAM_BASE 0x20000000
#define RAM_SIZE (128 * 1024)

struct result {
    uint64_t time, instructions, skipped;
    uint64_t done_at; // when the firmware had said everything
    unsigned operations, violations;
    char said[128];
    size_t len;
    char cut[16];
    uint8_t ram[RAM_SIZE];
};

static void on_event(void *context, const struct vboard_event *event)
{
    struct result *result = context;
    switch (event->kind) {
    case VBOARD_EVENT_UART:
        if (result->len + 1 < sizeof(result->said)) {
            result->said[result->len++] = (char)event->value;
        }
        result->done_at = event->time;
        break;
    case VBOARD_EVENT_FLASH:
        result->operations++;
        break;
    case VBOARD_EVENT_VIOLATION:
        result->violations++;
        break;
    case VBOARD_EVENT_POWER_CUT:
        snprintf(result->cut, sizeof(result->cut), "%s", event->text);
        break;
    default:
        break;
    }
}

static struct vboard *open_board(struct result *result,
                                 enum vboard_timing timing)
{
    memset(result, 0, sizeof(*result));
    struct vboard_config config = {.mcu = "stm32f446re",
                                   .timing = timing,
                                   .event = on_event,
                                   .context = result};
    struct vboard *board = vboard_new(&config);
    assert_non_null(board);
    assert_int_equal(vboard_load(board, FIRMWARE_DIR "/w25q.elf", 0), 0);
    assert_int_equal(vboard_attach_w25q(board, NULL), 0);
    return board;
}

static void expect_said(const struct result *result, const char *text)
{
    assert_string_equal(result->said, text);
    assert_int_equal(result->violations, 0);
}

static struct result *run(enum vboard_timing timing, bool skipping)
{
    struct result *result = malloc(sizeof(*result));
    assert_non_null(result);
    struct vboard *board = open_board(result, timing);
    board->idle.disabled = !skipping;
    vboard_power_on(board);
    assert_int_equal(vboard_run(board, VBOARD_S), VBOARD_STOP_TIME);
    expect_said(result, ID "done\r\n");
    assert_int_equal(result->operations, 3);
    result->time = vboard_time(board);
    result->instructions = vboard_instructions(board);
    result->skipped = board->idle.skipped;
    assert_int_equal(vboard_peek(board, RAM_BASE, result->ram, RAM_SIZE), 0);
    vboard_free(board);
    return result;
}

static void skipped_waits_are_as_if_executed(void **state)
{
    (void)state;
    for (enum vboard_timing timing = VBOARD_TYPICAL; timing <= VBOARD_MAXIMUM;
         timing++) {
        struct result *with = run(timing, true);
        struct result *without = run(timing, false);
        assert_true(without->skipped == 0);
        assert_true(with->time == without->time);
        assert_true(with->instructions == without->instructions);
        assert_true(with->done_at == without->done_at);
        assert_memory_equal(with->ram, without->ram, RAM_SIZE);
        // 45 ms and twice 0.4 ms, or 400 ms and twice 3 ms, of 16 MHz
        uint64_t waits = timing == VBOARD_TYPICAL ? 45 : 406;
        assert_true(with->skipped > waits * 16000 / 10 * 6);
        free(with);
        free(without);
    }
}

static void a_chip_that_is_not_there(void **state)
{
    (void)state;
    struct result result;
    struct vboard *board = open_board(&result, VBOARD_TYPICAL);
    assert_int_equal(
        vboard_attach_w25q(board, &(struct vboard_spi_place){0, NULL}), 0);
    vboard_power_on(board);
    assert_int_equal(vboard_run(board, 2 * VBOARD_S), VBOARD_STOP_TIME);
    expect_said(&result, "busy\r\n"); // the pull-up
    vboard_free(board);
}

// Resets hit the chip anywhere in an instruction; it goes on, and so does the
// firmware.
static void resets_anywhere(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 60; i++) {
        struct result result;
        struct vboard *board = open_board(&result, VBOARD_TYPICAL);
        vboard_power_on(board);
        assert_int_equal(
            vboard_run(board, 1500 * VBOARD_US + i * 617 * VBOARD_NS),
            VBOARD_STOP_TIME);
        vboard_reset(board);
        result.len = 0;
        memset(result.said, 0, sizeof(result.said));
        assert_int_equal(vboard_run(board, VBOARD_S), VBOARD_STOP_TIME);
        expect_said(&result, ID "done\r\n");
        vboard_free(board);
    }
}

// The same from a snapshot that was made in the middle of an erase.
static void snapshot_in_an_erase(void **state)
{
    (void)state;
    struct result result;
    struct vboard *board = open_board(&result, VBOARD_TYPICAL);
    vboard_power_on(board);
    assert_int_equal(vboard_run(board, 20 * VBOARD_MS), VBOARD_STOP_TIME);
    assert_int_equal(result.operations, 2);
    struct vboard_snapshot *snap = vboard_save(board);
    assert_non_null(snap);
    uint64_t done_at = 0;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(vboard_run(board, VBOARD_S), VBOARD_STOP_TIME);
        assert_int_equal(vboard_w25q(board, NULL)[0x10FF], (uint8_t)(7 * 255));
        assert_true(done_at == 0 || done_at == result.done_at);
        done_at = result.done_at;
        vboard_restore(board, snap);
        assert_int_equal(vboard_w25q(board, NULL)[0x10FF], 0xFF);
    }
    vboard_snapshot_free(snap);
    vboard_free(board);
}

// The core runs on up to the cut, and the watchdog of a stall does not bite.
static void cuts(void **state)
{
    (void)state;
    static const struct {
        enum vboard_cut how;
        const char *text;
    } hows[] = {{VBOARD_CUT_BEFORE, "before"},
                {VBOARD_CUT_TORN, "torn"},
                {VBOARD_CUT_AFTER, "after"}};
    for (unsigned op = 1; op <= 3; op++) {
        for (unsigned i = 0; i < 3; i++) {
            struct result result;
            struct vboard *board = open_board(&result, VBOARD_TYPICAL);
            vboard_cut_at_op(board, op, hows[i].how);
            vboard_power_on(board);
            assert_int_equal(vboard_run(board, VBOARD_S),
                             VBOARD_STOP_POWER_CUT);
            assert_string_equal(result.cut, hows[i].text);
            assert_int_equal(result.operations, op);
            vboard_power_on(board);
            result.len = 0;
            memset(result.said, 0, sizeof(result.said));
            assert_int_equal(vboard_run(board, VBOARD_S), VBOARD_STOP_TIME);
            expect_said(&result, ID "done\r\n");
            vboard_free(board);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(skipped_waits_are_as_if_executed),
        cmocka_unit_test(a_chip_that_is_not_there),
        cmocka_unit_test(resets_anywhere),
        cmocka_unit_test(snapshot_in_an_erase),
        cmocka_unit_test(cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
