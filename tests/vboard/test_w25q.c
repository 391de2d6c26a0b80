// SPDX-License-Identifier: MIT
//
// The W25Q64 by itself, clocked without a CPU: what its instructions
// do (W25Q64JV data sheet, 8 and 9.6).

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

static void test_chip_erase(void **state)
{
    (void)state;
    static const uint8_t codes[] = {0xC7, 0x60};
    for (unsigned i = 0; i < 2; i++) {
        struct bench bench;
        bench_open(&bench, i ? VBOARD_MAXIMUM : VBOARD_TYPICAL);
        size_t size;
        uint8_t *bytes = vboard_w25q(bench.board, &size);
        memset(bytes, 0x55, size);
        WRITE(&bench, codes[i]);
        uint64_t time = (i ? 100 : 20) * VBOARD_S;
        vboard_bus_wait(bench.board, time - VBOARD_MS);
        assert_int_equal(status_of(&bench, 0x05), 3);
        vboard_bus_wait(bench.board, 2 * VBOARD_MS);
        assert_int_equal(status_of(&bench, 0x05), 0);
        assert_int_equal(bytes[0] & bytes[size / 2] & bytes[size - 1], 0xFF);
        assert_int_equal(bench.operation.size, size);
        bench_close(&bench);
    }
}

// More bytes than a page has: the last 256 count.
static void test_long_program(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    uint8_t out[4 + 300] = {0x02, 0, 0, 0x10};
    for (unsigned i = 0; i < 300; i++) {
        out[4 + i] = (uint8_t)(i < 256 ? 0x40 : 0x80 + i - 256);
    }
    SEND(&bench, 0x06);
    talk(&bench, out, sizeof(out), NULL, 0);
    wait_ready(&bench);
    assert_int_equal(byte_at(&bench, 0x0F), 0x40);
    assert_int_equal(byte_at(&bench, 0x10), 0x80);
    assert_int_equal(byte_at(&bench, 0x10 + 43), 0x80 + 43);
    assert_int_equal(byte_at(&bench, 0x10 + 44), 0x40);
    assert_int_equal(bench.operation.size, 256);
    expect_legal(&bench);
    bench_close(&bench);
}

// Programming clears bits and sets none.
static void test_program_twice(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    WRITE(&bench, 0x02, 0, 0, 0, 0xF0, 0xF0);
    wait_ready(&bench);
    WRITE(&bench, 0x02, 0, 0, 0, 0x30, 0xFF);
    wait_ready(&bench);
    expect_legal(&bench);
    assert_int_equal(byte_at(&bench, 0), 0x30);
    assert_int_equal(byte_at(&bench, 1), 0xF0);
    WRITE(&bench, 0x02, 0, 0, 0, 0x31);
    wait_ready(&bench);
    expect_violation(&bench, "holds 0x30 and cannot become 0x31");
    assert_int_equal(byte_at(&bench, 0), 0x30);
    bench_close(&bench);
}

static void test_power_down(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    uint8_t in[3];
    SEND(&bench, 0xB9);
    vboard_bus_wait(bench.board, 4 * VBOARD_US);
    ASK(&bench, in, 0x9F);
    assert_int_equal(in[0], 0xFF);
    assert_int_equal(status_of(&bench, 0x05), 0xFF);
    SEND(&bench, 0x66);
    SEND(&bench, 0x99);
    assert_int_equal(status_of(&bench, 0x05), 0xFF);
    SEND(&bench, 0xAB);
    vboard_bus_wait(bench.board, 3 * VBOARD_US);
    ASK(&bench, in, 0x9F);
    assert_int_equal(in[0], 0xEF);
    expect_legal(&bench);
    // it stays asleep when the MCU is reset
    SEND(&bench, 0xB9);
    vboard_reset(bench.board);
    vboard_bus_wait(bench.board, 4 * VBOARD_US);
    assert_int_equal(status_of(&bench, 0x05), 0xFF);
    // its id wakes it too
    ASK(&bench, in, 0xAB, 0, 0, 0);
    assert_int_equal(in[0], 0x16);
    vboard_bus_wait(bench.board, 2 * VBOARD_US);
    assert_int_equal(status_of(&bench, 0x05), 0);
    expect_legal(&bench);
    // not before it sleeps
    SEND(&bench, 0xB9);
    SEND(&bench, 0xAB);
    vboard_bus_wait(bench.board, 4 * VBOARD_US);
    assert_int_equal(status_of(&bench, 0x05), 0xFF);
    SEND(&bench, 0xAB);
    vboard_bus_wait(bench.board, 4 * VBOARD_US);
    assert_int_equal(status_of(&bench, 0x05), 0);
    // not before tRES1
    SEND(&bench, 0xB9);
    vboard_bus_wait(bench.board, 4 * VBOARD_US);
    SEND(&bench, 0xAB);
    vboard_bus_wait(bench.board, 2 * VBOARD_US);
    assert_int_equal(status_of(&bench, 0x05), 0xFF);
    expect_violation(&bench, "before tRES1");
    bench_close(&bench);
}

