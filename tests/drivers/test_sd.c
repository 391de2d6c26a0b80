// SPDX-License-Identifier: MIT
//
// The SD card driver against cards of all kinds, good ones, bad ones, and none.

#include <string.h>

#include "fake_sd.h"
#include "ota/sd.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

static struct fake_sd card;
static struct ota_sd sd;

static uint32_t millis(void)
{
    card.us += 10; // the processor's own time
    return card.us / 1000;
}

static void plug_in(enum card_kind kind)
{
    fake_sd_init(&card, kind);
    ota_sd_init(&sd, &card.slow.bus, &card.fast.bus, millis);
}

// Until it is ready: 1, or an error. Each call is short.
static int get_ready(void)
{
    int result = sd.blocks.start(&sd.blocks);
    uint32_t begin = card.us;
    while (result == 0) {
        uint32_t before = card.us;
        result = sd.blocks.ready(&sd.blocks);
        assert_in_range(card.us - before, 0, 5000);
        assert_in_range(card.us - begin, 0, 1100000);
    }
    return result;
}

// 0 and the right contents, or an error; never wrong contents.
static int read_block(uint32_t block)
{
    uint8_t data[OTA_BLOCK_SIZE];
    uint32_t begin = card.us;
    int err = sd.blocks.read(&sd.blocks, block, data);
    assert_in_range(card.us - begin, 0, 500000);
    for (uint32_t i = 0; i < OTA_BLOCK_SIZE && err == 0; i++) {
        assert_int_equal(data[i], fake_sd_byte(block, i));
    }
    return err;
}

static void check_good(void)
{
    assert_int_equal(get_ready(), 1);
    assert_int_equal(read_block(0), 0);
    assert_int_equal(read_block(4321), 0);
    assert_int_equal(read_block(4999), 0);
    uint32_t begin = card.us;
    assert_int_equal(read_block(5000), OTA_ERR_SOURCE_READ);
    assert_in_range(card.us - begin, 0, 1000); // a refusal needs no waiting
    assert_int_equal(read_block(UINT32_MAX / 512 + 1), OTA_ERR_SOURCE_READ);
    assert_int_equal(read_block(UINT32_MAX), OTA_ERR_SOURCE_READ);
    assert_int_equal(read_block(1), 0);
    assert_null(card.offence);
    assert_false(card.selected);
    assert_false(card.holds_miso); // others may use the bus
    assert_true(card.crc_on);
}

static void good_cards(void **state)
{
    (void)state;
    for (enum card_kind kind = SD_VERSION_1; kind <= SDHC; kind++) {
        for (uint32_t ncr = 0; ncr <= 8; ncr++) {
            plug_in(kind);
            card.ncr = ncr;
            check_good();
            card.init_ms = 0;
            check_good(); // once more from the start
        }
        plug_in(kind);
        card.init_ms = 990;
        card.access_us = 99000;
        check_good();
    }
}

// The processor was reset in the middle of a block.
static void interrupted(void **state)
{
    (void)state;
    for (uint32_t left = 0; left <= OTA_BLOCK_SIZE + 3; left++) {
        plug_in(SDHC);
        card.in_block = left;
        assert_int_equal(get_ready(), 1);
        assert_int_equal(read_block(7), 0);
    }
}

static void bad_cards(void **state)
{
    (void)state;
    plug_in(MMC);
    uint32_t begin = card.us;
    assert_int_equal(get_ready(), OTA_ERR_SOURCE_OPEN);
    assert_in_range(card.us - begin, 0, 50000);
    plug_in(SDHC);
    card.init_ms = UINT32_MAX / 1000; // never leaves idle
    begin = card.us;
    assert_int_equal(get_ready(), OTA_ERR_SOURCE_OPEN);
    assert_in_range(card.us - begin, 1000000, 1200000);
    plug_in(SDHC);
    card.if_cond_errors = 0x08; // neither a version 2 nor a version 1
    assert_int_equal(get_ready(), OTA_ERR_SOURCE_OPEN);
    assert_false(card.crc_on);
    plug_in(SDSC);
    card.wrong_voltage = true;
    assert_int_equal(get_ready(), OTA_ERR_SOURCE_OPEN);
    plug_in(SDHC);
    card.not_powered_up = true;
    assert_int_equal(get_ready(), OTA_ERR_SOURCE_OPEN);
    plug_in(SDHC);
    card.ncr = 9;
    assert_int_equal(get_ready(), OTA_ERR_SOURCE_OPEN);
}

static void bad_blocks(void **state)
{
    (void)state;
    plug_in(SDHC);
    assert_int_equal(get_ready(), 1);
    card.access_us = 400000; // too slow
    assert_int_equal(read_block(1), OTA_ERR_SOURCE_READ);
    plug_in(SDHC);
    assert_int_equal(get_ready(), 1);
    for (uint8_t token = 1; token < 0x20; token++) {
        card.error_token = token;
        assert_int_equal(read_block(1), OTA_ERR_SOURCE_READ);
    }
    card.error_token = 0;
    assert_int_equal(read_block(1), 0);
}

