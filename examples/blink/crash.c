// SPDX-License-Identifier: MIT
//
// A fault ends here: says where, and starts again.

#include <stdint.h>

#include "board.h"
#include "ota/image.h"
#include "port.h"

void HardFault_Handler(void);
void crash(const uint32_t *frame);

// frame: r0-r3, r12, lr, pc, xpsr as the core has pushed them (Armv7-M ARM
// B1.5.6).
__attribute__((used)) void crash(const uint32_t *frame)
{
    stm32_print(&board.console, "app %v: crashed at %x, resetting\n",
                APP_VERSION, frame[6]);
    stm32_console_drain(&board.console);
    stm32_reset();
}

// Naked: the stack pointer must be that of the exception's entry.
__attribute__((naked)) void HardFault_Handler(void)
{
    __asm__("mrs r0, msp\n\tb crash");
}
