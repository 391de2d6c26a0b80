// SPDX-License-Identifier: MIT

#include "ota/crc32.h"

#include "ota/bytes.h"

// The CRC of each 4-bit value: 64 bytes of table buy four steps of the bitwise
// loop at once.
static const uint32_t table[16] = {
    0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
    0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
    0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
};

// Always inline: at -Os a call for each nibble would double the time.
static inline __attribute__((always_inline)) uint32_t nibble(uint32_t crc)
{
    return crc >> 4 ^ table[crc & 15];
}

uint32_t ota_crc32(uint32_t crc, const void *data, size_t len)
{
    const uint8_t *p = data;
    const uint8_t *words = p + (len & ~(size_t)3);
    const uint8_t *end = p + len;

    crc = ~crc;
    while (p < end) {
        // a word at a time: one load and one xor for eight table steps
        if (p < words) {
            crc ^= load_le32(p);
            crc = nibble(nibble(nibble(nibble(crc))));
            crc = nibble(nibble(crc));
            p += 4;
        } else {
            crc ^= *p++;
        }
        crc = nibble(nibble(crc));
    }
    return ~crc;
}
