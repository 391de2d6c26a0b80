// SPDX-License-Identifier: MIT
//
// drivers/sd.c against the model of the card: the model judges what the driver
// does on the bus.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "ota/sd.h"
#include "sd_bench.h"

struct rig {
    struct card card;
    struct vboard_bus fast;
    struct ota_sd sd;
};

static void open_rig(struct rig *rig, uint64_t size, enum vboard_timing timing)
{
    card_open(&rig->card, size, timing);
    vboard_bus_open(&rig->fast, rig->card.board, &sd_slave, 25000000);
    ota_sd_init(&rig->sd, &rig->card.bus.bus, &rig->fast.bus,
                vboard_bus_millis);
}

static void close_rig(struct rig *rig)
{
    card_close(&rig->card);
}

// 1, or the error; within 1.5 s.
static int make_ready(struct rig *rig)
{
    struct ota_blocks *blocks = &rig->sd.blocks;
    uint64_t since = vboard_time(rig->card.board);
    int result = blocks->start(blocks);
    while (result == 0) {
        result = blocks->ready(blocks);
        assert_true(vboard_time(rig->card.board) - since < 1500 * VBOARD_MS);
    }
    return result;
}

static int read_one(struct rig *rig, uint32_t number, uint8_t data[512])
{
    return rig->sd.blocks.read(&rig->sd.blocks, number, data);
}

static void fill(uint8_t data[512], uint32_t seed)
{
    for (unsigned i = 0; i < 512; i++) {
        seed = seed * 1103515245 + 12345;
        data[i] = (uint8_t)(seed >> 16);
    }
}

static void check_card(uint64_t size, enum vboard_timing timing,
                       enum vboard_spi_fault kind)
{
    struct rig rig;
    open_rig(&rig, size, timing);
    vboard_sd_fault(rig.card.board, kind, 0);
    assert_int_equal(make_ready(&rig), 1);
    const uint32_t last = (uint32_t)(size / 512 - 1);
    const uint32_t numbers[] = {0, 1, last / 2, last};
    for (unsigned i = 0; i < 4; i++) {
        uint8_t data[512];
        uint8_t got[512];
        fill(data, i);
        file_write(&rig.card, numbers[i] * 512ull, data, 512);
        assert_int_equal(read_one(&rig, numbers[i], got), 0);
        assert_memory_equal(got, data, 512);
    }
    uint8_t got[512];
    assert_int_equal(read_one(&rig, last + 1, got), OTA_ERR_SOURCE_READ);
    assert_int_equal(read_one(&rig, UINT32_MAX, got), OTA_ERR_SOURCE_READ);
    assert_int_equal(read_one(&rig, 0, got), 0);
    expect_legal(&rig.card);
    close_rig(&rig);
}

static void test_cards(void **state)
{
    (void)state;
    check_card(64 * KIB, VBOARD_TYPICAL, VBOARD_SPI_GOOD);
    check_card(64 * KIB, VBOARD_TYPICAL, VBOARD_SD_VERSION_1);
    check_card(2 * GIB, VBOARD_MAXIMUM, VBOARD_SPI_GOOD);
    check_card(2 * GIB + 512 * KIB, VBOARD_TYPICAL, VBOARD_SPI_GOOD);
    check_card(6 * GIB, VBOARD_MAXIMUM, VBOARD_SPI_GOOD);
}

static void test_cards_of_no_use(void **state)
{
    (void)state;
    static const enum vboard_spi_fault faults[] = {
        VBOARD_SPI_MISO_HIGH, VBOARD_SPI_MISO_LOW, VBOARD_SD_NEVER_READY};
    for (unsigned i = 0; i < 3; i++) {
        struct rig rig;
        open_rig(&rig, MIB, VBOARD_TYPICAL);
        vboard_sd_fault(rig.card.board, faults[i], 0);
        assert_int_equal(make_ready(&rig), OTA_ERR_SOURCE_OPEN);
        vboard_sd_fault(rig.card.board, VBOARD_SPI_GOOD, 0);
        assert_int_equal(make_ready(&rig), 1);
        close_rig(&rig);
    }
    struct rig rig;
    open_rig(&rig, MIB, VBOARD_TYPICAL);
    assert_int_equal(vboard_insert_sd(rig.card.board, NULL, NULL), 0);
    assert_int_equal(make_ready(&rig), OTA_ERR_SOURCE_OPEN);
    expect_legal(&rig.card);
    close_rig(&rig);
}

static void test_bad_crc(void **state)
{
    (void)state;
    struct rig rig;
    uint8_t data[512];
    open_rig(&rig, MIB, VBOARD_TYPICAL);
    assert_int_equal(make_ready(&rig), 1);
    vboard_sd_fault(rig.card.board, VBOARD_SD_BAD_CRC, 0);
    assert_int_equal(read_one(&rig, 0, data), OTA_ERR_SOURCE_READ);
    vboard_sd_fault(rig.card.board, VBOARD_SPI_GOOD, 0);
    assert_int_equal(read_one(&rig, 0, data), 0);
    expect_legal(&rig.card);
    close_rig(&rig);
}

static void test_pulled_out(void **state)
{
    (void)state;
    struct rig rig;
    uint8_t data[512];
    open_rig(&rig, MIB, VBOARD_TYPICAL);
    assert_int_equal(make_ready(&rig), 1);
    vboard_sd_fault(rig.card.board, VBOARD_SD_REMOVED, 3);
    assert_int_equal(read_one(&rig, 0, data), 0);
    assert_int_equal(read_one(&rig, 1, data), 0);
    uint64_t since = vboard_time(rig.card.board);
    assert_int_equal(read_one(&rig, 2, data), OTA_ERR_SOURCE_READ);
    assert_true(vboard_time(rig.card.board) - since < 500 * VBOARD_MS);
    assert_int_equal(make_ready(&rig), OTA_ERR_SOURCE_OPEN);
    expect_legal(&rig.card);
    assert_int_equal(vboard_insert_sd(rig.card.board, rig.card.path, NULL), 0);
    assert_int_equal(make_ready(&rig), 1);
    assert_int_equal(read_one(&rig, 2, data), 0);
    close_rig(&rig);
}

// The MCU is reset while the card sends a block, after any number of bytes: the
// card knows nothing of that.
static void test_left_in_the_middle(void **state)
{
    (void)state;
    struct rig rig;
    uint8_t data[512];
    uint8_t got[512];
    open_rig(&rig, MIB, VBOARD_TYPICAL);
    fill(data, 5);
    file_write(&rig.card, 512, data, 512);
    assert_int_equal(make_ready(&rig), 1);
    for (unsigned bytes = 0; bytes < 530; bytes += bytes < 20 ? 1 : 51) {
        rig.card.bus.hz = 400000;
        assert_int_equal(ask(&rig.card, 17, 512), 0);
        clocks(&rig.card, bytes);
        select_card(&rig.card, false); // the pin is an input
        assert_int_equal(make_ready(&rig), 1);
        assert_int_equal(read_one(&rig, 1, got), 0);
        assert_memory_equal(got, data, 512);
    }
    expect_legal(&rig.card);
    close_rig(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cards),
        cmocka_unit_test(test_cards_of_no_use),
        cmocka_unit_test(test_bad_crc),
        cmocka_unit_test(test_pulled_out),
        cmocka_unit_test(test_left_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
