// SPDX-License-Identifier: MIT
//
// The power is cut at every flash operation of the demo's update, on the
// shipped binaries: before the operation, in the middle of it, after it. With
// one slot the device then either runs a verified application, old or new, or
// is in the update again and completes it. Never a dead end.
//   test_board_powercut before|torn|after

#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

// Operations between two snapshots: a replay begins at the last one.
#define STRIDE 32

static const char *const how_name[] = {"before", "torn", "after"};

static enum vboard_cut how;

struct line {
    struct rig *rig;
    uint64_t first; // operation that the update begins with
    uint64_t ops;   // of the whole update
    struct vboard_snapshot *snapshot[256];
    unsigned snapshots;
};

static void forget_text(struct rig *rig)
{
    rig->len = rig->from = 0;
    rig->text[0] = '\0';
}

static bool runs(const struct rig *rig, const char *version)
{
    char text[40];
    snprintf(text, sizeof text, "app %s: running", version);
    return strstr(rig->text, text) != NULL;
}

// Goes through the update once, from the moment the button is pressed, with a
// snapshot right after every STRIDE operations.
static void setup(struct line *line)
{
    struct rig *rig = rig_factory(NULL, "v2.bin");
    *line = (struct line){.rig = rig};
    rig_expect(rig, "app 1.0.0: running", VBOARD_S);
    rig_press(rig);
    line->first = vboard_flash_ops(rig->board);
    do {
        assert_true(line->snapshots < 256);
        line->snapshot[line->snapshots++] = vboard_save(rig->board);
        rig_stop_at_op(rig, STRIDE);
    } while (!rig_wait(rig, "app 1.1.0: running", 8 * VBOARD_S));
    rig->stop_at = 0;
    line->ops = vboard_flash_ops(rig->board) - line->first;
}

static void teardown(struct line *line)
{
    for (unsigned i = 0; i < line->snapshots; i++) {
        vboard_snapshot_free(line->snapshot[i]);
    }
    rig_free(line->rig);
}

// Cuts at operation number op of the update, and boots again.
static void cut_at(struct line *line, uint64_t op)
{
    struct rig *rig = line->rig;
    uint64_t skipped = (op - 1) / STRIDE;
    vboard_restore(rig->board, line->snapshot[skipped]);
    forget_text(rig);
    vboard_cut_at_op(rig->board, op - skipped * STRIDE, how);
    enum vboard_stop why = vboard_run(rig->board, 8 * VBOARD_S);
    if (why != VBOARD_STOP_POWER_CUT) {
        fail_msg("flash-op:%u:%s: no power cut (%d)", (unsigned)op,
                 how_name[how], why);
    }
    assert_int_equal(vboard_flash_ops(rig->board), line->first + op);
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
    struct line line;
    setup(&line);
    assert_true(line.ops > 1000);
    unsigned cuts = 0, updated = 0;
    for (uint64_t op = 1; op <= line.ops; op += CUT_STEP) {
        cut_at(&line, op);
        cuts++;
        updated += runs(line.rig, "1.1.0");
    }
    // the request is a record of 16 words; once it stands the update arrives
    assert_true(cuts - updated <= 16);
    assert_int_equal(line.rig->violations, 0);
    assert_int_equal(line.rig->handover_differences, 0);
    print_message("board: %u power cuts (%s) in %u operations, 0 dead ends, "
                  "%u arrived at the new version\n",
                  cuts, how_name[how], (unsigned)line.ops, updated);
    teardown(&line);
}

// and after the cut the next update works like any other
static void the_next_update_works(void **state)
{
    (void)state;
    struct line line;
    setup(&line);
    for (uint64_t op = 1; op <= line.ops; op += 101) {
        cut_at(&line, op);
        struct rig *rig = line.rig;
        rig_press(rig);
        rig_expect(rig, "installed 1.1.0", 8 * VBOARD_S);
        rig_expect(rig, "app 1.1.0: running; last update: to 1.1.0: ok",
                   VBOARD_S);
    }
    teardown(&line);
}

int main(int argc, char **argv)
{
    for (how = VBOARD_CUT_BEFORE; argc == 2 && how <= VBOARD_CUT_AFTER; how++) {
        if (strcmp(argv[1], how_name[how]) == 0) {
            const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_operation),
                cmocka_unit_test(the_next_update_works),
            };
            return cmocka_run_group_tests_name("board.powercut", tests, NULL,
                                               NULL);
        }
    }
    fprintf(stderr, "usage: test_board_powercut before|torn|after\n");
    return 2;
}
