// SPDX-License-Identifier: MIT
//
// The XMODEM and YMODEM receiver on a simulated line, with a sender that can be
// told to misbehave. Real senders are in tests/tool/test_xmodem.py.

#include "board.h"

#include <stdio.h>

#include "ota/bytes.h"
#include "ota/xmodem.h"

enum { SOH = 1, STX = 2, EOT = 4, ACK = 6, NAK = 0x15, CAN = 0x18 };

enum mode { XMODEM, XMODEM_1K, YMODEM };

// What a sender waits for.
enum wait {
    FOR_C,
    FOR_HEADER_ACK,
    FOR_DATA_C,
    FOR_ACK,
    FOR_END_ACK,
    FOR_BATCH_C,
    FOR_BATCH_ACK,
    FOR_NOTHING
};

// What may happen to byte number fault_at of all that the sender sends.
enum fault { NO_FAULT, FLIP, DROP, DAMAGE, INSERT, VANISH };

struct line {
    struct ota_serial serial;
    uint32_t now;
    int fifo[4096]; // on the way to the receiver
    size_t first, count;

    enum mode mode;
    const uint8_t *file;
    size_t size;
    size_t declared; // size in YMODEM's block 0
    bool endless;    // never comes to the end
    bool second_file;
    int ignores_ack; // of this block: sent again for ever
    bool loses_acks; // the first of every block
    int lost;        // block
    bool crosses;    // what it sends crosses with answers
    int wrong_at;    // block that gets a wrong number
    enum wait wait;
    bool succeeded, cancelled;
    size_t position; // of the block under way
    int block;       // its number, not cut to 8 bits
    unsigned resends;

    enum fault fault;
    size_t fault_at;
    int flip; // bits, for FLIP
    size_t sent;
    int babble; // the line gives this byte for ever; 0: no

    size_t taken; // bytes that the receiver took
    unsigned acks, naks, cans, cs;
};

static void queue(struct line *line, int byte)
{
    assert_true(line->count < sizeof line->fifo / sizeof line->fifo[0]);
    size_t at = (line->first + line->count++) % 4096;
    line->fifo[at] = byte;
}

static void transmit(struct line *line, int byte)
{
    bool here = line->fault != NO_FAULT && line->sent == line->fault_at;
    bool gone = line->fault == VANISH && line->sent >= line->fault_at;
    line->sent++;
    if (gone || (here && line->fault == DROP)) {
        return;
    }
    if (here && line->fault == FLIP) {
        byte ^= line->flip;
    }
    if (here && line->fault == INSERT) {
        queue(line, 0x55);
    }
    queue(line, here && line->fault == DAMAGE ? OTA_SERIAL_DAMAGED : byte);
}

static uint16_t crc_of(const uint8_t *data, size_t len)
{
    uint16_t crc = 0; // bit by bit from the definition, unlike the receiver's
    for (size_t i = 0; i < len * 8; i++) {
        int bit = data[i / 8] >> (7 - i % 8) & 1;
        int top = crc >> 15;
        crc = (uint16_t)(crc << 1 ^ ((top ^ bit) ? 0x1021 : 0));
    }
    return crc;
}

static void transmit_block(struct line *line, int number, const uint8_t *data,
                           size_t size)
{
    transmit(line, size == 128 ? SOH : STX);
    transmit(line, number & 0xFF);
    transmit(line, ~number & 0xFF);
    for (size_t i = 0; i < size; i++) {
        transmit(line, data[i]);
    }
    uint16_t crc = crc_of(data, size);
    transmit(line, crc >> 8);
    transmit(line, crc & 0xFF);
}

static size_t block_size(const struct line *line)
{
    return line->mode == XMODEM ? 128 : 1024;
}

static void transmit_data(struct line *line)
{
    if (line->position >= line->size && !line->endless) {
        line->wait = FOR_END_ACK;
        transmit(line, EOT);
        return;
    }
    uint8_t data[1024];
    memset(data, line->mode == YMODEM ? 0 : 0x1A, sizeof data);
    for (size_t i = 0; i < block_size(line); i++) {
        if (line->position + i < line->size) {
            data[i] = line->file[line->position + i];
        }
    }
    line->wait = FOR_ACK;
    bool wrong = line->block == line->wrong_at;
    transmit_block(line, line->block + wrong, data, block_size(line));
}

