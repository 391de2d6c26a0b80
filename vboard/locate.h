// SPDX-License-Identifier: MIT
//
// Which instruction of a block is making an access: unicorn only tells where
// the block begins.

#ifndef VBOARD_LOCATE_H
#define VBOARD_LOCATE_H

#include <stdbool.h>
#include <stdint.h>

// Registers r0 to r15 as they are during the access. The offset in code of the
// first instruction that loads from address (or stores to it) with them; 0 when
// there is none.
uint32_t locate_access(const uint8_t *code, uint32_t size, uint32_t pc,
                       const uint32_t registers[16], uint32_t address,
                       bool store);

#endif
