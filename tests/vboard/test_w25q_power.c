// SPDX-License-Identifier: MIT
//
// What the W25Q64 holds after power cuts, failed operations and snapshots, and
// that its operations count together with those of the internal flash.

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "w25q_bench.h"

#define SECTOR 4096u

static void fill(struct bench *bench)
{
    memset(vboard_w25q(bench->board, NULL), 0x5A, SECTOR);
}

static unsigned count(struct bench *bench, uint8_t value)
{
    unsigned n = 0;
    for (unsigned i = 0; i < SECTOR; i++) {
        n += byte_at(bench, i) == value;
    }
    return n;
}

static void erase(struct bench *bench)
{
    WRITE(bench, 0x20, 0, 0, 0);
    vboard_bus_wait(bench->board, 500 * VBOARD_MS);
}

static void program(struct bench *bench)
{
    uint8_t out[4 + 256] = {0x02};
    SEND(bench, 0x06);
    talk(bench, out, sizeof(out), NULL, 0);
    vboard_bus_wait(bench->board, 10 * VBOARD_MS);
}

static void expect_cut(struct bench *bench, const char *how, uint64_t number)
{
    assert_string_equal(bench->cut, how);
    assert_int_equal(bench->cut_number, number);
    assert_int_equal(SEND(bench, 0x9F), -1); // nobody is there
    bench_power(bench);
    bench->cut[0] = 0;
}

static void test_cut_erase(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    fill(&bench);
    vboard_cut_at_op(bench.board, 1, VBOARD_CUT_BEFORE);
    erase(&bench);
    expect_cut(&bench, "before", 1);
    assert_int_equal(count(&bench, 0x5A), SECTOR);

    vboard_cut_at_op(bench.board, 1, VBOARD_CUT_TORN);
    uint64_t from = vboard_time(bench.board);
    erase(&bench);
    assert_in_range(vboard_time(bench.board) - from, 22 * VBOARD_MS,
                    23 * VBOARD_MS); // half of it
    expect_cut(&bench, "torn", 2);
    unsigned old = count(&bench, 0x5A);
    unsigned blank = count(&bench, 0xFF);
    assert_in_range(old, SECTOR / 5, SECTOR / 2);
    assert_in_range(blank, SECTOR / 5, SECTOR / 2);
    assert_in_range(SECTOR - old - blank, SECTOR / 5, SECTOR / 2); // noise

    vboard_cut_at_op(bench.board, 1, VBOARD_CUT_AFTER);
    erase(&bench);
    expect_cut(&bench, "after", 3);
    assert_int_equal(count(&bench, 0xFF), SECTOR);
    assert_int_equal(status_of(&bench, 0x05), 0);
    bench_close(&bench);
}

static void test_cut_program(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    vboard_cut_at_op(bench.board, 1, VBOARD_CUT_BEFORE);
    program(&bench);
    expect_cut(&bench, "before", 1);
    assert_int_equal(count(&bench, 0xFF), SECTOR);

    vboard_cut_at_op(bench.board, 1, VBOARD_CUT_TORN);
    program(&bench);
    expect_cut(&bench, "torn", 2);
    unsigned bits = 0;
    for (unsigned i = 0; i < 256 * 8; i++) {
        bits += byte_at(&bench, i / 8) >> (i % 8) & 1;
    }
    assert_in_range(bits, 700, 1350); // about half of 2048
    assert_int_equal(byte_at(&bench, 256), 0xFF);

    vboard_cut_at_op(bench.board, 1, VBOARD_CUT_AFTER);
    program(&bench);
    expect_cut(&bench, "after", 3);
    assert_int_equal(count(&bench, 0), 256);

    // the cut is used up
    erase(&bench);
    assert_int_equal(bench.cut[0], 0);
    assert_int_equal(count(&bench, 0xFF), SECTOR);
    bench_close(&bench);
}

