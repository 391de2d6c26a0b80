// SPDX-License-Identifier: MIT

#ifndef MINIMAL_SELF_TEST_H
#define MINIMAL_SELF_TEST_H

#include <stdbool.h>

// Whether all is well with this version. One of three is linked: healthy.c, and
// two that a trial has to catch.
bool self_test(void);

#endif
