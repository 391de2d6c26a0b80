// SPDX-License-Identifier: MIT
//
// From the reset vector to main.

#include "startup.h"

#include <string.h>

// By the linker script. To C they are different arrays: only their addresses
// have a distance.
extern const uint32_t _sidata[];
extern uint32_t _sdata[], _edata[], _sbss[], _ebss[];

int main(void);

void Reset_Handler(void)
{
    memcpy(_sdata, _sidata, (uintptr_t)_edata - (uintptr_t)_sdata);
    memset(_sbss, 0, (uintptr_t)_ebss - (uintptr_t)_sbss);
    (void)main();
    stm32_reset(); // main never returns
}