static void test_reset(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    SEND(&bench, 0x06);
    SEND(&bench, 0x99); // without its enable
    assert_int_equal(status_of(&bench, 0x05), 2);
    SEND(&bench, 0x66);
    status_of(&bench, 0x05); // something between
    SEND(&bench, 0x99);
    assert_int_equal(status_of(&bench, 0x05), 2);
    SEND(&bench, 0x66);
    SEND(&bench, 0x99);
    assert_int_equal(status_of(&bench, 0x05), 0xFF); // for tRST
    vboard_bus_wait(bench.board, 30 * VBOARD_US);
    assert_int_equal(status_of(&bench, 0x05), 0);
    // in an erase: half of it
    memset(vboard_w25q(bench.board, NULL), 0x5A, 4096);
    WRITE(&bench, 0x20, 0, 0, 0);
    SEND(&bench, 0x66);
    SEND(&bench, 0x99);
    vboard_bus_wait(bench.board, 31 * VBOARD_US);
    assert_int_equal(status_of(&bench, 0x05), 0);
    unsigned old = 0;
    unsigned blank = 0;
    for (unsigned i = 0; i < 4096; i++) {
        old += byte_at(&bench, i) == 0x5A;
        blank += byte_at(&bench, i) == 0xFF;
    }
    assert_in_range(old, 512, 3072);
    assert_in_range(blank, 512, 3072);
    expect_legal(&bench);
    bench_close(&bench);
}

static void test_status_registers(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    WRITE(&bench, 0x01, 0x1C, 0x42); // two at once
    assert_int_equal(status_of(&bench, 0x05) & 1, 1);
    uint64_t from = vboard_time(bench.board);
    wait_ready(&bench);
    assert_in_range(vboard_time(bench.board) - from, 9 * VBOARD_MS,
                    11 * VBOARD_MS);
    assert_int_equal(status_of(&bench, 0x05), 0x1C);
    assert_int_equal(status_of(&bench, 0x35), 0x42);
    WRITE(&bench, 0x01, 0xFF); // not all of them can be written
    wait_ready(&bench);
    assert_int_equal(status_of(&bench, 0x05), 0xFC);
    WRITE(&bench, 0x01, 0x04); // one leaves the other
    wait_ready(&bench);
    assert_int_equal(status_of(&bench, 0x05), 0x04);
    assert_int_equal(status_of(&bench, 0x35), 0x42);
    WRITE(&bench, 0x31, 0x02);
    wait_ready(&bench);
    WRITE(&bench, 0x11, 0x00);
    wait_ready(&bench);
    // kept without power; a volatile write is not
    SEND(&bench, 0x50);
    SEND(&bench, 0x01, 0x08);
    assert_int_equal(status_of(&bench, 0x05), 0x08);
    bench_power(&bench);
    assert_int_equal(status_of(&bench, 0x05), 0x04);
    assert_int_equal(status_of(&bench, 0x35), 0x02);
    assert_int_equal(status_of(&bench, 0x15), 0x00);
    assert_int_equal(bench.operations, 0);
    SEND(&bench, 0x01, 0);
    expect_violation(&bench, "0x01 without Write Enable");
    // SRL locks them until the next power-up
    SEND(&bench, 0x50);
    SEND(&bench, 0x31, 0x03);
    WRITE(&bench, 0x01, 0x00);
    assert_int_equal(status_of(&bench, 0x05), 0x06);
    expect_legal(&bench);
    WRITE(&bench, 0x11, 0x04);
    expect_violation(&bench, "not modelled: W25Q64 status register 3 WPS");
    bench_close(&bench);
}

