// SPDX-License-Identifier: MIT

#include "cpu.h"

static uint32_t words[8];
static uint32_t copied[8];

static void ask_access(void)
{
    uint32_t base = (uint32_t)words, low, high, after;
    for (uint32_t i = 0; i < 8; i++) {
        words[i] = 0x80818283 + 0x04040404 * i;
    }
    __asm volatile("ldr %0, [%1, #1]" : "=r"(low) : "r"(base) : "memory");
    show("unaligned ldr", low);
    __asm volatile("ldrsb %0, [%1, #3]" : "=r"(low) : "r"(base) : "memory");
    show("ldrsb", low);
    __asm volatile("ldrsh %0, [%1, #5]" : "=r"(low) : "r"(base) : "memory");
    show("unaligned ldrsh", low);
    __asm volatile("ldrd %0, %1, [%2, #8]"
                   : "=&r"(low), "=&r"(high)
                   : "r"(base)
                   : "memory");
    show("ldrd low", low);
    show("ldrd high", high);
    after = base + 32;
    __asm volatile("ldmdb %0!, {r2, r3}" : "+r"(after)::"r2", "r3", "memory");
    show("ldmdb moved by", base + 32 - after);
    after = base;
    __asm volatile("str %1, [%0], #4" : "+r"(after) : "r"(low) : "memory");
    show("str post-index moved by", after - base);
    __asm volatile("str %1, [%0, #3]" ::"r"(base), "r"(0x11223344) : "memory");
    show("unaligned str, word 0", words[0]);
    show("unaligned str, word 1", words[1]);
}

static void ask_exclusive(void)
{
    uint32_t base = (uint32_t)words, old, first, second, third;
    __asm volatile("ldrex %0, [%4]\n strex %1, %5, [%4]\n strex %2, %5, [%4]\n"
                   "ldrex %0, [%4]\n clrex\n strex %3, %5, [%4]"
                   : "=&r"(old), "=&r"(first), "=&r"(second), "=&r"(third)
                   : "r"(base), "r"(0x5AFE)
                   : "memory");
    show("strex after ldrex", first);
    show("strex again", second);
    show("strex after clrex", third);
    show("value", words[0]);
}

// ARMv7-M optional; RM0390 2.2: 0x22000000 + byte * 32 + bit * 4.
static void ask_bit_band(void)
{
    uint32_t alias = 0x22000000 + ((uint32_t)words - 0x20000000) * 32;
    words[0] = 0x00000100;
    show("bit-band bit 8", *reg(alias + 8 * 4));
    *reg(alias + 8 * 4) = 0;
    *reg(alias + 31 * 4) = 0xFFFFFFFF;
    *reg(alias + 1 * 4) = 0xFFFFFFFE; // only bit 0 counts
    show("bit-band word", words[0]);
}

// Code that runs from RAM and is then changed: movs r0, #imm; bx lr.
static void ask_code_in_ram(void)
{
    uint32_t (*code)(void) = (uint32_t(*)(void))((uint32_t)copied | 1);
    copied[0] = 0x47702011;
    barrier();
    show("code in RAM", code());
    copied[0] = 0x47702022;
    barrier();
    show("code changed", code());
}

void ask_memory(void)
{
    ask_access();
    ask_exclusive();
    ask_bit_band();
    ask_code_in_ram();
}
