// SPDX-License-Identifier: MIT
//
// The SD card by itself, clocked without a CPU. What it must answer is from the
// SD Physical Layer Simplified Specification, sections as noted.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "device_rig.h"
#include "sd_bench.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void fill(uint8_t data[512], uint8_t seed)
{
    for (unsigned i = 0; i < 512; i++) {
        data[i] = (uint8_t)(i * 31 + i / 256 + seed);
    }
}

// Vectors of 4.5: CMD0, CMD17, and 512 bytes of FFh.
static void test_checksums_of_this_test(void **state)
{
    (void)state;
    assert_int_equal(crc7((const uint8_t[]){0x40, 0, 0, 0, 0}, 5), 0x4A);
    assert_int_equal(crc7((const uint8_t[]){0x51, 0, 0, 0, 0}, 5), 0x2A);
    uint8_t ones[512];
    memset(ones, 0xFF, sizeof(ones));
    assert_int_equal(crc16(ones, 512), 0x7FA1);
}

// 6.4.1: 74 clocks with CS and MOSI high; 7.2.1: CMD0 with a right CRC.
static void test_into_spi_mode(void **state)
{
    (void)state;
    struct card card;
    card_open(&card, MIB, VBOARD_TYPICAL);
    clocks(&card, 9);
    assert_int_equal(command(&card, 0, 0), 0xFF);
    expect_violation(&card, "74");

    // neither fast clocks nor those with other things on MOSI are of use
    card.bus.hz = 1000000;
    clocks(&card, 100);
    card.bus.hz = 400000;
    vboard_power_on(card.board);
    clocks(&card, 8);
    for (unsigned i = 0; i < 20; i++) {
        push(&card, 0x55);
    }
    assert_int_equal(command(&card, 0, 0), 0xFF);
    expect_violation(&card, "74");

    clocks(&card, 2);
    assert_int_equal(command(&card, 8, 0x1AA), 0xFF); // not in SPI mode yet
    assert_int_equal(command_with_crc(&card, 0, 0x97), 0xFF);
    assert_int_equal(start(&card, 0, 0, 0x95), 1);
    select_card(&card, false);
    expect_legal(&card);
    card_close(&card);
}

// 7.5.1.1: a response comes after one to eight bytes.
static void test_response_times(void **state)
{
    (void)state;
    struct card card;
    card_open(&card, MIB, VBOARD_TYPICAL);
    card_ready(&card);
    unsigned seen = 0;
    for (unsigned i = 0; i < 200; i++) {
        assert_int_equal(command(&card, 13, 0), 0);
        assert_in_range(card.gap, 1, 8);
        seen |= 1u << card.gap;
    }
    assert_int_equal(seen, 0x1FE);
    expect_legal(&card);
    card_close(&card);
}

// Table 7-5.
static void test_send_if_cond(void **state)
{
    (void)state;
    struct card card;
    card_open(&card, MIB, VBOARD_TYPICAL);
    clocks(&card, 10);
    assert_int_equal(command(&card, 0, 0), 1);
    assert_int_equal(start(&card, 8, 0x1AA, 0x87), 1); // a known CRC
    select_card(&card, false);
    assert_int_equal(command_word(&card, 8, 0x1AA), 0x1AA);
    assert_int_equal(command_word(&card, 8, 0x15C), 0x15C);
    assert_int_equal(command_word(&card, 8, 0x2AA), 0x0AA); // 1.2 V?
    assert_int_equal(start(&card, 8, 0x1AA, 0x89), 9);      // CRC
    select_card(&card, false);
    expect_legal(&card);

    vboard_sd_fault(card.board, VBOARD_SD_VERSION_1, 0);
    assert_int_equal(command(&card, 8, 0x1AA), 5);
    card_ready(&card); // which goes without it
    card_close(&card);
}

