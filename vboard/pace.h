// SPDX-License-Identifier: MIT
//
// Keeps virtual time from running ahead of the clock on the wall.

#ifndef VBOARD_PACE_H
#define VBOARD_PACE_H

#include <stdint.h>

struct pace {
    uint64_t wall;    // nanoseconds, at the start
    uint64_t virtual; // picoseconds, at the start
};

void pace_start(struct pace *pace, uint64_t virtual);
// Sleeps until the wall has caught up. A signal wakes it.
void pace_wait(struct pace *pace, uint64_t virtual);

#endif
