// SPDX-License-Identifier: MIT
//
// What the test firmwares share: registers of the F446, and text on USART1
// (PA9, PA10, 115200 8N1) with the chip on its HSI, as after reset. console.c
// is for the F446, console_f1.c for the F103.

#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdint.h>

static inline volatile uint32_t *reg(uint32_t address)
{
    return (volatile uint32_t *)address;
}

#define RCC_AHB1ENR 0x40023830
#define RCC_APB2ENR 0x40023844
#define GPIOA_MODER 0x40020000
#define GPIOA_PUPDR 0x4002000C
#define GPIOA_IDR   0x40020010
#define GPIOA_BSRR  0x40020018
#define GPIOA_AFRH  0x40020024
#define USART1_SR   0x40011000
#define USART1_DR   0x40011004
#define USART1_BRR  0x40011008
#define USART1_CR1  0x4001100C
#define USART2_CR1  0x4000440C
#define FLASH_KEYR  0x40023C04
#define FLASH_SR    0x40023C0C
#define FLASH_CR    0x40023C10
#define STK_CTRL    0xE000E010
#define STK_LOAD    0xE000E014
#define STK_VAL     0xE000E018
#define SCB_VTOR    0xE000ED08
#define SCB_AIRCR   0xE000ED0C

void console_start(void);
void put(char c);
void print(const char *text);
void print_hex(uint32_t x);
// Waits until the last bit has left the pin.
void console_drain(void);

#endif
