// SPDX-License-Identifier: MIT
//
// Loops that come to nothing, skipped. Whatever a main loop consists of -
// calls, stores, reads of several devices - when the whole machine is the same
// after a lap as it was before, down to the last bit of RAM, so it will be
// after the next, until a timer falls due. Laps up to there are counted instead
// of executed: to the instruction what executing them gives. Loops whose
// registers count laps are idle.h's business.

#ifndef VBOARD_STEADY_H
#define VBOARD_STEADY_H

#include <stdbool.h>
#include <stdint.h>

struct vboard;

enum steady_phase { STEADY_OFF, STEADY_SEARCH, STEADY_CONFIRM };

struct steady {
    enum steady_phase phase;
    unsigned wait;    // blocks before the next try begins
    unsigned backoff; // longer after each try that failed
    unsigned hops;    // blocks of the lap under way
    unsigned misses;
    uint32_t anchor; // the block at which laps begin
    uint32_t registers[15];
    bool fed; // the watchdog, in this lap, at
    uint64_t fed_cycle;
    uint64_t events; // that the board had sent when the lap began
    struct uc_context *cpu[2];
    struct state *state;
    uint8_t *ram;
};

// Whether it has a use for the next block; if not, wait counts it.
static inline bool steady_looks(const struct steady *steady)
{
    return steady->wait == 0;
}
int steady_open(struct vboard *board); // 0, or -1 without memory
void steady_close(struct vboard *board);

// The core runs on after something was looked at, an interrupt perhaps.
void steady_resume(struct vboard *board);
// A block is about to be counted; may let laps pass first.
void steady_block(struct vboard *board, uint32_t address);
// Something that no state tells: time was read, or went by unseen.
void steady_broken(struct vboard *board);
// Something has begun that a loop will wait for.
void steady_hope(struct vboard *board);
// The watchdog, which runs, was fed: its state moves with the lap.
void steady_fed(struct vboard *board);

#endif
