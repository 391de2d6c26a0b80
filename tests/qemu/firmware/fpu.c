// SPDX-License-Identifier: MIT

#include "cpu.h"

#define FPCCR 0xE000EF34

// One operation on two singles given by their bits.
#define ASK(text, x, y)                                                        \
    do {                                                                       \
        uint32_t out;                                                          \
        __asm volatile("vmov s0, %1\n vmov s1, %2\n" text "\n vmov %0, s2"     \
                       : "=r"(out)                                             \
                       : "r"(x), "r"(y)                                        \
                       : "cc");                                                \
        show(text, out);                                                       \
    } while (0)

__asm(".fpu fpv4-sp-d16");

static void ask_operations(void)
{
    uint32_t flags;
    ASK("vadd.f32 s2, s0, s1", 0x3F800000, 0x33800000);
    ASK("vsub.f32 s2, s0, s1", 0x3F800001, 0x3F800000);
    ASK("vmul.f32 s2, s0, s1", 0x7F000000, 0x40800000);
    ASK("vdiv.f32 s2, s0, s1", 0x3F800000, 0x40400000);
    ASK("vdiv.f32 s2, s0, s1", 0x3F800000, 0x00000000);
    ASK("vsqrt.f32 s2, s0", 0x40000000, 0);
    ASK("vsqrt.f32 s2, s0", 0xBF800000, 0);
    ASK("vmov s2, s0; vfma.f32 s2, s0, s1", 0x3F800001, 0x3F800001);
    ASK("vcvt.s32.f32 s2, s0", 0xC0200000, 0);
    ASK("vcvtr.s32.f32 s2, s0", 0xC0200000, 0);
    ASK("vcvt.f32.u32 s2, s0", 0xFFFFFFFF, 0);
    __asm volatile("vcmp.f32 s0, s1\n vmrs %0, fpscr" : "=r"(flags));
    show("fpscr", flags);
}

static void on_svc(struct frame *frame, uint32_t exc_return)
{
    show("fpu exc_return", exc_return);
    show("fpu handler control", control());
    show("fpu r0", frame->r0);
    __asm volatile("vmov s0, %0\n vmov s15, %0\n vmsr fpscr, %0" ::"r"(0));
}

// An exception that uses the FPU does not disturb the code it interrupts.
static void ask_exception(void)
{
    uint32_t s0, s15, fpscr;
    hook[SVCALL] = on_svc;
    __asm volatile("vmov s0, %3\n vmov s15, %4\n vmsr fpscr, %5\n"
                   "mov r0, #9\n svc #0\n"
                   "vmov %0, s0\n vmov %1, s15\n vmrs %2, fpscr"
                   : "=&r"(s0), "=&r"(s15), "=&r"(fpscr)
                   : "r"(0x11111111), "r"(0x22222222), "r"(0xA0000000)
                   : "r0", "memory");
    show("s0", s0);
    show("s15", s15);
    show("fpscr", fpscr);
    show("control", control());
}

void ask_fpu(void)
{
    show("fpccr", *reg(FPCCR) & 0xC0000000); // ASPEN, LSPEN
    *reg(SCB_CPACR) |= 0xFu << 20;
    barrier();
    show("cpacr", *reg(SCB_CPACR));
    show("control before", control());
    ask_operations();
    show("control after", control());
    ask_exception();
    set_control(0); // FPCA
}
