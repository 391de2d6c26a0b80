// SPDX-License-Identifier: MIT
//
// Flash operations: how long they take, what a power cut or a worn part leaves.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "device_rig.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define KEYR   0x40023C04
#define SR     0x40023C0C
#define CR     0x40023C10
#define UNLOCK STORE(KEYR, 0x45670123), STORE(KEYR, 0xCDEF89AB)
#define READY  WAIT(SR, 1 << 16, 0)
#define STRT   0x10000

#define SECTOR7 0x08060000
#define OFFSET7 0x60000
#define SIZE7   0x20000

static const struct step erase7[] = {UNLOCK,
                                     STORE(CR, 0x202 | 7 << 3),
                                     STORE(CR, 0x202 | 7 << 3 | STRT),
                                     READY,
                                     LOAD(SR),
                                     {0}};

// cleared bits: a torn word can be told from a whole one
static const struct step program7[] = {
    UNLOCK, STORE(CR, 0x201), STORE(SECTOR7, 0), READY, LOAD(SR), {0}};

// Time from the beginning of the script's first operation to that of its
// second, which waits for the first.
static uint64_t duration(enum vboard_timing timing, const struct step *script)
{
    struct vboard_config config = {.lenient = true, .timing = timing};
    struct rig rig;
    rig_open(&rig, &config);
    rig_start(&rig, script);
    rig_run(&rig, 5 * VBOARD_S);
    const struct rig_event *first = rig_event(&rig, VBOARD_EVENT_FLASH, 0);
    const struct rig_event *second = rig_event(&rig, VBOARD_EVENT_FLASH, 1);
    assert_non_null(first);
    assert_non_null(second);
    uint64_t time = second->time - first->time;
    rig_close(&rig);
    return time;
}

static void test_times(void **state)
{
    (void)state;
    static const struct {
        unsigned sector, psize;
        uint64_t typical, maximum; // milliseconds
    } erases[] = {
        {2, 2, 250, 500},   {4, 2, 550, 1100}, {7, 2, 1000, 2000},
        {2, 1, 300, 600},   {2, 0, 400, 800},  {5, 1, 1300, 2600},
        {4, 0, 1200, 2400},
    };
    for (unsigned i = 0; i < COUNT(erases); i++) {
        uint32_t cr = 2 | erases[i].sector << 3 | erases[i].psize << 8;
        const struct step script[] = {
            UNLOCK, STORE(CR, cr),    STORE(CR, cr | STRT),
            READY,  STORE(CR, 0x201), STORE(SECTOR7, 0),
            {0}};
        uint64_t typical = duration(VBOARD_TYPICAL, script);
        uint64_t maximum = duration(VBOARD_MAXIMUM, script);
        assert_in_range(typical, erases[i].typical * VBOARD_MS,
                        erases[i].typical * VBOARD_MS + 20 * VBOARD_US);
        assert_in_range(maximum, erases[i].maximum * VBOARD_MS,
                        erases[i].maximum * VBOARD_MS + 20 * VBOARD_US);
    }
    static const struct step words[] = {UNLOCK,
                                        STORE(CR, 0x201),
                                        STORE(SECTOR7, 0),
                                        STORE(SECTOR7 + 4, 0),
                                        {0}};
    assert_in_range(duration(VBOARD_TYPICAL, words), 16 * VBOARD_US,
                    20 * VBOARD_US);
    assert_in_range(duration(VBOARD_MAXIMUM, words), 100 * VBOARD_US,
                    104 * VBOARD_US);
}

static void fill(struct rig *rig)
{
    memset(vboard_flash(rig->board, NULL) + OFFSET7, 0x5A, SIZE7);
}

static unsigned count_bytes(struct rig *rig, uint8_t value)
{
    const uint8_t *bytes = vboard_flash(rig->board, NULL) + OFFSET7;
    unsigned count = 0;
    for (unsigned i = 0; i < SIZE7; i++) {
        count += bytes[i] == value;
    }
    return count;
}

