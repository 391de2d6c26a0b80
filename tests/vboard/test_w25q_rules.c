// SPDX-License-Identifier: MIT
//
// What the W25Q64 refuses or ignores, and what counts as misuse (W25Q64JV data
// sheet, 7.1, 8.2 and 9.6).

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "w25q_bench.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_write_enable(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    vboard_w25q(bench.board, NULL)[0] = 0;
    SEND(&bench, 0x20, 0, 0, 0);
    expect_violation(&bench, "0x20 without Write Enable");
    SEND(&bench, 0x06);
    SEND(&bench, 0x04);
    assert_int_equal(status_of(&bench, 0x05), 0);
    SEND(&bench, 0x02, 0, 0, 1, 0);
    expect_violation(&bench, "0x02 without Write Enable");
    // one operation uses it up
    WRITE(&bench, 0x02, 0, 0, 2, 0);
    wait_ready(&bench);
    SEND(&bench, 0x02, 0, 0, 3, 0);
    expect_violation(&bench, "0x02 without Write Enable");
    assert_int_equal(byte_at(&bench, 0), 0);
    assert_int_equal(byte_at(&bench, 1), 0xFF);
    assert_int_equal(byte_at(&bench, 2), 0);
    assert_int_equal(byte_at(&bench, 3), 0xFF);
    assert_int_equal(bench.operations, 1);
    bench_close(&bench);
}

// Too few bytes or too many: nothing happens, and Write Enable stays.
static void test_wrong_length(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    SEND(&bench, 0x06, 0);
    assert_int_equal(status_of(&bench, 0x05), 0);
    SEND(&bench, 0x06);
    SEND(&bench, 0x20, 0, 0);
    SEND(&bench, 0x20, 0, 0, 0, 0);
    SEND(&bench, 0x02, 0, 0, 0);
    SEND(&bench, 0xC7, 0);
    SEND(&bench, 0x01);
    SEND(&bench, 0x01, 0, 0, 0);
    assert_int_equal(status_of(&bench, 0x05), 2);
    assert_int_equal(bench.operations, 0);
    expect_legal(&bench);
    bench_close(&bench);
}

// A select that rises in the middle of a byte.
static void test_ragged(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    const struct ota_bus *bus = &bench.bus.bus;
    SEND(&bench, 0x06);
    bus->select(bus);
    const uint8_t out[] = {0x02, 0, 0, 0, 0x11};
    assert_int_equal(bus->transfer(bus, out, NULL, sizeof(out)), 0);
    w25q_slave.cut(bench.board);
    bus->deselect(bus);
    assert_int_equal(bench.operations, 0);
    assert_int_equal(status_of(&bench, 0x05), 2);
    bench_close(&bench);
}

static void test_busy(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    WRITE(&bench, 0x20, 0, 0, 0);
    uint8_t in[3];
    // nobody answers, nothing is done
    ASK(&bench, in, 0x9F);
    assert_memory_equal(in, ((uint8_t[]){0xFF, 0xFF, 0xFF}), 3);
    bench.bus.floating = 0x00;
    ASK(&bench, in, 0x03, 0, 0, 0);
    assert_memory_equal(in, ((uint8_t[]){0, 0, 0}), 3);
    bench.bus.floating = 0xFF;
    SEND(&bench, 0x04);
    SEND(&bench, 0x20, 0, 0x10, 0);
    SEND(&bench, 0xB9);
    // the status goes on being told
    uint8_t status[4];
    ASK(&bench, status, 0x05);
    assert_memory_equal(status, ((uint8_t[]){3, 3, 3, 3}), 4);
    assert_int_equal(status_of(&bench, 0x35), 0x02);
    wait_ready(&bench);
    assert_int_equal(bench.operations, 1);
    expect_legal(&bench);
    bench_close(&bench);
}

