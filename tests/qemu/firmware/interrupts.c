// SPDX-License-Identifier: MIT
//
// The NVIC, by interrupts that software makes pending.

#include "cpu.h"

static void pend(uint32_t irq)
{
    *reg(NVIC_ISPR) = 1u << irq;
    barrier();
}

static void set_priority(uint32_t irq, uint32_t priority)
{
    *(volatile uint8_t *)(NVIC_IPR + irq) = (uint8_t)priority;
}

static void on_irq(struct frame *frame, uint32_t exc_return)
{
    trace((char)('0' + ipsr() - 16));
}

// Interrupt 3 makes 4 pending and shows what goes on.
static void on_irq3(struct frame *frame, uint32_t exc_return)
{
    trace('3');
    pend(4);
    show("iabr", *reg(NVIC_IABR));
    show("ispr", *reg(NVIC_ISPR));
    show("icsr", *reg(SCB_ICSR));
    trace('.');
}

// Interrupt 5 asks for itself once more.
static void on_irq5(struct frame *frame, uint32_t exc_return)
{
    trace('5');
    if (exc_return == 0xFFFFFFF9 && frame->r0 == 0x55) {
        pend(5);
        frame->r0 = 0;
    }
}

static void ask_order(void)
{
    set_priority(3, 0x80);
    set_priority(4, 0x40);
    set_priority(5, 0x40);
    *reg(NVIC_ISER) = 7u << 3;
    show("iser", *reg(NVIC_ISER));
    show("ipr", *reg(NVIC_IPR + 4));
    irq_off();
    *reg(NVIC_ISPR) = 7u << 3;
    barrier();
    show("pending, icsr", thread_icsr());
    irq_on();
    show_trace("order");
    show("ispr after", *reg(NVIC_ISPR));
}

static void ask_nesting(void)
{
    hook[IRQ(3)] = on_irq3;
    pend(3);
    show_trace("preempted");
    *reg(SCB_AIRCR) = 0x05FA0000 | 7u << 8; // all bits are sub-priority
    barrier();
    show("aircr", *reg(SCB_AIRCR));
    pend(3);
    show_trace("not preempted");
    *reg(SCB_AIRCR) = 0x05FA0000;
    barrier();
    hook[IRQ(3)] = on_irq;
}

static void ask_masks(void)
{
    set_basepri(0x80);
    pend(3);
    trace('.');
    pend(4);
    trace('.');
    set_basepri(0);
    show_trace("basepri");
    uint32_t basepri;
    set_basepri(0x40);
    __asm volatile("msr basepri_max, %1\n mrs %0, basepri"
                   : "=r"(basepri)
                   : "r"(0x80));
    show("basepri_max raises only", basepri);
    set_basepri(0);
    __asm volatile("cpsid f" ::: "memory");
    pend(4);
    trace('.');
    __asm volatile("cpsie f\n isb" ::: "memory");
    show_trace("faultmask");
}

static void ask_registers(void)
{
    *reg(NVIC_ICER) = 1u << 3;
    pend(3);
    trace('.');
    show("disabled, ispr", *reg(NVIC_ISPR));
    *reg(NVIC_ICPR) = 1u << 3;
    *reg(NVIC_ISER) = 1u << 3;
    barrier();
    show_trace("withdrawn");
    *reg(NVIC_STIR) = 4;
    barrier();
    show_trace("stir");
    hook[IRQ(5)] = on_irq5;
    __asm volatile("mov r0, #0x55\n str %1, [%0]\n dsb\n isb" ::"r"(NVIC_ISPR),
                   "r"(1u << 5)
                   : "r0", "memory");
    show_trace("pending again");
    *reg(NVIC_ICER) = 0xFFFFFFFF;
    show("icer", *reg(NVIC_ICER));
}

void ask_interrupts(void)
{
    hook[IRQ(3)] = hook[IRQ(4)] = hook[IRQ(5)] = on_irq;
    ask_order();
    ask_nesting();
    ask_masks();
    ask_registers();
}