static void transmit_header(struct line *line, const char *name)
{
    uint8_t data[128] = {0};
    if (name) {
        int n = snprintf((char *)data, sizeof data, "%s%c%zu 0 0 0", name, 0,
                         line->declared);
        assert_true(n > 0);
    }
    transmit_block(line, 0, data, sizeof data);
}

// Sends again what has not been answered well.
static void again(struct line *line)
{
    if (line->wait == FOR_HEADER_ACK) {
        transmit_header(line, "image.bin");
    } else if (line->wait == FOR_ACK) {
        transmit_data(line);
    } else if (line->wait == FOR_END_ACK) {
        transmit(line, EOT);
    } else if (line->wait == FOR_BATCH_ACK) {
        transmit_header(line, line->second_file ? "other.bin" : NULL);
    } else {
        return;
    }
    line->resends++;
}

static void acknowledged(struct line *line)
{
    switch (line->wait) {
    case FOR_HEADER_ACK:
        line->wait = FOR_DATA_C;
        break;
    case FOR_ACK:
        if (line->block == line->ignores_ack ||
            (line->loses_acks && line->block != line->lost)) {
            line->lost = line->block;
            again(line);
            break;
        }
        line->position += block_size(line);
        line->block++;
        transmit_data(line);
        break;
    case FOR_END_ACK:
        line->wait = line->mode == YMODEM ? FOR_BATCH_C : FOR_NOTHING;
        line->succeeded = line->mode != YMODEM;
        break;
    case FOR_BATCH_ACK:
        line->wait = FOR_NOTHING;
        line->succeeded = true;
        break;
    default:
        break;
    }
}

static void asked(struct line *line)
{
    if (line->wait == FOR_C && line->mode == YMODEM) {
        line->wait = FOR_HEADER_ACK;
        transmit_header(line, "image.bin");
    } else if (line->wait == FOR_C || line->wait == FOR_DATA_C) {
        line->block = 1;
        transmit_data(line);
    } else if (line->wait == FOR_BATCH_C) {
        line->wait = FOR_BATCH_ACK;
        transmit_header(line, line->second_file ? "other.bin" : NULL);
    } else {
        again(line);
    }
}

/// The receiver's side of the line ///

static int line_get(const struct ota_serial *serial)
{
    struct line *line = serial->context;
    if (line->babble != 0) {
        line->taken++;
        line->now += line->taken % 11 == 0; // 115,200 baud
        return line->babble;
    }
    if (line->count == 0) {
        return OTA_SERIAL_NONE;
    }
    int byte = line->fifo[line->first];
    line->first = (line->first + 1) % 4096;
    line->count--;
    line->taken++;
    line->now += line->taken % 11 == 0;
    return byte;
}

static void line_put(const struct ota_serial *serial, uint8_t byte)
{
    struct line *line = serial->context;
    line->acks += byte == ACK;
    line->naks += byte == NAK;
    line->cans += byte == CAN;
    line->cs += byte == 'C';
    if (line->fault == VANISH && line->sent > line->fault_at) {
        return; // nobody hears it
    }
    if (byte == ACK) {
        acknowledged(line);
    } else if (byte == NAK) {
        again(line);
    } else if (byte == 'C') {
        asked(line);
    } else if (byte == CAN) {
        line->wait = FOR_NOTHING;
        line->cancelled = true;
    }
}

static uint32_t line_millis(const struct ota_serial *serial)
{
    const struct line *line = serial->context;
    return line->now;
}

/// A reader like the bootloader's engine ///

#define MAX_FILE 40000
static uint8_t file[MAX_FILE];
static uint8_t got[MAX_FILE];
static struct ota_xmodem xmodem;

