// SPDX-License-Identifier: MIT

#ifndef BLINK_SELF_TEST_H
#define BLINK_SELF_TEST_H

#include <stdbool.h>

// Whether all is well with this version: yours would try what must work, the
// way to the next update first of all. The demo has four, one of which is
// linked: healthy.c, and three that a trial has to catch.
bool self_test(void);

#endif
