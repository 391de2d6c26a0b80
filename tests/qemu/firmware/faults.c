// SPDX-License-Identifier: MIT
//
// Faults on purpose: which exception, which status, which address.

#include "cpu.h"

#define NOWHERE 0x60000000 // nothing is connected there
#define DEVICE  0x40020000 // never executable (Armv7-M ARM B3.1)

static uint32_t start; // of the code that is to fault

// Tells about a fault and goes on behind the call of the code that did it.
static void on_fault(struct frame *frame, uint32_t exc_return)
{
    uint32_t cfsr = *reg(SCB_CFSR);
    show("  ipsr", ipsr());
    show("  exc_return", exc_return);
    show("  cfsr", cfsr);
    show("  hfsr", *reg(SCB_HFSR));
    if (cfsr & 1u << 15) { // BFARVALID
        show("  bfar", *reg(SCB_BFAR));
    }
    show("  pc", frame->pc - start);
    show("  xpsr", frame->xpsr & 0x0700FC00); // T and IT bits
    show("  shcsr", *reg(SCB_SHCSR));
    *reg(SCB_CFSR) = cfsr;
    *reg(SCB_HFSR) = *reg(SCB_HFSR);
    show("  cfsr cleared", *reg(SCB_CFSR));
    frame->pc = frame->lr & ~1u;
    frame->xpsr = 1u << 24;
    __asm volatile("cpsie i" ::: "memory");
}

#define CULPRIT(name, code)                                                    \
    __attribute__((naked, noipa)) static void name(uint32_t address)           \
    {                                                                          \
        __asm volatile(code "\n bx lr");                                       \
    }

CULPRIT(undefined, "udf #0")
CULPRIT(undefined_later, "mov r1, r1\n mov r2, r2\n udf #0")
CULPRIT(load, "ldr r1, [r0]")
CULPRIT(load_later, "mov r1, r1\n mov r2, r2\n ldr r1, [r0]")
CULPRIT(load_byte, "ldrb r1, [r0, #3]")
CULPRIT(jump, "bx r0")
CULPRIT(masked_svc, "cpsid i\n svc #0")
CULPRIT(unaligned_ldm, "ldm r0, {r1, r2}")
CULPRIT(unaligned_ldrd, "ldrd r1, r2, [r0]")

static void ask(const char *name, void (*culprit)(uint32_t), uint32_t address)
{
    start = (uint32_t)culprit & ~1u;
    print(name);
    print("\r\n");
    culprit(address);
}

static void ask_jump(const char *name, uint32_t address)
{
    start = address & ~1u;
    print(name);
    print("\r\n");
    jump(address);
}

static void ask_all(void)
{
    ask("udf", undefined, 0);
    ask("udf, not first", undefined_later, 0);
    ask("load from nowhere", load, NOWHERE);
    ask("load from nowhere, not first", load_later, NOWHERE);
    ask("load of a byte", load_byte, NOWHERE);
    ask("unaligned ldm", unaligned_ldm, 0x20000001);
    ask("unaligned ldrd", unaligned_ldrd, 0x20000002);
    ask_jump("jump to nowhere", NOWHERE | 1);
    ask_jump("jump into a device", DEVICE | 1);
    ask_jump("jump to Arm code", 0x08000200);
    ask("svc with primask", masked_svc, 0);
}

void ask_faults(void)
{
    hook[HARD] = hook[MEM] = hook[BUS] = hook[USAGE] = on_fault;
    print("faults, all to HardFault\r\n");
    *reg(SCB_SHCSR) = 0;
    ask_all();
    print("faults, each its own\r\n");
    *reg(SCB_SHCSR) = 7u << 16;
    show("shcsr", *reg(SCB_SHCSR));
    ask_all();
}
