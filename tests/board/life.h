// SPDX-License-Identifier: MIT
//
// One life of a device: examples/minimal under the shipped bootloader goes
// through an update cycle; the power can be cut at any flash operation of it,
// and the device watched as it recovers.

#ifndef LIFE_H
#define LIFE_H

#include "oracle.h"
#include "vboard.h"

// The images, by the version that they tell on the console.
enum { V1_0, V1_1, V1_2, SLEEPING, RESETTING, IMAGES, NOBODY = -1 };

struct cycle {
    const char *name;
    const char *explain;
    int before;       // what has run and confirmed before: V1_0 came from the
                      // factory, V1_1 by an update
    int update;       // what is offered; NOBODY: the device is just switched on
    int after;        // what has confirmed when it is over
    bool rotten;      // a bit of the app slot has flipped
    unsigned free;    // positions left in the journal; 0: as it comes
    bool around_turn; // only the operations about the journal's turn-over
};
extern const struct cycle cycles[]; // ends with name NULL

#define KNOWN 8

// What can be told from outside; part of what a snapshot brings back.
struct seen {
    int step;      // of the script: 0 before it, 3 when it is over
    int runs;      // the version that was started last, as flash says
    int confirmed; // the version that last said so
    unsigned len;
    char line[80];
};

struct life {
    struct vboard *board;
    struct memory memory; // the board's
    const struct cycle *cycle;
    const char *size; // "min", "16K", "100K"
    unsigned seed;
    struct image image[IMAGES];
    bool verbose;       // tells everything on stdout
    uint64_t loud_from; // verbose: operations in this range
    uint64_t loud_to;

    struct seen seen;
    unsigned may_run;  // bit n: image n
    uint64_t stop_at;  // stop once this operation has begun; 0: never
    char failure[512]; // what went wrong first; "": nothing

    // of the uncut life: operations are counted from 1
    uint64_t base; // operations before it
    uint64_t ops;
    uint64_t requested; // the operation that makes the request durable
    uint64_t done;      // the last before the first end of the script
    uint8_t *important; // by operation: erases, records, the W25Q
    uint64_t turned;    // the first erase of a journal unit

    uint8_t *rest; // bootloader and C array, which nothing may change
    struct vboard_snapshot *front; // a point of it, before the next cut
    struct seen front_seen;

    // the last cut, if it was recovered from
    uint64_t last_op;
    enum vboard_cut last_how;
    unsigned last_allowed;
    uint8_t *last_memory; // as the cut left it
    bool again;           // this cut has left the same

    // memories at the first hand-over of runs that have recovered: another run
    // that comes to one of them is over
    struct known {
        unsigned allowed;
        uint8_t *memory;
    } known[KNOWN];
    unsigned next_known;
    uint8_t *at_handover; // the memory at the first hand-over of this run
    bool recovering;      // and no hand-over yet
    bool may_end;         // at a memory that is known
    bool ended;           // it did
};

// Ready to be cut: prepared and gone through once without a cut. NULL: that
// went wrong, and it has been said on stderr.
struct life *life_new(const struct cycle *cycle, const char *size,
                      unsigned seed);
void life_free(struct life *life);

// One cut at an operation, and the recovery from it. next: then one more
// update. False: life->failure says what went wrong. Operations may come in any
// order, but ascending is fast. A cut before an operation leaves, as a rule,
// the very flash that the one after the operation before has left: if that one
// has been recovered from, and the bytes say so, life->again is set and that is
// the verdict.
//
// A run ends early, with life->ended, at a first hand-over whose flash an
// earlier run has recovered from: vboard finds every register at its reset
// value there, so what follows is decided by the flash. next: it does not.
bool life_cut(struct life *life, uint64_t op, enum vboard_cut how, bool next);

#endif