static void test_suspend(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    memset(vboard_w25q(bench.board, NULL), 0x3C, 0x2000);
    WRITE(&bench, 0x20, 0, 0, 0);
    vboard_bus_wait(bench.board, 20 * VBOARD_MS);
    SEND(&bench, 0x75);
    assert_int_equal(status_of(&bench, 0x05) & 1, 1);
    vboard_bus_wait(bench.board, 20 * VBOARD_US);
    assert_int_equal(status_of(&bench, 0x05) & 1, 0);
    assert_int_equal(status_of(&bench, 0x35), 0x82);
    // another sector can be read, this one not
    uint8_t in[8];
    ASK(&bench, in, 0x03, 0, 0x10, 0);
    assert_int_equal(in[0], 0x3C);
    ASK(&bench, in, 0x03, 0, 0, 0);
    assert_true(memcmp(in, in + 1, 7) != 0);
    vboard_bus_wait(bench.board, 100 * VBOARD_MS); // and no time passes
    SEND(&bench, 0x7A);
    assert_int_equal(status_of(&bench, 0x35), 0x02);
    assert_int_equal(status_of(&bench, 0x05) & 1, 1);
    uint64_t from = vboard_time(bench.board);
    wait_ready(&bench);
    assert_in_range(vboard_time(bench.board) - from, 24 * VBOARD_MS,
                    26 * VBOARD_MS);
    assert_int_equal(byte_at(&bench, 0), 0xFF);
    expect_legal(&bench);
    // not at rest, and not in a chip erase
    SEND(&bench, 0x75);
    vboard_bus_wait(bench.board, 30 * VBOARD_US);
    assert_int_equal(status_of(&bench, 0x35), 0x02);
    WRITE(&bench, 0xC7);
    SEND(&bench, 0x75);
    vboard_bus_wait(bench.board, 30 * VBOARD_US);
    assert_int_equal(status_of(&bench, 0x35), 0x02);
    assert_int_equal(status_of(&bench, 0x05) & 1, 1);
    bench_close(&bench);
}

// The page that is programmed, and no other, cannot be read meanwhile.
static void test_suspend_program(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    memset(vboard_w25q(bench.board, NULL), 0x3C, 0x400);
    WRITE(&bench, 0x02, 0, 0x01, 0x80, 0x0C);
    SEND(&bench, 0x75);
    vboard_bus_wait(bench.board, 30 * VBOARD_US);
    assert_int_equal(status_of(&bench, 0x35), 0x82);
    uint8_t in[8];
    ASK(&bench, in, 0x03, 0, 0x00, 0xF8);
    assert_memory_equal(in, "<<<<<<<<", 8);
    ASK(&bench, in, 0x03, 0, 0x01, 0x00);
    assert_memory_not_equal(in, "<<<<<<<<", 8);
    ASK(&bench, in, 0x03, 0, 0x01, 0xF8);
    assert_memory_not_equal(in, "<<<<<<<<", 8);
    ASK(&bench, in, 0x03, 0, 0x02, 0x00);
    assert_memory_equal(in, "<<<<<<<<", 8);
    SEND(&bench, 0x7A);
    wait_ready(&bench);
    assert_int_equal(byte_at(&bench, 0x180), 0x0C);
    assert_int_equal(byte_at(&bench, 0x181), 0x3C);
    expect_legal(&bench);
    bench_close(&bench);
}

static void test_faults(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    uint8_t in[3];
    vboard_w25q_fault(bench.board, VBOARD_W25Q_WRONG_ID);
    ASK(&bench, in, 0x9F);
    assert_int_not_equal(in[0], 0xEF);
    vboard_w25q_fault(bench.board, VBOARD_SPI_MISO_LOW);
    ASK(&bench, in, 0x9F);
    assert_memory_equal(in, ((uint8_t[]){0, 0, 0}), 3);
    vboard_w25q_fault(bench.board, VBOARD_SPI_MISO_HIGH);
    assert_int_equal(status_of(&bench, 0x05), 0xFF);
    vboard_w25q_fault(bench.board, VBOARD_W25Q_BUSY);
    assert_int_equal(status_of(&bench, 0x05), 1);
    vboard_bus_wait(bench.board, 200 * VBOARD_S);
    assert_int_equal(status_of(&bench, 0x05), 1);
    ASK(&bench, in, 0x9F);
    assert_memory_equal(in, ((uint8_t[]){0xFF, 0xFF, 0xFF}), 3);
    vboard_w25q_fault(bench.board, VBOARD_SPI_GOOD);
    ASK(&bench, in, 0x9F);
    assert_memory_equal(in, ((uint8_t[]){0xEF, 0x40, 0x17}), 3);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_program),
        cmocka_unit_test(test_erase),
        cmocka_unit_test(test_chip_erase),
        cmocka_unit_test(test_long_program),
        cmocka_unit_test(test_program_twice),
        cmocka_unit_test(test_power_down),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_status_registers),
        cmocka_unit_test(test_suspend),
        cmocka_unit_test(test_suspend_program),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
