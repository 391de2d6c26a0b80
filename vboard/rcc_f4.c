// SPDX-License-Identifier: MIT
//
// RCC of the F446: its registers (RM0390 6.3), PLL and limits.

#include "rcc.h"
#include "state.h"

enum {
    PLLCFGR = 0x04,
    CFGR = 0x08,
    CIR = 0x0C,
    AHB1RSTR = 0x10,
    APB2RSTR = 0x24,
    AHB1ENR = 0x30,
    APB2ENR = 0x44,
    BDCR = 0x70,
    CSR = 0x74,
};

#define HSI_HZ 16000000u

#define PLLCFGR_BITS   0x7F437FFFu
#define PLLCFGR_PLLSRC (1u << 22)

#define ACR_LATENCY 0xFu

// Reset values and the bits that exist.
static const struct reg regs[] = {
    {"CR", RCC_CR, 0x00000083, 0x3F0F00FB},
    {"PLLCFGR", PLLCFGR, 0x24003010, PLLCFGR_BITS},
    {"CFGR", CFGR, 0, 0xFF7FFCFF},
    {"CIR", CIR, 0, 0x00007FFF},
    {"AHB1RSTR", AHB1RSTR, 0, 0x206010FF},
    {"AHB2RSTR", AHB1RSTR + 4, 0, 0x00000081},
    {"AHB3RSTR", AHB1RSTR + 8, 0, 0x00000003},
    {"APB1RSTR", AHB1RSTR + 16, 0, 0x3FFFC9FF},
    {"APB2RSTR", APB2RSTR, 0, 0x00C77933},
    {"AHB1ENR", AHB1ENR, 0, 0x606410FF},
    {"AHB2ENR", AHB1ENR + 4, 0, 0x00000081},
    {"AHB3ENR", AHB1ENR + 8, 0, 0x00000003},
    {"APB1ENR", AHB1ENR + 16, 0, 0x3FFFC9FF},
    {"APB2ENR", APB2ENR, 0, 0x00C77F33},
    {"AHB1LPENR", 0x50, 0x606790FF, 0x606790FF},
    {"AHB2LPENR", 0x54, 0x00000081, 0x00000081},
    {"AHB3LPENR", 0x58, 0x00000003, 0x00000003},
    {"APB1LPENR", 0x60, 0x3FFFC9FF, 0x3FFFC9FF},
    {"APB2LPENR", 0x64, 0x00C77F33, 0x00C77F33},
    {"BDCR", BDCR, 0, 0},     // survives resets
    {"CSR", CSR, 0, 1u << 0}, // LSION; the flags are for the application
    {"SSCGR", 0x80, 0, 0xCFFFFFFF},
    {"PLLI2SCFGR", 0x84, 0x24003010, 0x7F037FFF},
    {"PLLSAICFGR", 0x88, 0x04003010, 0x0F037FFF},
    {"DCKCFGR", 0x8C, 0, 0x1FF01F1F},
    {"CKGATENR", 0x90, 0, 0x0000007F},
    {"DCKCFGR2", 0x94, 0, 0x3CC00000},
};

// Start-up times from DS10693 tables 38 to 45.
static const struct oscillator_info oscillators[OSC_COUNT] = {
    [OSC_HSI] = {"HSI", RCC_CR, 0, 1, 2, 3, 4},
    [OSC_HSE] = {"HSE", RCC_CR, 16, 17, 3, 2000, 2000},
    [OSC_PLL] = {"PLL", RCC_CR, 24, 25, 4, 100, 300},
    [OSC_PLLI2S] = {"PLLI2S", RCC_CR, 26, 27, 5, 100, 300},
    [OSC_PLLSAI] = {"PLLSAI", RCC_CR, 28, 29, 6, 100, 300},
    [OSC_LSI] = {"LSI", CSR, 0, 1, 0, 15, 40},
    [OSC_LSE] = {"LSE", BDCR, 0, 1, 1, 2000000, 2000000},
};

static enum oscillator pll_source(const struct vboard *board)
{
    return rcc_reg(board, PLLCFGR) & PLLCFGR_PLLSRC ? OSC_HSE : OSC_HSI;
}

static uint64_t pll_input(const struct vboard *board)
{
    return pll_source(board) == OSC_HSE ? board->config.hse_hz : HSI_HZ;
}

