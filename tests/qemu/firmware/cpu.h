// SPDX-License-Identifier: MIT
//
// A firmware that asks the core many questions and prints the answers, one a
// line. It runs on vboard and on qemu, and test_qemu.py compares.

#ifndef CPU_H
#define CPU_H

#include <stdint.h>

#include "../../command/firmware/console.h"

#define SCB_ICSR  0xE000ED04
#define SCB_CCR   0xE000ED14
#define SCB_SHPR2 0xE000ED1C // SVCall in bits 31:24
#define SCB_SHPR3 0xE000ED20 // SysTick 31:24, PendSV 23:16
#define SCB_SHCSR 0xE000ED24
#define SCB_CFSR  0xE000ED28
#define SCB_HFSR  0xE000ED2C
#define SCB_BFAR  0xE000ED38
#define SCB_CPACR 0xE000ED88
#define NVIC_ISER 0xE000E100
#define NVIC_ICER 0xE000E180
#define NVIC_ISPR 0xE000E200
#define NVIC_ICPR 0xE000E280
#define NVIC_IABR 0xE000E300
#define NVIC_IPR  0xE000E400
#define NVIC_STIR 0xE000EF00

#define ICSR_PENDSVSET (1u << 28)
#define ICSR_PENDSTSET (1u << 26)
#define ICSR_PENDSTCLR (1u << 25)

enum exception { HARD = 3, MEM, BUS, USAGE, SVCALL = 11, PENDSV = 14, TICK };
#define IRQ(n)  (16 + (n))
#define VECTORS 32

// What the core pushes at an exception.
struct frame {
    uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
};

// What is called at each exception, and what it was called with.
typedef void hook_function(struct frame *frame, uint32_t exc_return);
extern hook_function *hook[VECTORS];

// "name value"
void show(const char *name, uint32_t value);
// Order of events: letters, printed and forgotten by show_trace.
void trace(char letter);
void show_trace(const char *name);

static inline void barrier(void)
{
    __asm volatile("dsb\n isb" ::: "memory");
}

static inline uint32_t ipsr(void)
{
    uint32_t x;
    __asm volatile("mrs %0, ipsr" : "=r"(x));
    return x;
}

// RETTOBASE is UNKNOWN in thread mode (Armv7-M ARM B3.2.4).
static inline uint32_t thread_icsr(void)
{
    return *reg(SCB_ICSR) & ~(1u << 11);
}

static inline uint32_t control(void)
{
    uint32_t x;
    __asm volatile("mrs %0, control" : "=r"(x));
    return x;
}

static inline void set_control(uint32_t x)
{
    __asm volatile("msr control, %0\n isb" ::"r"(x) : "memory");
}

static inline void set_basepri(uint32_t x)
{
    __asm volatile("msr basepri, %0\n isb" ::"r"(x) : "memory");
}

static inline void irq_off(void)
{
    __asm volatile("cpsid i" ::: "memory");
}

static inline void irq_on(void)
{
    __asm volatile("cpsie i\n isb" ::: "memory");
}

// The questions, by subject.
void ask_instructions(void);
void ask_memory(void);
void ask_exceptions(void);
void ask_interrupts(void);
void ask_stacks(void);
void ask_dsp(void); // dsp.c, or cortex_m3.c for a core without
void ask_fpu(void); // fpu.c, or cortex_m3.c
void ask_faults(void);

#endif
