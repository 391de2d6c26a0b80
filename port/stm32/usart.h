// SPDX-License-Identifier: MIT
//
// The USART of F1, F2, F4 and L1 (RM0390 25.6, RM0008 27.6). Later generations
// have another one (ISR, RDR, TDR), and a usart.c of their own.

#ifndef STM32_USART_H
#define STM32_USART_H

#include <stdint.h>

struct usart_regs {
    volatile uint32_t SR;
    volatile uint32_t DR;
    volatile uint32_t BRR;
    volatile uint32_t CR1;
    volatile uint32_t CR2;
    volatile uint32_t CR3;
    volatile uint32_t GTPR;
};
#define USART2 ((struct usart_regs *)0x40004400)

#define USART_SR_FE   (1u << 1)
#define USART_SR_NF   (1u << 2)
#define USART_SR_ORE  (1u << 3)
#define USART_SR_RXNE (1u << 5)
#define USART_SR_TC   (1u << 6)
#define USART_SR_TXE  (1u << 7)
#define USART_CR1_RE  (1u << 2)
#define USART_CR1_TE  (1u << 3)
#define USART_CR1_UE  (1u << 13)

#endif
