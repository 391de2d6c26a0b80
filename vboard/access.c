// SPDX-License-Identifier: MIT
//
// Memory and registers as a debugger reads and writes them.

#include <string.h>

#include "state.h"

#define SCS     0xE000E000u
#define SCS_END 0xE000F000u

// The bytes of an address in flash or RAM, and how many follow it.
static uint8_t *bytes_at(struct vboard *board, uint32_t address, size_t *room)
{
    const struct chip *chip = board->chip;
    const struct {
        uint32_t base, size;
        uint8_t *bytes;
    } parts[] = {{chip->ram_base, chip->ram_size, board->ram},
                 {chip->flash_base, chip->flash_size, board->flash},
                 {0, chip->flash_size, board->flash}};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        uint32_t offset = address - parts[i].base;
        if (offset < parts[i].size) {
            *room = parts[i].size - offset;
            return parts[i].bytes + offset;
        }
    }
    return NULL;
}

static bool peek_word(struct vboard *board, uint32_t address, uint32_t *value)
{
    if (address >= SCS && address < SCS_END) {
        *value = scs_peek(board, address - SCS);
        return true;
    }
    if (address >> 12 == 0xE0001) {
        *value = dwt_read(board, address);
        return true;
    }
    return bus_peek(board, address, value);
}

int vboard_peek(struct vboard *board, uint32_t address, void *data, size_t len)
{
    uint8_t *to = data;
    while (len) {
        size_t part;
        const uint8_t *from = bytes_at(board, address, &part);
        uint32_t word;
        if (!from) {
            if (!peek_word(board, address & ~3u, &word)) {
                return -1;
            }
            from = (const uint8_t *)&word + (address & 3);
            part = 4 - (address & 3);
        }
        part = part < len ? part : len;
        memcpy(to, from, part);
        to += part;
        address += (uint32_t)part;
        len -= part;
    }
    return 0;
}

static void poke_register(struct vboard *board, uint32_t address,
                          uint32_t value, unsigned size)
{
    if (address >= SCS && address < SCS_END) {
        scs_write(board, address - SCS, value, size);
    } else {
        bus_write(board, address, value, size);
    }
}

int vboard_poke(struct vboard *board, uint32_t address, const void *data,
                size_t len)
{
    size_t room;
    uint8_t *to = bytes_at(board, address, &room);
    if (to) {
        if (len > room) {
            return -1;
        }
        memcpy(to, data, len);
        return 0;
    }
    uint32_t word;
    if ((len != 1 && len != 2 && len != 4) || address & (len - 1) ||
        !peek_word(board, address & ~3u, &word)) {
        return -1;
    }
    word = 0;
    memcpy(&word, data, len);
    poke_register(board, address, word, (unsigned)len);
    return 0;
}
