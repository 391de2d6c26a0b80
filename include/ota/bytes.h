// SPDX-License-Identifier: MIT
//
// Loads and stores of little-endian numbers, byte by byte: right on any host,
// at any alignment, with any compiler. Formats are never read by casting.

#ifndef OTA_BYTES_H
#define OTA_BYTES_H

#include <stdint.h>
#include <string.h>

// One instruction on a Cortex-M: a call would be larger.
#define OTA_INLINE static inline __attribute__((always_inline))

// Known to the compiler: only one of the two ways below is left.
#define OTA_HOST_IS_LITTLE (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

OTA_INLINE uint32_t load_le16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

OTA_INLINE uint32_t load_le32(const uint8_t *p)
{
    uint32_t x;
    if (OTA_HOST_IS_LITTLE) {
        memcpy(&x, p, sizeof x);
    } else {
        x = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
            (uint32_t)p[3] << 24;
    }
    return x;
}

OTA_INLINE void store_le32(uint8_t *p, uint32_t x)
{
    if (OTA_HOST_IS_LITTLE) {
        memcpy(p, &x, sizeof x);
    } else {
        p[0] = (uint8_t)x;
        p[1] = (uint8_t)(x >> 8);
        p[2] = (uint8_t)(x >> 16);
        p[3] = (uint8_t)(x >> 24);
    }
}

#endif
