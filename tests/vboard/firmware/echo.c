// SPDX-License-Identifier: MIT
//
// Firmware of test_echo.c: 180 MHz from HSI, and a main loop as bootloaders and
// applications have it: a table of tasks called through pointers, a count of
// milliseconds that the SysTick interrupt keeps, a LED, a watchdog that is fed
// each time round, and USART1 at 115200 baud, polled and echoed.

#include <stdbool.h>

#include "console.h"
#include "echo.h"

#define PWR_CR      0x40007000
#define PWR_CSR     0x40007004
#define RCC_CR      0x40023800
#define RCC_PLLCFGR 0x40023804
#define RCC_CFGR    0x40023808
#define RCC_APB1ENR 0x40023840
#define FLASH_ACR   0x40023C00
#define IWDG_KR     0x40003000
#define USART2_GTPR 0x40004418
#define CPACR       0xE000ED88
#define DEMCR       0xE000EDFC
#define DWT_CTRL    0xE0001000
#define CYCCNT      0xE0001004

static volatile struct mailbox *mailbox(void)
{
    return (volatile struct mailbox *)MAILBOX;
}

static void wait(uint32_t address, uint32_t mask)
{
    while ((*reg(address) & mask) != mask) {
    }
}

static void start_clock(void)
{
    *reg(RCC_APB1ENR) |= 1u << 28; // PWR
    (void)*reg(RCC_APB1ENR);
    *reg(RCC_PLLCFGR) =
        16u | 360u << 6 | 4u << 24 | 2u << 28; // HSI / 16 * 360 / 2
    *reg(RCC_CR) |= 1u << 24;                  // PLLON
    wait(RCC_CR, 1u << 25);
    *reg(PWR_CR) |= 1u << 16; // over-drive
    wait(PWR_CSR, 1u << 16);
    *reg(PWR_CR) |= 1u << 17;
    wait(PWR_CSR, 1u << 17);
    *reg(FLASH_ACR) = 5;
    wait(FLASH_ACR, 5);
    *reg(RCC_CFGR) = 5u << 10 | 4u << 13; // APB1 / 4, APB2 / 2
    *reg(RCC_CFGR) |= 2;                  // PLL
    wait(RCC_CFGR, 2u << 2);
}

static void start_devices(void)
{
    console_start();
    *reg(USART1_BRR) = 781;        // 90 MHz / 115200
    *reg(GPIOA_MODER) |= 1u << 10; // PA5 is an output
    *reg(STK_LOAD) = 180000 - 1;   // 1 ms
    *reg(STK_VAL) = 0;
    *reg(STK_CTRL) = 7;
}

static uint32_t millis(void)
{
    return mailbox()->millis;
}

__attribute__((noinline)) static bool passed(uint32_t since, uint32_t ms)
{
    return millis() - since >= ms;
}

/// Tasks ///

static void blink(volatile struct mailbox *box)
{
    if (passed(box->toggled, 100)) {
        box->toggled += 100;
        box->led ^= 1;
        *reg(GPIOA_BSRR) = box->led ? 1u << 5 : 1u << 21;
    }
}

static void feed(volatile struct mailbox *box)
{
    if (box->feeds && (!box->feed_until || millis() < box->feed_until)) {
        *reg(IWDG_KR) = 0xAAAA;
    }
}

static void echo(volatile struct mailbox *box)
{
    uint32_t sr = *reg(USART1_SR);
    if (sr & 1u << 3) { // ORE
        box->overruns++;
    }
    if (sr & 1u << 5) { // RXNE
        uint8_t byte = (uint8_t)*reg(USART1_DR);
        box->received++;
        put((char)byte);
    }
}

// Loads and stores that come to nothing, on the stack as well.
static void account(volatile struct mailbox *box)
{
    volatile uint32_t sums[4];
    for (uint32_t i = 0; i < 4; i++) {
        sums[i] = box->received + i;
    }
    box->sum = sums[0] + sums[3];
}

static void (*const tasks[])(volatile struct mailbox *) = {blink, feed, echo,
                                                           account};

// As HAL_Delay does it.
__attribute__((noinline)) static void delay(uint32_t ms)
{
    uint32_t start = millis();
    while (!passed(start, ms)) {
    }
}

/// Loops that only seem to come to nothing ///

#define LAPS 20000

