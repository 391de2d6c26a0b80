// SPDX-License-Identifier: MIT

#ifndef STM32_WAIT_H
#define STM32_WAIT_H

#include <stdbool.h>
#include <stdint.h>

// Waits until the masked bits of a register have this value; at least us
// microseconds, a few times that at most. Whether they have it. Counts loops:
// needs no timer, and works before the clocks run.
bool stm32_wait(const volatile uint32_t *reg, uint32_t mask, uint32_t value,
                uint32_t us);

#endif
