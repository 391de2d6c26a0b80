// SPDX-License-Identifier: MIT

#include "ota/xmodem.h"

#include <string.h>

#include "ota/bytes.h"
#include "ota/crc16.h"

enum {
    SOH = 0x01, // begins a block of 128 bytes
    STX = 0x02, // begins a block of 1024 bytes
    EOT = 0x04, // end of file
    ACK = 0x06,
    BS = 0x08, // wipes CANs off a terminal's screen
    NAK = 0x15,
    CAN = 0x18,
    ASK_CRC = 'C',
};

// What the sender is expected to send. XMODEM: ASK > DATA; YMODEM: ASK >
// HEADER > DATA > BATCH. Before DATA silence is answered with 'C', then NAK.
enum phase {
    PHASE_ASK,    // anything: no valid block has come yet
    PHASE_HEADER, // block 1, or block 0 again
    PHASE_BATCH,  // block 0 of no further file: the end of file is agreed on
    PHASE_DATA,   // the next block, or the end of file
};

enum {
    SHORT_MS = 1000,    // silence inside a block; pace of 'C'
    BETWEEN_MS = 10000, // silence between blocks
    GOODBYES = 3,       // answers after all data, then it is enough
    MAX_SURPLUS = 1024, // bytes
    MAX_RUBBISH = 4096, // bytes: who waits for answers never sends so many
    MAX_CALL = 2048,    // bytes that one call takes
    FRAME = 4,          // number, its inverse, CRC
    DATA = 2,           // where in the buffer data begins
    COMPLETE = 1,       // state.end: the held byte may be read
};

OTA_INLINE void put(const struct ota_xmodem *x, uint8_t byte)
{
    x->serial->put(x->serial, byte);
}

// What follows returns 0 as long as the transfer goes on, else how it ended:
// COMPLETE or an error.

/// Answers ///

// The transfer is over, and the sender is to know.
static int cancel(const struct ota_xmodem *x, int err)
{
    for (int i = 6; i > 0; i--) {
        put(x, i > 3 ? CAN : BS);
    }
    return err;
}

// Answers and waits for the next block, unless this has been going on for too
// long. Before the first valid block it is start_ms that limits it.
static int answer(struct ota_xmodem *x, uint8_t byte)
{
    x->state.inside = false;
    x->state.since = x->state.now;
    if (x->state.phase != PHASE_ASK && ++x->state.errors > OTA_XMODEM_TRIES) {
        return cancel(x, OTA_ERR_SOURCE_READ);
    }
    put(x, byte);
    return 0;
}

// The block that began is not of this transfer, but the first of another: the
// sender was ended and started again.
static bool is_new_sender(const struct ota_xmodem *x)
{
    uint8_t number = x->buffer[0];
    return x->state.phase == PHASE_DATA && x->state.frame > 0 &&
           x->state.filled >= 2 && number <= 1 &&
           (number ^ x->buffer[1]) == 0xFF &&
           (uint8_t)(x->state.expected - number) > 1;
}

/// Blocks ///

// YMODEM's block 0: name, NUL, size in decimal digits. An empty name ends the
// batch.
static int take_header(struct ota_xmodem *x)
{
    const uint8_t *p = x->buffer + DATA;
    // in place of the CRC, so that any contents end
    memset(x->buffer + x->state.frame - 2, 0, 2);
    if (*p == 0) {
        put(x, ACK);
        return OTA_ERR_SOURCE_END;
    }
    if (x->state.phase == PHASE_BATCH) {
        return cancel(x, COMPLETE); // another file
    }
    while (*p++) {
    }
    uint32_t size = *p ? 0 : UINT32_MAX; // it may be left out
    while (*p >= '0' && *p <= '9') {
        size = size * 10 + (*p++ - (uint32_t)'0');
    }
    x->state.file_left = size;
    x->state.phase = PHASE_HEADER;
    x->state.ymodem = true;
    put(x, ACK);
    return answer(x, ASK_CRC);
}