// By a time, by the supply, with an operation that is suspended, or is about to
// be.
static void test_cut_by_time(void **state)
{
    (void)state;
    for (unsigned how = 0; how < 4; how++) {
        struct bench bench;
        bench_open(&bench, VBOARD_TYPICAL);
        fill(&bench);
        WRITE(&bench, 0x20, 0, 0, 0);
        if (how >= 2) {
            SEND(&bench, 0x75);
            vboard_bus_wait(bench.board, (how == 2 ? 30 : 1) * VBOARD_US);
        }
        if (how == 1) {
            vboard_set_vdd(bench.board, 1000);
        } else {
            vboard_cut_at_time(bench.board,
                               vboard_time(bench.board) +
                                   (how == 3 ? VBOARD_US : 10 * VBOARD_MS));
        }
        vboard_bus_wait(bench.board, 11 * VBOARD_MS);
        expect_cut(&bench, how == 1 ? "supply" : "time", 1);
        assert_in_range(count(&bench, 0x5A), SECTOR / 5, SECTOR / 2);
        assert_int_equal(status_of(&bench, 0x05), 0);
        assert_int_equal(status_of(&bench, 0x35), 0x02);
        vboard_bus_wait(bench.board, 50 * VBOARD_MS);
        assert_int_equal(status_of(&bench, 0x05), 0);
        erase(&bench); // all is as ever
        assert_int_equal(status_of(&bench, 0x35), 0x02);
        assert_int_equal(count(&bench, 0xFF), SECTOR);
        bench_close(&bench);
    }
}

// A write of the status registers that is interrupted: old or new bits.
static void test_cut_status(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    WRITE(&bench, 0x01, 0x1C);
    vboard_cut_at_time(bench.board, vboard_time(bench.board) + 5 * VBOARD_MS);
    vboard_bus_wait(bench.board, 6 * VBOARD_MS);
    expect_cut(&bench, "time", 0);
    assert_int_equal(status_of(&bench, 0x05) & ~0x1C, 0);
    unsigned changed = 0;
    for (unsigned i = 0; i < 10; i++) {
        uint8_t old = status_of(&bench, 0x05);
        WRITE(&bench, 0x01, (uint8_t)(old ^ 0x1C));
        vboard_cut_at_time(bench.board,
                           vboard_time(bench.board) + 5 * VBOARD_MS);
        vboard_bus_wait(bench.board, 6 * VBOARD_MS);
        bench_power(&bench);
        bench.cut[0] = 0;
        changed += status_of(&bench, 0x05) != old;
    }
    assert_in_range(changed, 1, 10);
    // it is no operation that counts, whatever the cut
    vboard_cut_at_op(bench.board, 0, VBOARD_CUT_TORN);
    WRITE(&bench, 0x01, 0x04);
    vboard_bus_wait(bench.board, 12 * VBOARD_MS);
    vboard_cut_at_op(bench.board, 0, VBOARD_CUT_AFTER);
    WRITE(&bench, 0x01, 0x08);
    vboard_bus_wait(bench.board, 12 * VBOARD_MS);
    assert_int_equal(bench.cut[0], 0);
    assert_int_equal(status_of(&bench, 0x05), 0x08);
    assert_int_equal(status_of(&bench, 0x35), 0x02);
    bench_close(&bench);
}

// A reset of the MCU: the chip goes on.
static void test_mcu_reset(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    fill(&bench);
    WRITE(&bench, 0x20, 0, 0, 0);
    vboard_bus_wait(bench.board, 20 * VBOARD_MS);
    vboard_reset(bench.board);
    assert_int_equal(status_of(&bench, 0x05), 3);
    vboard_bus_wait(bench.board, 24 * VBOARD_MS);
    assert_int_equal(status_of(&bench, 0x05), 3);
    vboard_bus_wait(bench.board, 2 * VBOARD_MS);
    assert_int_equal(status_of(&bench, 0x05), 0);
    assert_int_equal(count(&bench, 0xFF), SECTOR);
    bench_close(&bench);
}