static void make_file(uint32_t total)
{
    assert_in_range(total, 16, MAX_FILE);
    for (uint32_t i = 0; i < MAX_FILE; i++) {
        file[i] = (uint8_t)(i * 7 + i / 256);
    }
    store_le32(file, OTA_MAGIC_PLAIN);
    store_le32(file + 4, total - 16);
}

static struct line line_of(enum mode mode, size_t size)
{
    return (struct line){
        .serial = {.get = line_get, .put = line_put, .millis = line_millis},
        .now = 0xFFFFFF00u, // so that it wraps
        .mode = mode,
        .file = file,
        .size = size,
        .declared = size,
    };
}

static void connect(struct line *line, uint32_t start_ms)
{
    line->serial.context = line;
    ota_xmodem_init(&xmodem, &line->serial, start_ms);
}

// Reads len bytes; time passes while there are none. 0 or the error.
static int read_all(struct line *line, uint8_t *data, size_t len)
{
    struct ota_source *source = &xmodem.source;
    uint32_t start = line->now;
    while (len > 0) {
        int n = source->read(source, data, len < 1000 ? len : 1000);
        if (n < 0) {
            return n;
        }
        assert_true((size_t)n <= len);
        // a byte sent now would be lost: the reader is busy with its flash
        assert_true(n == 0 || line->count == 0 || line->babble ||
                    line->crosses);
        line->now += n == 0 && line->count == 0 ? 10 : 0;
        assert_true(line->now - start < 1000000); // it never hangs
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

// A whole transfer, up to close. 0 or the error.
static int transfer(struct line *line, uint32_t start_ms)
{
    struct ota_source *source = &xmodem.source;
    memset(got, 0, sizeof got);
    connect(line, start_ms);
    assert_int_equal(ota_source_open(source), 0);
    int err = read_all(line, got, 16);
    if (!err && load_le32(got) != OTA_MAGIC_PLAIN) {
        err = OTA_ERR_MAGIC;
    }
    if (!err) {
        uint32_t total = 16 + load_le32(got + 4);
        source->set_total_size(source, total);
        err = read_all(line, got + 16, total - 16);
        if (!err) {
            assert_memory_equal(got, file, total);
            uint8_t more;
            assert_int_equal(source->read(source, &more, 1),
                             OTA_ERR_SOURCE_END);
        }
    }
    ota_source_close(source);
    return err;
}

/// What goes well ///

static void all_sizes(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {17,   127,  128,  129,  144,  1023, 1024,
                                     1025, 1040, 2047, 2048, 2049, 38000};
    for (enum mode mode = XMODEM; mode <= YMODEM; mode++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            make_file(sizes[i]);
            struct line line = line_of(mode, sizes[i]);
            assert_int_equal(transfer(&line, 10000), 0);
            assert_true(line.succeeded && !line.cancelled);
            assert_int_equal(line.cans, 0);
            assert_int_equal(line.resends, mode == YMODEM); // the EOT
            assert_int_equal(line.count, 0);
        }
    }
}

// All bytes are read before the size is set: the image of the fewest bytes.
static void size_set_late(void **state)
{
    (void)state;
    make_file(24);
    struct line line = line_of(YMODEM, 24);
    struct ota_source *source = &xmodem.source;
    connect(&line, 0);
    assert_int_equal(ota_source_open(source), 0);
    assert_int_equal(read_all(&line, got, 24), 0);
    source->set_total_size(source, 24);
    ota_source_close(source);
    assert_true(line.cancelled);
    uint8_t more;
    assert_int_equal(source->read(source, &more, 1), OTA_ERR_SOURCE_OPEN);
}

static void not_open(void **state)
{
    (void)state;
    struct line line = line_of(XMODEM, 100);
    connect(&line, 0);
    uint8_t byte;
    assert_int_equal(xmodem.source.read(&xmodem.source, &byte, 1),
                     OTA_ERR_SOURCE_OPEN);
    ota_source_close(&xmodem.source);
    assert_int_equal(line.cs + line.cans, 0);
    assert_null(xmodem.source.seek);
}

static void size_left_out(void **state)
{
    (void)state;
    make_file(500);
    struct line line = line_of(YMODEM, 500);
    connect(&line, 0);
    assert_int_equal(ota_source_open(&xmodem.source), 0);
    line.wait = FOR_NOTHING;
    line.count = line.first = 0;
    uint8_t header[1024] = "name only";
    transmit_block(&line, 0, header, 128);
    line.wait = FOR_HEADER_ACK;
    assert_int_equal(read_all(&line, got, 16), 0);
    xmodem.source.set_total_size(&xmodem.source, 500);
    assert_int_equal(read_all(&line, got + 16, 484), 0);
    assert_memory_equal(got, file, 500);
    assert_true(line.succeeded);
}

// Names and sizes that do not end within block 0.
static void header_without_end(void **state)
{
    (void)state;
    for (size_t name = 0; name <= 1024; name++) {
        struct line line = line_of(YMODEM, 500);
        connect(&line, 0);
        assert_int_equal(ota_source_open(&xmodem.source), 0);
        line.count = line.first = 0;
        line.wait = FOR_NOTHING;
        uint8_t header[1024];
        memset(header, '9', sizeof header);
        if (name < 1024) {
            header[name] = 0;
        }
        transmit_block(&line, 0, header, 1024);
        uint8_t byte;
        int n = xmodem.source.read(&xmodem.source, &byte, 1);
        assert_int_equal(n, name == 0 ? OTA_ERR_SOURCE_END : 0);
        assert_int_equal(line.acks, 1);
        assert_int_equal(line.cs, name == 0 ? 1 : 2);
    }
}

/// Faults of the line ///

// Whatever happens to one byte, the image arrives and the sender knows.
static void one_fault(void **state)
{
    (void)state;
    static const int flips[] = {0x01, 0x03, 0x05, 0x06, 0x10, 0x19, 0x80};
    make_file(300);
    for (enum mode mode = XMODEM; mode <= YMODEM; mode++) {
        struct line line = line_of(mode, 300);
        assert_int_equal(transfer(&line, 10000), 0);
        size_t sent = line.sent;
        for (size_t at = 0; at < sent * 10; at++) {
            size_t kind = at % 10;
            struct line bad = line_of(mode, 300);
            bad.fault_at = at / 10;
            bad.fault = kind < 7    ? FLIP
                        : kind == 7 ? DROP
                        : kind == 8 ? DAMAGE
                                    : INSERT;
            bad.flip = kind < 7 ? flips[kind] : 0;
            assert_int_equal(transfer(&bad, 10000), 0);
            assert_true(bad.succeeded && !bad.cancelled);
            // not even if it looks right
            assert_true(bad.fault != DAMAGE ||
                        bad.naks + bad.cs > line.naks + line.cs);
        }
    }
}

// The sender is gone after any byte; then the next one comes.
static void vanishing_sender(void **state)
{
    (void)state;
    make_file(300);
    for (enum mode mode = XMODEM; mode <= YMODEM; mode++) {
        struct line whole = line_of(mode, 300);
        assert_int_equal(transfer(&whole, 10000), 0);
        size_t block = mode == XMODEM ? 133 : 1029;
        size_t valid = mode == YMODEM ? 133 : block; // the first block
        size_t data = mode == XMODEM ? 3 * block : block;
        data += mode == YMODEM ? 133 : 0;
        for (size_t at = 0; at < whole.sent; at++) {
            struct line line = line_of(mode, 300);
            line.fault = VANISH;
            line.fault_at = at;
            int expected = at < valid  ? OTA_ERR_SOURCE_OPEN
                           : at < data ? OTA_ERR_SOURCE_READ
                                       : 0;
            assert_int_equal(transfer(&line, 10000), expected);
            assert_false(line.succeeded);
            struct line next = line_of(mode, 300);
            assert_int_equal(transfer(&next, 10000), 0);
        }
    }
}

// A second transfer by the same object, without init in between, while bytes
// of the first are still on the line.
static void second_session(void **state)
{
    (void)state;
    make_file(300);
    for (int rest = 0; rest < 1029; rest += 7) {
        struct line line = line_of(XMODEM_1K, 300);
        line.wrong_at = 1;
        assert_int_equal(transfer(&line, 10000), OTA_ERR_SOURCE_READ);
        line.wrong_at = 0;
        line.wait = FOR_C;
        for (int i = 0; i < rest; i++) {
            queue(&line, i & 0x1F);
        }
        struct ota_source *source = &xmodem.source;
        assert_int_equal(ota_source_open(source), 0);
        int err = read_all(&line, got, 16);
        assert_int_equal(err, 0);
        source->set_total_size(source, 300);
        assert_int_equal(read_all(&line, got + 16, 284), 0);
        assert_memory_equal(got, file, 300);
        assert_true(line.succeeded);
    }
}

static void unplugged(void **state)
{
    (void)state;
    struct line line = line_of(XMODEM, 300);
    line.wait = FOR_NOTHING;
    assert_int_equal(transfer(&line, 5000), OTA_ERR_SOURCE_OPEN);
    assert_int_equal(line.now - 0xFFFFFF00u, 5000);
    assert_int_equal(line.cs, 5); // at 0, 1, 2, 3 and 4 s
    assert_int_equal(line.acks + line.naks + line.cans, 0);
    // asked for ever, it goes on after a day
    connect(&line, 0);
    assert_int_equal(ota_source_open(&xmodem.source), 0);
    for (int hour = 0; hour < 2000; hour++) {
        uint8_t byte;
        line.now += 3600000;
        assert_int_equal(xmodem.source.read(&xmodem.source, &byte, 1), 0);
    }
    assert_int_equal(line.cs, 5 + 1 + 2000);
}

// Every byte damaged, every byte the same, from the start or from the middle.
static void babbling_line(void **state)
{
    (void)state;
    static const int bytes[] = {OTA_SERIAL_DAMAGED, 'x', SOH, STX, EOT, 0xFF};
    make_file(3000);
    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
        struct line line = line_of(XMODEM, 3000);
        line.babble = bytes[i];
        assert_int_equal(transfer(&line, 5000), OTA_ERR_SOURCE_OPEN);
        assert_in_range(line.taken, 1, 70000);
        assert_int_equal(line.acks, 0);

        struct line later = line_of(XMODEM, 3000);
        connect(&later, 5000);
        assert_int_equal(ota_source_open(&xmodem.source), 0);
        assert_int_equal(read_all(&later, got, 300), 0);
        later.babble = bytes[i];
        later.taken = 0;
        int err = read_all(&later, got, 1000);
        assert_int_equal(err, bytes[i] == EOT ? OTA_ERR_SOURCE_END
                                              : OTA_ERR_SOURCE_READ);
        assert_in_range(later.taken, 1, 5000);
        assert_true(later.cancelled);
    }
}

