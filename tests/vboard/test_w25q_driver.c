// SPDX-License-Identifier: MIT
//
// drivers/w25q.c against the model of the chip: the model judges what the
// driver does on the bus, and power is cut in the middle of it.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "ota/w25q.h"
#include "w25q_bench.h"

#define SECTOR 0x1000u
#define BLOCK  0x10000u

struct rig {
    struct bench bench;
    struct ota_w25q chip;
    struct ota_flash flash;
};

static void open_rig(struct rig *rig, enum vboard_timing timing)
{
    bench_open(&rig->bench, timing);
    rig->chip = (struct ota_w25q){&rig->bench.bus.bus, vboard_bus_millis, NULL};
    rig->flash = (struct ota_flash)OTA_W25Q64_FLASH(&rig->chip);
}

static void close_rig(struct rig *rig)
{
    bench_close(&rig->bench);
}

static void fill(uint8_t *data, size_t len, uint32_t seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1103515245 + 12345;
        data[i] = (uint8_t)(seed >> 16);
    }
}

static uint8_t *contents(struct rig *rig)
{
    return vboard_w25q(rig->bench.board, NULL);
}

static void set_byte(struct rig *rig, uint32_t offset, uint8_t value)
{
    uint8_t *bytes = contents(rig);
    bytes[offset] = value;
}

static bool is_blank(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] != 0xFF) {
            return false;
        }
    }
    return true;
}

static int erase(struct rig *rig, uint32_t offset, uint32_t size)
{
    return rig->flash.erase(&rig->flash, offset, size);
}

static int prog(struct rig *rig, uint32_t offset, const void *data, size_t len)
{
    return rig->flash.prog(&rig->flash, offset, data, len);
}

static int read_byte(struct rig *rig, uint32_t offset)
{
    uint8_t byte;
    return rig->flash.read(&rig->flash, offset, &byte, 1);
}

// The chip's times at their typical and their longest: everything is legal, in
// the right place, and costs as many operations as it should.
static void check_operations(enum vboard_timing timing)
{
    struct rig rig;
    open_rig(&rig, timing);
    static uint8_t data[5000];
    static uint8_t got[sizeof(data)];
    fill(data, sizeof(data), 1);
    memset(contents(&rig), 0, 3 * BLOCK);
    assert_int_equal(erase(&rig, BLOCK, BLOCK), 0);
    assert_int_equal(rig.bench.operations, 1);
    assert_int_equal(rig.bench.operation.size, BLOCK);
    assert_true(is_blank(contents(&rig) + BLOCK, BLOCK));
    assert_int_equal(erase(&rig, 2 * BLOCK, SECTOR), 0);
    assert_int_equal(rig.bench.operation.size, SECTOR);
    assert_true(is_blank(contents(&rig) + 2 * BLOCK, SECTOR));
    assert_int_equal(contents(&rig)[BLOCK - 1], 0);
    assert_int_equal(contents(&rig)[2 * BLOCK + SECTOR], 0);

    rig.bench.operations = 0;
    assert_int_equal(prog(&rig, BLOCK + 100, data, sizeof(data)), 0);
    assert_int_equal(rig.bench.operations, 20); // pages touched
    assert_memory_equal(contents(&rig) + BLOCK + 100, data, sizeof(data));
    assert_true(is_blank(contents(&rig) + BLOCK, 100));
    assert_true(is_blank(contents(&rig) + BLOCK + 5100, SECTOR));
    assert_int_equal(rig.flash.read(&rig.flash, BLOCK + 100, got, sizeof(got)),
                     0);
    assert_memory_equal(got, data, sizeof(got));
    expect_legal(&rig.bench);
    close_rig(&rig);
}

static void test_operations(void **state)
{
    (void)state;
    check_operations(VBOARD_TYPICAL);
    check_operations(VBOARD_MAXIMUM);
}

static void test_end_of_the_chip(void **state)
{
    (void)state;
    struct rig rig;
    open_rig(&rig, VBOARD_TYPICAL);
    uint8_t data[300];
    fill(data, sizeof(data), 2);
    const uint32_t end = ota_w25q64_geometry.size;
    set_byte(&rig, 0, 0x55);
    assert_int_equal(erase(&rig, end - SECTOR, SECTOR), 0);
    assert_int_equal(prog(&rig, end - sizeof(data), data, sizeof(data)), 0);
    assert_memory_equal(contents(&rig) + end - sizeof(data), data,
                        sizeof(data));
    assert_int_equal(contents(&rig)[0], 0x55);
    expect_legal(&rig.bench);
    close_rig(&rig);
}

