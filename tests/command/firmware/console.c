// SPDX-License-Identifier: MIT

#include "console.h"

void console_start(void)
{
    *reg(RCC_AHB1ENR) |= 1u << 0;             // GPIOA
    *reg(RCC_APB2ENR) |= 1u << 4;             // USART1
    (void)*reg(RCC_APB2ENR);                  // the clock is there a bit later
    *reg(GPIOA_AFRH) |= 0x770;                // PA9, PA10: AF7
    *reg(GPIOA_MODER) |= 2u << 18 | 2u << 20; // alternate function
    *reg(USART1_BRR) = 139;                   // 16 MHz / 115200
    *reg(USART1_CR1) = 1u << 13 | 1u << 3 | 1u << 2; // UE, TE, RE
}

void put(char c)
{
    while (!(*reg(USART1_SR) & 1u << 7)) { // TXE
    }
    *reg(USART1_DR) = (uint8_t)c;
}

void console_drain(void)
{
    while (!(*reg(USART1_SR) & 1u << 6)) { // TC
    }
}