// 7.2.1 and 4.2.3: ready within one second; OCR (5.1) tells the kind then.
static void check_getting_ready(uint64_t size, enum vboard_timing timing,
                                uint32_t ocr)
{
    struct card card;
    card_open(&card, size, timing);
    clocks(&card, 10);
    assert_int_equal(command(&card, 0, 0), 1);
    assert_int_equal(command_word(&card, 8, 0x1AA), 0x1AA);
    assert_int_equal(command_word(&card, 58, 0), 0x00FF8000);
    uint64_t since = vboard_time(card.board);
    assert_int_equal(app_command(&card, 41, HCS), 1);
    while (app_command(&card, 41, HCS) == 1) {
    }
    uint64_t took = vboard_time(card.board) - since;
    assert_in_range(took, (timing ? 900 : 100) * VBOARD_MS, VBOARD_S);
    assert_int_equal(command_word(&card, 58, 0), ocr);
    assert_int_equal(command(&card, 13, 0), 0);
    expect_legal(&card);
    card_close(&card);
}

static void test_getting_ready(void **state)
{
    (void)state;
    check_getting_ready(64 * KIB, VBOARD_TYPICAL, 0x80FF8000);
    check_getting_ready(2 * GIB, VBOARD_MAXIMUM, 0x80FF8000);
    check_getting_ready(2 * GIB + 512 * KIB, VBOARD_TYPICAL, 0xC0FF8000);
    check_getting_ready(40 * GIB, VBOARD_MAXIMUM, 0xC0FF8000);
}

static void try_long(struct card *card, uint32_t argument)
{
    uint64_t since = vboard_time(card->board);
    while (vboard_time(card->board) - since < 1500 * VBOARD_MS) {
        assert_int_equal(app_command(card, 41, argument), 1);
    }
}

// 7.2.1: a host that does not know cards with block addresses gets none.
static void test_hosts_that_do_not_suit(void **state)
{
    (void)state;
    struct card card;
    card_open(&card, 4 * GIB, VBOARD_TYPICAL);
    clocks(&card, 10);
    assert_int_equal(command(&card, 0, 0), 1);
    try_long(&card, HCS); // no CMD8
    assert_int_equal(command(&card, 8, 0x1AA), 1);
    try_long(&card, 0); // no HCS
    expect_legal(&card);
    assert_int_equal(app_command(&card, 41, HCS | 0x00FF8000), 1);
    expect_violation(&card, "HCS");
    card_ready(&card);

    vboard_sd_fault(card.board, VBOARD_SD_NEVER_READY, 0);
    card.bus.hz = 400000;
    assert_int_equal(command(&card, 0, 0), 1);
    assert_int_equal(command(&card, 8, 0x1AA), 1);
    try_long(&card, HCS);
    card_close(&card);
}

// 7.2.1: what is not for the idle state; 7.3.2.1: unknown commands.
static void test_illegal_commands(void **state)
{
    (void)state;
    struct card card;
    card_open(&card, MIB, VBOARD_TYPICAL);
    clocks(&card, 10);
    assert_int_equal(command(&card, 0, 0), 1);
    static const uint8_t later[] = {9, 10, 12, 13, 16, 17, 18, 24, 25};
    for (unsigned i = 0; i < COUNT(later); i++) {
        assert_int_equal(command(&card, later[i], 0), 5);
    }
    card_ready(&card);
    static const uint8_t unknown[] = {2, 3, 5, 7, 8, 11, 14, 40, 41, 63};
    for (unsigned i = 0; i < COUNT(unknown); i++) {
        assert_int_equal(command(&card, unknown[i], 0), 4);
    }
    assert_int_equal(command(&card, 12, 0), 4); // nothing to stop
    assert_int_equal(app_command(&card, 13, 0), 0);
    select_card(&card, false);
    // CMD55 holds for one command; CMD16 is no application command
    assert_int_equal(app_command(&card, 16, 512), 0);
    assert_int_equal(command(&card, 41, 0), 4);
    expect_legal(&card);
    assert_int_equal(command(&card, 32, 0), 4);
    expect_violation(&card, "not modelled");
    card_close(&card);
}

// 7.2.2: checked always for CMD0 and CMD8, for others after CMD59.
static void test_command_crc(void **state)
{
    (void)state;
    struct card card;
    card_open(&card, MIB, VBOARD_TYPICAL);
    card_ready(&card);
    assert_int_equal(command_with_crc(&card, 13, 0xFF), 0);
    assert_int_equal(command_with_crc(&card, 0, 0xFF), 8);
    assert_int_equal(command(&card, 59, 1), 0);
    assert_int_equal(command_with_crc(&card, 13, 0xFF), 8);
    assert_int_equal(command(&card, 13, 0), 0);
    assert_int_equal(command(&card, 59, 0), 0);
    assert_int_equal(command_with_crc(&card, 13, 0xFF), 0);
    assert_int_equal(command(&card, 59, 1), 0);
    card.bus.hz = 400000;
    assert_int_equal(command(&card, 0, 0), 1); // off again
    assert_int_equal(command_with_crc(&card, 58, 0xFF), 1);
    expect_legal(&card);
    card_close(&card);
}

