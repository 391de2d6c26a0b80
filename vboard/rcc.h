// SPDX-License-Identifier: MIT
//
// Between rcc.c, which has the registers, clock.c, which has the oscillators
// and the switch of SYSCLK, and a chip's own part of both (rcc_f4.c, rcc_f1.c).

#ifndef VBOARD_RCC_H
#define VBOARD_RCC_H

#include "devices.h"

#define RCC_CR 0x00 // the only register that stands in one place everywhere

#define RCC_CSR_BORRSTF  (1u << 25)
#define RCC_CSR_IWDGRSTF (1u << 29)

// Values of SW and SWS in CFGR. The F1 has no second output of the PLL.
enum { SW_HSI, SW_HSE, SW_PLL, SW_PLL_R };

// Where an oscillator is switched on and says that it is ready; start-up times
// in microseconds. name is NULL for one that the chip lacks.
struct oscillator_info {
    const char *name;
    uint8_t offset, on, ready, ready_flag; // bits; ready_flag in CIR
    uint32_t typical, maximum;
};

struct rcc_family {
    const struct device *device;
    uint16_t cfgr, cir, bdcr, csr; // offsets
    uint16_t rstr_first, rstr_last;
    uint16_t rstr_to_enr; // from a reset register to its enable register
    uint16_t pll;         // the register with the settings of the PLL,
    uint32_t pll_bits;    // which only change while it is off
    uint32_t cr_writable; // without the ready flags
    uint32_t bdcr_bits;
    uint32_t power_flags; // of CSR, that a power-on sets
    uint8_t ppre1, ppre2; // where they stand in CFGR
    uint8_t sw_last;      // the highest SW that is allowed
    uint32_t hsi_hz, lsi_hz;
    const struct oscillator_info *oscillators; // OSC_COUNT of them
    enum oscillator (*pll_source)(const struct vboard *board);
    // The PLL's frequency at SW_PLL or SW_PLL_R.
    uint64_t (*pll_out)(const struct vboard *board, unsigned sw);
    // Reports settings that are not allowed, before the PLL starts.
    void (*check_pll)(struct vboard *board);
    void (*check_limits)(struct vboard *board);
};

extern const struct rcc_family rcc_f4, rcc_f1;

// rcc.c, for the devices of the families
uint32_t rcc_peek(const struct vboard *board, const struct device *device,
                  uint32_t offset);
void rcc_write(struct vboard *board, const struct device *device,
               uint32_t offset, uint32_t value, unsigned size);
void rcc_reset(struct vboard *board, const struct device *device, bool power);
void rcc_irq_update(struct vboard *board);
uint32_t rcc_reg(const struct vboard *board, uint32_t offset);

// clock.c. Values without the read-only bits.
void clock_write_cr(struct vboard *board, uint32_t value);
void clock_write_cfgr(struct vboard *board, uint32_t value);
// The value that a write to the PLL's settings leaves in their register.
uint32_t clock_pll_bits(struct vboard *board, uint32_t value);
// Starts and stops oscillators as their enable bits now say.
void oscillators_follow(struct vboard *board);
void rcc_check_apb(struct vboard *board, uint32_t max1, uint32_t max2);

#endif
