// SPDX-License-Identifier: MIT
//
// A block of XMODEM-1K (Forsberg 1988), as a sender makes it.

#ifndef XMODEM_BLOCK_H
#define XMODEM_BLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define XMODEM_BLOCK 1024
#define XMODEM_FRAME (3 + XMODEM_BLOCK + 2)
#define XMODEM_STX   0x02
#define XMODEM_EOT   0x04
#define XMODEM_PAD   0x1A

static inline uint16_t xmodem_crc16(const uint8_t *data, size_t len)
{
    uint32_t crc = 0;
    while (len-- > 0) {
        crc ^= (uint32_t)*data++ << 8;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1;
        }
    }
    return (uint16_t)crc;
}

// len is at most XMODEM_BLOCK.
static inline void xmodem_block(uint8_t frame[XMODEM_FRAME], uint8_t number,
                                const uint8_t *data, size_t len)
{
    frame[0] = XMODEM_STX;
    frame[1] = number;
    frame[2] = (uint8_t)~number;
    memset(frame + 3, XMODEM_PAD, XMODEM_BLOCK);
    memcpy(frame + 3, data, len);
    uint16_t crc = xmodem_crc16(frame + 3, XMODEM_BLOCK);
    frame[3 + XMODEM_BLOCK] = (uint8_t)(crc >> 8);
    frame[3 + XMODEM_BLOCK + 1] = (uint8_t)crc;
}

#endif
