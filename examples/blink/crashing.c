// SPDX-License-Identifier: MIT
//
// This version crashes: it executes where there is no code.

#include "self_test.h"

bool self_test(void)
{
    ((void (*)(void))0xDEAD0001)();
    return true;
}
