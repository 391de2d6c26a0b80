// SPDX-License-Identifier: MIT

#include "xmodem_send.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SOH = 0x01, STX = 0x02, EOT = 0x04, ACK = 0x06, NAK = 0x15, CAN = 0x18 };

enum {
    SMALL = 128,
    LARGE = 1024,
    ALONE_MS = 100,    // a 'C' with silence after it is not part of a text
    GOODBYE_MS = 2000, // how long the receiver may take to end the batch
};

static const uint8_t cancel[] = "\x18\x18\x18\x18\x18\x18\x18\x18"
                                "\b\b\b\b\b\b\b\b";

static int64_t now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

// The next byte before this time, or PORT_*.
static int get_until(const struct sending *sending, int64_t end)
{
    int64_t left = end - now_ms();
    return port_get(sending->port, left > 0 ? (int)left : 0);
}

static enum sent cut_off(int err)
{
    return err == PORT_INTERRUPTED ? SENT_INTERRUPTED
           : err == PORT_GONE      ? SENT_GONE
                                   : SENT_SILENCE;
}

/// The start ///

// Whether a 'C' that has come is a request, not a letter: silence follows, or
// the next request. PORT_SILENT: it is one, else the byte that follows or what
// went wrong.
static int after_request(const struct sending *sending)
{
    int byte;
    do {
        byte = port_get(sending->port, ALONE_MS);
    } while (byte == 'C');
    return byte;
}

// Waits until somebody asks for a file.
static enum sent wait_for_receiver(struct sending *sending)
{
    int64_t end = now_ms() + sending->wait_ms;
    int byte = get_until(sending, end);
    while (byte >= 0) {
        if (byte == 'C') {
            byte = after_request(sending);
            if (byte == PORT_SILENT) {
                console_end_line(sending->console);
                return SENT;
            }
            console_text(sending->console, 'C');
            continue;
        }
        if (byte == NAK) {
            // it is in the middle of a transfer that was cut off: end that
            sending->nak_seen = true;
            (void)port_put(sending->port, cancel, 3);
        }
        console_text(sending->console, (uint8_t)byte);
        byte = get_until(sending, end);
    }
    return byte == PORT_SILENT ? SENT_NOBODY : cut_off(byte);
}

/// Blocks ///

// Waits for one of these answers, which becomes *answer.
static enum sent wait_for(const struct sending *sending, const char *answers,
                          int wait_ms, int *answer)
{
    int64_t end = now_ms() + wait_ms;
    for (int last = 0;;) {
        int byte = get_until(sending, end);
        if (byte < 0) {
            return cut_off(byte);
        }
        if (byte == CAN && last == CAN) {
            return SENT_CANCELLED;
        }
        last = byte;
        if (byte != 0 && strchr(answers, byte)) {
            *answer = byte;
            return SENT;
        }
        console_text(sending->console, (uint8_t)byte);
    }
}

// Sends bytes until they are acknowledged. refusals: answers other than ACK
// that count.
static enum sent deliver(const struct sending *sending, const uint8_t *bytes,
                         size_t size, const char *answers)
{
    for (int i = 0; i < SEND_TRIES; i++) {
        if (!port_put(sending->port, bytes, size)) {
            return SENT_GONE;
        }
        int answer = 0;
        enum sent sent = wait_for(sending, answers, sending->wait_ms, &answer);
        if (sent != SENT || answer == ACK) {
            return sent;
        }
    }
    return SENT_ERRORS;
}

#define ACK_NAK "\x06\x15"
#define ACK_NAK_C                                                              \
    "\x06\x15"                                                                 \
    "C"

static uint16_t crc16(const uint8_t *data, size_t size)
{
    uint16_t crc = 0;
    for (size_t i = 0; i < size; i++) {
        crc = (uint16_t)(crc ^ data[i] << 8);
        for (int bit = 0; bit < 8; bit++) {
            crc = (uint16_t)(crc << 1 ^ (crc & 0x8000 ? 0x1021 : 0));
        }
    }
    return crc;
}

// A block of size bytes, filled up with pad. The first one that the receiver
// gets may cross with another of its requests: that asks for it once more.
static enum sent deliver_block(const struct sending *sending, unsigned number,
                               const uint8_t *data, size_t size, uint8_t pad)
{
    uint8_t frame[3 + LARGE + 2];
    size_t block = size <= SMALL ? SMALL : LARGE;
    frame[0] = block == SMALL ? SOH : STX;
    frame[1] = (uint8_t)number;
    frame[2] = (uint8_t)~number;
    memset(frame + 3, pad, block);
    if (size > 0) {
        memcpy(frame + 3, data, size);
    }
    uint16_t crc = crc16(frame + 3, block);
    frame[3 + block] = (uint8_t)(crc >> 8);
    frame[4 + block] = (uint8_t)crc;
    return deliver(sending, frame, block + 5,
                   number <= 1 ? ACK_NAK_C : ACK_NAK);
}

// YMODEM's block 0, and the request for block 1.
static enum sent deliver_header(const struct sending *sending)
{
    // a longer name would leave no room for the size
    char header[SMALL];
    int n = snprintf(header, sizeof header, "%.64s%c%zu", sending->name, 0,
                     sending->size);
    enum sent sent =
        deliver_block(sending, 0, (const uint8_t *)header, (size_t)n, 0);
    int answer;
    return sent == SENT ? wait_for(sending, "C", sending->wait_ms, &answer)
                        : sent;
}

static enum sent deliver_data(const struct sending *sending)
{
    unsigned number = 1;
    size_t n;
    for (size_t done = 0; done < sending->size; done += n) {
        console_progress(sending->console, done, sending->size);
        n = sending->size - done;
        n = n < LARGE ? n : LARGE;
        enum sent sent = deliver_block(sending, number++ & 0xFF,
                                       sending->data + done, n, 0x1A);
        if (sent != SENT) {
            return sent;
        }
    }
    return SENT;
}

// The batch has no other file. The receiver has this one and said so: whatever
// happens now does not undo that.
static void end_batch(const struct sending *sending)
{
    struct sending goodbye = *sending;
    goodbye.wait_ms = GOODBYE_MS;
    int answer;
    if (wait_for(&goodbye, "C", GOODBYE_MS, &answer) == SENT) {
        (void)deliver_block(&goodbye, 0, NULL, 0, 0);
    }
}

static enum sent send_file(struct sending *sending)
{
    enum sent sent = wait_for_receiver(sending);
    if (sent == SENT && sending->name) {
        sent = deliver_header(sending);
    }
    if (sent == SENT) {
        sent = deliver_data(sending);
    }
    if (sent == SENT) {
        sent = deliver(sending, (const uint8_t[]){EOT}, 1, ACK_NAK);
    }
    if (sent == SENT) {
        console_progress(sending->console, 1, 1);
        if (sending->name) {
            end_batch(sending);
        }
    }
    return sent;
}

enum sent xmodem_send(struct sending *sending)
{
    enum sent sent = send_file(sending);
    console_end_progress(sending->console);
    if (sent == SENT_INTERRUPTED || sent == SENT_ERRORS ||
        sent == SENT_SILENCE) {
        (void)port_put(sending->port, cancel, sizeof cancel - 1);
    }
    return sent;
}