static void test_failed_operations(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    vboard_fail_op(bench.board, 1, VBOARD_FLASH_PROGRAM_FAILS);
    program(&bench);
    assert_int_equal(count(&bench, 0xFF), SECTOR);
    vboard_fail_op(bench.board, 1, VBOARD_FLASH_BIT_STUCK);
    program(&bench);
    assert_int_equal(byte_at(&bench, 0), 1);
    assert_int_equal(count(&bench, 0), 255);
    vboard_fail_op(bench.board, 1, VBOARD_FLASH_ERASE_FAILS);
    erase(&bench);
    assert_int_not_equal(count(&bench, 0xFF), SECTOR);
    vboard_fail_op(bench.board, 1, VBOARD_FLASH_BIT_STUCK);
    erase(&bench);
    assert_int_equal(count(&bench, 0xFF), SECTOR - 1);
    erase(&bench);
    assert_int_equal(count(&bench, 0xFF), SECTOR);
    assert_int_equal(vboard_w25q_wear(bench.board, 0).erases, 3);
    assert_int_equal(vboard_w25q_wear(bench.board, 0).programs, 2);
    assert_int_equal(vboard_w25q_wear(bench.board, 1).erases, 0);
    assert_int_equal(vboard_flash_ops(bench.board), 5);
    bench_close(&bench);
}

static void test_snapshot(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    fill(&bench);
    struct vboard_snapshot *first = vboard_save(bench.board);
    erase(&bench);
    WRITE(&bench, 0x02, 0, 0x20, 0, 0x77);
    vboard_bus_wait(bench.board, VBOARD_MS);
    vboard_w25q(bench.board, NULL)[7000000] = 0x66;
    struct vboard_snapshot *second = vboard_save(bench.board);
    for (unsigned i = 0; i < 3; i++) {
        vboard_restore(bench.board, first);
        assert_int_equal(count(&bench, 0x5A), SECTOR);
        assert_int_equal(byte_at(&bench, 0x2000), 0xFF);
        assert_int_equal(byte_at(&bench, 7000000), 0xFF);
        assert_int_equal(vboard_w25q_wear(bench.board, 0).erases, 0);
        vboard_w25q(bench.board, NULL)[123456] = 0; // to be undone
        vboard_restore(bench.board, second);
        assert_int_equal(count(&bench, 0xFF), SECTOR);
        assert_int_equal(byte_at(&bench, 0x2000), 0x77);
        assert_int_equal(byte_at(&bench, 7000000), 0x66);
        assert_int_equal(byte_at(&bench, 123456), 0xFF);
        assert_int_equal(vboard_w25q_wear(bench.board, 0).erases, 1);
    }
    // one outlives the other, and an operation under way is in it
    vboard_snapshot_free(first);
    WRITE(&bench, 0x20, 0, 0x20, 0);
    first = vboard_save(bench.board);
    vboard_snapshot_free(second);
    vboard_bus_wait(bench.board, 50 * VBOARD_MS);
    assert_int_equal(byte_at(&bench, 0x2000), 0xFF);
    vboard_restore(bench.board, first);
    assert_int_equal(byte_at(&bench, 0x2000), 0x77);
    assert_int_equal(status_of(&bench, 0x05), 3);
    vboard_bus_wait(bench.board, 50 * VBOARD_MS);
    assert_int_equal(byte_at(&bench, 0x2000), 0xFF);
    vboard_snapshot_free(first);
    bench_close(&bench);
}

static uint8_t read_byte(struct bench *bench, uint32_t address)
{
    uint8_t in[1] = {0};
    ASK(bench, in, 0x03, (uint8_t)(address >> 16), (uint8_t)(address >> 8),
        (uint8_t)address);
    return in[0];
}