// One call takes a bounded number of bytes.
static void bounded_call(void **state)
{
    (void)state;
    struct line line = line_of(XMODEM, 300);
    line.babble = 'x';
    connect(&line, 0);
    assert_int_equal(ota_source_open(&xmodem.source), 0);
    uint8_t byte;
    assert_int_equal(xmodem.source.read(&xmodem.source, &byte, 1), 0);
    assert_in_range(line.taken, 1, 2048);
}

// A block that never arrives well is asked for OTA_XMODEM_TRIES times.
static void bad_for_ever(void **state)
{
    (void)state;
    make_file(3000);
    struct line line = line_of(XMODEM, 3000);
    connect(&line, 5000);
    assert_int_equal(ota_source_open(&xmodem.source), 0);
    assert_int_equal(read_all(&line, got, 128), 0);
    int err = 0;
    while (!err) {
        line.fault = FLIP;
        line.flip = 1;
        line.fault_at = line.sent + 50;
        err = xmodem.source.read(&xmodem.source, got, 1);
        line.now += 10;
    }
    assert_int_equal(err, OTA_ERR_SOURCE_READ);
    assert_int_equal(line.naks, OTA_XMODEM_TRIES);
    assert_int_equal(line.cans, 3);
    assert_true(line.cancelled);
}

