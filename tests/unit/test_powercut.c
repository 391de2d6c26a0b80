// SPDX-License-Identifier: MIT
//
// Layout single: the power is cut at every flash operation of an update, from
// the request to the last record, and again at operations of the recovery.
// Afterwards the device runs a verified application, old or new, or is in the
// update again and completes it; and the next update works.

#include "board.h"

#define V1 OTA_VERSION(1, 0, 0)
#define V2 OTA_VERSION(1, 1, 0)
#define V3 OTA_VERSION(1, 2, 0)

#define APP_SIZE 600

struct cut {
    enum test_layout layout;
    uint32_t first; // operation of the first cut
    int how;
    uint32_t second; // operations later; 0: no second cut
};

static unsigned cuts;

// The part of an application that matters here: it asks for the update.
static void ask(struct board *board)
{
    int err = request(board);
    if (err && !board->ram->dead) {
        fail_msg("request: %s", ota_error_text(err));
    }
}

static void check(struct board *board, const struct cut *cut, bool condition,
                  const char *what)
{
    if (!condition) {
        fail_msg("layout %d cut %u/%d/%u: %s (app error %d, step %d)",
                 cut->layout, (unsigned)cut->first, cut->how,
                 (unsigned)cut->second, what, board->boot.app_error,
                 board->boot.step);
    }
}

static void start(struct board *board, enum test_layout layout, uint32_t seed)
{
    board_init(board, layout, seed);
    factory_app(board, V1, APP_SIZE);
    assert_runs(board, V1);
    offer(board, V2, APP_SIZE);
}

static void update(struct board *board)
{
    ask(board);
    if (!board->ram->dead) {
        run_boot(board);
    }
}

// Power is back: boots until the device runs something.
static void recover(struct board *board, const struct cut *cut)
{
    ram_flash_power_on(board->ram);
    board->ram->cut_at = cut->second;
    int verdict = run_boot(board);
    if (verdict < 0) {
        cuts++;
        ram_flash_power_on(board->ram);
        verdict = run_boot(board);
    }
    board->ram->cut_at = 0;
    check(board, cut, verdict == OTA_BOOT_RUN, "a dead end");
    uint32_t version = board->boot.app.version;
    check(board, cut, version == V1 || version == V2, "neither old nor new");
    assert_runs(board, version);
}

static void next_update_works(struct board *board, const struct cut *cut)
{
    offer(board, V3, APP_SIZE + 50);
    ask(board);
    assert_runs(board, V3);
    check(board, cut, newest(board).result == OTA_OK, "next update failed");
}

static void cut_update(const struct cut *cut)
{
    struct board board;
    start(&board, cut->layout, cut->first * 3 + (uint32_t)cut->how + 1);
    board.ram->cut_at = cut->first;
    board.ram->cut = (enum ram_cut)cut->how;
    update(&board);
    assert_true(board.ram->dead);
    cuts++;
    recover(&board, cut);
    next_update_works(&board, cut);
    board_free(&board);
}

static uint32_t operations_of_the_update(enum test_layout layout)
{
    struct board board;
    start(&board, layout, 1);
    uint32_t before = board.ram->ops;
    update(&board);
    assert_int_equal(board.boot.app.version, V2);
    uint32_t ops = board.ram->ops - before;
    board_free(&board);
    return ops;
}

static void one_cut_anywhere(void **state)
{
    (void)state;
    for (int layout = 0; layout < LAYOUT_COUNT; layout++) {
        uint32_t ops = operations_of_the_update((enum test_layout)layout);
        for (uint32_t op = 1; op <= ops; op++) {
            for (int how = CUT_BEFORE; how <= CUT_AFTER; how++) {
                cut_update(&(struct cut){(enum test_layout)layout, op, how, 0});
            }
        }
    }
}

static void two_cuts(void **state)
{
    (void)state;
    const enum test_layout layouts[] = {LAYOUT_F103, LAYOUT_U5};
    for (unsigned i = 0; i < 2; i++) {
        uint32_t ops = operations_of_the_update(layouts[i]);
        for (uint32_t op = 1; op <= ops; op += 5) {
            for (uint32_t second = 1; second <= ops; second += 3) {
                cut_update(&(struct cut){layouts[i], op, CUT_TORN, second});
            }
        }
    }
    print_message("single: %u power cuts\n", cuts);
    assert_true(cuts > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_cut_anywhere),
        cmocka_unit_test(two_cuts),
    };
    return cmocka_run_group_tests_name("powercut", tests, NULL, NULL);
}
