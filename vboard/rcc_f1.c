// SPDX-License-Identifier: MIT
//
// RCC of the medium-density F103: its registers (RM0008 7.3), PLL and limits.

#include "rcc.h"
#include "state.h"

enum {
    CFGR = 0x04,
    CIR = 0x08,
    APB2RSTR = 0x0C,
    APB1RSTR = 0x10,
    AHBENR = 0x14,
    APB2ENR = 0x18,
    APB1ENR = 0x1C,
    BDCR = 0x20,
    CSR = 0x24,
};

#define HSI_HZ 8000000u

#define CFGR_PLLSRC   (1u << 16)
#define CFGR_PLLXTPRE (1u << 17)
#define CFGR_PLL      0x003F0000u // both, and PLLMUL

#define ACR_LATENCY 7u
#define ACR_HLFCYA  (1u << 3)
#define ACR_PRFTBE  (1u << 4)

#define APB2_BITS 0x00005E7Du
#define APB1_BITS 0x1AE64807u

// Reset values and the bits that exist.
static const struct reg regs[] = {
    {"CR", RCC_CR, 0x00000083, 0x030F00FB},
    {"CFGR", CFGR, 0, 0x077FFFFF},
    {"CIR", CIR, 0, 0x00001F9F},
    {"APB2RSTR", APB2RSTR, 0, APB2_BITS},
    {"APB1RSTR", APB1RSTR, 0, APB1_BITS},
    {"AHBENR", AHBENR, 0x14, 0x00000055}, // SRAMEN, FLITFEN
    {"APB2ENR", APB2ENR, 0, APB2_BITS},
    {"APB1ENR", APB1ENR, 0, APB1_BITS},
    {"BDCR", BDCR, 0, 0},     // survives resets
    {"CSR", CSR, 0, 1u << 0}, // LSION; the flags are for the application
};

// Start-up times from DS5319 tables 22 to 27.
static const struct oscillator_info oscillators[OSC_COUNT] = {
    [OSC_HSI] = {"HSI", RCC_CR, 0, 1, 2, 1, 2},
    [OSC_HSE] = {"HSE", RCC_CR, 16, 17, 3, 2000, 2000},
    [OSC_PLL] = {"PLL", RCC_CR, 24, 25, 4, 200, 200},
    [OSC_LSI] = {"LSI", CSR, 0, 1, 0, 85, 85},
    [OSC_LSE] = {"LSE", BDCR, 0, 1, 1, 3000000, 3000000},
};

static enum oscillator pll_source(const struct vboard *board)
{
    return rcc_reg(board, CFGR) & CFGR_PLLSRC ? OSC_HSE : OSC_HSI;
}

static uint64_t pll_input(const struct vboard *board)
{
    if (pll_source(board) == OSC_HSI) {
        return HSI_HZ / 2;
    }
    bool halved = rcc_reg(board, CFGR) & CFGR_PLLXTPRE;
    return halved ? board->config.hse_hz / 2 : board->config.hse_hz;
}

static uint64_t pll_out(const struct vboard *board, unsigned sw)
{
    (void)sw;
    uint32_t mul = ((rcc_reg(board, CFGR) >> 18) & 0xF) + 2;
    return pll_input(board) * (mul > 16 ? 16 : mul); // 15 is 16 as well
}

// DS5319 table 27.
static void check_pll(struct vboard *board)
{
    uint32_t address = rcc_f1_device.base + CFGR;
    uint64_t input = pll_input(board);
    uint64_t output = pll_out(board, SW_PLL);
    if (input < 1000000 || input > 25000000) {
        violation(board, address, "PLL input of %u Hz is outside 1 to 25 MHz",
                  (unsigned)input);
    } else if (output < 16000000 || output > 72000000) {
        violation(board, address,
                  "PLL output of %u Hz is outside 16 to 72 MHz; change PLLMUL",
                  (unsigned)output);
    }
}

// How the flash may be read at this SYSCLK (RM0008 3.3.3, PM0075 3.1).
static void check_flash_access(struct vboard *board)
{
    uint32_t acr = flash_acr(board);
    uint32_t address = flash_f1_device.base;
    unsigned sysclk = (unsigned)rcc_sysclk(board);
    bool divided = rcc_hclk(board) != sysclk;
    unsigned needed = sysclk > 48000000 ? 2 : sysclk > 24000000 ? 1 : 0;
    if ((acr & ACR_LATENCY) < needed) {
        violation(board, address,
                  "FLASH ACR LATENCY of %u is too small for SYSCLK of %u Hz; "
                  "it must be %u",
                  (unsigned)(acr & ACR_LATENCY), sysclk, needed);
    }
    // the PLL never gives as little as 8 MHz
    if (acr & ACR_HLFCYA && (divided || sysclk > 8000000)) {
        violation(board, address,
                  "FLASH ACR HLFCYA set: half-cycle access needs SYSCLK of 8 "
                  "MHz or less from HSI or HSE, and HPRE of 1");
    }
    if (divided && !(acr & ACR_PRFTBE)) {
        violation(board, address,
                  "FLASH ACR PRFTBE must be set while HPRE divides SYSCLK");
    }
}

static void check_limits(struct vboard *board)
{
    unsigned sysclk = (unsigned)rcc_sysclk(board);
    if (sysclk > 72000000) {
        violation(board, rcc_f1_device.base + CFGR,
                  "SYSCLK of %u Hz is above 72 MHz", sysclk);
    }
    check_flash_access(board);
    rcc_check_apb(board, 36000000, 72000000);
}

const struct device rcc_f1_device = {
    .name = "RCC",
    .base = 0x40021000,
    .size = 0x400,
    .widths = 1 | 2 | 4,
    .write = rcc_write,
    .peek = rcc_peek,
    .reset = rcc_reset,
    .regs = regs,
    .reg_count = sizeof(regs) / sizeof(regs[0]),
};

const struct rcc_family rcc_f1 = {
    .device = &rcc_f1_device,
    .cfgr = CFGR,
    .cir = CIR,
    .bdcr = BDCR,
    .csr = CSR,
    .rstr_first = APB2RSTR,
    .rstr_last = APB1RSTR,
    .rstr_to_enr = APB2ENR - APB2RSTR,
    .pll = CFGR,
    .pll_bits = CFGR_PLL,
    // HSION, HSITRIM, HSEON, HSEBYP, CSSON, PLLON
    .cr_writable = 0x010D00F9,
    .bdcr_bits = 0x00008305,
    .power_flags = 0,
    .ppre1 = 8,
    .ppre2 = 11,
    .sw_last = SW_PLL,
    .hsi_hz = HSI_HZ,
    .lsi_hz = 40000, // DS5319 table 25: 30 to 60 kHz
    .oscillators = oscillators,
    .pll_source = pll_source,
    .pll_out = pll_out,
    .check_pll = check_pll,
    .check_limits = check_limits,
};
