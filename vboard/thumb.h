// SPDX-License-Identifier: MIT
//
// Thumb code as bytes (ARMv7-M A5.1).

#ifndef VBOARD_THUMB_H
#define VBOARD_THUMB_H

#include <stdbool.h>
#include <stdint.h>

static inline uint32_t thumb_halfword(const uint8_t *code)
{
    return code[0] | (uint32_t)code[1] << 8;
}

// Whether a half-word is the first of two: it begins with 0b11101, 0b11110 or
// 0b11111.
static inline bool thumb_is_wide(uint32_t halfword)
{
    return halfword >> 11 >= 0x1D;
}

#endif