static void test_events_and_wear(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, NULL);
    rig_start(&rig, erase7);
    rig_run(&rig, 2 * VBOARD_S);
    rig_start(&rig, program7);
    rig_run(&rig, VBOARD_MS);
    const struct rig_event *first = rig_event(&rig, VBOARD_EVENT_FLASH, 0);
    const struct rig_event *second = rig_event(&rig, VBOARD_EVENT_FLASH, 1);
    assert_non_null(first);
    assert_non_null(second);
    assert_null(rig_event(&rig, VBOARD_EVENT_FLASH, 2));
    assert_int_equal(first->op, VBOARD_ERASE);
    assert_int_equal(first->number, 1);
    assert_int_equal(first->address, SECTOR7);
    assert_int_equal(first->size, SIZE7);
    assert_int_equal(second->op, VBOARD_PROGRAM);
    assert_int_equal(second->number, 2);
    assert_int_equal(second->size, 4);
    assert_int_equal(vboard_flash_ops(rig.board), 2);
    assert_int_equal(vboard_wear(rig.board, 7).erases, 1);
    assert_int_equal(vboard_wear(rig.board, 7).programs, 1);
    assert_int_equal(vboard_wear(rig.board, 6).erases, 0);
    rig_close(&rig);
}

static void expect_cut(const struct rig *rig, unsigned n, const char *how,
                       uint64_t number)
{
    const struct rig_event *cut = rig_event(rig, VBOARD_EVENT_POWER_CUT, n);
    assert_non_null(cut);
    assert_string_equal(cut->text, how);
    assert_int_equal(cut->number, number);
}

// Runs the script with a cut at its first operation.
static void run_cut(struct rig *rig, const struct step *script,
                    enum vboard_cut how)
{
    vboard_cut_at_op(rig->board, 1, how);
    rig_start(rig, script);
    assert_int_equal(rig_run(rig, 5 * VBOARD_S), VBOARD_STOP_POWER_CUT);
    assert_int_equal(rig->box.done, 0);
    assert_non_null(rig_event(rig, VBOARD_EVENT_POWER_CUT, 0));
}

static void test_cut_erase(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, NULL);
    fill(&rig);
    run_cut(&rig, erase7, VBOARD_CUT_BEFORE);
    assert_int_equal(count_bytes(&rig, 0x5A), SIZE7);

    run_cut(&rig, erase7, VBOARD_CUT_TORN);
    unsigned old = count_bytes(&rig, 0x5A);
    unsigned blank = count_bytes(&rig, 0xFF);
    assert_in_range(old, SIZE7 / 4, SIZE7 / 2);
    assert_in_range(blank, SIZE7 / 4, SIZE7 / 2);
    assert_in_range(SIZE7 - old - blank, SIZE7 / 5, SIZE7 / 2); // noise

    run_cut(&rig, erase7, VBOARD_CUT_AFTER);
    assert_int_equal(count_bytes(&rig, 0xFF), SIZE7);

    // numbers count on from boot to boot
    expect_cut(&rig, 0, "before", 1);
    expect_cut(&rig, 1, "torn", 2);
    expect_cut(&rig, 2, "after", 3);
    rig_close(&rig);
}

static void test_cut_program(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, NULL);
    run_cut(&rig, program7, VBOARD_CUT_BEFORE);
    assert_int_equal(rig_peek(&rig, SECTOR7), 0xFFFFFFFF);

    run_cut(&rig, program7, VBOARD_CUT_TORN);
    uint32_t torn = rig_peek(&rig, SECTOR7);
    assert_int_not_equal(torn, 0);
    assert_int_not_equal(torn, 0xFFFFFFFF);

    run_cut(&rig, program7, VBOARD_CUT_AFTER);
    assert_int_equal(rig_peek(&rig, SECTOR7), 0);

    // the cut is used up: the next boot runs to its end
    rig_start(&rig, erase7);
    assert_int_equal(rig_run(&rig, 2 * VBOARD_S), VBOARD_STOP_TIME);
    assert_int_equal(rig.box.done, 1);
    rig_close(&rig);
}

