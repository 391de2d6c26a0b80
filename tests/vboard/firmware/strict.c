// SPDX-License-Identifier: MIT
//
// Firmware of the device tests: does the loads and stores of a script that the
// test has put into the mailbox, so that each register address and value stands
// in the test. On HSI, in the 20 KiB of RAM of the smaller chip, no variables of
// its own.

#include "strict.h"

#define CFSR 0xE000ED28
#define BFAR 0xE000ED38

#define RAM_COPY  0x20003000
#define COPY_SIZE 1024

extern uint32_t stack_top;

static struct mailbox *mailbox(void)
{
    return (struct mailbox *)MAILBOX;
}

static uint32_t load(uint32_t address, uint32_t size)
{
    switch (size) {
    case 1:
        return *(volatile uint8_t *)address;
    case 2:
        return *(volatile uint16_t *)address;
    default:
        return *(volatile uint32_t *)address;
    }
}

static void store(uint32_t address, uint32_t value, uint32_t size)
{
    switch (size) {
    case 1:
        *(volatile uint8_t *)address = (uint8_t)value;
        break;
    case 2:
        *(volatile uint16_t *)address = (uint16_t)value;
        break;
    default:
        *(volatile uint32_t *)address = value;
        break;
    }
}

// Calls nothing outside itself: it is also run as a copy in RAM.
__attribute__((noinline, flatten)) static void execute(const struct step *step,
                                                       struct mailbox *box)
{
    for (; step->kind != STEP_END; step++) {
        if (step->kind == STEP_STORE) {
            store(step->address, step->value, step->size);
        } else if (step->kind == STEP_LOAD) {
            box->value[box->count] = load(step->address, step->size);
            box->count++;
        } else if (step->kind == STEP_WAIT) {
            while ((load(step->address, 4) & step->mask) != step->value) {
            }
        } else if (step->kind == STEP_SPIN) {
            for (volatile uint32_t n = 0; n < step->value; n++) {
            }
        } else {
            __asm volatile("wfi");
        }
    }
}

static void execute_in_ram(const struct step *step, struct mailbox *box)
{
    uint32_t from = (uint32_t)execute & ~1u;
    for (uint32_t i = 0; i < COPY_SIZE; i += 4) {
        store(RAM_COPY + i, load(from + i, 4), 4);
    }
    __asm volatile("dsb\n isb" ::: "memory");
    void (*copy)(const struct step *, struct mailbox *) =
        (void (*)(const struct step *, struct mailbox *))(RAM_COPY | 1);
    copy(step, box);
}

static void fault_handler(void)
{
    struct mailbox *box = mailbox();
    box->faults++;
    box->cfsr = load(CFSR, 4);
    box->bfar = load(BFAR, 4);
    for (;;) {
    }
}

static void interrupt_handler(void)
{
    struct mailbox *box = mailbox();
    uint32_t exception;
    __asm volatile("mrs %0, ipsr" : "=r"(exception));
    box->interrupts++;
    box->last_exception = exception;
    execute(box->in_interrupt, box);
}

// Only the first boot runs the script: a reset in it must not begin it again.
static void reset_handler(void)
{
    struct mailbox *box = mailbox();
    box->boots++;
    if (box->boots == 1) {
        if (box->from_ram) {
            execute_in_ram(box->script, box);
        } else {
            execute(box->script, box);
        }
        box->done = 1;
    }
    for (;;) {
        __asm volatile("wfi");
    }
}

__attribute__((section(".vectors"),
               used)) static const void *const vectors[16 + 97] = {
    &stack_top,    reset_handler,
    fault_handler, fault_handler,
    fault_handler, fault_handler,
    fault_handler, [16 ... 112] = interrupt_handler,
};
