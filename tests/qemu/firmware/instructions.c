// SPDX-License-Identifier: MIT

#define ALL_FLAGS "apsr_nzcvq"
#include "ask.h"

static void ask_arithmetic(void)
{
    ASK("adds %0, %2, %3", 0x7FFFFFFF, 1);
    ASK("adds %0, %2, %3", 0xFFFFFFFF, 1);
    ASK("adcs %0, %2, %3", 0xFFFFFFFF, 0);
    ASK("subs %0, %2, %3", 0, 1);
    ASK("subs %0, %2, %3", 0x80000000, 1);
    ASK("sbcs %0, %2, %3", 5, 5);
    ASK("rsbs %0, %2, #0", 0x80000000, 0);
    ASK("sdiv %0, %2, %3", 0x80000000, 0xFFFFFFFF);
    ASK("sdiv %0, %2, %3", 0xFFFFFFF9, 2);
    ASK("udiv %0, %2, %3", 0xFFFFFFF9, 2);
    ASK("udiv %0, %2, %3", 7, 0);
    ASK("muls %0, %2, %0", 3, 0);
    ASK("umull %0, %1, %2, %3", 0xFFFFFFFF, 0xFFFFFFFF);
    ASK("smull %0, %1, %2, %3", 0xFFFFFFFF, 0x12345678);
}

static void ask_bits(void)
{
    ASK("lsls %0, %2, %3", 0x80000001, 32);
    ASK("lsrs %0, %2, %3", 0x80000001, 33);
    ASK("asrs %0, %2, %3", 0x80000001, 200);
    ASK("rors %0, %2, %3", 0x80000001, 1);
    ASK("rrxs %0, %2", 0x00000001, 0);
    ASK("clz %0, %2", 0x00010000, 0);
    ASK("rbit %0, %2", 0x12345678, 0);
    ASK("rev16 %0, %2", 0x12345678, 0);
    ASK("revsh %0, %2", 0x000080FF, 0);
    ASK("bfi %0, %2, #4, #8", 0x000001FF, 0);
    ASK("sbfx %0, %2, #4, #8", 0x00000F80, 0);
    ASK("ubfx %0, %2, #4, #8", 0x00000F80, 0);
}

static void ask_saturation(void)
{
    ASK("ssat %0, #8, %2", 300, 0);
    ASK("usat %0, #8, %2", 0xFFFFFF00, 0);
}

#define ITTEE                                                                  \
    "cmp %2, %3\n ittee gt\n movgt %0, #1\n addgt %0, #1\n"                    \
    "movle %0, #3\n addle %0, #1"
#define TBB                                                                    \
    "adr %1, 1f\n b 2f\n .align 2\n 1: .byte 0, 2, 4, 0\n 2: tbb [%1, %2]\n"   \
    "add.w %0, %0, #1\n add.w %0, %0, #2\n add.w %0, %0, #4"
#define BNE "tst %2, #1\n mov %0, #1\n bne 1f\n mov %0, #2\n 1: nop"

static void ask_flow(void)
{
    ASK_AS("ittee gt, taken", ITTEE, 5, 4);
    ASK_AS("ittee gt, not taken", ITTEE, 4, 5);
    ASK_AS("tbb 0", TBB, 0, 0);
    ASK_AS("tbb 2", TBB, 2, 0);
    ASK_AS("bne, taken", BNE, 1, 0);
    ASK_AS("bne, not taken", BNE, 2, 0);
}

void ask_instructions(void)
{
    ask_arithmetic();
    ask_bits();
    ask_saturation();
    ask_flow();
}
