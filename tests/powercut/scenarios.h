// SPDX-License-Identifier: MIT
//
// What happens to a device in the proof: a past without trouble, and then a
// piece of life in which the power may fail anywhere. Both floors of the proof
// share the names.

#ifndef SCENARIOS_H
#define SCENARIOS_H

#include <stdbool.h>
#include <stddef.h>

#include "world.h"

// How the update comes.
enum path {
    PATH_NONE,   // there is none
    PATH_STAGE,  // the application stages it, from the start after a cut
    PATH_RESUME, // the application stages it and goes on where it was
    PATH_ARRAY,  // the bootloader fetches it from a C array
    PATH_SLOT_A, // somebody writes it into slot A, not asking anybody
    PATH_STREAM, // the bootloader fetches it from a stream that cannot seek
};

// When the piece of life is over.
enum goal {
    GOAL_RUNS,     // an application runs
    GOAL_UPDATED,  // the new one runs and is confirmed
    GOAL_REFUSED,  // the old one runs and has been told why
    GOAL_REVERTED, // the same, after the new one's trial
};

// What has happened just before: done in the past, with the power on.
enum before {
    BEFORE_NOTHING,
    BEFORE_APP_ROTS,          // bits of the app slot have changed
    BEFORE_APP_UNREADABLE,    // a unit of it cannot be read any more
    BEFORE_BACKUP_ROTS,       // bits of the backup
    BEFORE_BACKUP_UNREADABLE, // a unit of it cannot be read any more
    BEFORE_STAGED_ROTS,       // staged, requested; bits of the slot
    BEFORE_INSTALLING_ROTS,   // the install was cut off; bits of the slot
    BEFORE_TRIAL,             // on trial; bits of the backup have changed
    BEFORE_REQUESTED,         // another update is staged and requested
};

struct scenario {
    const char *name;
    unsigned kinds;     // bits: 1 << enum kind
    unsigned history;   // updates before it
    int free_positions; // left in the journal at its beginning; -1: as it is
    enum path path;
    enum goal goal;
    enum before before;
    int result;    // of GOAL_REFUSED
    bool large;    // images of several erase units
    bool bad;      // the offered image has a wrong CRC
    bool never;    // the offered image does not confirm
    bool no_reset; // begins in the application, not with a boot
};

extern const struct scenario scenarios[];
extern const size_t scenario_count;

// NULL where there is none.
const struct scenario *scenario_find(const char *name);

#endif
