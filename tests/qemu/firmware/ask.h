// SPDX-License-Identifier: MIT
//
// Questions about single instructions. ALL_FLAGS, which the including file
// defines, is what the core calls its flags: apsr_nzcvq, or with those of the
// DSP extension apsr_nzcvqg.

#ifndef ASK_H
#define ASK_H

#include "cpu.h"

// Runs one instruction on x and y, beginning with carry set and the other flags
// clear, and prints its result and the flags NZCVQ and GE after it.
#define ASK(text, x, y) ASK_AS(text, text, x, y)
#define ASK_AS(name, text, x, y)                                               \
    do {                                                                       \
        uint32_t out, flags, a = (x), b = (y);                                 \
        __asm volatile("mov %0, #0\n"                                          \
                       "msr " ALL_FLAGS ", %4\n" text "\n"                     \
                       "mrs %1, apsr\n"                                        \
                       : "=&r"(out), "=&r"(flags)                              \
                       : "r"(a), "r"(b), "r"(0x20000000)                       \
                       : "cc");                                                \
        show(name, out);                                                       \
        show("  flags", flags & 0xF80F0000);                                   \
    } while (0)

#endif
