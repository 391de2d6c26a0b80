// SPDX-License-Identifier: MIT

#include "sender.h"

#include <stdlib.h>

#include "../support/xmodem_block.h"

enum { BLOCK = XMODEM_BLOCK };

#define ACK "\x06"

// Longer than the erase of a sector.
#define ANSWER (5 * VBOARD_S)

static void put_block(struct rig *rig, uint8_t number, const uint8_t *data,
                      size_t len)
{
    uint8_t frame[XMODEM_FRAME];
    xmodem_block(frame, number, data, len);
    assert_int_equal(vboard_uart_send(rig->board, 1, frame, sizeof frame), 0);
}

static void send_block(struct rig *rig, uint8_t number, const uint8_t *data,
                       size_t len)
{
    put_block(rig, number, data, len);
    if (!rig_wait(rig, ACK, ANSWER)) {
        // the first one may come when the receiver is just about to begin anew
        put_block(rig, number, data, len);
        rig_expect(rig, ACK, ANSWER);
    }
}

void sender_send_first(struct rig *rig, const void *data, size_t len)
{
    put_block(rig, 1, data, len < BLOCK ? len : BLOCK);
}

static void send_blocks(struct rig *rig, const uint8_t *data, size_t len)
{
    rig_expect(rig, "C", ANSWER);
    for (size_t done = 0; done < len; done += BLOCK) {
        size_t n = len - done < BLOCK ? len - done : BLOCK;
        send_block(rig, (uint8_t)(done / BLOCK + 1), data + done, n);
    }
}

void sender_send_blocks(struct rig *rig, const void *data, unsigned blocks)
{
    send_blocks(rig, data, (size_t)blocks * BLOCK);
}

void sender_send(struct rig *rig, const void *data, size_t len)
{
    const uint8_t eot = XMODEM_EOT;
    send_blocks(rig, data, len);
    assert_int_equal(vboard_uart_send(rig->board, 1, &eot, 1), 0);
    rig_expect(rig, ACK, ANSWER);
}

void sender_send_file(struct rig *rig, const char *name)
{
    size_t size;
    uint8_t *data = rig_file(name, &size);
    sender_send(rig, data, size);
    free(data);
}