// Neither registers nor flags tell the laps where the blocks begin, but for
// one.
static void count_at(uint32_t address)
{
    __asm volatile("1: ldr r3, [%0]\n"
                   "add r3, #1\n"
                   "str r3, [%0]\n"
                   "sub.w r3, r3, %1\n"
                   "cbz r3, 3f\n"
                   "mov r3, #0\n"
                   "b 2f\n"
                   "2: nop\n"
                   "b 1b\n"
                   "3:" ::"r"(address),
                   "r"(LAPS)
                   : "r3", "memory");
}

static void count_in_device(void)
{
    *reg(RCC_APB1ENR) |= 1u << 17; // USART2
    (void)*reg(RCC_APB1ENR);
    count_at(USART2_GTPR); // means nothing in this mode
}

// Two edges in each lap.
static void count_in_events(void)
{
    uint32_t ms = millis();
    while (millis() < ms + 2) {
        *reg(GPIOA_BSRR) = 1u << 5;
        *reg(GPIOA_BSRR) = 1u << 21;
    }
}

// Up to a comparison with the single-precision number of the same value.
__attribute__((naked, noinline)) static void count_in_fpu(void)
{
    __asm volatile(".fpu fpv4-sp-d16\n"
                   "movw r0, #0x4000\n"
                   "movt r0, #0x469C\n" // 20000.0
                   "vmov s1, r0\n"
                   "vmov.f32 s2, #1.0\n"
                   "vsub.f32 s0, s2, s2\n"
                   "1: vadd.f32 s0, s0, s2\n"
                   "vcmp.f32 s0, s1\n"
                   "vmrs APSR_nzcv, fpscr\n"
                   "mov r1, #0\n"
                   "msr APSR_nzcvq, r1\n"
                   "vmrs r1, fpscr\n"
                   "tst r1, #0x40000000\n"
                   "mov r1, #0\n"
                   "beq 1b\n"
                   "bx lr");
}

__attribute__((noinline)) static uint32_t read_time(uint32_t address)
{
    return *reg(address);
}

static void count_by_time(void)
{
    *reg(DEMCR) = 1u << 24;
    *reg(CYCCNT) = 0;
    *reg(DWT_CTRL) = 1;
    while (read_time(CYCCNT) < 500000) {
    }
}

static void count_by_systick(void)
{
    uint32_t ms = millis();
    while (millis() < ms + 3 || read_time(STK_VAL) > 90000) {
    }
}

static void count(volatile struct mailbox *box)
{
    switch (box->counts) {
    case COUNT_IN_RAM:
        count_at((uint32_t)&box->laps);
        break;
    case COUNT_IN_DEVICE:
        count_in_device();
        break;
    case COUNT_IN_EVENTS:
        count_in_events();
        break;
    case COUNT_IN_FPU:
        *reg(CPACR) = 0xFu << 20;
        __asm volatile("dsb\n isb");
        count_in_fpu();
        break;
    case COUNT_BY_TIME:
        count_by_time();
        break;
    case COUNT_BY_SYSTICK:
        count_by_systick();
        break;
    default:
        return;
    }
    print("counted\r\n");
}

static void reset_handler(void)
{
    volatile struct mailbox *box = mailbox();
    if (box->magic != ECHO_MAGIC) {
        box->feeds = box->feed_until = box->delay = box->counts = 0;
    }
    box->millis = box->toggled = box->led = 0;
    box->received = box->overruns = box->sum = box->laps = 0;
    start_clock();
    start_devices();
    if (box->feeds == FEED_AND_START) {
        *reg(IWDG_KR) = 0xCCCC;
    }
    print("ready\r\n");
    count(box);
    delay(box->delay);
    for (;;) {
        for (unsigned i = 0; i < sizeof(tasks) / sizeof(tasks[0]); i++) {
            tasks[i](box);
        }
    }
}

static void systick_handler(void)
{
    mailbox()->millis++;
}

static void fault_handler(void)
{
    for (;;) {
    }
}

extern const uint32_t stack_top;

__attribute__((section(".vectors"), used)) static const void
    *const vectors[16] = {
        &stack_top,      reset_handler,        fault_handler,
        fault_handler,   fault_handler,        fault_handler,
        fault_handler,   [11] = fault_handler, [14] = fault_handler,
        systick_handler,
};
