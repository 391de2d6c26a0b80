// SPDX-License-Identifier: MIT
//
// Thumb loads and stores: ARMv7-M A5.2.4, A5.3.5 to A5.3.10, A6.5.

#include "locate.h"

#include "thumb.h"

// What an instruction accesses; no bytes when it is no load or store.
struct access {
    bool store;
    uint32_t address, size;
};

static uint32_t bits(uint32_t value, unsigned low, unsigned count)
{
    return value >> low & ((1u << count) - 1);
}

static struct access by_register(uint32_t h, const uint32_t *r)
{
    uint32_t address = r[bits(h, 3, 3)] + r[bits(h, 6, 3)];
    return (struct access){bits(h, 9, 3) < 3, address, 4};
}

static struct access by_immediate(uint32_t h, const uint32_t *r, uint32_t scale)
{
    uint32_t address = r[bits(h, 3, 3)] + bits(h, 6, 5) * scale;
    return (struct access){!(h & 0x0800), address, scale};
}

static struct access many(bool store, uint32_t base, uint32_t list, bool down)
{
    uint32_t size = 4 * (uint32_t)__builtin_popcount(list);
    return (struct access){store, down ? base - size : base, size};
}

static struct access narrow(uint32_t h, const uint32_t *r)
{
    switch (h >> 12) {
    case 0x4:
        if ((h & 0x0800) != 0) { // literal
            uint32_t base = (r[15] + 4) & ~3u;
            return (struct access){false, base + 4 * bits(h, 0, 8), 4};
        }
        break;
    case 0x5:
        return by_register(h, r);
    case 0x6:
        return by_immediate(h, r, 4);
    case 0x7:
        return by_immediate(h, r, 1);
    case 0x8:
        return by_immediate(h, r, 2);
    case 0x9:
        return (struct access){!(h & 0x0800), r[13] + 4 * bits(h, 0, 8), 4};
    case 0xB:
        if ((h & 0x0E00) == 0x0400) { // PUSH; bit 8 is LR
            return many(true, r[13], h & 0x1FF, true);
        }
        if ((h & 0x0E00) == 0x0C00) { // POP
            return many(false, r[13], h & 0x1FF, false);
        }
        break;
    case 0xC:
        return many(!(h & 0x0800), r[bits(h, 8, 3)], h & 0xFF, false);
    default:
        break;
    }
    return (struct access){.size = 0};
}

// The offset of a load or store whose bits 8 and 7 of the first half-word say
// "indexed" and "add".
static uint32_t indexed(uint32_t base, uint32_t offset, bool index, bool add)
{
    if (!index) {
        return base;
    }
    return add ? base + offset : base - offset;
}

static struct access single(uint32_t h1, uint32_t h2, const uint32_t *r)
{
    bool literal = bits(h1, 0, 4) == 15;
    uint32_t base = literal ? (r[15] + 4) & ~3u : r[bits(h1, 0, 4)];
    uint32_t address;
    if (literal) {
        address = indexed(base, bits(h2, 0, 12), true, h1 & 0x80);
    } else if (h1 & 0x80) {
        address = base + bits(h2, 0, 12);
    } else if (h2 & 0x0800) {
        address = indexed(base, bits(h2, 0, 8), h2 & 0x400, h2 & 0x200);
    } else {
        address = base + (r[bits(h2, 0, 4)] << bits(h2, 4, 2));
    }
    return (struct access){!(h1 & 0x10), address, 1u << bits(h1, 5, 2)};
}

static struct access wide(uint32_t h1, uint32_t h2, const uint32_t *r)
{
    uint32_t base = r[bits(h1, 0, 4)];
    bool store = !(h1 & 0x10);
    if ((h1 & 0xFE40) == 0xE800) { // LDM, STM
        return many(store, base, h2, h1 & 0x100);
    }
    if ((h1 & 0xFE40) == 0xE840) { // LDRD, STRD and the exclusive ones
        bool plain = !(h1 & 0x0120);
        uint32_t address = indexed(base, 4 * bits(h2, 0, 8),
                                   plain || h1 & 0x100, plain || h1 & 0x80);
        return (struct access){store, address, 8};
    }
    if ((h1 & 0xFE00) == 0xF800) {
        return single(h1, h2, r);
    }
    if ((h1 & 0xFF20) == 0xED00) { // VLDR, VSTR
        uint32_t address = indexed(base, 4 * bits(h2, 0, 8), true, h1 & 0x80);
        return (struct access){store, address, 8};
    }
    return (struct access){.size = 0};
}

uint32_t locate_access(const uint8_t *code, uint32_t size, uint32_t pc,
                       const uint32_t registers[16], uint32_t address,
                       bool store)
{
    uint32_t r[16];
    for (int i = 0; i < 15; i++) {
        r[i] = registers[i];
    }
    for (uint32_t at = 0; at < size;) {
        uint32_t h1 = thumb_halfword(code + at);
        bool is_wide = thumb_is_wide(h1);
        r[15] = pc + at;
        struct access access = is_wide
                                   ? wide(h1, thumb_halfword(code + at + 2), r)
                                   : narrow(h1, r);
        if (access.store == store && address - access.address < access.size) {
            return at;
        }
        at += is_wide ? 4 : 2;
    }
    return 0;
}
