// SPDX-License-Identifier: MIT
//
// What the compiler and the engine need of <string.h>, for size: newlib's are
// unrolled and take 600 bytes. Whole words where both sides are aligned, which
// is what flash and chunks are.

#include <stdint.h>
#include <string.h>

// No loop here may become a call of itself; and as they stand they are
// smallest.
#pragma GCC optimize("no-tree-loop-distribute-patterns", "no-ivopts",          \
                     "no-tree-scev-cprop")

static inline int aligned(const void *a, const void *b)
{
    return (((uintptr_t)a | (uintptr_t)b) & 3) == 0;
}

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
    uint8_t *d = to;
    const uint8_t *s = from;
    if (aligned(d, s)) {
        for (; len >= 4; len -= 4, d += 4, s += 4) {
            *(uint32_t *)(void *)d = *(const uint32_t *)(const void *)s;
        }
    }
    while (len-- > 0) {
        *d++ = *s++;
    }
    return to;
}

void *memset(void *to, int value, size_t len)
{
    uint8_t *d = to;
    while (len-- > 0) {
        *d++ = (uint8_t)value;
    }
    return to;
}

// By bytes: what is compared was programmed just before, which took far longer.
int memcmp(const void *a, const void *b, size_t len)
{
    const uint8_t *p = a, *q = b;
    while (len > 0 && *p == *q) {
        p++;
        q++;
        len--;
    }
    return len > 0 ? *p - *q : 0;
}