// As soon as power is there: the chip does not take writes for 5 ms yet.
static void test_right_after_power_up(void **state)
{
    (void)state;
    struct rig rig;
    open_rig(&rig, VBOARD_TYPICAL);
    vboard_power_on(rig.bench.board);
    vboard_bus_wait(rig.bench.board, 100 * VBOARD_US);
    set_byte(&rig, 0, 0);
    assert_int_equal(erase(&rig, 0, SECTOR), 0);
    assert_int_equal(contents(&rig)[0], 0xFF);
    expect_legal(&rig.bench);
    close_rig(&rig);
}

static void test_left_asleep_or_busy(void **state)
{
    (void)state;
    struct rig rig;
    open_rig(&rig, VBOARD_MAXIMUM);
    SEND(&rig.bench, 0xB9);
    vboard_bus_wait(rig.bench.board, 10 * VBOARD_US);
    assert_int_equal(read_byte(&rig, 0), 0);

    set_byte(&rig, BLOCK, 0);
    WRITE(&rig.bench, 0xD8, 1, 0, 0); // 2 s, of which nobody knows
    assert_int_equal(read_byte(&rig, 0), 0);
    assert_int_equal(contents(&rig)[BLOCK], 0xFF);
    expect_legal(&rig.bench);

    WRITE(&rig.bench, 0xC7); // 100 s: ended by a reset
    uint64_t since = vboard_time(rig.bench.board);
    assert_int_equal(read_byte(&rig, 0), 0);
    assert_true(vboard_time(rig.bench.board) - since < 2510 * VBOARD_MS);
    expect_legal(&rig.bench);
    close_rig(&rig);
}

static void test_chips_of_no_use(void **state)
{
    (void)state;
    static const struct {
        enum vboard_spi_fault fault;
        int error;
        uint64_t within;
    } cases[] = {
        {VBOARD_SPI_MISO_HIGH, OTA_ERR_FLASH_DEVICE, VBOARD_MS},
        {VBOARD_SPI_MISO_LOW, OTA_ERR_FLASH_DEVICE, VBOARD_MS},
        {VBOARD_W25Q_WRONG_ID, OTA_ERR_FLASH_DEVICE, VBOARD_MS},
        {VBOARD_W25Q_BUSY, OTA_ERR_FLASH_TIMEOUT, 2510 * VBOARD_MS},
    };
    struct rig rig;
    open_rig(&rig, VBOARD_TYPICAL);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        vboard_w25q_fault(rig.bench.board, cases[i].fault);
        uint64_t since = vboard_time(rig.bench.board);
        assert_int_equal(read_byte(&rig, 0), cases[i].error);
        assert_true(vboard_time(rig.bench.board) - since < cases[i].within);
        assert_int_equal(prog(&rig, 0, "x", 1), cases[i].error);
        assert_int_equal(erase(&rig, 0, SECTOR), cases[i].error);
        vboard_w25q_fault(rig.bench.board, VBOARD_SPI_GOOD);
        vboard_bus_wait(rig.bench.board, VBOARD_MS);
        assert_int_equal(read_byte(&rig, 0), 0);
    }
    assert_int_equal(rig.bench.operations, 0);
    expect_legal(&rig.bench);
    close_rig(&rig);
}

// BP and CMP, as somebody may have set them (8.2.7).
static void check_protection(uint8_t sr1, uint8_t sr2)
{
    struct rig rig;
    open_rig(&rig, VBOARD_TYPICAL);
    memset(contents(&rig), 0x11, 2 * BLOCK);
    WRITE(&rig.bench, 0x01, sr1, sr2);
    wait_ready(&rig.bench);
    assert_int_equal(erase(&rig, 0, BLOCK), OTA_ERR_FLASH_PROTECTED);
    assert_int_equal(erase(&rig, 0, SECTOR), OTA_ERR_FLASH_PROTECTED);
    assert_int_equal(prog(&rig, 0, "", 1), OTA_ERR_FLASH_PROTECTED);
    assert_int_equal(contents(&rig)[0], 0x11);
    assert_int_equal(contents(&rig)[SECTOR], 0x11);
    assert_int_equal(rig.bench.operations, 0);
    assert_int_equal(read_byte(&rig, 0), 0);
    expect_legal(&rig.bench);
    close_rig(&rig);
}

static void test_protection(void **state)
{
    (void)state;
    check_protection(0x1C, 0x02); // all
    check_protection(0x24, 0x02); // TB, BP0: the lower 128 KiB
    check_protection(0x00, 0x42); // CMP: all
}