// Rows of the data sheet's tables of protected areas: 7.1, WPS = 0.
static void test_protection(void **state)
{
    (void)state;
    static const struct {
        uint8_t sr1, sr2;
        uint32_t first, last; // protected; none: first > last
    } areas[] = {
        {0x00, 0x00, 1, 0},
        {0x04, 0x00, 0x7E0000, 0x7FFFFF}, // upper 1/64
        {0x18, 0x00, 0x400000, 0x7FFFFF}, // upper half
        {0x1C, 0x00, 0, 0x7FFFFF},
        {0x24, 0x00, 0, 0x01FFFF}, // lower 1/64
        {0x38, 0x00, 0, 0x3FFFFF},
        {0x44, 0x00, 0x7FF000, 0x7FFFFF}, // 4 KiB
        {0x4C, 0x00, 0x7FC000, 0x7FFFFF}, // 16 KiB
        {0x54, 0x00, 0x7F8000, 0x7FFFFF}, // 32 KiB
        {0x64, 0x00, 0, 0x000FFF},
        {0x04, 0x40, 0, 0x7DFFFF}, // the others
        {0x24, 0x40, 0x020000, 0x7FFFFF},
        {0x1C, 0x40, 1, 0},
        {0x00, 0x40, 0, 0x7FFFFF},
    };
    static const uint32_t probes[] = {0,        0x000FFF, 0x001000, 0x01FFFF,
                                      0x020000, 0x3FFFFF, 0x400000, 0x7DFFFF,
                                      0x7E0000, 0x7F7FFF, 0x7F8000, 0x7FBFFF,
                                      0x7FC000, 0x7FEFFF, 0x7FF000, 0x7FFFFF};
    for (unsigned i = 0; i < COUNT(areas); i++) {
        struct bench bench;
        bench_open(&bench, VBOARD_TYPICAL);
        SEND(&bench, 0x50);
        SEND(&bench, 0x01, areas[i].sr1, areas[i].sr2);
        for (unsigned j = 0; j < COUNT(probes); j++) {
            uint32_t at = probes[j];
            bool locked = at >= areas[i].first && at <= areas[i].last;
            WRITE(&bench, 0x02, (uint8_t)(at >> 16), (uint8_t)(at >> 8),
                  (uint8_t)at, 0x00);
            wait_ready(&bench);
            if ((byte_at(&bench, at) == 0xFF) != locked) {
                fail_msg("%02X %02X: 0x%06X", areas[i].sr1, areas[i].sr2,
                         (unsigned)at);
            }
        }
        expect_legal(&bench);
        bench_close(&bench);
    }
}

// An erase that meets a protected sector does nothing at all.
static void test_protected_erase(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    memset(vboard_w25q(bench.board, NULL), 0, 0x10000);
    SEND(&bench, 0x50);
    SEND(&bench, 0x01, 0x64); // the lowest 4 KiB
    WRITE(&bench, 0xD8, 0, 0, 0);
    assert_int_equal(status_of(&bench, 0x05), 0x66);
    SEND(&bench, 0xC7);
    assert_int_equal(status_of(&bench, 0x05), 0x66);
    SEND(&bench, 0x20, 0, 0x10, 0);
    assert_int_equal(status_of(&bench, 0x05), 0x67);
    wait_ready(&bench);
    assert_int_equal(byte_at(&bench, 0xFFF), 0);
    assert_int_equal(byte_at(&bench, 0x1000), 0xFF);
    assert_int_equal(byte_at(&bench, 0x2000), 0);
    bench_close(&bench);
}

static void test_while_suspended(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    WRITE(&bench, 0x20, 0, 0, 0);
    SEND(&bench, 0x75);
    vboard_bus_wait(bench.board, 30 * VBOARD_US);
    WRITE(&bench, 0x20, 0, 0x10, 0);
    expect_violation(&bench, "an erase while another operation is suspended");
    SEND(&bench, 0x02, 0, 0x10, 0, 1);
    expect_violation(&bench, "not modelled: a page program while an erase");
    bench_close(&bench);
}

