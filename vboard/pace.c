// SPDX-License-Identifier: MIT

#include "pace.h"

#include <time.h>

#include "vboard.h"

#define NS_PER_S 1000000000ull

// An emulator that is this late, because the host was busy or asleep, does not
// hurry to make it up: people and protocols would see time race.
#define LATE (100 * VBOARD_MS)

static uint64_t wall_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

void pace_start(struct pace *pace, uint64_t virtual)
{
    *pace = (struct pace){.wall = wall_now(), .virtual = virtual};
}

void pace_wait(struct pace *pace, uint64_t virtual)
{
    uint64_t wall = (wall_now() - pace->wall) * VBOARD_NS;
    uint64_t ran = virtual - pace->virtual;
    if (wall > ran + LATE) {
        pace_start(pace, virtual);
    }
    if (ran <= wall) {
        return;
    }
    uint64_t ns = (ran - wall) / VBOARD_NS;
    struct timespec t = {.tv_sec = (time_t)(ns / NS_PER_S),
                         .tv_nsec = (long)(ns % NS_PER_S)};
    nanosleep(&t, NULL);
}
