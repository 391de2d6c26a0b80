// SPDX-License-Identifier: MIT
//
// The power is cut at every flash operation of the demo's update, on the
// shipped binaries: before the operation, in the middle of it, after it. With
// one slot the device then either runs a verified application, old or new, or
// is in the update again and completes it. Never a dead end.

#include "rig.h"

#include <stdio.h>

static const char *const how_name[] = {"before", "torn", "after"};

struct bench {
    struct rig *rig;
    struct vboard_snapshot *start; // button pressed, nothing written yet
    uint64_t ops;                  // of the whole update
};

static void forget_text(struct rig *rig)
{
    rig->len = rig->from = 0;
    rig->text[0] = '\0';
}

static void setup(struct bench *bench)
{
    struct rig *rig = rig_factory(NULL, "v2.bin");
    rig_expect(rig, "app 1.0.0: running", VBOARD_S);
    rig_press(rig);
    bench->rig = rig;
    bench->start = vboard_save(rig->board);
    uint64_t before = vboard_flash_ops(rig->board);
    rig_expect(rig, "app 1.1.0: running", 8 * VBOARD_S);
    bench->ops = vboard_flash_ops(rig->board) - before;
}

static bool runs(const struct rig *rig, const char *version)
{
    char line[40];
    snprintf(line, sizeof line, "app %s: running", version);
    return strstr(rig->text, line) != NULL;
}

static void cut_at(struct bench *bench, uint64_t op, enum vboard_cut how)
{
    struct rig *rig = bench->rig;
    vboard_restore(rig->board, bench->start);
    forget_text(rig);
    vboard_cut_at_op(rig->board, op, how);
    enum vboard_stop why = vboard_run(rig->board, 8 * VBOARD_S);
    if (why != VBOARD_STOP_POWER_CUT) {
        fail_msg("flash-op:%u:%s: no power cut (%d)", (unsigned)op,
                 how_name[how], why);
    }
    forget_text(rig);
    vboard_power_on(rig->board);
    if (!rig_wait(rig, ": running", 8 * VBOARD_S) ||
        (!runs(rig, "1.0.0") && !runs(rig, "1.1.0"))) {
        fail_msg("flash-op:%u:%s: a dead end:\n%s", (unsigned)op, how_name[how],
                 rig->text);
    }
}

static void every_operation(void **state)
{
    (void)state;
    struct bench bench;
    setup(&bench);
    assert_true(bench.ops > 1000);
    unsigned cuts = 0, updated = 0;
    for (uint64_t op = 1; op <= bench.ops; op++) {
        for (int how = VBOARD_CUT_BEFORE; how <= VBOARD_CUT_AFTER; how++) {
            cut_at(&bench, op, (enum vboard_cut)how);
            cuts++;
            updated += runs(bench.rig, "1.1.0");
        }
    }
    // the request is 16 words; once it stands, the update always arrives
    assert_true(cuts - updated < 3 * 20);
    assert_int_equal(bench.rig->violations, 0);
    assert_int_equal(bench.rig->handover_differences, 0);
    print_message("board: %u power cuts in %u operations, 0 dead ends, "
                  "%u arrived at the new version\n",
                  cuts, (unsigned)bench.ops, updated);
    vboard_snapshot_free(bench.start);
    rig_free(bench.rig);
}

// and after the cut the next update works like any other
static void the_next_update_works(void **state)
{
    (void)state;
    struct bench bench;
    setup(&bench);
    for (uint64_t op = 1; op <= bench.ops; op += 61) {
        cut_at(&bench, op, VBOARD_CUT_TORN);
        struct rig *rig = bench.rig;
        vboard_run(rig->board, 200 * VBOARD_MS);
        rig_press(rig);
        rig_expect(rig, "installed 1.1.0", 8 * VBOARD_S);
        rig_expect(rig, "app 1.1.0: running; last update: to 1.1.0: ok",
                   VBOARD_S);
    }
    vboard_snapshot_free(bench.start);
    rig_free(bench.rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation),
        cmocka_unit_test(the_next_update_works),
    };
    return cmocka_run_group_tests_name("board.powercut", tests, NULL, NULL);
}
