// SPDX-License-Identifier: MIT

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include <cmocka.h>

#include "sd_bench.h"

static void on_event(void *context, const struct vboard_event *event)
{
    struct card *card = context;
    if (event->kind == VBOARD_EVENT_VIOLATION) {
        card->violations++;
        snprintf(card->violation, sizeof(card->violation), "%s", event->text);
    }
}

void card_open(struct card *card, uint64_t size, enum vboard_timing timing)
{
    memset(card, 0, sizeof(*card));
    strcpy(card->path, "/tmp/sd_card_XXXXXX");
    int file = mkstemp(card->path);
    assert_true(file >= 0);
    assert_int_equal(ftruncate(file, (off_t)size), 0);
    close(file);
    card->log = fmemopen(card->log_text, sizeof(card->log_text), "w");
    assert_non_null(card->log);
    struct vboard_config config = {
        .mcu = "stm32f446re",
        .timing = timing,
        .lenient = true,
        .log = card->log,
        .event = on_event,
        .context = card,
    };
    card->board = vboard_new(&config);
    assert_non_null(card->board);
    vboard_bus_open(&card->bus, card->board, &sd_slave, 400000);
    assert_int_equal(vboard_insert_sd(card->board, card->path, NULL), 0);
    vboard_power_on(card->board);
}

void card_close(struct card *card)
{
    vboard_free(card->board);
    fclose(card->log);
    unlink(card->path);
}

void file_write(struct card *card, uint64_t at, const void *data, size_t len)
{
    int file = open(card->path, O_WRONLY);
    assert_int_equal(pwrite(file, data, len, (off_t)at), len);
    close(file);
}

void file_read(struct card *card, uint64_t at, void *data, size_t len)
{
    int file = open(card->path, O_RDONLY);
    assert_int_equal(pread(file, data, len, (off_t)at), len);
    close(file);
}

/// Bytes ///

static uint8_t exchange(struct card *card, uint8_t out)
{
    uint8_t in = 0;
    int err = card->bus.bus.transfer(&card->bus.bus, &out, &in, 1);
    assert_int_equal(err, 0);
    return in;
}

uint8_t next(struct card *card)
{
    return exchange(card, 0xFF);
}

void push(struct card *card, uint8_t byte)
{
    (void)exchange(card, byte);
}

void select_card(struct card *card, bool selected)
{
    const struct ota_bus *bus = &card->bus.bus;
    (selected ? bus->select : bus->deselect)(bus);
}

void clocks(struct card *card, unsigned bytes)
{
    while (bytes-- > 0) {
        (void)next(card);
    }
}

/// Checksums, as long divisions ///

static uint32_t divide(const uint8_t *data, unsigned bits, uint32_t polynomial,
                       unsigned degree)
{
    uint32_t rest = 0;
    for (unsigned i = 0; i < bits + degree; i++) {
        uint32_t bit = i < bits ? data[i / 8] >> (7 - i % 8) & 1u : 0;
        rest = rest << 1 | bit;
        if (rest >> degree) {
            rest ^= polynomial;
        }
    }
    return rest;
}

uint8_t crc7(const uint8_t *data, unsigned len)
{
    return (uint8_t)divide(data, 8 * len, 0x89, 7); // x^7 + x^3 + 1
}

uint16_t crc16(const uint8_t *data, unsigned len)
{
    return (uint16_t)divide(data, 8 * len, 0x11021, 16); // x^16+x^12+x^5+1
}

/// Commands ///

uint8_t start(struct card *card, unsigned index, uint32_t argument, uint8_t crc)
{
    select_card(card, true);
    const uint8_t frame[6] = {
        (uint8_t)(0x40 | index),   (uint8_t)(argument >> 24),
        (uint8_t)(argument >> 16), (uint8_t)(argument >> 8),
        (uint8_t)argument,         crc};
    for (unsigned i = 0; i < sizeof(frame); i++) {
        push(card, frame[i]);
    }
    if (index == 12) {
        push(card, 0xFF); // the stuff byte
    }
    for (card->gap = 0; card->gap <= 8; card->gap++) {
        uint8_t r1 = next(card);
        if (!(r1 & 0x80)) {
            return r1;
        }
    }
    return 0xFF;
}