// The first 5 ms after power-up.
static void test_power_up(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    vboard_power_on(bench.board);
    uint8_t in[3];
    ASK(&bench, in, 0x9F);
    assert_int_equal(in[0], 0xEF);
    SEND(&bench, 0x06);
    assert_int_equal(status_of(&bench, 0x05), 0);
    vboard_bus_wait(bench.board, 5 * VBOARD_MS);
    SEND(&bench, 0x06);
    assert_int_equal(status_of(&bench, 0x05), 2);
    expect_legal(&bench);
    bench_close(&bench);
}

static void test_bus(void **state)
{
    (void)state;
    static const struct {
        uint8_t code;
        uint32_t hz;
        uint8_t mode;
        bool lsb_first;
        const char *violation;
    } cases[] = {
        {0x03, 50000000, 0, false, NULL},
        {0x03, 50000001, 0, false, "0x03 at 50000001 Hz"},
        {0x0B, 133000000, 3, false, NULL},
        {0x0B, 134000000, 0, false, "0x0B at 134000000 Hz"},
        {0x9F, 1000000, 1, false, "in SPI mode 1"},
        {0x9F, 1000000, 2, false, "in SPI mode 2"},
        {0x9F, 1000000, 0, true, "least significant bit first"},
        {0x6B, 1000000, 0, false, "not modelled: W25Q64 instruction 0x6B"},
        {0x5A, 1000000, 0, false, "not modelled: W25Q64 instruction 0x5A"},
        {0x13, 1000000, 0, false, "W25Q64 has no instruction 0x13"},
        {0xFF, 1000000, 0, false, NULL},
    };
    for (unsigned i = 0; i < COUNT(cases); i++) {
        struct bench bench;
        bench_open(&bench, VBOARD_TYPICAL);
        const struct spi_frame frame = {cases[i].code, cases[i].mode,
                                        cases[i].lsb_first, cases[i].hz};
        w25q_slave.select(bench.board, true);
        assert_int_equal(w25q_slave.clock(bench.board, &frame, true),
                         SPI_FLOATING);
        if (cases[i].violation) {
            expect_violation(&bench, cases[i].violation);
        } else {
            expect_legal(&bench);
        }
        bench_close(&bench);
    }
}

// Two edges of the select with hardly any time between.
static void test_select_time(void **state)
{
    (void)state;
    for (unsigned late = 0; late < 2; late++) {
        struct bench bench;
        bench_open(&bench, VBOARD_TYPICAL);
        SEND(&bench, 0x06);
        const struct ota_bus *bus = &bench.bus.bus;
        bus->select(bus);
        const uint8_t out[] = {0x20, 0, 0, 0};
        assert_int_equal(bus->transfer(bus, out, NULL, sizeof(out)), 0);
        w25q_slave.select(bench.board, false);
        if (late) {
            vboard_bus_wait(bench.board, 60 * VBOARD_NS);
        }
        w25q_slave.select(bench.board, true);
        if (late) {
            expect_legal(&bench);
        } else {
            expect_violation(&bench, "tSHSL2");
        }
        bench_close(&bench);
    }
}

static void test_supply(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, VBOARD_TYPICAL);
    vboard_set_vdd(bench.board, 2700);
    WRITE(&bench, 0x02, 0, 0, 0, 0);
    wait_ready(&bench);
    expect_legal(&bench);
    vboard_set_vdd(bench.board, 2690);
    WRITE(&bench, 0x02, 0, 0, 1, 0);
    expect_violation(&bench, "at 2690 mV");
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_enable),
        cmocka_unit_test(test_wrong_length),
        cmocka_unit_test(test_ragged),
        cmocka_unit_test(test_busy),
        cmocka_unit_test(test_protection),
        cmocka_unit_test(test_protected_erase),
        cmocka_unit_test(test_while_suspended),
        cmocka_unit_test(test_power_up),
        cmocka_unit_test(test_bus),
        cmocka_unit_test(test_select_time),
        cmocka_unit_test(test_supply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
