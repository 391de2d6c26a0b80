// SPDX-License-Identifier: MIT
//
// The core, a Cortex-M3 or M4: system control space and the few instructions
// that C has no words for. Names as in the Armv7-M ARM (B3.2, B3.3, B3.4).

#ifndef STM32_CORTEX_M_H
#define STM32_CORTEX_M_H

#include <stdint.h>

struct systick_regs {
    volatile uint32_t CSR;
    volatile uint32_t RVR;
    volatile uint32_t CVR;
};
#define SYST ((struct systick_regs *)0xE000E010)

#define SYST_CSR_ENABLE    (1u << 0)
#define SYST_CSR_TICKINT   (1u << 1)
#define SYST_CSR_CLKSOURCE (1u << 2)

// Registers of 32 lines each; those of lines that a chip does not have read 0.
struct nvic_regs {
    volatile uint32_t ISER[32];
    volatile uint32_t ICER[32];
    volatile uint32_t ISPR[32];
    volatile uint32_t ICPR[32];
};
#define NVIC ((struct nvic_regs *)0xE000E100)

struct scb_regs {
    volatile uint32_t CPUID;
    volatile uint32_t ICSR;
    volatile uint32_t VTOR;
    volatile uint32_t AIRCR;
};
#define SCB ((struct scb_regs *)0xE000ED00)

#define SCB_ICSR_PENDSTCLR    (1u << 25)
#define SCB_ICSR_PENDSVCLR    (1u << 27)
#define SCB_AIRCR_VECTKEY     (0x05FAu << 16)
#define SCB_AIRCR_PRIGROUP    (7u << 8)
#define SCB_AIRCR_SYSRESETREQ (1u << 2)

static inline void data_barrier(void)
{
    __asm__ volatile("dsb" ::: "memory");
}

static inline void instruction_barrier(void)
{
    __asm__ volatile("isb" ::: "memory");
}

static inline void interrupts_off(void)
{
    __asm__ volatile("cpsid i" ::: "memory");
}

// PRIMASK: 1 after interrupts_off().
static inline uint32_t interrupt_mask(void)
{
    uint32_t mask;
    __asm__ volatile("mrs %0, primask" : "=r"(mask));
    return mask;
}

static inline void set_interrupt_mask(uint32_t mask)
{
    __asm__ volatile("msr primask, %0" ::"r"(mask) : "memory");
}

// The bits in reverse order.
static inline uint32_t reversed(uint32_t word)
{
    uint32_t result;
    __asm__("rbit %0, %1" : "=r"(result) : "r"(word));
    return result;
}

static inline void wait_for_interrupt(void)
{
    __asm__ volatile("dsb\n\twfi" ::: "memory");
}

#endif
