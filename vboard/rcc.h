// SPDX-License-Identifier: MIT
//
// Between rcc.c, which has the registers, and clock.c, which has the
// oscillators, PLLs and frequencies.

#ifndef VBOARD_RCC_H
#define VBOARD_RCC_H

#include "internal.h"

enum {
    RCC_CR = 0x00,
    RCC_PLLCFGR = 0x04,
    RCC_CFGR = 0x08,
    RCC_CIR = 0x0C,
    RCC_AHB1RSTR = 0x10,
    RCC_APB2RSTR = 0x24,
    RCC_AHB1ENR = 0x30,
    RCC_APB2ENR = 0x44,
    RCC_BDCR = 0x70,
    RCC_CSR = 0x74,
};

#define RCC_CSR_BORRSTF  (1u << 25)
#define RCC_CSR_IWDGRSTF (1u << 29)

// Values without the read-only bits.
void clock_write_cr(struct vboard *board, uint32_t value);
void clock_write_pllcfgr(struct vboard *board, uint32_t value);
void clock_write_cfgr(struct vboard *board, uint32_t value);
// Starts and stops oscillators as their enable bits now say.
void oscillators_follow(struct vboard *board);
void rcc_irq_update(struct vboard *board);

#endif
