// SPDX-License-Identifier: MIT
//
// The same inputs give the same run: twice, in pieces, and from a snapshot.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core_board.h"
#include "state.h"

// What a run ends with.
struct result {
    uint64_t time, instructions;
    uint32_t registers[16];
    uint8_t ram[128 * 1024];
};

static struct result *result_of(struct core_board *core)
{
    struct result *result = calloc(1, sizeof(*result));
    assert_non_null(result);
    result->time = vboard_time(core->board);
    result->instructions = vboard_instructions(core->board);
    for (unsigned i = 0; i < 16; i++) {
        result->registers[i] = vboard_register(core->board, i);
    }
    assert_int_equal(
        vboard_peek(core->board, 0x20000000, result->ram, sizeof(result->ram)),
        0);
    return result;
}

static void assert_same(struct result *a, struct result *b)
{
    assert_int_equal(a->instructions, b->instructions);
    assert_true(a->time == b->time);
    assert_memory_equal(a->registers, b->registers, sizeof(a->registers));
    assert_memory_equal(a->ram, b->ram, sizeof(a->ram));
    free(a);
    free(b);
}

static struct result *work(uint32_t seed, uint64_t piece, unsigned pieces)
{
    struct core_board core;
    struct vboard_config config = {.seed = seed};
    core_start_with(&core, CASE_WORK, 0, &config);
    for (unsigned i = 1; i <= pieces; i++) {
        // a piece ends with a block, a little late
        uint64_t left = i * piece - vboard_time(core.board);
        assert_int_equal(vboard_run(core.board, left), VBOARD_STOP_TIME);
    }
    struct result *result = result_of(&core);
    core_end(&core);
    return result;
}

static void two_runs_are_equal(void **state)
{
    (void)state;
    assert_same(work(7, VBOARD_MS, 1), work(7, VBOARD_MS, 1));
}

static void pieces_make_the_whole(void **state)
{
    (void)state;
    assert_same(work(7, 2 * VBOARD_MS, 1), work(7, 50 * VBOARD_US, 40));
}

static void interrupts_do_not_change_results(void **state)
{
    (void)state;
    struct core_board core;
    core_start(&core, CASE_WORK, 0);
    vboard_run(core.board, 100 * VBOARD_MS);
    struct mailbox box = core_mailbox(&core);
    core_end(&core);
    uint32_t hash = 2166136261u;
    for (uint32_t i = 0; i < 2000; i++) {
        hash = (hash ^ (i & 1 ? i : hash >> 7)) * 16777619u;
        if (hash & 0x100) {
            hash += i;
        }
    }
    assert_int_equal(box.done, 1);
    assert_int_equal(box.value[0], hash);
    assert_in_range(box.value[1], 100, 1000);
}

static struct result *poll(bool skipping, uint64_t *skipped)
{
    struct core_board core;
    core_start(&core, CASE_POLL, 0);
    core.board->idle.disabled = !skipping;
    const uint64_t edge[] = {7654321, 9000001}; // ns
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            vboard_drive_pin_at(core.board, "PA8", 1 - i, edge[i] * VBOARD_NS),
            0);
    }
    vboard_run(core.board, 80 * VBOARD_MS);
    struct mailbox box = core_mailbox(&core);
    assert_int_equal(box.done, 1);
    assert_in_range(box.value[0], 1, 99999); // the pin came in time,
    assert_int_equal(box.value[2], 0);       // the second time it did not
    *skipped = core.board->idle.skipped;
    struct result *result = result_of(&core);
    core_end(&core);
    return result;
}

static void skipped_polling_is_as_if_executed(void **state)
{
    (void)state;
    uint64_t skipped, none;
    assert_same(poll(true, &skipped), poll(false, &none));
    assert_true(skipped > 300000);
    assert_true(none == 0);
}

static void ram_is_random_by_seed(void **state)
{
    (void)state;
    struct result *a = work(7, VBOARD_US, 1);
    struct result *b = work(8, VBOARD_US, 1);
    assert_memory_not_equal(a->ram, b->ram, 64 * 1024);
    free(a);
    free(b);
}

static void snapshot_repeats_the_run(void **state)
{
    (void)state;
    struct core_board core;
    core_start(&core, CASE_WORK, 0);
    vboard_run(core.board, 500 * VBOARD_US);
    struct vboard_snapshot *snap = vboard_save(core.board);
    assert_non_null(snap);
    vboard_run(core.board, 500 * VBOARD_US);
    struct result *first = result_of(&core);
    for (int i = 0; i < 3; i++) {
        // further than the snapshot, and flash that is to be put back
        vboard_run(core.board, 50 * VBOARD_MS);
        memset(vboard_flash(core.board, NULL), 0, 16 * 1024);
        vboard_restore(core.board, snap);
        vboard_run(core.board, 500 * VBOARD_US);
        struct result *copy = malloc(sizeof(*copy));
        assert_non_null(copy);
        *copy = *first;
        assert_same(copy, result_of(&core));
    }
    free(first);
    vboard_snapshot_free(snap);
    core_end(&core);
}

static void snapshot_outlives_a_power_cut(void **state)
{
    (void)state;
    struct core_board core;
    core_start(&core, CASE_WORK, 0);
    vboard_run(core.board, 100 * VBOARD_US);
    struct vboard_snapshot *snap = vboard_save(core.board);
    uint64_t cut = vboard_time(core.board) + 100 * VBOARD_US;
    vboard_cut_at_time(core.board, cut);
    assert_int_equal(vboard_run(core.board, VBOARD_S), VBOARD_STOP_POWER_CUT);
    assert_in_range(vboard_time(core.board) - cut, 0, 10 * VBOARD_US);
    assert_int_equal(vboard_run(core.board, VBOARD_S), VBOARD_STOP_POWER_CUT);
    vboard_restore(core.board, snap);
    assert_int_equal(vboard_run(core.board, VBOARD_MS), VBOARD_STOP_TIME);
    vboard_snapshot_free(snap);
    core_end(&core);
}