// 7.2.3: by bytes, or by blocks; the last block and the one behind it.
static void check_reading(uint64_t size, uint32_t step)
{
    struct card card;
    card_open(&card, size, VBOARD_TYPICAL);
    uint64_t blocks = size / 512;
    const uint64_t numbers[] = {0, 1, 7, blocks / 2, blocks - 1};
    uint8_t data[COUNT(numbers)][512];
    for (unsigned i = 0; i < COUNT(numbers); i++) {
        fill(data[i], (uint8_t)(17 * i));
        file_write(&card, numbers[i] * 512, data[i], 512);
    }
    card_ready(&card);
    for (unsigned i = 0; i < COUNT(numbers); i++) {
        uint8_t got[512];
        assert_int_equal(read_block(&card, (uint32_t)numbers[i] * step, got),
                         0);
        assert_memory_equal(got, data[i], 512);
    }
    if (blocks * step <= UINT32_MAX) {
        assert_int_equal(command(&card, 17, (uint32_t)blocks * step), 0x40);
        assert_int_equal(command(&card, 18, (uint32_t)blocks * step), 0x40);
    }
    assert_int_equal(command(&card, 17, 0xFFFFFE00), 0x40);
    expect_legal(&card);
    card_close(&card);
}

static void test_reading(void **state)
{
    (void)state;
    check_reading(64 * KIB, 512);
    check_reading(2 * GIB, 512);
    check_reading(2 * GIB + 512, 1);
    check_reading(4 * GIB, 1);
    check_reading(6 * GIB, 1);
}

// 7.2.3: partial blocks of SDSC cards do not cross the borders of blocks.
static void test_block_length(void **state)
{
    (void)state;
    struct card card;
    card_open(&card, MIB, VBOARD_TYPICAL);
    uint8_t data[512];
    fill(data, 3);
    file_write(&card, 512, data, 512);
    card_ready(&card);
    assert_int_equal(command(&card, 17, 1), 0x20);
    assert_int_equal(command(&card, 16, 0), 0x40);
    assert_int_equal(command(&card, 16, 513), 0x40);
    assert_int_equal(command(&card, 16, 16), 0);
    assert_int_equal(ask(&card, 17, 512 + 496), 0);
    assert_int_equal(token(&card), 0xFE);
    uint8_t got[16];
    block(&card, got, 16);
    assert_memory_equal(got, data + 496, 16);
    select_card(&card, false);
    assert_int_equal(command(&card, 17, 512 + 497), 0x20);
    assert_int_equal(command(&card, 24, 512), 0x40); // whole blocks only
    expect_legal(&card);
    card_close(&card);

    card_open(&card, 3 * GIB, VBOARD_TYPICAL);
    file_write(&card, 512, data, 512);
    card_ready(&card);
    assert_int_equal(command(&card, 16, 16), 0); // of no effect
    uint8_t whole[512];
    assert_int_equal(read_block(&card, 1, whole), 0);
    assert_memory_equal(whole, data, 512);
    card_close(&card);
}

