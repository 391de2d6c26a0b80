// SPDX-License-Identifier: MIT
//
// CRC-16 of XMODEM and of the data blocks of SD cards: x^16 + x^12 + x^5 + 1,
// most significant bit first, starting at 0.

#ifndef OTA_CRC16_H
#define OTA_CRC16_H

#include <stddef.h>
#include <stdint.h>

// 0..0xFFFF. Over data followed by its CRC, high byte first, it is 0.
//
// In a header, as each of the two has one call: a function of its own would
// make the bootloader that has but one of them larger.
static inline uint32_t ota_crc16(const uint8_t *data, size_t len)
{
    uint32_t crc = 0;
    while (len-- > 0) {
        crc ^= (uint32_t)*data++ << 8;
        for (int bit = 0; bit < 8; bit++) {
            crc <<= 1;
            if (crc & 0x10000) {
                crc ^= 0x11021;
            }
        }
    }
    return crc;
}

#endif
