// SPDX-License-Identifier: MIT
//
// console.h on an F103, or an F100, with HSI at 8 MHz.

#include "console.h"

#define APB2ENR   0x40021018
#define GPIOA_CRH 0x40010804
#define SR        0x40013800
#define DR        0x40013804
#define BRR       0x40013808
#define CR1       0x4001380C

void console_start(void)
{
    *reg(APB2ENR) |= 1u << 14 | 1u << 2;      // USART1, GPIOA
    *reg(GPIOA_CRH) = 0x444444B4;             // PA9: alternate function output
    *reg(BRR) = 69;                           // 8 MHz / 115200
    *reg(CR1) = 1u << 13 | 1u << 3 | 1u << 2; // UE, TE, RE
}

void put(char c)
{
    while (!(*reg(SR) & 1u << 7)) { // TXE
    }
    *reg(DR) = (uint8_t)c;
}

void console_drain(void)
{
    while (!(*reg(SR) & 1u << 6)) { // TC
    }
}
