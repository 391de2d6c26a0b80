// SPDX-License-Identifier: MIT
//
// System exceptions: SVCall, PendSV, SysTick, and what they leave behind.

#include "cpu.h"

static void on_svc(struct frame *frame, uint32_t exc_return)
{
    const uint16_t *next = (const uint16_t *)frame->pc;
    show("svc number", next[-1] & 0xFF);
    show("svc exc_return", exc_return);
    show("svc r0", frame->r0);
    show("svc r1", frame->r1);
    show("svc r2", frame->r2);
    show("svc r3", frame->r3);
    show("svc r12", frame->r12);
    show("svc xpsr", frame->xpsr);
    show("svc ipsr", ipsr());
    show("svc control", control());
    show("svc icsr", *reg(SCB_ICSR));
    show("svc shcsr", *reg(SCB_SHCSR));
    frame->r0 = 0xCAFE;
}

// An SVC with known registers, Z and C set, and the stack moved down by some
// bytes: r0 after it. CCR.STKALIGN (Armv7-M ARM B1.5.7) shows in xpsr.
__attribute__((naked, noipa)) static uint32_t svc_with(uint32_t down)
{
    __asm volatile("push {r4, lr}\n mov r4, sp\n sub sp, sp, r0\n"
                   "mov r0, #1\n mov r1, #2\n mov r2, #3\n mov r3, #4\n"
                   "mov r12, #5\n cmp r0, r0\n svc #0x5A\n"
                   "mov sp, r4\n pop {r4, pc}");
}

static void ask_svc(void)
{
    hook[SVCALL] = on_svc;
    show("svc result", svc_with(0));
    show("svc result", svc_with(4));
}

static void count_svc(struct frame *frame, uint32_t exc_return)
{
    trace('s');
}

// Returning into the middle of an IT block restores its state.
static void ask_svc_in_it_block(void)
{
    uint32_t out;
    hook[SVCALL] = count_svc;
    __asm volatile("movs %0, #0\n cmp %0, #0\n ittte eq\n svceq #1\n"
                   "addeq %0, #1\n addeq %0, #2\n addne %0, #4"
                   : "=&r"(out)::"cc", "memory");
    show("it block with svc", out);
    __asm volatile("movs %0, #1\n cmp %0, #0\n itte eq\n svceq #1\n"
                   "addeq %0, #1\n addne %0, #4"
                   : "=&r"(out)::"cc", "memory");
    show("it block without", out);
    show_trace("svc calls");
}

static void trace_pendsv(struct frame *frame, uint32_t exc_return)
{
    trace('P');
}

static void pend_pendsv(struct frame *frame, uint32_t exc_return)
{
    trace('s');
    *reg(SCB_ICSR) = ICSR_PENDSVSET;
    barrier();
    trace('e');
}

static void set_priorities(uint32_t svc, uint32_t pendsv, uint32_t systick)
{
    *reg(SCB_SHPR2) = svc << 24;
    *reg(SCB_SHPR3) = pendsv << 16 | systick << 24;
}

static void ask_pendsv(void)
{
    hook[SVCALL] = pend_pendsv;
    hook[PENDSV] = trace_pendsv;
    set_priorities(0x80, 0xF0, 0);
    __asm volatile("svc #0" ::: "memory");
    show_trace("pendsv below svc");
    set_priorities(0x80, 0x10, 0);
    __asm volatile("svc #0" ::: "memory");
    show_trace("pendsv above svc");
    set_priorities(0x80, 0x80, 0);
    __asm volatile("svc #0" ::: "memory");
    show_trace("pendsv beside svc");
    irq_off();
    *reg(SCB_ICSR) = ICSR_PENDSVSET;
    barrier();
    trace('a');
    show("pendsv masked, icsr", thread_icsr());
    irq_on();
    trace('b');
    show_trace("pendsv unmasked");
    show("pendsv done, icsr", thread_icsr());
}

static volatile uint32_t ticks;

static void on_tick(struct frame *frame, uint32_t exc_return)
{
    ticks++;
}

static void ask_systick(void)
{
    hook[TICK] = on_tick;
    *reg(STK_LOAD) = 20000;
    *reg(STK_VAL) = 5;
    show("systick val after a write", *reg(STK_VAL));
    *reg(STK_CTRL) = 7;
    while (ticks < 3) {
    }
    irq_off();
    while (!(*reg(SCB_ICSR) & ICSR_PENDSTSET)) {
    }
    show("systick pending, icsr", thread_icsr());
    show("systick ctrl", *reg(STK_CTRL));
    // wakes up although masked: WFI ignores PRIMASK (Armv7-M ARM B1.5.18)
    __asm volatile("wfi");
    *reg(STK_CTRL) = 0;
    *reg(SCB_ICSR) = ICSR_PENDSTCLR;
    barrier();
    show("systick cleared, icsr", thread_icsr());
    ticks = 0;
    irq_on();
    show("systick ticks after", ticks);
}

void ask_exceptions(void)
{
    ask_svc();
    ask_svc_in_it_block();
    ask_pendsv();
    ask_systick();
}
