// SPDX-License-Identifier: MIT
//
// From the reset vector to main.

#include "startup.h"

// By the linker script. To C they are different arrays: only their addresses
// may be compared.
extern const uint32_t _sidata[];
extern uint32_t _sdata[], _edata[], _sbss[], _ebss[];

int main(void);

void Reset_Handler(void)
{
    const uint32_t *from = _sidata;
    for (uint32_t *to = _sdata; (uintptr_t)to < (uintptr_t)_edata; to++) {
        *to = *from++;
    }
    for (uint32_t *to = _sbss; (uintptr_t)to < (uintptr_t)_ebss; to++) {
        *to = 0;
    }
    (void)main();
    stm32_reset(); // main never returns
}