// Before the first good block only start_ms counts, not the errors.
static void bad_from_the_start(void **state)
{
    (void)state;
    make_file(3000);
    struct line line = line_of(XMODEM, 3000);
    connect(&line, 60000);
    line.fault = FLIP;
    line.flip = 1;
    line.fault_at = 50;
    assert_int_equal(ota_source_open(&xmodem.source), 0);
    int err = 0;
    while (!err) {
        line.fault = FLIP;
        line.flip = 1;
        line.fault_at = line.sent + 50;
        err = xmodem.source.read(&xmodem.source, got, 1);
        line.now += 10;
    }
    assert_int_equal(err, OTA_ERR_SOURCE_OPEN);
    assert_int_equal(line.naks, 0);
    assert_in_range(line.cs, 50, 61);
}

/// Faults of the sender ///

static void wrong_number(void **state)
{
    (void)state;
    make_file(5000);
    for (enum mode mode = XMODEM; mode <= YMODEM; mode++) {
        for (int block = 1; block <= 4; block++) {
            struct line line = line_of(mode, 5000);
            line.wrong_at = block;
            assert_int_equal(transfer(&line, 5000), OTA_ERR_SOURCE_READ);
            assert_int_equal(line.cans, 3);
            assert_true(line.cancelled);
        }
    }
}

