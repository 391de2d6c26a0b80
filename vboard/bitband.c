// SPDX-License-Identifier: MIT
//
// Bit-band aliases: each word of an alias is one bit of SRAM or of the first
// megabyte of peripherals (PM0214 2.2.5).

#include "state.h"

#define SRAM_BITS       0x22000000u
#define PERIPHERAL_BITS 0x42000000u

static uint32_t byte_of(uint32_t alias)
{
    uint32_t base = alias & 0xF0000000;
    return base + (alias & 0x01FFFFFF) / 32;
}

static unsigned bit_of(uint32_t alias)
{
    return alias / 4 & 7;
}

uint32_t bitband_read(struct vboard *board, uint32_t alias)
{
    uint32_t byte = byte_of(alias);
    uint32_t value = 0;
    if (alias >= PERIPHERAL_BITS) {
        value = bus_read(board, byte & ~3u, 4) >> 8 * (byte & 3);
    } else if (cpu_load(board, byte & ~3u, &value)) {
        value >>= 8 * (byte & 3);
    } else {
        cpu_bus_fault(board, alias);
    }
    return value >> bit_of(alias) & 1;
}

// The core reads the whole word, changes one bit and writes it back: on a
// register with side effects this does what it does on hardware.
void bitband_write(struct vboard *board, uint32_t alias, uint32_t value)
{
    uint32_t byte = byte_of(alias);
    uint32_t word = byte & ~3u;
    uint32_t mask = 1u << (8 * (byte & 3) + bit_of(alias));
    uint32_t old = 0;
    if (alias >= PERIPHERAL_BITS) {
        old = bus_read(board, word, 4);
        bus_write(board, word, value & 1 ? old | mask : old & ~mask, 4);
    } else if (!cpu_load(board, word, &old) ||
               !cpu_store(board, word, value & 1 ? old | mask : old & ~mask)) {
        cpu_bus_fault(board, alias);
    }
}
