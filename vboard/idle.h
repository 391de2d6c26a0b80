// SPDX-License-Identifier: MIT
//
// Polling loops, skipped. A loop that only reads one register until it changes
// does the same until the next timer is due, so its laps up to there are
// counted instead of executed: to the instruction what executing them gives.

#ifndef VBOARD_IDLE_H
#define VBOARD_IDLE_H

#include <stdbool.h>
#include <stdint.h>

struct vboard;

#define IDLE_BLOCKS    8
#define IDLE_ENOUGH    16 // equal reads make it worth looking at the loop
#define IDLE_REGISTERS 16 // r0 to r14 and the flags

enum idle_phase { IDLE_OFF, IDLE_FIRST_LAP, IDLE_SECOND_LAP };

struct idle {
    // For the tests, which compare runs with and without.
    bool disabled;
    uint64_t skipped; // instructions that were only counted
    // The last read of a peripheral register, and how often it came again after
    // the same number of instructions.
    uint32_t address, value;
    uint64_t at, distance;
    unsigned repeats;
    // The blocks of a lap, and the registers at the beginning of three laps.
    enum idle_phase phase;
    unsigned blocks, position;
    struct idle_block {
        uint32_t address, size;
    } block[IDLE_BLOCKS];
    uint32_t registers[3][IDLE_REGISTERS];
};

// Whether it has a use for the next block.
static inline bool idle_looks(const struct idle *idle)
{
    return idle->repeats >= IDLE_ENOUGH;
}
// A read of a peripheral register.
void idle_read(struct vboard *board, uint32_t address, uint32_t value);
// Anything else that a polling loop does not do.
void idle_broken(struct vboard *board);
// A block is about to be counted; may let laps of the loop pass first.
void idle_block(struct vboard *board, uint32_t address, uint32_t size);

#endif