// movs r0, #1 / b .
static void changed_flash_is_executed(void **state)
{
    (void)state;
    struct core_board core;
    core_start(&core, CASE_SVC, 0);
    uint8_t *flash = vboard_flash(core.board, NULL);
    const uint32_t vectors[] = {0x20020000, 0x08000009};
    memcpy(flash, vectors, sizeof(vectors));
    // back and forth: what was translated before may be right again
    const uint8_t numbers[] = {1, 2, 1, 1, 3, 2};
    for (unsigned n = 0; n < sizeof(numbers); n++) {
        uint8_t i = numbers[n];
        const uint8_t code[] = {i, 0x20, 0xFE, 0xE7};
        memcpy(flash + 8, code, sizeof(code));
        vboard_reset(core.board);
        vboard_run(core.board, VBOARD_US);
        assert_int_equal(vboard_register(core.board, 0), i);
    }
    core_end(&core);
}

static void blank_flash_locks_up(void **state)
{
    (void)state;
    struct core_board core;
    core_start(&core, CASE_SVC, 0);
    memset(vboard_flash(core.board, NULL), 0xFF, 16 * 1024);
    vboard_power_on(core.board);
    assert_int_equal(vboard_run(core.board, VBOARD_MS), VBOARD_STOP_LOCKUP);
    core_end(&core);
}

static void run_needs_power(void **state)
{
    (void)state;
    FILE *log = tmpfile();
    struct vboard_config config = {.mcu = "stm32f446re", .log = log};
    struct vboard *board = vboard_new(&config);
    assert_int_equal(vboard_run(board, VBOARD_MS), VBOARD_STOP_ERROR);
    assert_true(ftell(log) > 0);
    vboard_free(board);
    config.mcu = "z80";
    assert_null(vboard_new(&config));
    fclose(log);
}

static void stop_on_event(void *context, const struct vboard_event *event)
{
    struct vboard **board = context;
    if (event->kind == VBOARD_EVENT_RESET && *board) {
        vboard_stop(*board);
    }
}

static void callback_can_stop_the_run(void **state)
{
    (void)state;
    struct vboard *board = NULL;
    struct vboard_config config = {
        .mcu = "stm32f446re", .event = stop_on_event, .context = &board};
    board = vboard_new(&config);
    assert_int_equal(vboard_load(board, FIRMWARE_DIR "/core.elf", 0), 0);
    vboard_power_on(board);
    struct mailbox box = {.number = CASE_RESET};
    assert_int_equal(vboard_poke(board, MAILBOX, &box, sizeof(box)), 0);
    assert_int_equal(vboard_run(board, VBOARD_S), VBOARD_STOP_REQUEST);
    assert_int_equal(vboard_run(board, VBOARD_MS), VBOARD_STOP_TIME);
    vboard_free(board);
}

static void nothing_is_loaded_outside_flash(void **state)
{
    (void)state;
    struct core_board core;
    core_start(&core, CASE_SVC, 0);
    const char *raw = FIRMWARE_DIR "/core.bin";
    assert_int_equal(vboard_load(core.board, raw, 0x08010000), 0);
    assert_int_equal(vboard_load(core.board, raw, 0x0807FFFF), -1);
    assert_int_equal(vboard_load(core.board, raw, 0x20000000), -1);
    assert_int_equal(vboard_load(core.board, "/nonexistent", 0x08000000), -1);
    size_t size;
    const uint8_t *flash = vboard_flash(core.board, &size);
    assert_int_equal(size, 512 * 1024);
    assert_memory_equal(flash, flash + 0x10000, 64);
    core_end(&core);
}

static void peek_and_poke_reach_registers(void **state)
{
    (void)state;
    struct core_board core;
    core_start(&core, CASE_SVC, 0);
    uint32_t value;
    assert_int_equal(vboard_peek(core.board, 0xE000ED00, &value, 4), 0);
    assert_int_equal(value, 0x410FC241); // CPUID
    value = 1;
    assert_int_equal(vboard_poke(core.board, 0x40023830, &value, 4), 0);
    value = 0;
    assert_int_equal(vboard_peek(core.board, 0x40023830, &value, 4), 0);
    assert_int_equal(value & 1, 1); // RCC_AHB1ENR GPIOAEN
    assert_int_equal(vboard_peek(core.board, 0x60000000, &value, 4), -1);
    assert_int_equal(vboard_poke(core.board, 0x60000000, &value, 4), -1);
    core_end(&core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_runs_are_equal),
        cmocka_unit_test(pieces_make_the_whole),
        cmocka_unit_test(interrupts_do_not_change_results),
        cmocka_unit_test(skipped_polling_is_as_if_executed),
        cmocka_unit_test(ram_is_random_by_seed),
        cmocka_unit_test(snapshot_repeats_the_run),
        cmocka_unit_test(snapshot_outlives_a_power_cut),
        cmocka_unit_test(changed_flash_is_executed),
        cmocka_unit_test(blank_flash_locks_up),
        cmocka_unit_test(run_needs_power),
        cmocka_unit_test(callback_can_stop_the_run),
        cmocka_unit_test(nothing_is_loaded_outside_flash),
        cmocka_unit_test(peek_and_poke_reach_registers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
