// SPDX-License-Identifier: MIT
//
// The W25Q64 by itself, clocked without a CPU: its instructions and what it
// refuses (W25Q64JV data sheet, 8 and 9.6).

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "w25q_bench.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_identity(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    uint8_t jedec[3];
    uint8_t pair[4];
    uint8_t id[1];
    uint8_t unique[2][8];
    ASK(&bench, jedec, 0x9F);
    assert_memory_equal(jedec, ((uint8_t[]){0xEF, 0x40, 0x17}), 3);
    ASK(&bench, pair, 0x90, 0, 0, 0);
    assert_memory_equal(pair, ((uint8_t[]){0xEF, 0x16, 0xEF, 0x16}), 4);
    ASK(&bench, pair, 0x90, 0, 0, 1);
    assert_memory_equal(pair, ((uint8_t[]){0x16, 0xEF, 0x16, 0xEF}), 4);
    ASK(&bench, id, 0xAB, 0, 0, 0);
    assert_int_equal(id[0], 0x16);
    ASK(&bench, unique[0], 0x4B, 0, 0, 0, 0);
    ASK(&bench, unique[1], 0x4B, 0xFF, 0xFF, 0xFF, 0xFF);
    assert_memory_equal(unique[0], unique[1], 8);
    assert_int_equal(status_of(&bench, 0x05), 0);
    assert_int_equal(status_of(&bench, 0x35), 0x02);
    assert_int_equal(status_of(&bench, 0x15), 0x60);
    expect_legal(&bench);
    bench_close(&bench);
}

static void test_read(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    size_t size;
    uint8_t *bytes = vboard_w25q(bench.board, &size);
    assert_int_equal(size, 8 * 1024 * 1024);
    for (unsigned i = 0; i < 4; i++) {
        bytes[0x123456 + i] = (uint8_t)(0xA0 + i);
    }
    bytes[size - 1] = 0x11;
    bytes[0] = 0x22;
    uint8_t in[4];
    ASK(&bench, in, 0x03, 0x12, 0x34, 0x56);
    assert_memory_equal(in, ((uint8_t[]){0xA0, 0xA1, 0xA2, 0xA3}), 4);
    ASK(&bench, in, 0x0B, 0x12, 0x34, 0x56, 0);
    assert_memory_equal(in, ((uint8_t[]){0xA0, 0xA1, 0xA2, 0xA3}), 4);
    // behind the last byte comes the first; A23 does not exist
    ASK(&bench, in, 0x03, 0xFF, 0xFF, 0xFF);
    assert_memory_equal(in, ((uint8_t[]){0x11, 0x22, 0xFF, 0xFF}), 4);
    expect_legal(&bench);
    bench_close(&bench);
}

static void test_program(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    SEND(&bench, 0x06);
    assert_int_equal(status_of(&bench, 0x05), 0x02);
    SEND(&bench, 0x02, 0, 0x10, 0xFE, 1, 2, 3, 4);
    assert_int_equal(status_of(&bench, 0x05), 0x03);
    uint64_t from = vboard_time(bench.board);
    wait_ready(&bench);
    assert_in_range(vboard_time(bench.board) - from, 300 * VBOARD_US,
                    500 * VBOARD_US);
    assert_int_equal(status_of(&bench, 0x05), 0);
    // within its page
    assert_int_equal(byte_at(&bench, 0x10FE), 1);
    assert_int_equal(byte_at(&bench, 0x10FF), 2);
    assert_int_equal(byte_at(&bench, 0x1000), 3);
    assert_int_equal(byte_at(&bench, 0x1001), 4);
    assert_int_equal(byte_at(&bench, 0x1100), 0xFF);
    assert_int_equal(bench.operations, 1);
    assert_int_equal(bench.operation.unit, 1);
    assert_int_equal(bench.operation.op, VBOARD_PROGRAM);
    assert_int_equal(bench.operation.number, 1);
    assert_int_equal(bench.operation.address, 0x10FE);
    assert_int_equal(bench.operation.size, 4);
    expect_legal(&bench);
    bench_close(&bench);
}

static void test_erase(void **state)
{
    (void)state;
    static const struct {
        uint8_t code;
        uint32_t size;
        uint64_t typical, maximum; // milliseconds
    } erases[] = {
        {0x20, 4096, 45, 400},
        {0x52, 32768, 120, 1600},
        {0xD8, 65536, 150, 2000},
    };
    for (unsigned i = 0; i < 2 * COUNT(erases); i++) {
        struct bench bench;
        bench_open(&bench, i % 2 ? VBOARD_MAXIMUM : VBOARD_TYPICAL);
        uint64_t time = i % 2 ? erases[i / 2].maximum : erases[i / 2].typical;
        uint32_t size = erases[i / 2].size;
        memset(vboard_w25q(bench.board, NULL), 0, 0x40000);
        SEND(&bench, 0x06);
        SEND(&bench, erases[i / 2].code, 1, 0x80, 0x12); // not at its start
        uint64_t from = vboard_time(bench.board);
        wait_ready(&bench);
        assert_in_range(vboard_time(bench.board) - from,
                        time * VBOARD_MS - VBOARD_MS / 2,
                        time * VBOARD_MS + VBOARD_MS / 2);
        uint32_t first = 0x18012 / size * size;
        assert_int_equal(byte_at(&bench, first - 1), 0);
        for (uint32_t at = first; at < first + size; at++) {
            assert_int_equal(byte_at(&bench, at), 0xFF);
        }
        assert_int_equal(byte_at(&bench, first + size), 0);
        assert_int_equal(bench.operation.address, first);
        assert_int_equal(bench.operation.size, size);
        assert_int_equal(vboard_w25q_wear(bench.board, first / 4096).erases, 1);
        expect_legal(&bench);
        bench_close(&bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_program),
        cmocka_unit_test(test_erase),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
