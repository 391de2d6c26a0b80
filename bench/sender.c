// SPDX-License-Identifier: MIT

#include "sender.h"

#include "../tests/support/xmodem_block.h"

enum { ACK = 0x06, CALL = 'C' };

// Longer than an erase.
#define ANSWER (5 * VBOARD_S)

static int wait_answer(struct stand *stand)
{
    stand->answer = -1;
    stand->stop_at_answer = true;
    (void)vboard_run(stand->board, ANSWER);
    stand->stop_at_answer = false;
    return stand->answer;
}

static void send(struct stand *stand, const uint8_t *data, size_t len)
{
    if (vboard_uart_send(stand->board, 1, data, len) != 0) {
        die("the line is full");
    }
    int answer = wait_answer(stand);
    while (answer == CALL) { // it was about to call again
        answer = wait_answer(stand);
    }
    if (answer != ACK) {
        die("a block was not taken");
    }
}

void sender_send(struct stand *stand, const struct bench_image *image)
{
    if (wait_answer(stand) != CALL) {
        die("nobody asks for an image");
    }
    uint8_t number = 0;
    for (uint32_t done = 0; done < image->size; done += XMODEM_BLOCK) {
        uint32_t left = image->size - done;
        uint8_t frame[XMODEM_FRAME];
        xmodem_block(frame, ++number, image->file + done,
                     left < XMODEM_BLOCK ? left : XMODEM_BLOCK);
        send(stand, frame, sizeof frame);
    }
    const uint8_t eot = XMODEM_EOT;
    send(stand, &eot, 1);
}
