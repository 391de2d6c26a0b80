// SPDX-License-Identifier: MIT
//
// Any bytes on the line at any time: the receiver gives what came, in the order
// in which it came, never more, and always ends.
//
// Input: the image's size, the piece that is read; then what happens on the
// line, one byte each with its operands: raw bytes, a damaged byte, silence, or
// a good block, which takes from the input only its contents.

#include "fuzz.h"

#include <string.h>

#include "ota/crc16.h"
#include "ota/xmodem.h"

enum {
    MAX_LINE = 1 << 16,
    MAX_CALLS = 300000,
    START_MS = 5000,
    NOTHING = 0x100, // line[]: so many more are milliseconds of silence
};

static int line[MAX_LINE]; // a byte, DAMAGED, or NOTHING + ms
static uint32_t length, next;
static uint32_t now;
static uint32_t answers;

static void add(int what)
{
    if (length < MAX_LINE) {
        line[length++] = what;
    }
}

static void add_block(struct input *input, uint32_t number, uint32_t size)
{
    uint8_t block[1024];
    uint32_t fill = take(input), count = take(input) % 64;
    memset(block, (int)fill, size);
    for (uint32_t i = 0; i < count; i++) {
        block[i] = (uint8_t)take(input);
    }
    uint32_t crc = ota_crc16(block, size);
    add(size == 128 ? 0x01 : 0x02);
    add((int)(number & 0xFF));
    add((int)(~number & 0xFF));
    for (uint32_t i = 0; i < size; i++) {
        add(block[i]);
    }
    add((int)(crc >> 8));
    add((int)(crc & 0xFF));
}

static void load(struct input *input)
{
    uint32_t number = 1;
    length = next = 0;
    while (input->left > 0 && length < MAX_LINE) {
        uint32_t what = take(input);
        switch (what & 7) {
        case 0:
            add_block(input, number++, 128);
            break;
        case 1:
            add_block(input, number++, 1024);
            break;
        case 2: // the same once more, or any other, or YMODEM's first
            number = take(input);
            add_block(input, number, 128);
            number++;
            break;
        case 3:
            add(NOTHING + (int)(1u << (what >> 3) % 18));
            break;
        case 4:
            add(OTA_SERIAL_DAMAGED);
            break;
        case 5:
            add(0x04); // end of file
            add(NOTHING + 1);
            break;
        default:
            for (uint32_t n = what >> 3; n > 0; n--) {
                add((int)take(input));
            }
        }
    }
}

/// The line ///

static int get(const struct ota_serial *serial)
{
    (void)serial;
    if (next == length) {
        return OTA_SERIAL_NONE;
    }
    if (line[next] >= NOTHING) {
        now += (uint32_t)(line[next++] - NOTHING);
        return OTA_SERIAL_NONE;
    }
    return line[next++];
}

static void put(const struct ota_serial *serial, uint8_t byte)
{
    (void)serial;
    (void)byte;
    answers++;
}

static uint32_t millis(const struct ota_serial *serial)
{
    (void)serial;
    return now;
}

// What was given is found in this order in what came: where the last one was.
static uint32_t find(uint32_t from, uint8_t byte)
{
    while (from < next && line[from] != byte) {
        from++;
    }
    CHECK(from < next);
    return from + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ota_serial serial = {get, put, millis, NULL};
    struct input input = {data, size};
    static struct {
        struct ota_xmodem xmodem;
        uint8_t fence[64];
    } receiver;
    struct ota_source *source = &receiver.xmodem.source;
    uint32_t total = 1 + take_le(&input, 2) % 5000;
    uint32_t piece = 1 + take(&input);
    load(&input);
    now = take(&input) << 24; // zero, as nothing is left
    answers = 0;
    memset(&receiver, 0x5A, sizeof receiver);
    ota_xmodem_init(&receiver.xmodem, &serial, START_MS);
    CHECK(source->open(source) == 0);
    source->set_total_size(source, total);

    uint32_t given = 0, found = 0, calls = 0;
    int n;
    do {
        uint8_t out[257];
        memset(out, 0xA5, sizeof out);
        n = source->read(source, out, piece);
        CHECK(n <= (int)piece && out[piece] == 0xA5);
        for (int i = 0; i < n; i++) {
            found = find(found, out[i]);
        }
        given += n > 0 ? (uint32_t)n : 0;
        now += n == 0 && next == length ? 50 : 0;
        CHECK(++calls < MAX_CALLS); // it ends
    } while (n >= 0);
    CHECK(given <= total);
    CHECK(given <= next);
    CHECK(n == OTA_ERR_SOURCE_OPEN || n == OTA_ERR_SOURCE_READ ||
          n == OTA_ERR_SOURCE_END || n == OTA_ERR_TOO_LARGE);
    uint8_t byte;
    CHECK(source->read(source, &byte, 1) == n); // errors stay
    source->close(source);
    CHECK(source->read(source, &byte, 1) == OTA_ERR_SOURCE_OPEN);
    for (size_t i = 0; i < sizeof receiver.fence; i++) {
        CHECK(receiver.fence[i] == 0x5A);
    }
    return 0;
}