// What the chip itself has changed is put back, with nobody holding a pointer.
static void test_restore(void **state)
{
    (void)state;
    static const enum vboard_cut cuts[] = {VBOARD_CUT_AFTER, VBOARD_CUT_TORN};
    for (unsigned i = 0; i < 4; i++) {
        struct bench bench;
        bench_open(&bench, VBOARD_TYPICAL);
        fill(&bench);
        struct vboard_snapshot *snap = vboard_save(bench.board);
        vboard_cut_at_op(bench.board, 1, cuts[i % 2]);
        if (i < 2) {
            erase(&bench);
        } else {
            program(&bench);
        }
        bench_power(&bench);
        unsigned changed = 0;
        for (unsigned at = 0; at < 256; at++) {
            changed += read_byte(&bench, at) != 0x5A;
        }
        assert_in_range(changed, 64, 256);
        vboard_restore(bench.board, snap);
        for (unsigned at = 0; at < 256; at++) {
            assert_int_equal(read_byte(&bench, at), 0x5A);
        }
        vboard_snapshot_free(snap);
        bench_close(&bench);
    }
}

// The host may write by a pointer that it got long ago.
static void test_old_pointer(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    uint8_t *bytes = vboard_w25q(bench.board, NULL);
    struct vboard_snapshot *blank = vboard_save(bench.board);
    bytes[0x5000] = 1;
    struct vboard_snapshot *one = vboard_save(bench.board);
    vboard_restore(bench.board, blank);
    assert_int_equal(bytes[0x5000], 0xFF);
    bytes[0x6000] = 2;
    vboard_restore(bench.board, one);
    assert_int_equal(bytes[0x5000], 1);
    assert_int_equal(bytes[0x6000], 0xFF);
    vboard_snapshot_free(blank);
    vboard_snapshot_free(one);
    bench_close(&bench);
}

// A snapshot costs what it does without the chip, and the sectors that changed.
static void test_snapshot_size(void **state)
{
    (void)state;
    enum { SNAPSHOTS = 16 };
    struct vboard_snapshot *snap[SNAPSHOTS];
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    size_t size;
    uint8_t *bytes = vboard_w25q(bench.board, &size);
    memset(bytes, 0x3C, size);
    snap[0] = vboard_save(bench.board);
    struct mallinfo2 before = mallinfo2();
    for (unsigned i = 1; i < SNAPSHOTS; i++) {
        WRITE(&bench, 0x20, 0, (uint8_t)(i << 4), 0);
        vboard_bus_wait(bench.board, 50 * VBOARD_MS);
        snap[i] = vboard_save(bench.board);
        assert_non_null(snap[i]);
    }
    struct mallinfo2 after = mallinfo2();
    size_t grown =
        after.uordblks + after.hblkhd - before.uordblks - before.hblkhd;
    assert_in_range(grown / (SNAPSHOTS - 1), 0, 1024 * 1024);
    for (unsigned i = 0; i < SNAPSHOTS; i++) {
        vboard_restore(bench.board, snap[i]);
        assert_int_equal(byte_at(&bench, i << 12), i ? 0xFF : 0x3C);
        assert_int_equal(byte_at(&bench, (i + 1) << 12), 0x3C);
        vboard_snapshot_free(snap[i]);
    }
    bench_close(&bench);
}

// From the same snapshot, power goes in the same way.
static void test_tearing_repeats(void **state)
{
    (void)state;
    static uint8_t torn[SECTOR];
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    fill(&bench);
    struct vboard_snapshot *snap = vboard_save(bench.board);
    for (unsigned i = 0; i < 2; i++) {
        vboard_restore(bench.board, snap);
        vboard_cut_at_op(bench.board, 1, VBOARD_CUT_TORN);
        erase(&bench);
        expect_cut(&bench, "torn", 1);
        if (i) {
            assert_memory_equal(vboard_w25q(bench.board, NULL), torn, SECTOR);
        }
        memcpy(torn, vboard_w25q(bench.board, NULL), SECTOR);
    }
    vboard_snapshot_free(snap);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_erase),
        cmocka_unit_test(test_cut_program),
        cmocka_unit_test(test_cut_by_time),
        cmocka_unit_test(test_cut_status),
        cmocka_unit_test(test_mcu_reset),
        cmocka_unit_test(test_failed_operations),
        cmocka_unit_test(test_snapshot),
        cmocka_unit_test(test_restore),
        cmocka_unit_test(test_old_pointer),
        cmocka_unit_test(test_snapshot_size),
        cmocka_unit_test(test_tearing_repeats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
