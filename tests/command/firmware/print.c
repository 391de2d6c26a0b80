// SPDX-License-Identifier: MIT

#include "console.h"

void print(const char *text)
{
    while (*text) {
        put(*text++);
    }
}

void print_hex(uint32_t x)
{
    for (int shift = 28; shift >= 0; shift -= 4) {
        put("0123456789abcdef"[x >> shift & 15]);
    }
}