// The same seed tears alike, another one does not.
static void test_tearing_is_reproducible(void **state)
{
    (void)state;
    static uint8_t kept[2][SIZE7];
    for (unsigned i = 0; i < 3; i++) {
        struct vboard_config config = {.lenient = true, .seed = i / 2};
        struct rig rig;
        rig_open(&rig, &config);
        fill(&rig);
        run_cut(&rig, erase7, VBOARD_CUT_TORN);
        const uint8_t *torn = vboard_flash(rig.board, NULL) + OFFSET7;
        if (i == 1) {
            assert_memory_equal(torn, kept[0], SIZE7);
        } else if (i == 2) {
            assert_memory_not_equal(torn, kept[0], SIZE7);
        }
        memcpy(kept[0], torn, SIZE7);
        rig_close(&rig);
    }
}

// A cut by time, a low supply or a reset in the middle tears as well.
static void test_interrupted_erase(void **state)
{
    (void)state;
    for (unsigned how = 0; how < 3; how++) {
        struct rig rig;
        rig_open(&rig, NULL);
        fill(&rig);
        if (how == 0) {
            vboard_cut_at_time(rig.board, 500 * VBOARD_MS);
        }
        rig_start(&rig, erase7);
        enum vboard_stop why = rig_run(&rig, 600 * VBOARD_MS);
        assert_int_equal(why,
                         how == 0 ? VBOARD_STOP_POWER_CUT : VBOARD_STOP_TIME);
        if (how == 1) {
            vboard_set_vdd(rig.board, 1000);
            assert_int_equal(rig_run(&rig, VBOARD_MS), VBOARD_STOP_POWER_CUT);
            expect_cut(&rig, 0, "supply", 1);
        } else if (how == 2) {
            vboard_reset(rig.board);
            assert_int_equal(rig_peek(&rig, SR), 0);
        } else {
            expect_cut(&rig, 0, "time", 1);
        }
        assert_in_range(count_bytes(&rig, 0x5A), SIZE7 / 4, SIZE7 / 2);
        assert_in_range(count_bytes(&rig, 0xFF), SIZE7 / 4, SIZE7 / 2);
        rig_close(&rig);
    }
}

// Between two operations there is no number.
static void test_cut_at_rest(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, NULL);
    vboard_cut_at_time(rig.board, 500 * VBOARD_MS);
    rig_start(&rig, program7);
    assert_int_equal(rig_run(&rig, VBOARD_S), VBOARD_STOP_POWER_CUT);
    expect_cut(&rig, 0, "time", 0);
    rig_close(&rig);
}

static void test_faults(void **state)
{
    (void)state;
    static const struct {
        enum vboard_flash_fault fault;
        const struct step *script;
        uint32_t sr;
    } cases[] = {
        {VBOARD_FLASH_ERASE_FAILS, erase7, 2},
        {VBOARD_FLASH_PROGRAM_FAILS, program7, 2},
        {VBOARD_FLASH_BIT_STUCK, program7, 0},
        {VBOARD_FLASH_BIT_STUCK, erase7, 0},
    };
    for (unsigned i = 0; i < COUNT(cases); i++) {
        struct rig rig;
        rig_open(&rig, NULL);
        vboard_fail_op(rig.board, 1, cases[i].fault);
        rig_start(&rig, cases[i].script);
        rig_run(&rig, 2 * VBOARD_S);
        assert_int_equal(rig.box.done, 1);
        assert_int_equal(rig.box.value[0], cases[i].sr);
        if (i == 1) {
            assert_int_equal(rig_peek(&rig, SECTOR7), 0xFFFFFFFF);
        } else if (i == 2) {
            assert_int_equal(rig_peek(&rig, SECTOR7), 1);
        } else if (i == 3) {
            assert_int_equal(count_bytes(&rig, 0xFF), SIZE7 - 1);
        } else {
            assert_int_not_equal(count_bytes(&rig, 0xFF), SIZE7);
        }
        rig_close(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_events_and_wear),
        cmocka_unit_test(test_cut_erase),
        cmocka_unit_test(test_cut_program),
        cmocka_unit_test(test_tearing_is_reproducible),
        cmocka_unit_test(test_interrupted_erase),
        cmocka_unit_test(test_cut_at_rest),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