// An ACK is lost once, at every block: the block comes twice.
static void duplicate(void **state)
{
    (void)state;
    make_file(38000); // more than 256 blocks
    struct line line = line_of(XMODEM, 38000);
    line.loses_acks = true;
    assert_int_equal(transfer(&line, 5000), 0);
    assert_true(line.succeeded);
    assert_int_equal(line.resends, (38000 + 127) / 128);
}

static void duplicate_for_ever(void **state)
{
    (void)state;
    make_file(3000);
    for (enum mode mode = XMODEM; mode <= YMODEM; mode++) {
        struct line line = line_of(mode, 3000);
        line.ignores_ack = 2;
        assert_int_equal(transfer(&line, 5000), OTA_ERR_SOURCE_READ);
        assert_in_range(line.resends, 1, OTA_XMODEM_TRIES + 1);
        assert_true(line.cancelled);
    }
}

static void other_file(void **state)
{
    (void)state;
    for (enum mode mode = XMODEM; mode <= YMODEM; mode++) {
        memset(file, 'T', sizeof file);
        struct line line = line_of(mode, 3000);
        assert_int_equal(transfer(&line, 5000), OTA_ERR_MAGIC);
        assert_true(line.cancelled);
        assert_int_equal(line.cans, 3);
        assert_in_range(line.taken, 1, 1029 + 133);
    }
    // a text without any protocol: nobody sends
    struct line line = line_of(XMODEM, 0);
    line.wait = FOR_NOTHING;
    for (int i = 0; i < 4000; i++) {
        queue(&line, "A line of text.\r\n"[i % 17]);
    }
    assert_int_equal(transfer(&line, 5000), OTA_ERR_SOURCE_OPEN);
    assert_int_equal(line.acks + line.naks + line.cans, 0);
}

static void endless(void **state)
{
    (void)state;
    for (enum mode mode = XMODEM; mode <= YMODEM; mode++) {
        for (uint32_t total = 2000; total < 3100; total += 50) {
            make_file(total);
            struct line line = line_of(mode, total);
            line.endless = true;
            line.declared = 100000000;
            assert_int_equal(transfer(&line, 5000), OTA_ERR_TOO_LARGE);
            assert_true(line.cancelled);
            // its blocks with 5 bytes of frame for each 128, and 2 KiB
            assert_in_range(line.taken, total, (total + 3200) * 133 / 128);
        }
    }
    // more blocks than the size that the sender itself declared
    make_file(30000);
    struct line line = line_of(YMODEM, 30000);
    line.declared = 2500;
    assert_int_equal(transfer(&line, 5000), OTA_ERR_TOO_LARGE);
    assert_in_range(line.taken, 2500, 5000);
}