static void test_failing_operations(void **state)
{
    (void)state;
    struct rig rig;
    open_rig(&rig, VBOARD_TYPICAL);
    uint8_t data[256];
    memset(contents(&rig), 0x11, BLOCK);
    vboard_fail_op(rig.bench.board, 1, VBOARD_FLASH_ERASE_FAILS);
    assert_int_equal(erase(&rig, 0, SECTOR), OTA_ERR_FLASH_ERASE);
    vboard_fail_op(rig.bench.board, 1, VBOARD_FLASH_BIT_STUCK);
    assert_int_equal(erase(&rig, 0, BLOCK), OTA_ERR_FLASH_ERASE);
    vboard_fail_op(rig.bench.board, 0, VBOARD_FLASH_GOOD);
    assert_int_equal(erase(&rig, 0, BLOCK), 0);
    fill(data, sizeof(data), 3);
    vboard_fail_op(rig.bench.board, 1, VBOARD_FLASH_BIT_STUCK);
    assert_int_equal(prog(&rig, 0, data, sizeof(data)), OTA_ERR_FLASH_VERIFY);
    vboard_fail_op(rig.bench.board, 1, VBOARD_FLASH_PROGRAM_FAILS);
    assert_int_equal(prog(&rig, SECTOR, data, sizeof(data)),
                     OTA_ERR_FLASH_VERIFY);
    expect_legal(&rig.bench);
    close_rig(&rig);
}

/// Power cuts ///

#define OFFSET (BLOCK + 200)

static uint8_t data[1500];

// Replaces what is there: an erase of a sector and seven page programs.
static int job(struct rig *rig)
{
    int err = erase(rig, BLOCK, SECTOR);
    return err ? err : prog(rig, OFFSET, data, sizeof(data));
}

#define JOB_OPERATIONS 8

// Power went and comes back: the job is done again as if nothing had been.
static void assert_done_again(struct rig *rig)
{
    assert_false(rig->bench.bus.selected);
    vboard_power_on(rig->bench.board);
    vboard_bus_wait(rig->bench.board, 100 * VBOARD_US);
    assert_int_equal(job(rig), 0);
    assert_memory_equal(contents(rig) + OFFSET, data, sizeof(data));
    assert_true(is_blank(contents(rig) + BLOCK, 200));
    assert_int_equal(contents(rig)[BLOCK - 1], 0x22);
    assert_int_equal(contents(rig)[BLOCK + SECTOR], 0x22);
    expect_legal(&rig->bench);
}

static void begin(struct rig *rig)
{
    open_rig(rig, VBOARD_TYPICAL);
    fill(data, sizeof(data), 4);
    memset(contents(rig), 0x22, 3 * BLOCK);
}

static void test_power_cut_at_every_operation(void **state)
{
    (void)state;
    static const enum vboard_cut hows[] = {VBOARD_CUT_BEFORE, VBOARD_CUT_TORN,
                                           VBOARD_CUT_AFTER};
    for (unsigned op = 1; op <= JOB_OPERATIONS; op++) {
        for (unsigned i = 0; i < 3; i++) {
            struct rig rig;
            begin(&rig);
            vboard_cut_at_op(rig.bench.board, op, hows[i]);
            assert_int_equal(job(&rig), OTA_ERR_FLASH_DEVICE);
            assert_int_equal(rig.bench.cut_number, op);
            assert_done_again(&rig);
            close_rig(&rig);
        }
    }
    struct rig rig; // there are no more
    begin(&rig);
    vboard_cut_at_op(rig.bench.board, JOB_OPERATIONS + 1, VBOARD_CUT_BEFORE);
    assert_int_equal(job(&rig), 0);
    close_rig(&rig);
}

static void test_power_cut_at_any_time(void **state)
{
    (void)state;
    struct rig rig;
    begin(&rig);
    uint64_t since = vboard_time(rig.bench.board);
    assert_int_equal(job(&rig), 0);
    uint64_t time = vboard_time(rig.bench.board) - since;
    close_rig(&rig);
    for (unsigned i = 0; i < 200; i++) {
        begin(&rig);
        since = vboard_time(rig.bench.board);
        vboard_cut_at_time(rig.bench.board, since + time * i / 200 + 1);
        assert_int_equal(job(&rig), OTA_ERR_FLASH_DEVICE);
        vboard_cut_at_time(rig.bench.board, UINT64_MAX);
        assert_done_again(&rig);
        close_rig(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operations),
        cmocka_unit_test(test_end_of_the_chip),
        cmocka_unit_test(test_right_after_power_up),
        cmocka_unit_test(test_left_asleep_or_busy),
        cmocka_unit_test(test_chips_of_no_use),
        cmocka_unit_test(test_protection),
        cmocka_unit_test(test_failing_operations),
        cmocka_unit_test(test_power_cut_at_every_operation),
        cmocka_unit_test(test_power_cut_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