// 7.2.3: until CMD12; beyond the end an error token (7.3.3.3) and R2's bit.
static void test_reading_many(void **state)
{
    (void)state;
    struct card card;
    card_open(&card, 64 * KIB, VBOARD_TYPICAL);
    uint8_t data[512];
    uint8_t got[512];
    card_ready(&card);
    for (unsigned i = 124; i < 128; i++) {
        fill(data, (uint8_t)i);
        file_write(&card, i * 512, data, 512);
    }
    assert_int_equal(ask(&card, 18, 124 * 512), 0);
    for (unsigned i = 124; i < 128; i++) {
        assert_int_equal(token(&card), 0xFE);
        block(&card, got, 512);
        fill(data, (uint8_t)i);
        assert_memory_equal(got, data, 512);
    }
    assert_int_equal(token(&card), 0x08);
    assert_int_equal(next(&card), 0xFF);
    assert_int_equal(ask(&card, 12, 0), 0);
    wait_while_busy(&card);
    select_card(&card, false);
    assert_int_equal(command(&card, 13, 0), 0);
    assert_int_equal(card.more[0], 0x80);
    assert_int_equal(command(&card, 13, 0), 0);
    assert_int_equal(card.more[0], 0); // told once

    // in the middle of a block
    assert_int_equal(ask(&card, 18, 0), 0);
    assert_int_equal(token(&card), 0xFE);
    clocks(&card, 100);
    assert_int_equal(ask(&card, 12, 0), 0);
    wait_while_busy(&card);
    select_card(&card, false);
    assert_int_equal(read_block(&card, 127 * 512, got), 0);
    assert_memory_equal(got, data, 512);

    // a select in between ends nothing
    assert_int_equal(ask(&card, 18, 127 * 512), 0);
    assert_int_equal(token(&card), 0xFE);
    clocks(&card, 100);
    select_card(&card, false);
    clocks(&card, 100);
    select_card(&card, true);
    assert_int_equal(next(&card), data[100]);
    assert_int_equal(ask(&card, 12, 0), 0);
    wait_while_busy(&card);
    assert_int_equal(ask(&card, 13, 0), 0);
    expect_legal(&card);
    assert_int_equal(ask(&card, 18, 0), 0);
    (void)ask(&card, 17, 0);
    expect_violation(&card, "in the middle");
    card_close(&card);
}

// 7.3.1.1: the byte behind CMD12 may look like a response.
static void test_stuff_byte(void **state)
{
    (void)state;
    struct card card;
    card_open(&card, MIB, VBOARD_TYPICAL);
    card_ready(&card);
    static const uint8_t cmd12[] = {0x4C, 0, 0, 0, 0, 0x61};
    unsigned misleading = 0;
    for (unsigned i = 0; i < 50; i++) {
        assert_int_equal(ask(&card, 18, 0), 0);
        assert_int_equal(token(&card), 0xFE);
        for (unsigned j = 0; j < sizeof(cmd12); j++) {
            push(&card, cmd12[j]);
        }
        misleading += next(&card) < 0x80;
        wait_while_busy(&card);
        vboard_bus_wait(card.board, VBOARD_MS);
        select_card(&card, false);
        assert_int_equal(command(&card, 13, 0), 0);
    }
    assert_in_range(misleading, 5, 45);
    expect_legal(&card);
    card_close(&card);
}

// 4.6.2.1: 100 ms at the most.
static void test_access_time(void **state)
{
    (void)state;
    struct card card;
    card_open(&card, MIB, VBOARD_MAXIMUM);
    card_ready(&card);
    assert_int_equal(ask(&card, 17, 0), 0);
    uint64_t since = vboard_time(card.board);
    assert_int_equal(token(&card), 0xFE);
    assert_in_range(vboard_time(card.board) - since, 90 * VBOARD_MS,
                    100 * VBOARD_MS);
    card_close(&card);
}

// 7.2.4 and 7.3.3.1; writing takes up to 250 ms (4.6.2.2).
static void check_writing(enum vboard_timing timing)
{
    struct card card;
    card_open(&card, 4 * GIB, timing);
    uint8_t data[512];
    uint8_t got[512];
    fill(data, 9);
    card_ready(&card);
    assert_int_equal(ask(&card, 24, 5), 0);
    assert_int_equal(send_block(&card, 0xFE, data, true), 0x05);
    assert_int_equal(next(&card), 0); // busy
    select_card(&card, false);        // which it goes on with
    clocks(&card, 1);
    select_card(&card, true);
    assert_in_range(wait_while_busy(&card), timing ? 200 : 0, timing ? 250 : 5);
    select_card(&card, false);
    file_read(&card, 5 * 512, got, 512);
    assert_memory_equal(got, data, 512);
    assert_int_equal(read_block(&card, 5, got), 0);
    assert_memory_equal(got, data, 512);

    assert_int_equal(ask(&card, 25, 6), 0);
    for (unsigned i = 0; i < 3; i++) {
        fill(data, (uint8_t)i);
        assert_int_equal(send_block(&card, 0xFC, data, true), 0x05);
        wait_while_busy(&card);
    }
    push(&card, 0xFD);
    push(&card, 0xFF);
    assert_int_equal(next(&card), 0);
    wait_while_busy(&card);
    select_card(&card, false);
    for (unsigned i = 0; i < 3; i++) {
        fill(data, (uint8_t)i);
        file_read(&card, (6 + i) * 512, got, 512);
        assert_memory_equal(got, data, 512);
    }
    expect_legal(&card);
    card_close(&card);
}

