// SPDX-License-Identifier: MIT
//
// This version resets before it confirms, again and again.

#include "port.h"
#include "self_test.h"

bool self_test(void)
{
    stm32_reset();
}
