// SPDX-License-Identifier: MIT
//
// A virtual board with a bootloader, and eyes on what it does.

#ifndef BENCH_STAND_H
#define BENCH_STAND_H

#include "chips.h"
#include "wear.h"

struct moment {
    uint64_t time;
    uint64_t instructions;
};

struct stand {
    const struct ota_layout *layout;
    const struct chip *chip;
    struct vboard *board;
    struct moment reset;    // the last one
    struct moment handover; // to an application
    unsigned handovers;
    struct wear wear; // since power-on
    // of the app slot since power-on: its erase began, the last word before the
    // header was programmed, the header, the last word of all
    uint64_t erase, payload, header, last;
    int answer; // on the console: the byte that ended the run; -1: none yet
    bool stop_at_handover;
    bool stop_at_answer; // what a receiver of XMODEM says
};

// Ends the program.
_Noreturn void die(const char *what);

// Ends the program when the board cannot be made.
void stand_init(struct stand *stand, const struct ota_layout *layout,
                const char *bootloader);
void stand_free(struct stand *stand);

// Switches on, with RAM that shows afterwards what was used of it.
void stand_power_on(struct stand *stand);

// Runs to the hand-over to an application; dies if it does not come in time.
void stand_run(struct stand *stand, uint64_t limit);

// Bytes of stack since power-on, at its deepest.
unsigned stand_stack(const struct stand *stand);

static inline double ms_between(uint64_t from, uint64_t to)
{
    return (double)(to - from) / (double)VBOARD_MS;
}

#endif