static void test_writing(void **state)
{
    (void)state;
    check_writing(VBOARD_TYPICAL);
    check_writing(VBOARD_MAXIMUM);
}

static void test_writing_refused(void **state)
{
    (void)state;
    struct card card;
    card_open(&card, MIB, VBOARD_TYPICAL);
    uint8_t data[512];
    uint8_t got[512];
    static const uint8_t zero[512];
    fill(data, 1);
    card_ready(&card);
    assert_int_equal(ask(&card, 24, 1024), 0);
    assert_int_equal(send_block(&card, 0xFE, data, false), 0x05);
    wait_while_busy(&card);
    select_card(&card, false);
    assert_int_equal(command(&card, 59, 1), 0);
    assert_int_equal(ask(&card, 24, 512), 0);
    assert_int_equal(send_block(&card, 0xFE, data, false), 0x0B);
    assert_int_equal(next(&card), 0xFF); // not busy
    select_card(&card, false);
    file_read(&card, 512, got, 512);
    assert_memory_equal(got, zero, 512);

    assert_int_equal(ask(&card, 25, (2047 << 9)), 0); // the last block
    assert_int_equal(send_block(&card, 0xFC, data, true), 0x05);
    wait_while_busy(&card);
    assert_int_equal(send_block(&card, 0xFC, data, true), 0x0D);
    push(&card, 0xFD);
    push(&card, 0xFF);
    wait_while_busy(&card);
    select_card(&card, false);
    assert_int_equal(command(&card, 13, 0), 0);
    assert_int_equal(card.more[0], 0x80);
    expect_legal(&card);

    assert_int_equal(ask(&card, 24, 512), 0);
    push(&card, 0x12);
    expect_violation(&card, "token");
    card_close(&card);
}

static uint32_t field(const uint8_t reg[16], unsigned high, unsigned low)
{
    uint32_t value = 0;
    for (unsigned bit = high + 1; bit-- > low;) {
        value = value << 1 | (reg[15 - bit / 8] >> bit % 8 & 1u);
    }
    return value;
}

static void read_register(struct card *card, unsigned index, uint8_t reg[16])
{
    assert_int_equal(ask(card, index, 0), 0);
    assert_int_equal(token(card), 0xFE);
    block(card, reg, 16);
    select_card(card, false);
    assert_int_equal(reg[15], crc7(reg, 15) << 1 | 1);
}

// 5.3.2 and 5.3.3: the capacity.
static void check_csd(uint64_t size, uint64_t told)
{
    struct card card;
    uint8_t csd[16];
    card_open(&card, size, VBOARD_TYPICAL);
    card_ready(&card);
    read_register(&card, 9, csd);
    uint64_t bytes;
    if (field(csd, 127, 126) == 0) {
        bytes = (uint64_t)(field(csd, 73, 62) + 1)
                << (field(csd, 49, 47) + 2 + field(csd, 83, 80));
        assert_in_range(field(csd, 83, 80), 9, 10);
    } else {
        assert_int_equal(field(csd, 127, 126), 1);
        bytes = (uint64_t)(field(csd, 69, 48) + 1) * 512 * KIB;
        assert_int_equal(field(csd, 83, 80), 9);
    }
    assert_int_equal(bytes, told);
    assert_int_equal(field(csd, 127, 126), size > 2 * GIB);
    assert_int_equal(field(csd, 103, 96), 0x32); // 25 MHz
    read_register(&card, 10, csd);               // the CID
    assert_memory_equal(csd + 3, "VBORD", 5);
    card_close(&card);
}

static void test_registers(void **state)
{
    (void)state;
    check_csd(64 * KIB, 64 * KIB);
    check_csd(64 * KIB + 512, 64 * KIB);
    check_csd(8 * MIB, 8 * MIB);
    check_csd(33 * MIB, 33 * MIB);
    check_csd(1 * GIB, 1 * GIB);
    check_csd(2 * GIB, 2 * GIB);
    check_csd(2 * GIB + 512 * KIB, 2 * GIB + 512 * KIB);
    check_csd(64 * GIB + 512, 64 * GIB);
}

