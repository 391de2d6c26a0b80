// SPDX-License-Identifier: MIT
//
// Firmware of test_cpu.c: numbered cases that exercise the core. The test pokes
// the number into the mailbox, runs, and looks at what the case recorded. Bare
// registers, HSI at 16 MHz, no variables.

#include <stdint.h>

#include "core.h"

#define SYST_CSR  0xE000E010
#define SYST_RVR  0xE000E014
#define SYST_CVR  0xE000E018
#define ISER0     0xE000E100
#define ISPR0     0xE000E200
#define ICPR0     0xE000E280
#define IPR0      0xE000E400
#define ICSR      0xE000ED04
#define VTOR      0xE000ED08
#define AIRCR     0xE000ED0C
#define SCR       0xE000ED10
#define SHPR2     0xE000ED1C
#define SHPR3     0xE000ED20
#define SHCSR     0xE000ED24
#define CFSR      0xE000ED28
#define HFSR      0xE000ED2C
#define BFAR      0xE000ED38
#define CPACR     0xE000ED88
#define DEMCR     0xE000EDFC
#define STIR      0xE000EF00
#define DWT_CTRL  0xE0001000
#define CYCCNT    0xE0001004
#define NOTHING   0x60000000 // FMC, not connected
#define SPARE_RAM 0x20010000

#define RCC_CSR        0x40023874
#define IWDG_KR        0x40003000
#define IWDG_PR        0x40003004
#define IWDG_RLR       0x40003008
#define IWDG_SR        0x4000300C
#define DBGMCU_CR      0xE0042004
#define DBGMCU_APB1_FZ 0xE0042008
#define DBGMCU_APB2_FZ 0xE004200C

static volatile uint32_t *reg(uint32_t address)
{
    return (volatile uint32_t *)address;
}

static volatile struct mailbox *mailbox(void)
{
    return (volatile struct mailbox *)MAILBOX;
}

static void record(uint32_t value)
{
    volatile struct mailbox *box = mailbox();
    box->value[box->count] = value;
    box->count++;
}

static void finish(void)
{
    mailbox()->done = 1;
    for (;;) {
        __asm volatile("wfi");
    }
}

static void disable_irq(void)
{
    __asm volatile("cpsid i" ::: "memory");
}

static void enable_irq(void)
{
    __asm volatile("cpsie i\n isb" ::: "memory");
}

static void barrier(void)
{
    __asm volatile("dsb\n isb" ::: "memory");
}

static uint32_t ipsr(void)
{
    uint32_t value;
    __asm volatile("mrs %0, ipsr" : "=r"(value));
    return value;
}

/// Handlers ///

// Both take the frame of what was interrupted and the EXC_RETURN.
void svc_c(uint32_t *frame, uint32_t exc_return);
void fault_c(uint32_t *frame, uint32_t exc_return);

