// SPDX-License-Identifier: MIT
//
// A board with the firmware strict.c, for the tests of the device models: runs
// a script of loads and stores and keeps what the board reported.

#ifndef DEVICE_RIG_H
#define DEVICE_RIG_H

#include "strict.h"
#include "vboard.h"

// Steps of a script.
#define STORE(address, value)                                                  \
    {                                                                          \
        STEP_STORE, 4, address, value, 0                                       \
    }
#define STORE16(address, value)                                                \
    {                                                                          \
        STEP_STORE, 2, address, value, 0                                       \
    }
#define STORE8(address, value)                                                 \
    {                                                                          \
        STEP_STORE, 1, address, value, 0                                       \
    }
#define LOAD(address)                                                          \
    {                                                                          \
        STEP_LOAD, 4, address, 0, 0                                            \
    }
#define LOAD16(address)                                                        \
    {                                                                          \
        STEP_LOAD, 2, address, 0, 0                                            \
    }
#define LOAD8(address)                                                         \
    {                                                                          \
        STEP_LOAD, 1, address, 0, 0                                            \
    }
#define WAIT(address, mask, value)                                             \
    {                                                                          \
        STEP_WAIT, 4, address, value, mask                                     \
    }
#define SPIN(times)                                                            \
    {                                                                          \
        STEP_SPIN, 4, 0, times, 0                                              \
    }
#define SLEEP()                                                                \
    {                                                                          \
        STEP_SLEEP, 4, 0, 0, 0                                                 \
    }

struct rig {
    struct vboard *board;
    FILE *log;
    struct mailbox box; // as the last run left it
    unsigned violations;
    char violation[256]; // the last one
    char handover[1024]; // what the last hand-over check has found
    // all events but violations, in order
    struct rig_event {
        enum vboard_event_kind kind;
        uint64_t time, number;
        uint32_t value, unit, address, size;
        enum vboard_flash_op op;
        char text[32];
    } event[64];
    unsigned events;
};

// config may be NULL; its event callback and log are the rig's. Without an mcu
// it is an stm32f446re.
void rig_open(struct rig *rig, const struct vboard_config *config);
void rig_close(struct rig *rig);
// Power on, with this script to run. It ends at a step of kind STEP_END.
void rig_start(struct rig *rig, const struct step *script);
// Runs for a time; the mailbox follows.
enum vboard_stop rig_run(struct rig *rig, uint64_t duration);
uint32_t rig_peek(struct rig *rig, uint32_t address);
// The n-th event of a kind, from 0; NULL when there were fewer.
const struct rig_event *rig_event(const struct rig *rig,
                                  enum vboard_event_kind kind, unsigned n);

// A rule and a script that keeps or breaks it.
struct rule {
    const char *name;
    const char *violation; // a part of the message, NULL: legal use
    struct step script[24];
    uint32_t values[4]; // what the loads of the script must give
    unsigned count;
    bool fault;    // the script must end in a fault
    bool w25q;     // with a W25Q64 at SPI2
    bool from_ram; // executed there, since the flash is busy
};

// Checks each rule on a board of its own; config may be NULL.
void rules_check(const struct rule *rules, unsigned count,
                 const struct vboard_config *config);

#endif
