// SPDX-License-Identifier: MIT
//
// Power control of the F1 (RM0008 5.4): nothing but the supply detector and the
// key to the backup domain.

#include "pwr.h"

#define CR_WRITABLE  0x000001F3u // CWUF and CSBF read as 0
#define CSR_WRITABLE 0x00000100u // EWUP

static const struct reg regs[] = {
    {"CR", PWR_CR, 0, CR_WRITABLE},
    {"CSR", PWR_CSR, 0, CSR_WRITABLE},
};

const struct device pwr_f1_device = {
    .name = "PWR",
    .base = 0x40007000,
    .size = 0x400,
    .enable_offset = 0x1C,
    .enable_bit = 28,
    .widths = 2 | 4,
    .write = pwr_write,
    .peek = pwr_peek,
    .reset = pwr_reset,
    .regs = regs,
    .reg_count = 2,
};

// Levels of DS5319 table 11, typical.
const struct pwr_family pwr_f1 = {
    .device = &pwr_f1_device,
    .cr_writable = CR_WRITABLE,
    .csr_writable = CSR_WRITABLE,
    .pvd_falling = {2080, 2180, 2280, 2380, 2480, 2580, 2680, 2780},
    .pvd_rising = {2180, 2280, 2380, 2480, 2580, 2680, 2780, 2880},
    .pdr = 1880,
};
