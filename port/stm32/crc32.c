// SPDX-License-Identifier: MIT
//
// ota_crc32() by the CRC calculation unit (RM0390 4, RM0008 4) instead of
// src/crc32.c: for the bootloader, where nobody else uses the unit. The same
// polynomial, but the unit takes the highest bit of a word first, which makes
// its bits the reverse of ours.

#include "ota/crc32.h"

#include "cortex_m.h"
#include "ota/bytes.h"
#include "registers.h"

// The unit takes whole words only.
static uint32_t add_byte(uint32_t state, uint8_t byte)
{
    state ^= byte;
    for (unsigned bit = 0; bit < 8; bit++) {
        state = state >> 1 ^ (state & 1 ? 0xEDB88320 : 0);
    }
    return state;
}

// The unit adds a word to its state before it divides: so the state to go on
// from can come with the first one. It is ~crc, and the unit begins with ~0.
uint32_t ota_crc32(uint32_t crc, const void *data, size_t len)
{
    const uint8_t *p = data;
    RCC_CRC_ENR |= RCC_CRC;
    (void)RCC_CRC_ENR; // by then the clock runs
    CRC->CR = CRC_CR_RESET;
    for (; len >= 4; len -= 4, p += 4) {
        CRC->DR = reversed(load_le32(p) ^ crc);
        crc = 0;
    }
    uint32_t state = reversed(CRC->DR) ^ crc;
    CRC->CR = CRC_CR_RESET; // as the application expects to find it
    RCC_CRC_ENR &= ~RCC_CRC;
    for (; len > 0; len--) {
        state = add_byte(state, *p++);
    }
    return ~state;
}