// Up to 1 KiB of blocks after the image is taken for padding.
static void padding(void **state)
{
    (void)state;
    make_file(3000);
    struct line line = line_of(XMODEM, 3072 + 1024);
    assert_int_equal(transfer(&line, 5000), 0);
    assert_true(line.succeeded);
    line = line_of(XMODEM, 3072 + 1025);
    assert_int_equal(transfer(&line, 5000), OTA_ERR_TOO_LARGE);
    assert_true(line.cancelled);
    line = line_of(YMODEM, 4096);
    assert_int_equal(transfer(&line, 5000), 0);
    assert_true(line.succeeded);
    line = line_of(YMODEM, 4097);
    line.size = 9000;
    assert_int_equal(transfer(&line, 5000), OTA_ERR_TOO_LARGE);
}

static void too_short(void **state)
{
    (void)state;
    make_file(3000);
    for (enum mode mode = XMODEM; mode <= YMODEM; mode++) {
        struct line line = line_of(mode, 1024);
        assert_int_equal(transfer(&line, 5000), OTA_ERR_SOURCE_END);
        assert_true(line.cancelled && !line.succeeded);
    }
    // a header of a size that its blocks do not have, and an empty file
    struct line line = line_of(YMODEM, 4096);
    line.declared = 2000;
    assert_int_equal(transfer(&line, 5000), OTA_ERR_TOO_LARGE);
    line = line_of(YMODEM, 0);
    assert_int_equal(transfer(&line, 5000), OTA_ERR_SOURCE_END);
}

static void empty_batch(void **state)
{
    (void)state;
    struct line line = line_of(YMODEM, 0);
    line.wait = FOR_BATCH_C;
    assert_int_equal(transfer(&line, 5000), OTA_ERR_SOURCE_END);
    assert_true(line.succeeded);
    assert_int_equal(line.cans, 0);
}

static void second_file(void **state)
{
    (void)state;
    make_file(3000);
    struct line line = line_of(YMODEM, 3000);
    line.second_file = true;
    assert_int_equal(transfer(&line, 5000), 0);
    assert_true(line.cancelled && !line.succeeded);
}

/// Giving up ///

static void sender_cancels(void **state)
{
    (void)state;
    make_file(3000);
    for (int bytes = 1; bytes <= 1029; bytes += 4) {
        struct line line = line_of(XMODEM_1K, 3000);
        connect(&line, 5000);
        assert_int_equal(ota_source_open(&xmodem.source), 0);
        assert_int_equal(read_all(&line, got, 1024), 0);
        // the next block is cut off, as by lrzsz at Ctrl-C
        line.wait = FOR_NOTHING;
        assert_int_equal(xmodem.source.read(&xmodem.source, got, 1), 0);
        for (int i = 0; i < bytes - 1; i++) {
            queue(&line, i == 0 ? STX : i == 1 ? 2 : i == 2 ? 0xFD : 'x');
        }
        for (int i = 0; i < 20; i++) {
            queue(&line, i < 10 ? CAN : '\b');
        }
        uint32_t start = line.now;
        assert_int_equal(read_all(&line, got, 1), OTA_ERR_SOURCE_READ);
        assert_in_range(line.now - start, 0, 3000);
    }
}

static void two_cans(void **state)
{
    (void)state;
    make_file(3000);
    for (int between = 0; between < 2; between++) {
        struct line line = line_of(XMODEM, 3000);
        // left over from an earlier transfer: not meant for this one
        queue(&line, CAN);
        queue(&line, CAN);
        connect(&line, 3000);
        assert_int_equal(ota_source_open(&xmodem.source), 0);
        assert_int_equal(read_all(&line, got, 128), 0);
        line.wait = FOR_NOTHING;
        queue(&line, CAN);
        if (between) {
            queue(&line, EOT); // one alone is noise
        }
        queue(&line, CAN);
        uint8_t byte;
        assert_int_equal(xmodem.source.read(&xmodem.source, &byte, 1),
                         between ? 0 : OTA_ERR_SOURCE_READ);
        assert_int_equal(line.cans, 0); // it knows
    }
}

