// SPDX-License-Identifier: MIT
//
// What strict.c and the tests of the devices share: a script of loads and
// stores that the firmware executes as real instructions, and a mailbox for
// what it saw.

#ifndef STRICT_H
#define STRICT_H

#include <stdint.h>

#define MAILBOX 0x20002000

enum step_kind {
    STEP_END,
    STEP_STORE, // size bytes of value to address
    STEP_LOAD,  // size bytes from address, recorded
    STEP_WAIT,  // until (word at address & mask) == value
    STEP_SPIN,  // value times round a loop
    STEP_SLEEP, // WFI
};

struct step {
    uint32_t kind, size, address, value, mask;
};

struct mailbox {
    uint32_t from_ram; // written by the test: run the script from RAM
    uint32_t boots;
    uint32_t done;
    uint32_t faults, cfsr, bfar;
    uint32_t interrupts, last_exception;
    uint32_t count;
    uint32_t value[16];
    struct step in_interrupt[4];
    struct step script[96];
};

#endif
