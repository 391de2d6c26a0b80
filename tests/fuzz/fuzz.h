// SPDX-License-Identifier: MIT
//
// What the fuzz targets share. Each takes any bytes, does with them what an
// adversary could, and stops the process when one of its invariants does not
// hold; libFuzzer invents the bytes, replay.c runs those that are kept.

#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                       \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__,  \
                    #condition);                                               \
            abort();                                                           \
        }                                                                      \
    } while (0)

// The input, to be taken byte by byte; behind its end are zeros.
struct input {
    const uint8_t *data;
    size_t left;
};

static inline uint32_t take(struct input *input)
{
    if (input->left == 0) {
        return 0;
    }
    input->left--;
    return *input->data++;
}

static inline uint32_t take_le(struct input *input, int bytes)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++) {
        value |= take(input) << 8 * i;
    }
    return value;
}

#endif