// The next block of the file: makes its data readable.
static int take_data(struct ota_xmodem *x)
{
    uint32_t size = x->state.frame - FRAME;
    uint32_t take = 0;
    if (!x->state.complete) {
        x->state.phase = PHASE_DATA;
        take = size < x->state.file_left ? size : x->state.file_left;
    }
    x->state.file_left -= take;
    x->state.next = DATA;
    x->state.unread = take;
    x->state.expected++;
    x->state.errors = 0;
    x->state.end_seen = false;
    x->state.unanswered = true;
    x->state.surplus += size - take;
    return x->state.surplus > MAX_SURPLUS ? cancel(x, OTA_ERR_TOO_LARGE) : 0;
}

// A block without error.
static int take_block(struct ota_xmodem *x)
{
    uint8_t number = x->buffer[0];
    if (number == 0 && x->state.phase != PHASE_DATA) {
        return take_header(x);
    }
    if (number == x->state.expected) {
        return take_data(x);
    }
    if (number == (uint8_t)(x->state.expected - 1)) {
        // once more, because the ACK was lost; sent for ever it is an error
        return answer(x, ACK);
    }
    if (is_new_sender(x)) {
        return OTA_ERR_SOURCE_READ;
    }
    return cancel(x, OTA_ERR_SOURCE_READ);
}

// EOT has no check sum: one that comes too early, or in YMODEM, must come
// twice.
static int take_end(struct ota_xmodem *x)
{
    if (!x->state.end_seen && (x->state.ymodem || !x->state.complete)) {
        x->state.end_seen = true;
        return answer(x, NAK);
    }
    if (!x->state.complete) {
        return cancel(x, OTA_ERR_SOURCE_END);
    }
    put(x, ACK);
    x->state.phase = PHASE_BATCH;
    return x->state.ymodem ? answer(x, ASK_CRC) : COMPLETE;
}

/// Bytes ///

// Between blocks.
static int take_start(struct ota_xmodem *x, int byte)
{
    uint32_t frame = 0; // rubbish
    if (byte == SOH) {
        frame = 128 + FRAME;
    } else if (byte == STX) {
        frame = 1024 + FRAME;
    } else if (x->state.phase == PHASE_ASK) {
        return 0; // the end of an earlier transfer, or a text: go on asking
    } else if (byte == CAN) {
        return x->state.cans >= 2 ? OTA_ERR_SOURCE_READ : 0;
    } else if (byte == EOT) {
        return take_end(x);
    }
    x->state.frame = frame;
    x->state.filled = 0;
    x->state.inside = true;
    return 0;
}

// Inside a block, or rubbish: what is damaged, or follows a bad block, is read
// until the line is silent.
static int take_inside(struct ota_xmodem *x, int byte)
{
    x->state.since = x->state.now;
    if (byte < 0) {
        x->state.frame = 0;
    }
    uint32_t filled = x->state.filled++;
    if (filled < x->state.frame) {
        x->buffer[filled] = (uint8_t)byte;
    }
    if (filled + 1 == x->state.frame) {
        if ((x->buffer[0] ^ x->buffer[1]) == 0xFF &&
            ota_crc16(x->buffer + DATA, filled + 1 - DATA) == 0) {
            x->state.inside = false;
            return take_block(x);
        }
    } else if (filled > MAX_RUBBISH && x->state.phase != PHASE_ASK) {
        return cancel(x, OTA_ERR_SOURCE_READ);
    }
    return 0;
}

static int take_byte(struct ota_xmodem *x, int byte)
{
    // a sender cancels with CANs and wipes them off the screen
    if (byte == CAN) {
        x->state.cans++;
    } else if (byte != BS) {
        x->state.cans = 0;
    }
    return x->state.inside ? take_inside(x, byte) : take_start(x, byte);
}

