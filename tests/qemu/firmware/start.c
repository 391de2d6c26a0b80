// SPDX-License-Identifier: MIT

#include "cpu.h"

#define TRACE 64

// In RAM, left alone by a reset.
#define MARK_ADDRESS 0x20001000
#define MARK         0x600DBEEF

extern uint32_t bss_start, bss_end;
extern const uint32_t stack_top;

hook_function *hook[VECTORS];
static char letters[TRACE];
static uint32_t letter_count;

void show(const char *name, uint32_t value)
{
    print(name);
    put(' ');
    print_hex(value);
    print("\r\n");
}

void trace(char letter)
{
    if (letter_count < TRACE) {
        letters[letter_count++] = letter;
    }
}

void show_trace(const char *name)
{
    print(name);
    put(' ');
    for (uint32_t i = 0; i < letter_count; i++) {
        put(letters[i]);
    }
    print("\r\n");
    letter_count = 0;
}

__attribute__((used)) static void handle(struct frame *frame,
                                         uint32_t exc_return)
{
    uint32_t number = ipsr();
    if (number < VECTORS && hook[number]) {
        hook[number](frame, exc_return);
        return;
    }
    show("unexpected exception", number);
    show("pc", frame->pc);
    show("cfsr", *reg(SCB_CFSR));
    for (;;) {
    }
}

// Finds the frame on the stack in use and goes on in C; handle returns from
// the exception itself, with the EXC_RETURN that is still in LR.
__attribute__((naked)) static void any_exception(void)
{
    __asm volatile("tst lr, #4\n"
                   "ite eq\n"
                   "mrseq r0, msp\n"
                   "mrsne r0, psp\n"
                   "mov r1, lr\n"
                   "b handle\n");
}

static void show_reset_state(void)
{
    uint32_t primask, basepri, faultmask;
    __asm volatile("mrs %0, primask" : "=r"(primask));
    __asm volatile("mrs %0, basepri" : "=r"(basepri));
    __asm volatile("mrs %0, faultmask" : "=r"(faultmask));
    show("reset control", control());
    show("reset ipsr", ipsr());
    show("reset primask", primask);
    show("reset basepri", basepri);
    show("reset faultmask", faultmask);
    show("reset shcsr", *reg(SCB_SHCSR));
    show("reset icsr", thread_icsr());
    show("reset ccr", *reg(SCB_CCR));
    show("reset aircr", *reg(SCB_AIRCR));
    show("reset stk ctrl", *reg(STK_CTRL));
}

static void reset_handler(void)
{
    for (volatile uint32_t *p = &bss_start; p < &bss_end; p++) {
        *p = 0;
    }
    console_start();
    if (*reg(MARK_ADDRESS) == MARK) {
        show_reset_state();
        print("end\r\n");
        for (;;) {
        }
    }
    print("begin\r\n");
    show_reset_state();
    ask_instructions();
    ask_memory();
    ask_exceptions();
    ask_interrupts();
    ask_stacks();
    ask_dsp();
    ask_fpu();
    ask_faults();
    console_drain();
    *reg(MARK_ADDRESS) = MARK;
    barrier();
    *reg(SCB_AIRCR) = 0x05FA0004; // SYSRESETREQ
    for (;;) {
    }
}

__attribute__((section(".vectors"),
               used)) static const void *const vectors[VECTORS] = {
    [0] = &stack_top,
    [1] = reset_handler,
    [2 ... VECTORS - 1] = any_exception,
};