static void closed_early(void **state)
{
    (void)state;
    make_file(3000);
    for (enum mode mode = XMODEM; mode <= YMODEM; mode++) {
        struct line line = line_of(mode, 3000);
        connect(&line, 5000);
        ota_source_close(&xmodem.source);
        assert_int_equal(ota_source_open(&xmodem.source), 0);
        assert_int_equal(read_all(&line, got, 500), 0);
        assert_false(line.cancelled);
        ota_source_close(&xmodem.source);
        assert_true(line.cancelled);
        assert_int_equal(line.cans, 3);
        ota_source_close(&xmodem.source);
        assert_int_equal(line.cans, 3);
    }
}

// Noise that looks like EOT, once in each block, does not end the transfer.
static void early_end(void **state)
{
    (void)state;
    make_file(1000);
    struct line line = line_of(XMODEM, 1000);
    line.crosses = true;
    connect(&line, 5000);
    assert_int_equal(ota_source_open(&xmodem.source), 0);
    xmodem.source.set_total_size(&xmodem.source, 1000);
    for (size_t at = 0; at < 896; at += 128) {
        assert_int_equal(read_all(&line, got + at, 128), 0);
        queue(&line, EOT);
    }
    assert_int_equal(read_all(&line, got + 896, 104), 0);
    assert_memory_equal(got, file, 1000);
    assert_in_range(line.naks, 2, 14);
}

// A sender that does not wait for answers overwrites nothing.
static void impatient_sender(void **state)
{
    (void)state;
    make_file(300);
    struct line line = line_of(XMODEM, 300);
    connect(&line, 5000);
    assert_int_equal(ota_source_open(&xmodem.source), 0);
    transmit_block(&line, 2, file + 128, 128);
    int n = 0;
    while (n == 0) {
        n = xmodem.source.read(&xmodem.source, got, 128);
    }
    assert_int_equal(n, 128);
    assert_memory_equal(got, file, 128);
}

// A sender that falls silent between blocks is asked every 10 s.
static void silence(void **state)
{
    (void)state;
    make_file(3000);
    struct line line = line_of(XMODEM, 3000);
    line.fault = VANISH;
    line.fault_at = 133;
    assert_int_equal(transfer(&line, 5000), OTA_ERR_SOURCE_READ);
    assert_in_range(line.now - 0xFFFFFF00u, 110000, 110200);
    assert_int_equal(line.naks, OTA_XMODEM_TRIES);
}

// The data is complete, but the sender says nothing more.
static void no_goodbye(void **state)
{
    (void)state;
    make_file(300);
    struct line line = line_of(XMODEM, 300);
    line.fault = VANISH;
    line.fault_at = 3 * 133;
    assert_int_equal(transfer(&line, 5000), 0);
    assert_in_range(line.now - 0xFFFFFF00u, 4000, 4100);
    assert_int_equal(line.naks, 3);
    assert_int_equal(line.cans, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_sizes),
        cmocka_unit_test(size_set_late),
        cmocka_unit_test(not_open),
        cmocka_unit_test(size_left_out),
        cmocka_unit_test(header_without_end),
        cmocka_unit_test(one_fault),
        cmocka_unit_test(vanishing_sender),
        cmocka_unit_test(second_session),
        cmocka_unit_test(unplugged),
        cmocka_unit_test(babbling_line),
        cmocka_unit_test(bounded_call),
        cmocka_unit_test(bad_for_ever),
        cmocka_unit_test(bad_from_the_start),
        cmocka_unit_test(wrong_number),
        cmocka_unit_test(duplicate),
        cmocka_unit_test(duplicate_for_ever),
        cmocka_unit_test(other_file),
        cmocka_unit_test(endless),
        cmocka_unit_test(padding),
        cmocka_unit_test(too_short),
        cmocka_unit_test(empty_batch),
        cmocka_unit_test(second_file),
        cmocka_unit_test(sender_cancels),
        cmocka_unit_test(two_cans),
        cmocka_unit_test(closed_early),
        cmocka_unit_test(early_end),
        cmocka_unit_test(impatient_sender),
        cmocka_unit_test(silence),
        cmocka_unit_test(no_goodbye),
    };
    return cmocka_run_group_tests_name("xmodem", tests, NULL, NULL);
}
