// SPDX-License-Identifier: MIT
//
// What the instructions of a loop do, as far as is needed to tell that a lap of
// it can be repeated without executing it (idle.c).

#ifndef VBOARD_POLLING_H
#define VBOARD_POLLING_H

#include <stdbool.h>
#include <stdint.h>

#define NO_COUNTER 16u

// Whether a block only loads, computes and branches, and uses the register
// counter for nothing but counting down and comparing with zero.
bool polling_allows(const uint8_t *code, uint32_t size, unsigned counter);

#endif