// 7.2.5: the card lets go of MISO eight clocks after it was deselected.
static void test_letting_go(void **state)
{
    (void)state;
    struct card card;
    card_open(&card, MIB, VBOARD_TYPICAL);
    card.bus.floating = 0x33;
    select_card(&card, true);
    assert_int_equal(next(&card), 0x33); // not in SPI mode yet
    select_card(&card, false);
    assert_int_equal(next(&card), 0x33);
    card.bus.floating = 0xFF;
    card_ready(&card);
    card.bus.floating = 0x33;
    select_card(&card, true);
    assert_int_equal(next(&card), 0xFF);
    select_card(&card, false);
    assert_int_equal(next(&card), 0xFF);
    assert_int_equal(next(&card), 0x33);
    assert_int_equal(next(&card), 0x33);
    card_close(&card);
}

static void test_clock_and_mode(void **state)
{
    (void)state;
    struct card card;
    card_open(&card, MIB, VBOARD_TYPICAL);
    clocks(&card, 10);
    card.bus.hz = 500000;
    (void)command(&card, 0, 0);
    expect_violation(&card, "400 kHz");
    card.bus.hz = 50000;
    (void)command(&card, 0, 0);
    expect_violation(&card, "400 kHz");
    card_ready(&card);
    expect_legal(&card);
    card.bus.hz = 26000000;
    assert_int_equal(command(&card, 13, 0), 0);
    expect_violation(&card, "25 MHz");

    select_card(&card, true);
    struct spi_frame frame = {.mosi = 0xFF, .mode = 3, .hz = 1000000};
    (void)sd_slave.clock(card.board, &frame, true);
    expect_legal(&card);
    frame.mode = 1;
    (void)sd_slave.clock(card.board, &frame, true);
    expect_violation(&card, "mode 1");
    frame.mode = 0;
    frame.lsb_first = true;
    (void)sd_slave.clock(card.board, &frame, true);
    expect_violation(&card, "significant");
    card_close(&card);
}

static void test_commands_at_the_wrong_time(void **state)
{
    (void)state;
    struct card card;
    card_open(&card, MIB, VBOARD_TYPICAL);
    uint8_t data[512] = {0};
    card_ready(&card);
    assert_int_equal(ask(&card, 24, 0), 0);
    assert_int_equal(send_block(&card, 0xFE, data, true), 0x05);
    (void)ask(&card, 13, 0);
    expect_violation(&card, "busy");
    select_card(&card, false);
    vboard_bus_wait(card.board, 10 * VBOARD_MS);
    assert_int_equal(command(&card, 13, 0), 0);

    assert_int_equal(ask(&card, 17, 0), 0);
    (void)ask(&card, 13, 0);
    expect_violation(&card, "in the middle");
    select_card(&card, false);
    select_card(&card, true);
    push(&card, 0x3F);
    expect_violation(&card, "0x3F");
    card_close(&card);
}

// A frame of which some bits are lost: nothing is understood until deselected.
static void test_lost_bits(void **state)
{
    (void)state;
    struct card card;
    card_open(&card, MIB, VBOARD_TYPICAL);
    card_ready(&card);
    select_card(&card, true);
    sd_slave.cut(card.board);
    assert_int_equal(ask(&card, 13, 0), 0xFF);
    select_card(&card, false);
    assert_int_equal(command(&card, 13, 0), 0);
    card_close(&card);
}

static void test_pulled_out_and_put_in(void **state)
{
    (void)state;
    struct card card;
    card_open(&card, MIB, VBOARD_TYPICAL);
    uint8_t data[512];
    uint8_t got[512];
    fill(data, 5);
    file_write(&card, 0, data, 512);
    card_ready(&card);
    vboard_sd_fault(card.board, VBOARD_SD_REMOVED, 3);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(read_block(&card, 0, got), 0);
        assert_memory_equal(got, data, 512);
    }
    assert_int_equal(ask(&card, 17, 0), 0);
    assert_int_equal(token(&card), 0xFF);
    select_card(&card, false);
    assert_int_equal(command(&card, 0, 0), 0xFF);
    expect_legal(&card);

    assert_int_equal(vboard_insert_sd(card.board, card.path, NULL), 0);
    assert_int_equal(command(&card, 13, 0), 0xFF); // it knows nothing
    card.violations = 0;
    card_ready(&card);
    assert_int_equal(read_block(&card, 0, got), 0);
    assert_memory_equal(got, data, 512);

    assert_int_equal(vboard_insert_sd(card.board, NULL, NULL), 0);
    assert_int_equal(command(&card, 13, 0), 0xFF);
    expect_legal(&card);
    card_close(&card);
}