#define FRAME_HANDLER(name, target)                                            \
    __attribute__((naked)) static void name(void)                              \
    {                                                                          \
        __asm volatile("tst lr, #4\n"                                          \
                       "ite eq\n"                                              \
                       "mrseq r0, msp\n"                                       \
                       "mrsne r0, psp\n"                                       \
                       "mov r1, lr\n"                                          \
                       "b " #target);                                          \
    }

FRAME_HANDLER(svc_handler, svc_c)
FRAME_HANDLER(fault_handler, fault_c)

// Returns r0 + r1 to the caller.
void svc_c(uint32_t *frame, uint32_t exc_return)
{
    record(ipsr());
    record(exc_return);
    frame[0] += frame[1];
}

// Records what happened and goes on behind the instruction, whose size is in
// the mailbox; without a size it ends the case.
void fault_c(uint32_t *frame, uint32_t exc_return)
{
    if (mailbox()->number == CASE_LOCATE) {
        record(frame[6]);
        frame[6] += *(const uint16_t *)frame[6] >> 11 >= 0x1D ? 4 : 2;
        return;
    }
    record(ipsr());
    record(*reg(CFSR));
    record(*reg(HFSR));
    record(exc_return);
    if (!mailbox()->skip) {
        mailbox()->done = 1;
        for (;;) {
        }
    }
    frame[6] += mailbox()->skip;
    frame[7] |= 1u << 24;
}

static void pendsv_handler(void)
{
    record(0x0E);
}

static void systick_handler(void)
{
    volatile struct mailbox *box = mailbox();
    box->ticks++;
    box->last_tick = *reg(CYCCNT);
}

static void irq0_handler(void)
{
    record(0x100);
    if (mailbox()->number == CASE_NESTING) {
        *reg(ISPR0) = 1u << 1;
        barrier();
    }
    record(0x101);
}

static void irq1_handler(void)
{
    record(0x110);
}

static void irq2_handler(void)
{
    record(0x120);
}

static void reset_handler(void);
extern const uint32_t stack_top;

__attribute__((section(".vectors"), used)) static const void *vectors[19] = {
    &stack_top,
    reset_handler,
    fault_handler,
    fault_handler,
    fault_handler,
    fault_handler,
    fault_handler,
    0,
    0,
    0,
    0,
    svc_handler,
    0,
    0,
    pendsv_handler,
    systick_handler,
    irq0_handler,
    irq1_handler,
    irq2_handler};

/// Cases ///

static uint32_t svc_add(uint32_t a, uint32_t b)
{
    register uint32_t r0 __asm("r0") = a;
    register uint32_t r1 __asm("r1") = b;
    __asm volatile("svc #7" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void case_svc(void)
{
    record(svc_add(40, 2));
}

static void set_priorities(uint8_t irq0, uint8_t irq1, uint8_t irq2)
{
    *reg(IPR0) = (uint32_t)irq0 | (uint32_t)irq1 << 8 | (uint32_t)irq2 << 16;
    *reg(ISER0) = 7;
}

static void case_nesting(void)
{
    set_priorities(0x80, 0x40, 0xC0);
    *reg(ISPR0) = 1u << 0;
    barrier();
}

// All pend while masked; the order is that of priority, then of number.
static void case_order(void)
{
    set_priorities(0x80, 0x40, 0x40);
    *reg(SHPR3) = 0xF0u << 16; // PendSV last
    disable_irq();
    *reg(ICSR) = 1u << 28;
    *reg(ISPR0) = 7;
    barrier();
    record(1);
    enable_irq();
    record(2);
}

static void set_basepri(uint32_t value)
{
    __asm volatile("msr basepri, %0\n isb" ::"r"(value) : "memory");
}

static void case_basepri(void)
{
    set_priorities(0x80, 0x40, 0xC0);
    set_basepri(0x80);
    *reg(ISPR0) = 7; // only irq1 is more urgent than 0x80
    barrier();
    record(1);
    set_basepri(0);
    record(2);
}

static void case_faultmask(void)
{
    set_priorities(0, 0, 0);
    __asm volatile("cpsid f\n isb" ::: "memory");
    *reg(ISPR0) = 2;
    barrier();
    record(1);
    __asm volatile("cpsie f\n isb" ::: "memory");
    record(2);
}

static void start_cyccnt(void)
{
    *reg(DEMCR) |= 1u << 24;
    *reg(CYCCNT) = 0;
    *reg(DWT_CTRL) |= 1;
}

static void start_systick(uint32_t period, uint32_t csr)
{
    *reg(SYST_RVR) = period - 1;
    *reg(SYST_CVR) = 0;
    *reg(SYST_CSR) = csr;
}

// The time of eleven ticks of 1000 cycles: the test sees the distance.
static void case_systick(void)
{
    start_cyccnt();
    start_systick(1000, 7);
    while (mailbox()->ticks == 0) {
    }
    record(mailbox()->last_tick);
    while (mailbox()->ticks < 1001) {
    }
    record(mailbox()->last_tick);
    uint32_t csr = *reg(SYST_CSR);
    record(csr);
    record(*reg(SYST_CSR) >> 16 & 1); // reading CSR clears COUNTFLAG
    record(*reg(SYST_CVR) < 1000);
}

static void case_systick_div8(void)
{
    start_cyccnt();
    start_systick(100, 3); // HCLK/8
    while (mailbox()->ticks == 0) {
    }
    uint32_t first = mailbox()->last_tick;
    while (mailbox()->ticks < 11) {
    }
    record(mailbox()->last_tick - first);
}

static void case_wfi(void)
{
    start_cyccnt();
    start_systick(16000, 7);
    for (int i = 0; i < 5; i++) {
        __asm volatile("wfi");
        record(mailbox()->ticks);
    }
    // masked, WFI still ends; the handler runs when the mask goes
    disable_irq();
    __asm volatile("wfi");
    record(mailbox()->ticks);
    enable_irq();
    record(mailbox()->ticks);
    record(mailbox()->last_tick / 1000);
    *reg(SYST_CSR) = 0;
}

static void case_undefined(void)
{
    mailbox()->skip = 2;
    __asm volatile("udf #0");
    *reg(SHCSR) |= 1u << 18; // USGFAULTENA
    *reg(CFSR) = *reg(CFSR);
    *reg(HFSR) = *reg(HFSR);
    record(*reg(CFSR) | *reg(HFSR));
    __asm volatile("udf #0");
}

static void load(uint32_t address)
{
    uint32_t value;
    __asm volatile("ldr %0, [%1]" : "=r"(value) : "r"(address));
}

static void case_bus_fault(void)
{
    mailbox()->skip = 2;
    load(NOTHING + 8);
    record(*reg(BFAR));
    *reg(CFSR) = *reg(CFSR);
    *reg(HFSR) = *reg(HFSR);
    *reg(SHCSR) |= 1u << 17; // BUSFAULTENA
    load(NOTHING + 8);
    record(*reg(BFAR));
}

static void case_lockup(void)
{
    __asm volatile("cpsid f\n udf #0");
}

static void case_stack_below_ram(void)
{
    __asm volatile("mov sp, %0\n"
                   "push {r0-r3}\n"
                   "push {r0-r3}\n" ::"r"(0x20000018));
}

// Does not touch the stack until an interrupt does.
static void case_stacking_below_ram(void)
{
    set_priorities(0, 0, 0);
    __asm volatile("mov sp, %0\n"
                   "str %1, [%2]\n"
                   "dsb\n isb\n"
                   "b .\n" ::"r"(0x20000010),
                   "r"(1), "r"(ISPR0));
}

// A copy of the table in RAM with another handler.
static void move_vectors(int number, void (*handler)(void))
{
    uint32_t *table = (uint32_t *)SPARE_RAM;
    for (int i = 0; i < 19; i++) {
        table[i] = (uint32_t)vectors[i];
    }
    table[number] = (uint32_t)handler;
    *reg(VTOR) = SPARE_RAM;
}

static void moved_handler(void)
{
    record(0x777);
}

static void case_vtor(void)
{
    move_vectors(16, moved_handler);
    barrier();
    set_priorities(0, 0, 0);
    *reg(ISPR0) = 1;
    barrier();
    record(*reg(VTOR));
}

static void case_reset(void)
{
    record(0x55);
    if (mailbox()->count == 1) {
        *reg(VTOR) = SPARE_RAM;
        disable_irq();
        *reg(AIRCR) = 0x05FA0004;
        for (;;) {
        }
    }
    uint32_t primask;
    __asm volatile("mrs %0, primask" : "=r"(primask));
    record(*reg(VTOR) | primask);
}

static void case_dwt(void)
{
    record(*reg(CYCCNT)); // TRCENA is 0: reads 0
    start_cyccnt();
    uint32_t before = *reg(CYCCNT);
    for (uint32_t i = 0; i < 1000; i++) {
        __asm volatile("nop\n nop\n nop\n nop");
    }
    record(*reg(CYCCNT) - before);
    *reg(DWT_CTRL) &= ~1u;
    uint32_t stopped = *reg(CYCCNT);
    barrier();
    record(*reg(CYCCNT) - stopped);
}

static uint32_t read_control(void)
{
    uint32_t value;
    __asm volatile("mrs %0, control" : "=r"(value));
    return value;
}

// On the process stack and unprivileged; an access to the system control space
// and the attempt to mask interrupts both fail.
static void case_unprivileged(void)
{
    mailbox()->skip = 2;
    *reg(SHCSR) |= 1u << 17;
    *reg(SHPR2) = 0x80u << 24;
    __asm volatile("msr psp, %0\n"
                   "msr control, %1\n"
                   "isb" ::"r"(SPARE_RAM),
                   "r"(3)
                   : "memory");
    record(read_control());
    record(svc_add(20, 3));
    record(read_control());
    uint32_t value;
    load(CFSR);
    disable_irq();
    __asm volatile("mrs %0, primask" : "=r"(value));
    record(value);
    finish();
}

// s0 to s15 and FPSCR survive an interrupt that uses them.
static void fpu_handler(void)
{
    record(read_control() & 4);
    __asm volatile(".fpu fpv4-sp-d16\n"
                   "mov r0, #0\n"
                   "vmov s3, r0\n"
                   "vmsr fpscr, r0\n" ::
                       : "r0");
}

static void case_fpu(void)
{
    if (!mailbox()->skip) {
        *reg(CPACR) |= 0xFu << 20;
    }
    barrier();
    move_vectors(16, fpu_handler);
    set_priorities(0, 0, 0);
    uint32_t s3 = 0x1234;
    uint32_t fpscr = 0x80000000;
    __asm volatile(".fpu fpv4-sp-d16\n"
                   "vmov s3, %0\n"
                   "vmsr fpscr, %1\n"
                   "str %2, [%3]\n"
                   "dsb\n isb\n"
                   "vmov %0, s3\n"
                   "vmrs %1, fpscr\n"
                   : "+r"(s3), "+r"(fpscr)
                   : "r"(1), "r"(ISPR0)
                   : "memory");
    record(s3);
    record(fpscr);
    record(read_control() & 4);
}

// Returns from PendSV with a value that no exception is entered with.
__attribute__((naked)) static void bad_return(void)
{
    __asm volatile("mov r0, #0\n"
                   "mvn r0, r0\n" // 0xFFFFFFFF
                   "bx r0");
}

static void case_invpc(void)
{
    move_vectors(14, bad_return);
    *reg(SHCSR) |= 1u << 18;
    *reg(ICSR) = 1u << 28;
    barrier();
    record(0xBAD);
}

static void case_invstate(void)
{
    uint32_t even = (uint32_t)case_svc & ~1u;
    __asm volatile("bx %0" ::"r"(even));
}

static void case_execute_device(void)
{
    __asm volatile("bx %0" ::"r"(0x40000001));
}

static void case_bitband(void)
{
    *reg(SPARE_RAM) = 0;
    uint32_t alias = 0x22000000 + (SPARE_RAM - 0x20000000) * 32;
    *reg(alias + 4 * 5) = 1;
    record(*reg(SPARE_RAM));
    record(*reg(alias + 4 * 5));
    *reg(alias + 4 * 5) = 0;
    record(*reg(SPARE_RAM));
    *reg(0x42000000 + 0x23830 * 32 + 4 * 12) = 1; // RCC_AHB1ENR CRCEN
    record(*reg(0x40023830));
}

// Interrupts fall into IT blocks and arithmetic; the sum must not notice.
static void case_work(void)
{
    start_systick(97, 7);
    uint32_t hash = 2166136261u;
    for (uint32_t i = 0; i < 2000; i++) {
        hash = (hash ^ (i & 1 ? i : hash >> 7)) * 16777619u;
        if (hash & 0x100) {
            hash += i;
        }
    }
    *reg(SYST_CSR) = 0;
    record(hash);
    record(mailbox()->ticks);
}

static void case_code_in_ram(void)
{
    uint16_t *code = (uint16_t *)SPARE_RAM;
    uint32_t (*call)(void) = (uint32_t(*)(void))(SPARE_RAM | 1);
    for (uint16_t n = 0; n < 3; n++) {
        code[0] = 0x2000 | (uint16_t)(n + 5); // movs r0, #n + 5
        code[1] = 0x4770;                     // bx lr
        barrier();
        record(call());
    }
}

static void case_sleep_on_exit(void)
{
    *reg(SCR) = 2;
    start_systick(16000, 7);
    __asm volatile("wfi");
    record(0xBAD); // thread mode never goes on
}

static void case_yield(void)
{
    __asm volatile("yield\n wfe\n sev\n wfe\n nop");
    record(1);
    mailbox()->skip = 2;
    __asm volatile("wfe\n udf #0");
    record(2);
}

static void application(void)
{
    record(0xA99);
    finish();
}

// Starts an application as a bootloader does; skip says with what left over.
// The watchdog as a bootloader may hand it over, and debuggers let it.
static void hand_over_watchdog(void)
{
    *reg(DBGMCU_APB1_FZ) |= 1u << 12; // DBG_IWDG_STOP
    *reg(IWDG_KR) = 0xCCCC;
    *reg(IWDG_KR) = 0x5555;
    *reg(IWDG_PR) = 4;
    *reg(IWDG_RLR) = 0x123;
    while (*reg(IWDG_SR)) {
    }
    *reg(IWDG_KR) = 0xAAAA;
}

// The same registers without a watchdog that runs, and their neighbours.
static void leave_watchdog_registers(void)
{
    *reg(RCC_CSR) = 1; // LSION
    *reg(IWDG_KR) = 0x5555;
    *reg(IWDG_PR) = 4;
    *reg(IWDG_RLR) = 0x123;
    while (*reg(IWDG_SR)) {
    }
    *reg(DBGMCU_CR) = 7;
    *reg(DBGMCU_APB1_FZ) |= 1u << 11; // DBG_WWDG_STOP
    *reg(DBGMCU_APB2_FZ) = 1;
}

static void update_under_way(void)
{
    *reg(IWDG_KR) = 0xCCCC;
    *reg(IWDG_KR) = 0x5555;
    *reg(IWDG_PR) = 4;
}

static void case_handover(void)
{
    if (mailbox()->skip == HANDOVER_WATCHDOG) {
        hand_over_watchdog();
    } else if (mailbox()->skip == HANDOVER_REGISTERS) {
        leave_watchdog_registers();
    } else if (mailbox()->skip == HANDOVER_UPDATE) {
        update_under_way();
    } else if (mailbox()->skip == HANDOVER_LEFTOVERS) {
        start_systick(1000, 5);
        set_priorities(0x10, 0, 0);
        *reg(0x40023830) = 1; // RCC_AHB1ENR GPIOAEN
    }
    move_vectors(1, application);
    __asm volatile("msr msp, %0\n"
                   "bx %1" ::"r"(&stack_top),
                   "r"(application));
}

// Waits for PA8 with a counter, as drivers do, while SysTick interrupts; the
// second wait ends with its counter.
static void case_poll(void)
{
    *reg(0x40023830) = 1; // RCC_AHB1ENR GPIOAEN
    start_cyccnt();
    start_systick(16000, 7);
    for (int i = 0; i < 2; i++) {
        uint32_t left = 100000;
        while (left > 0 && !(*reg(0x40020010) & 1u << 8)) { // GPIOA_IDR
            left--;
        }
        record(left);
        record(*reg(CYCCNT));
        while (left > 0 && *reg(0x40020010) & 1u << 8) { // and low again
        }
    }
    *reg(SYST_CSR) = 0;
}

// Each records its own address and lets the handler record the stacked one; the
// good access before is of the same kind and in the same block.
#define LOCATE(instruction)                                                    \
    do {                                                                       \
        uint32_t place;                                                        \
        __asm volatile(".fpu fpv4-sp-d16\n"                                    \
                       "adr %0, 1f\n"                                          \
                       "str %0, [%1, %2]\n"                                    \
                       "ldr r4, [%1]\n"                                        \
                       "mov r5, %3\n"                                          \
                       ".balign 4\n"                                           \
                       "1: " instruction "\n"                                  \
                       "nop\n"                                                 \
                       : "=&r"(place)                                          \
                       : "r"(SPARE_RAM), "r"(8), "r"(NOTHING)                  \
                       : "r4", "r5", "r6", "memory");                          \
        record(place);                                                         \
    } while (0)

static void case_locate(void)
{
    *reg(CPACR) |= 0xFu << 20;
    barrier();
    LOCATE("ldr r4, [r5, #8]");
    LOCATE("str r4, [r5, %2]");
    LOCATE("ldrb r4, [r5, #1]");
    LOCATE("strh r4, [r5, #2]");
    LOCATE("ldrd r4, r6, [r5, #16]");
    LOCATE("stmia r5!, {r4, r6}");
    LOCATE("ldmdb r5, {r4, r6}");
    LOCATE("ldr.w r4, [r5], #4");
    LOCATE("str.w r4, [r5, #-4]!");
    LOCATE("ldrh.w r4, [r5, %2, lsl #1]");
    LOCATE("strb.w r4, [r5, #4000]");
    LOCATE("vldr s0, [r5, #-8]");
}

static void (*const cases[])(void) = {
    [CASE_SVC] = case_svc,
    [CASE_NESTING] = case_nesting,
    [CASE_ORDER] = case_order,
    [CASE_BASEPRI] = case_basepri,
    [CASE_FAULTMASK] = case_faultmask,
    [CASE_SYSTICK] = case_systick,
    [CASE_SYSTICK_DIV8] = case_systick_div8,
    [CASE_WFI] = case_wfi,
    [CASE_UNDEFINED] = case_undefined,
    [CASE_BUS_FAULT] = case_bus_fault,
    [CASE_LOCKUP] = case_lockup,
    [CASE_STACK_BELOW_RAM] = case_stack_below_ram,
    [CASE_STACKING_BELOW_RAM] = case_stacking_below_ram,
    [CASE_VTOR] = case_vtor,
    [CASE_RESET] = case_reset,
    [CASE_DWT] = case_dwt,
    [CASE_UNPRIVILEGED] = case_unprivileged,
    [CASE_FPU] = case_fpu,
    [CASE_INVPC] = case_invpc,
    [CASE_INVSTATE] = case_invstate,
    [CASE_EXECUTE_DEVICE] = case_execute_device,
    [CASE_BITBAND] = case_bitband,
    [CASE_WORK] = case_work,
    [CASE_CODE_IN_RAM] = case_code_in_ram,
    [CASE_SLEEP_ON_EXIT] = case_sleep_on_exit,
    [CASE_YIELD] = case_yield,
    [CASE_HANDOVER] = case_handover,
    [CASE_POLL] = case_poll,
    [CASE_LOCATE] = case_locate,
};

static void reset_handler(void)
{
    cases[mailbox()->number]();
    finish();
}