// What the clock says when nothing has come.
static int look_at_clock(struct ota_xmodem *x)
{
    uint32_t now = x->state.now;
    uint32_t limit = SHORT_MS;
    if (x->state.phase == PHASE_ASK) {
        // a start_ms of 0 becomes the largest
        if (now - x->state.opened > x->start_ms - 1) {
            return OTA_ERR_SOURCE_OPEN;
        }
    } else if (!x->state.inside && !x->state.complete) {
        limit = BETWEEN_MS;
    }
    if (now - x->state.since < limit) {
        return 0;
    }
    // cancelled in the middle of a block; or a sender that was asked by NAK
    // sends without CRC: the next open asks for it
    if (x->state.cans >= 2 || (x->state.inside && is_new_sender(x))) {
        return OTA_ERR_SOURCE_READ;
    }
    if (x->state.complete && x->state.errors >= GOODBYES) {
        return COMPLETE; // gone without a goodbye
    }
    return answer(x, x->state.phase == PHASE_DATA ? NAK : ASK_CRC);
}

// Takes what has arrived, at most up to the end of a block.
static int receive(struct ota_xmodem *x)
{
    for (int i = 0; i < MAX_CALL; i++) {
        int byte = x->serial->get(x->serial);
        if (byte == OTA_SERIAL_NONE) {
            break;
        }
        int end = take_byte(x, byte);
        if (end || x->state.unanswered) {
            return end;
        }
    }
    return look_at_clock(x);
}

/// The source ///

// Gives bytes of the block, but for the last of the image.
static int give(struct ota_xmodem *x, void *data, size_t len)
{
    const uint8_t *from = x->buffer + x->state.next;
    uint32_t left = x->state.total - x->state.position;
    if (left <= 1) {
        x->state.last = *from;
        x->state.unread = 0;
        x->state.complete = true;
        return 0;
    }
    uint32_t n = left - 1;
    n = n < x->state.unread ? n : x->state.unread;
    n = n < len ? n : (uint32_t)len;
    x->state.next += n;
    x->state.unread -= n;
    x->state.position += n;
    memcpy(data, from, n);
    return (int)n;
}

static int xmodem_read(struct ota_source *source, void *data, size_t len)
{
    struct ota_xmodem *x = (struct ota_xmodem *)source;
    if (!x->state.end) {
        if (x->state.unread > 0) {
            return give(x, data, len);
        }
        x->state.now = x->serial->millis(x->serial);
        if (x->state.unanswered) {
            x->state.unanswered = false;
            x->state.since = x->state.now;
            put(x, ACK);
        }
        int end = receive(x);
        // once the end of file is agreed on, nothing that the sender does can
        // take the image away
        x->state.end = end && x->state.phase == PHASE_BATCH ? COMPLETE : end;
    }
    if (x->state.end == COMPLETE) {
        x->state.end = OTA_ERR_SOURCE_END;
        *(uint8_t *)data = x->state.last;
        return 1;
    }
    return x->state.end;
}

static void xmodem_set_total_size(struct ota_source *source, uint32_t total)
{
    struct ota_xmodem *x = (struct ota_xmodem *)source;
    x->state.total = total;
}

static int xmodem_open(struct ota_source *source)
{
    struct ota_xmodem *x = (struct ota_xmodem *)source;
    memset(&x->state, 0, sizeof x->state);
    x->state.expected = 1;
    x->state.total = UINT32_MAX;
    x->state.file_left = UINT32_MAX;
    x->state.now = x->serial->millis(x->serial);
    x->state.opened = x->state.now;
    return answer(x, ASK_CRC);
}

static void xmodem_close(struct ota_source *source)
{
    struct ota_xmodem *x = (struct ota_xmodem *)source;
    // before the first block there is nobody to be told
    if (!x->state.end && x->state.phase != PHASE_ASK) {
        (void)cancel(x, 0);
    }
    x->state.end = OTA_ERR_SOURCE_OPEN;
}

void ota_xmodem_init(struct ota_xmodem *xmodem, const struct ota_serial *serial,
                     uint32_t start_ms)
{
    xmodem->source.seek = NULL;
    xmodem->source.read = xmodem_read;
    xmodem->source.set_total_size = xmodem_set_total_size;
    xmodem->source.open = xmodem_open;
    xmodem->source.close = xmodem_close;
    xmodem->serial = serial;
    xmodem->start_ms = start_ms;
    xmodem->state.end = OTA_ERR_SOURCE_OPEN;
}
