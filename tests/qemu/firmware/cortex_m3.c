// SPDX-License-Identifier: MIT
//
// In place of dsp.c and fpu.c for a core that has neither: what the first
// instruction of an FPU does there.

#include "cpu.h"

static void on_usage(struct frame *frame, uint32_t exc_return)
{
    (void)exc_return;
    show("  cfsr", *reg(SCB_CFSR));
    *reg(SCB_CFSR) = *reg(SCB_CFSR);
    frame->pc += 4;
}

void ask_dsp(void)
{
}

void ask_fpu(void)
{
    hook[USAGE] = on_usage;
    *reg(SCB_SHCSR) = 7u << 16;
    print("vadd.f32\r\n");
    __asm volatile(".inst.n 0xEE30\n .inst.n 0x0A00");
    *reg(SCB_CPACR) = 0xF << 20;
    print("vadd.f32, CPACR\r\n");
    __asm volatile(".inst.n 0xEE30\n .inst.n 0x0A00");
    show("cpacr", *reg(SCB_CPACR));
    *reg(SCB_SHCSR) = 0;
}