static void test_faults(void **state)
{
    (void)state;
    struct card card;
    card_open(&card, MIB, VBOARD_TYPICAL);
    card_ready(&card);
    vboard_sd_fault(card.board, VBOARD_SPI_MISO_HIGH, 0);
    assert_int_equal(command(&card, 13, 0), 0xFF);
    vboard_sd_fault(card.board, VBOARD_SPI_MISO_LOW, 0);
    assert_int_equal(command(&card, 0, 0), 0);
    vboard_sd_fault(card.board, VBOARD_SPI_GOOD, 0);
    card_ready(&card);
    vboard_sd_fault(card.board, VBOARD_SD_BAD_CRC, 0);
    assert_int_equal(ask(&card, 17, 0), 0);
    assert_int_equal(token(&card), 0xFE);
    clocks(&card, 512);
    unsigned crc = next(&card) << 8;
    crc |= next(&card);
    assert_int_not_equal(crc, 0); // the CRC of zeros
    card_close(&card);
}

// A power cut while the card writes; it has forgotten that it was ready.
static void test_power_cut(void **state)
{
    (void)state;
    struct card card;
    card_open(&card, MIB, VBOARD_TYPICAL);
    uint8_t data[512];
    uint8_t got[512];
    static const uint8_t zero[512];
    fill(data, 7);
    card_ready(&card);
    assert_int_equal(ask(&card, 24, 512), 0);
    assert_int_equal(send_block(&card, 0xFE, data, true), 0x05);
    vboard_power_on(card.board);
    select_card(&card, false);
    file_read(&card, 512, got, 512);
    assert_memory_equal(got, data, 256);
    assert_memory_not_equal(got + 256, data + 256, 256);
    assert_int_equal(command(&card, 13, 0), 0xFF);
    card.violations = 0;
    card_ready(&card);
    assert_int_equal(read_block(&card, 0, got), 0);
    assert_memory_equal(got, zero, 512);
    expect_legal(&card);
    card_close(&card);
}

static void test_snapshot(void **state)
{
    (void)state;
    struct card card;
    card_open(&card, MIB, VBOARD_TYPICAL);
    uint8_t data[512];
    fill(data, 8);
    file_write(&card, 0, data, 512);
    card_ready(&card);
    assert_int_equal(ask(&card, 17, 0), 0);
    assert_int_equal(token(&card), 0xFE);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(next(&card), data[i]);
    }
    struct vboard_snapshot *snap = vboard_save(card.board);
    clocks(&card, 500);
    vboard_restore(card.board, snap);
    for (unsigned i = 100; i < 512; i++) {
        assert_int_equal(next(&card), data[i]);
    }
    vboard_snapshot_free(snap);
    card_close(&card);
}

static void check_refused(struct card *card, const char *path, const char *why)
{
    rewind(card->log);
    memset(card->log_text, 0, sizeof(card->log_text));
    assert_int_equal(vboard_insert_sd(card->board, path, NULL), -1);
    fflush(card->log);
    if (!strstr(card->log_text, why)) {
        fail_msg("\"%s\", not \"%s\"", card->log_text, why);
    }
}

static void test_files_that_are_no_card(void **state)
{
    (void)state;
    struct card card;
    card_open(&card, MIB, VBOARD_TYPICAL);
    card_ready(&card);
    char other[80];
    snprintf(other, sizeof(other), "%s.other", card.path);
    check_refused(&card, other, "No such file");
    check_refused(&card, "/tmp", "irectory");
    fclose(fopen(other, "w"));
    check_refused(&card, other, "empty");
    assert_int_equal(truncate(other, 100000), 0);
    check_refused(&card, other, "multiple of 512");
    assert_int_equal(truncate(other, 51456), 0);
    check_refused(&card, other, "multiple of 512");
    assert_int_equal(truncate(other, 51200), 0);
    const struct vboard_spi_place place = {1, "PZ9"};
    assert_int_equal(vboard_insert_sd(card.board, other, &place), -1);
    unlink(other);
    // the one that is in has not noticed
    assert_int_equal(command(&card, 13, 0), 0);
    card_close(&card);
}

