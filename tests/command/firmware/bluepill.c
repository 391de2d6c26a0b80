// SPDX-License-Identifier: MIT
//
// A firmware for the F103: programs the next blank half-word of page 63, says
// "boot N" and blinks PC13 every 100 ms. Bare registers, HSI at 8 MHz, no
// variables.

#include "console.h"

#define APB2ENR   0x40021018
#define GPIOC_CRH 0x40011004
#define GPIOC_ODR 0x4001100C
#define KEYR      0x40022004
#define SR        0x4002200C
#define CR        0x40022010

#define COUNTER 0x0800FC00 // page 63

extern const uint32_t stack_top;

static volatile uint16_t *half(uint32_t address)
{
    return (volatile uint16_t *)address;
}

static void program(uint32_t address, uint16_t value)
{
    *reg(KEYR) = 0x45670123;
    *reg(KEYR) = 0xCDEF89AB;
    *reg(CR) = 1; // PG
    *half(address) = value;
    while (*reg(SR) & 1) { // BSY
    }
    *reg(CR) = 1u << 7; // LOCK
}

static void reset_handler(void)
{
    console_start();
    uint32_t address = COUNTER;
    while (*half(address) != 0xFFFF) {
        address += 2;
    }
    program(address, 0);
    print("boot ");
    put((char)('1' + (address - COUNTER) / 2));
    print("\r\n");
    *reg(APB2ENR) |= 1u << 4;        // GPIOC
    *reg(GPIOC_CRH) = 0x44244444;    // PC13 output
    *reg(STK_LOAD) = 8000 * 100 - 1; // 100 ms
    *reg(STK_VAL) = 0;
    *reg(STK_CTRL) = 5; // core clock, no interrupt
    for (;;) {
        if (*reg(STK_CTRL) & 1u << 16) { // COUNTFLAG
            *reg(GPIOC_ODR) ^= 1u << 13;
        }
    }
}

__attribute__((section(".vectors"),
               used)) static const void *const vectors[16] = {&stack_top,
                                                              reset_handler};
