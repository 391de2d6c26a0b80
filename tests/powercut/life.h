// SPDX-License-Identifier: MIT
//
// A device's life: it boots, and the application that runs does what a real one
// does: asks for its status, confirms, stages, requests, resets. All of it
// follows from what the flash holds, so that after a power cut life begins
// again with a boot. The oracle looks over its shoulder all the time:
//
//   - whatever boots is complete and verified, by its bytes: the old version or
//     the new one, never else, and after a bounded number of boots
//   - what ota_app_confirm has confirmed is never replaced by something older
//   - a trial is not reverted before its boots are used, nor runs more often
//   - a request that was accepted is carried out, or refused with a reason
//   - at every operation at least one complete application stands
//   - afterwards the next update works, and erases and programs nothing twice

#ifndef LIFE_H
#define LIFE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "ota/app.h"
#include "scenarios.h"
#include "world.h"

#define MAX_CUTS 8
#define MAX_ID   200

struct cut {
    uint32_t op; // 1 = the first since the start, or since the cut before
    enum ram_cut how;
};

struct life {
    struct world *world;
    const struct scenario *scenario;
    struct cut cuts[MAX_CUTS]; // that it has seen
    unsigned cut_count;
    uint32_t seed;
    uint32_t op; // operations since the last cut
    bool in_app; // goes on in the application, not with a boot

    // the world outside: it remembers
    uint32_t old;        // version at the beginning
    uint32_t offered;    // by whoever offers updates
    uint32_t other;      // a third version that may run, or 0
    uint32_t bad;        // version that never confirms, or 0
    enum path path;      // of the offer
    enum goal goal;      //
    uint32_t confirmed;  // ota_app_confirm has returned 0 for it
    uint32_t confirming; // ota_app_confirm has been called for it
    uint32_t pending;    // ota_app_request has returned 0 for it
    unsigned trials;     // sessions of the bad version on trial
    unsigned boots;      // since the last cut
    unsigned stagings;   // since the last cut
    enum place witness;  // a place that holds a complete application
    bool next;           // the piece of life is over, the next update is on
    bool past;           // what went before the scenario: no cuts, no oracle of
                         // the next update
    struct wear before;  // of the next update
    enum place copy;     // slot that held what ran before the next update

    jmp_buf out;    // where a failure goes
    jmp_buf reset;  // and an application that resets
    char what[200]; // what failed
};

// Told of each operation of the piece of life (not of the next update), to
// branch off cuts. life->op is its number. May be NULL.
extern void (*life_on_op)(struct life *life, struct ram_flash *ram,
                          const struct ram_op *op);

// The name by which floor1 --replay finds this life again; letters of enum
// ram_cut in it.
void life_id(const struct life *life, char id[MAX_ID]);
extern const char life_hows[];

// Makes the past of a scenario; the world must be new. False: it went wrong,
// life->what says how.
bool life_begin(struct life *life, struct world *world,
                const struct scenario *scenario, uint32_t seed);

// Lives on from what the flash holds, to the goal and through the next update.
// False: the oracle objects, life->what says to what.
bool life_go_on(struct life *life);

// Cuts the power at an operation, lives on, and puts the flash back. True if
// the oracle has nothing to say. *child is the other life.
bool life_cut(const struct life *life, struct life *child,
              struct ram_flash *ram, const struct ram_op *op, enum ram_cut how);

#endif
