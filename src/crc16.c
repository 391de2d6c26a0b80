// SPDX-License-Identifier: MIT

#include "ota/crc16.h"

uint32_t ota_crc16(const uint8_t *data, size_t len)
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
