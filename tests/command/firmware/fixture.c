// SPDX-License-Identifier: MIT
//
// The firmware of test_vboard.py: does one of everything that the vboard
// command has to show. Bare registers, HSI at 16 MHz, no variables.
//
// At start it programs the next blank word of sector 7 and prints "boot N" and
// the words before; then it toggles PA1 every 100 ms and answers PA8 and
// letters on USART1.

#include "console.h"

#define COUNTER 0x08060000 // sector 7
#define IWDG_KR 0x40003000
#define NOWHERE 0x60000000 // FMC, not clocked, nothing connected

static void start(void)
{
    console_start();
    *reg(GPIOA_PUPDR) |= 1u << 16;    // PA8 pull-up
    *reg(GPIOA_MODER) |= 1u << 2;     // PA1 output
    *reg(STK_LOAD) = 16000 * 100 - 1; // 100 ms
    *reg(STK_VAL) = 0;
    *reg(STK_CTRL) = 5; // core clock, no interrupt
}

static void program(uint32_t address, uint32_t word)
{
    *reg(FLASH_KEYR) = 0x45670123;
    *reg(FLASH_KEYR) = 0xCDEF89AB;
    *reg(FLASH_CR) = 2u << 8 | 1u << 0; // PSIZE x32, PG
    *reg(address) = word;
    while (*reg(FLASH_SR) & 1u << 16) { // BSY
    }
    *reg(FLASH_CR) = 1u << 31; // LOCK
}

static void count_boot(void)
{
    uint32_t address = COUNTER;
    for (; *reg(address) != 0xFFFFFFFF; address += 4) {
        print("word ");
        print_hex(*reg(address));
        print("\r\n");
    }
    program(address, 0);
    print("boot ");
    put((char)('1' + (address - COUNTER) / 4));
    print("\r\n");
}

extern const uint32_t stack_top;
static void reset_handler(void);

static void answer(char letter)
{
    switch (letter) {
    case 'f': // BusFault, escalates to HardFault
        (void)*reg(NOWHERE);
        break;
    case 'l': // a fault where HardFault cannot be taken
        __asm volatile("cpsid f\n udf #0");
        break;
    case 'v': // a device whose clock is off
        *reg(USART2_CR1) = 0;
        print("went on\r\n");
        break;
    case 'w': // the watchdog's business
        *reg(IWDG_KR) = 0xCCCC;
        for (;;) {
        }
    case 'r':
        *reg(SCB_AIRCR) = 0x05FA0004;
        break;
    case 'h': // start "an application": this one again
        *reg(SCB_VTOR) = 0x08000000;
        __asm volatile("dsb\n isb\n msr msp, %0\n bx %1" ::"r"(&stack_top),
                       "r"(reset_handler));
        break;
    case 'x': // what an event file has to escape
        print("\"quoted\" \\ \t\xE9\r\n");
        break;
    default:
        print("got ");
        put(letter);
        print("\r\n");
    }
}

static void reset_handler(void)
{
    start();
    count_boot();
    uint32_t led = 0;
    uint32_t button = 1;
    for (;;) {
        if (*reg(STK_CTRL) & 1u << 16) { // COUNTFLAG
            led ^= 1;
            *reg(GPIOA_BSRR) = led ? 1u << 1 : 1u << 17;
        }
        uint32_t now = *reg(GPIOA_IDR) >> 8 & 1;
        if (now != button) {
            button = now;
            print(now ? "released\r\n" : "pressed\r\n");
        }
        if (*reg(USART1_SR) & 1u << 5) { // RXNE
            answer((char)*reg(USART1_DR));
        }
    }
}

static void hard_fault_handler(void)
{
    print("fault\r\n");
    for (;;) {
    }
}

__attribute__((section(".vectors"),
               used)) static const void *const vectors[] = {
    &stack_top, reset_handler, hard_fault_handler, hard_fault_handler};
