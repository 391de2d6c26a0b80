// SPDX-License-Identifier: MIT

#ifndef STM32_STARTUP_H
#define STM32_STARTUP_H

#include <stdint.h>

union vector {
    void (*handler)(void);
    const uint32_t *address;
};

// By the linker script.
extern uint32_t _estack[];

void Reset_Handler(void);
void Default_Handler(void);
_Noreturn void stm32_reset(void);

#endif