static void no_card(void **state)
{
    (void)state;
    for (int level = 0; level < 256; level++) {
        plug_in(SDHC);
        card.stuck = level;
        assert_int_equal(get_ready(), OTA_ERR_SOURCE_OPEN);
        plug_in(SDHC);
        assert_int_equal(get_ready(), 1);
        card.stuck = level;
        assert_int_equal(read_block(1), OTA_ERR_SOURCE_READ);
        plug_in(level & 1 ? SDSC : SD_VERSION_1);
        assert_int_equal(sd.blocks.start(&sd.blocks), 0);
        card.stuck = level;
        (void)get_ready();
        assert_int_equal(read_block(1), OTA_ERR_SOURCE_READ);
    }
}

static int ready_and_two_blocks(void)
{
    int result = get_ready();
    if (result == 1) {
        result = read_block(3);
        int second = read_block(4);
        result = result ? result : second;
    }
    return result;
}

// The controller does not go on, from any transfer on.
static void dead_controller(void **state)
{
    (void)state;
    for (uint32_t transfers = 1;; transfers++) {
        plug_in(SDHC);
        card.init_ms = 2;
        card.access_us = 50;
        card.transfers = transfers;
        int result = ready_and_two_blocks();
        if (card.transfers > 1) {
            assert_int_equal(result, 0);
            assert_in_range(transfers, 50, 300);
            return;
        }
        // what follows the last block is only the deselection
        assert_true(result == OTA_ERR_SOURCE_OPEN ||
                    result == OTA_ERR_SOURCE_READ || transfers > 50);
        assert_false(card.selected);
    }
}

// Bytes of that, on a card without trouble.
static uint32_t count_bytes(enum card_kind kind)
{
    plug_in(kind);
    card.init_ms = 2;
    card.access_us = 50;
    assert_int_equal(ready_and_two_blocks(), 0);
    return card.bytes;
}

static void pulled_out(void **state)
{
    (void)state;
    for (enum card_kind kind = SD_VERSION_1; kind <= SDHC; kind++) {
        uint32_t bytes = count_bytes(kind);
        for (uint32_t at = 1; at <= bytes; at++) {
            plug_in(kind);
            card.init_ms = 2;
            card.access_us = 50;
            card.gone_at = at;
            int result = ready_and_two_blocks();
            // what follows the last block is only the deselection
            assert_true(at == bytes ? result == 0 : result < 0);
            assert_true(result == 0 || result == OTA_ERR_SOURCE_OPEN ||
                        result == OTA_ERR_SOURCE_READ);
            assert_false(card.selected);
        }
    }
}

// Any bit that arrives wrongly, in either direction: an error or the right
// contents. While blocks are read one wrong bit does no harm at all.
static void flipped(enum card_kind kind, uint32_t at, uint8_t bit, bool to_card)
{
    plug_in(kind);
    card.init_ms = 2;
    card.access_us = 50;
    *(to_card ? &card.flip_to_at : &card.flip_at) = at;
    card.flip = bit;
    int result = get_ready();
    if (result < 0) {
        return;
    }
    // the OCR has no check sum: a wrong CCS makes a card that is addressed
    // wrongly
    if (sd.block_addressed != (kind == SDHC)) {
        return;
    }
    assert_int_equal(result, 1);
    bool now = at > card.bytes;
    int err = read_block(3);
    err = err ? err : read_block(4);
    assert_true(err == 0 || (!now && err == OTA_ERR_SOURCE_READ));
}

static void wrong_bits(void **state)
{
    (void)state;
    for (enum card_kind kind = SD_VERSION_1; kind <= SDHC; kind++) {
        uint32_t bytes = count_bytes(kind);
        for (uint32_t at = 1; at <= bytes; at++) {
            for (uint32_t bit = at % 3; bit < 8; bit += 3) {
                flipped(kind, at, (uint8_t)(1 << bit), false);
                flipped(kind, at, (uint8_t)(1 << bit), true);
            }
        }
    }
}

// Once more, not for ever.
static void one_retry(void **state)
{
    (void)state;
    plug_in(SDHC);
    assert_int_equal(get_ready(), 1);
    card.reads = 0;
    assert_int_equal(read_block(1), 0);
    assert_int_equal(card.reads, 1);
    card.flip_at = card.bytes + 100;
    card.flip = 1;
    assert_int_equal(read_block(1), 0);
    assert_int_equal(card.reads, 3);
    card.error_token = 0x04;
    assert_int_equal(read_block(1), OTA_ERR_SOURCE_READ);
    assert_int_equal(card.reads, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_cards), cmocka_unit_test(interrupted),
        cmocka_unit_test(bad_cards),  cmocka_unit_test(bad_blocks),
        cmocka_unit_test(no_card),    cmocka_unit_test(dead_controller),
        cmocka_unit_test(pulled_out), cmocka_unit_test(wrong_bits),
        cmocka_unit_test(one_retry),
    };
    return cmocka_run_group_tests_name("sd", tests, NULL, NULL);
}
