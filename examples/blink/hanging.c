// SPDX-License-Identifier: MIT
//
// This version hangs.

#include "self_test.h"

bool self_test(void)
{
    __asm__ volatile("cpsid i");
    for (;;) {
        // until the watchdog ends it
    }
}
