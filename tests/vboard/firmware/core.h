// SPDX-License-Identifier: MIT
//
// What core.c and test_cpu.c share: the numbers of the cases, and a mailbox in
// RAM below the stack.

#ifndef CORE_H
#define CORE_H

#include <stdint.h>

#define MAILBOX 0x2001F000

enum {
    CASE_SVC,
    CASE_NESTING,
    CASE_ORDER,
    CASE_BASEPRI,
    CASE_FAULTMASK,
    CASE_SYSTICK,
    CASE_SYSTICK_DIV8,
    CASE_WFI,
    CASE_UNDEFINED,
    CASE_BUS_FAULT,
    CASE_LOCKUP,
    CASE_STACK_BELOW_RAM,
    CASE_STACKING_BELOW_RAM,
    CASE_VTOR,
    CASE_RESET,
    CASE_DWT,
    CASE_UNPRIVILEGED,
    CASE_FPU,
    CASE_INVPC,
    CASE_INVSTATE,
    CASE_EXECUTE_DEVICE,
    CASE_BITBAND,
    CASE_WORK,
    CASE_CODE_IN_RAM,
    CASE_SLEEP_ON_EXIT,
    CASE_YIELD,
    CASE_HANDOVER,
    CASE_POLL,
    CASE_LOCATE,
};

// What CASE_HANDOVER leaves, in mailbox.skip.
enum {
    HANDOVER_CLEAN,
    HANDOVER_LEFTOVERS,
    HANDOVER_WATCHDOG,
    HANDOVER_REGISTERS, // of a watchdog that does not run
    HANDOVER_UPDATE,
};

struct mailbox {
    uint32_t number; // of the case, written by the test
    uint32_t done;
    uint32_t skip; // size of the instruction that a fault handler skips
    uint32_t ticks;
    uint32_t last_tick; // CYCCNT in the last SysTick handler
    uint32_t count;
    uint32_t value[32];
};

#endif