// Wired to SPI1 and PB5 unless told otherwise: CMD0, by a CPU.
static void test_wires(void **state)
{
    (void)state;
    const uint32_t dr = 0x4001300C, sr = 0x40013008, b_bsrr = 0x40020418;
    const struct step setup[] = {
        STORE(0x40023830, 3),          // AHB1ENR: GPIOA, GPIOB
        STORE(0x40023844, 1 << 12),    // APB2ENR: SPI1
        STORE(b_bsrr, 1 << 5),         // PB5 high
        STORE(0x40020400, 0x680),      // GPIOB MODER: PB5 an output
        STORE(0x4002000C, 0x64001000), // GPIOA PUPDR: PA6 pulled up
        STORE(0x40020020, 0x55500000), // AFRL: PA5 to PA7 AF5
        STORE(0x40020000, 0xA800A800), // MODER: alternate
        STORE(0x40013000, 0x036C),     // CR1: master, PCLK2 / 64
    };
    static const uint8_t cmd0[6] = {0x40, 0, 0, 0, 0, 0x95};
    struct step script[80];
    unsigned n = COUNT(setup);
    memcpy(script, setup, sizeof(setup));
    for (unsigned i = 0; i < 16; i++) {
        if (i == 10) {
            script[n++] = (struct step)STORE(b_bsrr, 1 << 21);
        }
        script[n++] = (struct step)STORE(dr, i < 10 ? 0xFF : cmd0[i - 10]);
        script[n++] = (struct step)WAIT(sr, 0x80, 0);
    }
    script[n++] = (struct step)LOAD(dr); // these two clear the overrun
    script[n++] = (struct step)LOAD(sr);
    for (unsigned i = 0; i < 9; i++) {
        script[n++] = (struct step)STORE(dr, 0xFF);
        script[n++] = (struct step)WAIT(sr, 1, 1);
        script[n++] = (struct step)LOAD(dr);
    }
    script[n] = (struct step){.kind = STEP_END};

    struct card card; // for its file
    card_open(&card, MIB, VBOARD_TYPICAL);
    struct rig rig;
    rig_open(&rig, NULL);
    assert_int_equal(vboard_insert_sd(rig.board, card.path, NULL), 0);
    rig_start(&rig, script);
    rig_run(&rig, 10 * VBOARD_MS);
    assert_int_equal(rig.box.done, 1);
    if (rig.violations) {
        fail_msg("%s", rig.violation);
    }
    unsigned at = 2;
    while (at < 11 && rig.box.value[at] == 0xFF) {
        at++;
    }
    assert_int_equal(rig.box.value[at], 0x01);
    rig_close(&rig);
    card_close(&card);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checksums_of_this_test),
        cmocka_unit_test(test_into_spi_mode),
        cmocka_unit_test(test_response_times),
        cmocka_unit_test(test_send_if_cond),
        cmocka_unit_test(test_getting_ready),
        cmocka_unit_test(test_hosts_that_do_not_suit),
        cmocka_unit_test(test_illegal_commands),
        cmocka_unit_test(test_command_crc),
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_block_length),
        cmocka_unit_test(test_reading_many),
        cmocka_unit_test(test_stuff_byte),
        cmocka_unit_test(test_access_time),
        cmocka_unit_test(test_writing),
        cmocka_unit_test(test_writing_refused),
        cmocka_unit_test(test_registers),
        cmocka_unit_test(test_letting_go),
        cmocka_unit_test(test_clock_and_mode),
        cmocka_unit_test(test_commands_at_the_wrong_time),
        cmocka_unit_test(test_lost_bits),
        cmocka_unit_test(test_pulled_out_and_put_in),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_power_cut),
        cmocka_unit_test(test_snapshot),
        cmocka_unit_test(test_files_that_are_no_card),
        cmocka_unit_test(test_wires),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