uint8_t ask(struct card *card, unsigned index, uint32_t argument)
{
    const uint8_t frame[5] = {
        (uint8_t)(0x40 | index), (uint8_t)(argument >> 24),
        (uint8_t)(argument >> 16), (uint8_t)(argument >> 8), (uint8_t)argument};
    return start(card, index, argument, (uint8_t)(crc7(frame, 5) << 1 | 1));
}

static uint8_t finish(struct card *card, uint8_t r1)
{
    for (unsigned i = 0; i < sizeof(card->more); i++) {
        card->more[i] = next(card);
    }
    select_card(card, false);
    clocks(card, 1);
    return r1;
}

uint8_t command(struct card *card, unsigned index, uint32_t argument)
{
    return finish(card, ask(card, index, argument));
}

uint8_t command_with_crc(struct card *card, unsigned index, uint8_t crc)
{
    return finish(card, start(card, index, 0, crc));
}

uint32_t command_word(struct card *card, unsigned index, uint32_t argument)
{
    (void)command(card, index, argument);
    return (uint32_t)card->more[0] << 24 | (uint32_t)card->more[1] << 16 |
           (uint32_t)card->more[2] << 8 | card->more[3];
}

uint8_t app_command(struct card *card, unsigned index, uint32_t argument)
{
    uint8_t r1 = command(card, 55, 0);
    assert_true(r1 <= 1);
    return command(card, index, argument);
}

void card_ready(struct card *card)
{
    card->bus.hz = 400000;
    clocks(card, 10);
    assert_int_equal(command(card, 0, 0), 1);
    (void)command(card, 8, 0x1AA);
    uint64_t since = vboard_time(card->board);
    while (app_command(card, 41, HCS) != 0) {
        assert_true(vboard_time(card->board) - since < VBOARD_S + VBOARD_MS);
    }
    card->bus.hz = 25000000;
}

/// Blocks ///

uint8_t token(struct card *card)
{
    uint64_t until = vboard_time(card->board) + 200 * VBOARD_MS;
    uint8_t byte;
    do {
        byte = next(card);
    } while (byte == 0xFF && vboard_time(card->board) < until);
    return byte;
}

void block(struct card *card, void *data, unsigned len)
{
    uint8_t *bytes = data;
    for (unsigned i = 0; i < len; i++) {
        bytes[i] = next(card);
    }
    unsigned crc = next(card) << 8;
    crc |= next(card);
    assert_int_equal(crc, crc16(bytes, len));
}

uint8_t read_block(struct card *card, uint32_t argument, uint8_t data[512])
{
    uint8_t r1 = ask(card, 17, argument);
    if (r1 == 0) {
        assert_int_equal(token(card), 0xFE);
        block(card, data, 512);
    }
    select_card(card, false);
    clocks(card, 1);
    return r1;
}

uint8_t send_block(struct card *card, uint8_t start_token,
                   const uint8_t data[512], bool good_crc)
{
    uint16_t crc = (uint16_t)(crc16(data, 512) ^ (good_crc ? 0 : 1));
    push(card, 0xFF); // NWR
    push(card, start_token);
    for (unsigned i = 0; i < 512; i++) {
        push(card, data[i]);
    }
    push(card, (uint8_t)(crc >> 8));
    push(card, (uint8_t)crc);
    return next(card) & 0x1F;
}

unsigned wait_while_busy(struct card *card)
{
    uint64_t since = vboard_time(card->board);
    while (next(card) != 0xFF) {
        assert_true(vboard_time(card->board) - since < VBOARD_S);
    }
    return (unsigned)((vboard_time(card->board) - since) / VBOARD_MS);
}

/// Judging ///

void expect_violation(struct card *card, const char *text)
{
    if (card->violations == 0 || !strstr(card->violation, text)) {
        fail_msg("%u violations, the last \"%s\", not \"%s\"", card->violations,
                 card->violation, text);
    }
    card->violations = 0;
}

void expect_legal(const struct card *card)
{
    if (card->violations) {
        fail_msg("refused: %s", card->violation);
    }
}
