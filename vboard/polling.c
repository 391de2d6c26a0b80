// SPDX-License-Identifier: MIT
//
// Thumb encodings: ARMv7-M A5.2 and A5.3.

#include "polling.h"

#include "thumb.h"

// An instruction that may be repeated: mask of the registers it touches.
// Everything that stores, or that is not known here, is REFUSED.
#define REFUSED UINT32_MAX

static uint32_t r(unsigned bits, unsigned shift, unsigned mask)
{
    return 1u << (bits >> shift & mask);
}

static uint32_t low3(unsigned h)
{
    return r(h, 0, 7) | r(h, 3, 7) | r(h, 6, 7);
}

static uint32_t special(unsigned h)
{
    unsigned rdn = (h >> 4 & 8) | (h & 7);
    if ((h & 0x0300) == 0x0300 || rdn == 15) {
        return REFUSED; // BX, BLX, and branches by way of PC
    }
    return 1u << rdn | r(h, 3, 15);
}

static uint32_t miscellaneous(unsigned h)
{
    if ((h & 0xF500) == 0xB100) { // CBZ, CBNZ
        return r(h, 0, 7);
    }
    if ((h & 0xFF00) == 0xB200) { // SXTH to UXTB
        return r(h, 0, 7) | r(h, 3, 7);
    }
    if (h == 0xBF00 || ((h & 0xFF00) == 0xBF00 && h & 0xF)) { // NOP, IT
        return 0;
    }
    return REFUSED;
}

static uint32_t narrow(unsigned h)
{
    switch (h >> 11) {
    case 0x00: // shifts
    case 0x01:
    case 0x02:
    case 0x03: // ADD, SUB
        return low3(h);
    case 0x04: // MOV, CMP, ADD, SUB of an immediate
    case 0x05:
    case 0x06:
    case 0x07:
    case 0x09: // LDR literal
    case 0x13: // LDR from the stack
    case 0x14: // ADR, ADD SP
    case 0x15:
        return r(h, 8, 7);
    case 0x08:
        return h & 0x0400 ? special(h) : r(h, 0, 7) | r(h, 3, 7);
    case 0x0A: // stores but for LDRSB
        return (h >> 9 & 3) == 3 ? low3(h) : REFUSED;
    case 0x0B: // loads by register
        return low3(h);
    case 0x0D: // LDR, LDRB, LDRH
    case 0x0F:
    case 0x11:
        return r(h, 0, 7) | r(h, 3, 7);
    case 0x16:
    case 0x17:
        return miscellaneous(h);
    case 0x1A: // B with a condition; 14 is UDF, 15 SVC
    case 0x1B:
        return (h >> 8 & 15) < 14 ? 0 : REFUSED;
    case 0x1C: // B
        return 0;
    default:
        return REFUSED;
    }
}

static uint32_t wide(unsigned h1, unsigned h2)
{
    if ((h1 & 0xF800) == 0xF000 && !(h2 & 0x8000)) { // with an immediate
        return r(h1, 0, 15) | r(h2, 8, 15);
    }
    if ((h1 & 0xFE00) == 0xEA00) { // with a shifted register
        return r(h1, 0, 15) | r(h2, 8, 15) | r(h2, 0, 15);
    }
    if ((h1 & 0xFE10) == 0xF810 && h2 >> 12 != 15) { // loads
        return r(h1, 0, 15) | r(h2, 12, 15) | r(h2, 0, 15);
    }
    if ((h1 & 0xF800) == 0xF000 && (h2 & 0xD000) == 0x9000) { // B.W
        return 0;
    }
    if ((h1 & 0xF800) == 0xF000 && (h2 & 0xD000) == 0x8000 &&
        (h1 >> 6 & 15) < 14) { // B<c>.W
        return 0;
    }
    return REFUSED;
}

// SUBS r, #n; CMP r, #0; CBZ; CBNZ.
static bool counts_narrow(unsigned h, unsigned counter)
{
    if (counter > 7) {
        return false;
    }
    return (h & 0xFF00) == (0x3800 | counter << 8) ||
           h == (0x2800 | counter << 8) ||
           ((h & 0xF500) == 0xB100 && (h & 7) == counter);
}

// SUBS.W r, r, #n
static bool counts_wide(unsigned h1, unsigned h2, unsigned counter)
{
    return h1 == (0xF1B0 | counter) && (h2 & 0xFF00) == counter << 8;
}

bool polling_allows(const uint8_t *code, uint32_t size, unsigned counter)
{
    for (uint32_t at = 0; at < size;) {
        unsigned h1 = thumb_halfword(code + at);
        bool is_wide = thumb_is_wide(h1);
        unsigned h2 = is_wide ? thumb_halfword(code + at + 2) : 0;
        uint32_t touched = is_wide ? wide(h1, h2) : narrow(h1);
        bool counts =
            is_wide ? counts_wide(h1, h2, counter) : counts_narrow(h1, counter);
        if (touched == REFUSED ||
            (counter != NO_COUNTER && touched >> counter & 1 && !counts)) {
            return false;
        }
        at += is_wide ? 4 : 2;
    }
    return true;
}
