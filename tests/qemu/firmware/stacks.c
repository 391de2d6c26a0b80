// SPDX-License-Identifier: MIT
//
// The process stack, and code without privilege.

#include "cpu.h"

static uint32_t process_stack[64];

#define PROCESS_TOP ((uint32_t)(process_stack + 64))

static void on_svc(struct frame *frame, uint32_t exc_return)
{
    show("exc_return", exc_return);
    show("frame below top", PROCESS_TOP - (uint32_t)frame);
    show("r0", frame->r0);
    show("r1", frame->r1);
    show("handler control", control());
    set_control(control() & ~1u); // back to privileged
}

// Runs on the process stack with a given CONTROL; reads CONTROL there, tries to
// set PRIMASK and BASEPRI, and asks the handler of SVCall to come back.
__attribute__((naked, noipa)) static void thread(uint32_t control, uint32_t top)
{
    __asm volatile("push {r4, lr}\n msr psp, r1\n"
                   "msr control, r0\n isb\n"
                   "cpsid i\n movs r2, #0x40\n msr basepri, r2\n"
                   "mrs r0, control\n mrs r1, primask\n"
                   "svc #0\n"
                   "cpsie i\n movs r2, #0\n msr basepri, r2\n"
                   "msr control, r2\n isb\n pop {r4, pc}");
}

// SVC above BASEPRI, or it would escalate; PRIMASK is for the next test.
__attribute__((naked, noipa)) static void process(uint32_t control,
                                                  uint32_t top)
{
    __asm volatile("push {r4, lr}\n msr psp, r1\n msr control, r0\n isb\n"
                   "mrs r0, control\n mov r1, #7\n svc #0\n"
                   "movs r2, #0\n msr control, r2\n isb\n pop {r4, pc}");
}

void ask_stacks(void)
{
    uint32_t psp;
    hook[SVCALL] = on_svc;
    *reg(SCB_SHPR2) = 0;
    print("process stack\r\n");
    process(2, PROCESS_TOP);
    __asm volatile("mrs %0, psp" : "=r"(psp));
    show("psp below top", PROCESS_TOP - psp);
    show("control", control());
    print("process stack, unaligned\r\n");
    process(2, PROCESS_TOP - 4);
    print("no privilege\r\n");
    process(3, PROCESS_TOP);
    print("no privilege, masks\r\n");
    thread(3, PROCESS_TOP);
    show("control", control());
}