static uint64_t pll_vco(const struct vboard *board)
{
    uint32_t cfgr = rcc_reg(board, PLLCFGR);
    uint32_t m = cfgr & 0x3F;
    uint32_t n = (cfgr >> 6) & 0x1FF;
    return m ? pll_input(board) * n / m : 0;
}

static uint64_t pll_out(const struct vboard *board, unsigned output)
{
    uint32_t cfgr = rcc_reg(board, PLLCFGR);
    uint32_t p = 2 * (((cfgr >> 16) & 3) + 1);
    uint32_t r = (cfgr >> 28) & 7;
    uint32_t divider = output == SW_PLL ? p : r;
    return divider ? pll_vco(board) / divider : 0;
}

static void check_pll(struct vboard *board)
{
    uint32_t address = rcc_f4_device.base + PLLCFGR;
    uint32_t cfgr = rcc_reg(board, PLLCFGR);
    uint32_t m = cfgr & 0x3F;
    uint32_t n = (cfgr >> 6) & 0x1FF;
    uint64_t input = m ? pll_input(board) / m : 0;
    if (m < 2 || n < 50 || n > 432 || ((cfgr >> 24) & 0xF) < 2 ||
        ((cfgr >> 28) & 7) < 2) {
        violation(board, address,
                  "RCC PLLCFGR holds a factor that is not allowed (PLLM 2..63, "
                  "PLLN 50..432, PLLQ 2..15, PLLR 2..7)");
    } else if (input < 950000 || input > 2100000) {
        violation(board, address,
                  "PLL input of %u Hz is outside 1 to 2 MHz; change PLLM",
                  (unsigned)input);
    } else if (pll_vco(board) < 100000000 || pll_vco(board) > 432000000) {
        violation(board, address,
                  "PLL VCO of %u Hz is outside 100 to 432 MHz; change PLLN",
                  (unsigned)pll_vco(board));
    }
}

// Wait states that HCLK needs at this supply (RM0390 table 5).
static unsigned latency_needed(const struct vboard *board)
{
    uint32_t mv = pwr_vdd(board);
    uint32_t mhz = mv >= 2700 ? 30 : mv >= 2400 ? 24 : mv >= 2100 ? 22 : 20;
    uint32_t hclk = rcc_hclk(board);
    return hclk ? (hclk - 1) / (mhz * 1000000) : 0;
}

static void check_limits(struct vboard *board)
{
    unsigned hclk = rcc_hclk(board);
    unsigned needed = latency_needed(board);
    unsigned latency = flash_acr(board) & ACR_LATENCY;
    if (hclk > pwr_max_hclk(board)) {
        violation(board, rcc_f4_device.base + CFGR,
                  "HCLK of %u Hz is above the %u Hz that VOS and over-drive in "
                  "PWR_CR allow",
                  hclk, (unsigned)pwr_max_hclk(board));
    }
    if (latency < needed) {
        violation(board, flash_f4_device.base,
                  "FLASH ACR LATENCY of %u is too small for HCLK of %u Hz at "
                  "%u mV; it must be %u",
                  latency, hclk, (unsigned)pwr_vdd(board), needed);
    }
    rcc_check_apb(board, 45000000, 90000000);
}

const struct device rcc_f4_device = {
    .name = "RCC",
    .base = 0x40023800,
    .size = 0x400,
    .widths = 1 | 2 | 4,
    .write = rcc_write,
    .peek = rcc_peek,
    .reset = rcc_reset,
    .regs = regs,
    .reg_count = sizeof(regs) / sizeof(regs[0]),
};

const struct rcc_family rcc_f4 = {
    .device = &rcc_f4_device,
    .cfgr = CFGR,
    .cir = CIR,
    .bdcr = BDCR,
    .csr = CSR,
    .rstr_first = AHB1RSTR,
    .rstr_last = APB2RSTR,
    .rstr_to_enr = AHB1ENR - AHB1RSTR,
    .pll = PLLCFGR,
    .pll_bits = PLLCFGR_BITS,
    // HSITRIM, HSEBYP, CSSON and all the enable bits
    .cr_writable = 0x150D00F9,
    .bdcr_bits = 0x0000830D,
    .power_flags = RCC_CSR_BORRSTF,
    .ppre1 = 10,
    .ppre2 = 13,
    .sw_last = SW_PLL_R,
    .hsi_hz = HSI_HZ,
    .lsi_hz = 32000,
    .oscillators = oscillators,
    .pll_source = pll_source,
    .pll_out = pll_out,
    .check_pll = check_pll,
    .check_limits = check_limits,
};
