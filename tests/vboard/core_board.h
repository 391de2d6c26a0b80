// SPDX-License-Identifier: MIT
//
// A board with the firmware core.c, for the tests of the core.

#ifndef CORE_BOARD_H
#define CORE_BOARD_H

#include <stdio.h>

#include "core.h"
#include "vboard.h"

// What the event callback has seen.
struct seen {
    int resets;
    int faults;
    int violations;
    int handovers;
    char fault[256]; // the last texts
    char violation[256];
    char handover[1024];
    uint32_t handover_value;
    uint32_t reset_cause;
};

struct core_board {
    struct vboard *board;
    struct vboard_config config;
    struct seen seen;
};

// Switches a board on with one case of the firmware selected.
void core_start(struct core_board *core, uint32_t number, uint32_t skip);
void core_start_with(struct core_board *core, uint32_t number, uint32_t skip,
                     const struct vboard_config *config);
void core_end(struct core_board *core);
struct mailbox core_mailbox(struct core_board *core);

#endif
