// SPDX-License-Identifier: MIT
//
// The registers of the STM32F446 that this port uses, with the names of
// RM0390. What is not used is not here.

#ifndef STM32_REGISTERS_H
#define STM32_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "peripherals.h"

// Clocks: the internal one, the most that OSC_IN and the PLL may give (RM0390
// 6.2, DS10693 table 16), the most that all SPIs take (DS10693, SPI
// characteristics: SPI2).
#define HSI_HZ     16000000u
#define HSE_MAX_HZ 50000000u
#define PLL_MAX_HZ 180000000u
#define SPI_MAX_HZ 22500000u
#define LSI_HZ     32000u

#define INTERRUPTS 97 // RM0390 10.2, table 38

// Level of the supply detector: 5 trips at 2.75 V at the lowest when the supply
// falls (DS10693, PVD characteristics); programming by words needs 2.7 V
// (RM0390 3.5.2), and so does a W25Q.
#define PVD_LEVEL 5u

/// FLASH (RM0390 3.8) ///

struct flash_regs {
    volatile uint32_t ACR;
    volatile uint32_t KEYR;
    volatile uint32_t OPTKEYR;
    volatile uint32_t SR;
    volatile uint32_t CR;
    volatile uint32_t OPTCR;
};
#define FLASH ((struct flash_regs *)0x40023C00)

#define FLASH_ACR_LATENCY     (0xFu << 0)
#define FLASH_ACR_LATENCY_8WS (8u << 0)
#define FLASH_ACR_PRFTEN      (1u << 8)
#define FLASH_ACR_ICEN        (1u << 9)
#define FLASH_ACR_DCEN        (1u << 10)
#define FLASH_ACR_ICRST       (1u << 11)
#define FLASH_ACR_DCRST       (1u << 12)

#define FLASH_KEYR_KEY1 0x45670123u
#define FLASH_KEYR_KEY2 0xCDEF89ABu

#define FLASH_SR_EOP    (1u << 0)
#define FLASH_SR_OPERR  (1u << 1)
#define FLASH_SR_WRPERR (1u << 4)
#define FLASH_SR_PGAERR (1u << 5)
#define FLASH_SR_PGPERR (1u << 6)
#define FLASH_SR_PGSERR (1u << 7)
#define FLASH_SR_RDERR  (1u << 8)
#define FLASH_SR_BSY    (1u << 16)
#define FLASH_SR_ERRORS                                                        \
    (FLASH_SR_OPERR | FLASH_SR_WRPERR | FLASH_SR_PGAERR | FLASH_SR_PGPERR |    \
     FLASH_SR_PGSERR | FLASH_SR_RDERR)

#define FLASH_CR_PG        (1u << 0)
#define FLASH_CR_SER       (1u << 1)
#define FLASH_CR_SNB_POS   3
#define FLASH_CR_PSIZE_X32 (2u << 8)
#define FLASH_CR_STRT      (1u << 16)
#define FLASH_CR_ERRIE     (1u << 25)
#define FLASH_CR_LOCK      (1u << 31)

#define FLASH_OPTCR_WDG_SW (1u << 5)

/// PWR (RM0390 5.4) ///

#define PWR_CR_VOS     (3u << 14)
#define PWR_CSR_VOSRDY (1u << 14)

/// RCC (RM0390 6.3) ///

struct rcc_regs {
    volatile uint32_t CR; // 0x00
    volatile uint32_t PLLCFGR;
    volatile uint32_t CFGR;
    volatile uint32_t CIR;
    volatile uint32_t AHB1RSTR; // 0x10
    volatile uint32_t AHB2RSTR;
    volatile uint32_t AHB3RSTR;
    uint32_t reserved0;
    volatile uint32_t APB1RSTR; // 0x20
    volatile uint32_t APB2RSTR;
    uint32_t reserved1[2];
    volatile uint32_t AHB1ENR; // 0x30
    volatile uint32_t AHB2ENR;
    volatile uint32_t AHB3ENR;
    uint32_t reserved2;
    volatile uint32_t APB1ENR; // 0x40
    volatile uint32_t APB2ENR;
    uint32_t reserved3[2];
    volatile uint32_t AHB1LPENR; // 0x50
    volatile uint32_t AHB2LPENR;
    volatile uint32_t AHB3LPENR;
    uint32_t reserved4;
    volatile uint32_t APB1LPENR; // 0x60
    volatile uint32_t APB2LPENR;
    uint32_t reserved5[2];
    volatile uint32_t BDCR; // 0x70
    volatile uint32_t CSR;
};
#define RCC ((struct rcc_regs *)0x40023800)

#define RCC_PLLCFGR_PLLN_POS 6
#define RCC_PLLCFGR_PLLP_2   (0u << 16)
#define RCC_PLLCFGR_PLLSRC   (1u << 22) // 0: HSI, 1: HSE
#define RCC_PLLCFGR_PLLQ_POS 24
#define RCC_PLLCFGR_PLLR_POS 28
#define RCC_PLLCFGR_RESET    0x24003010u

#define RCC_CFGR_PPRE1_DIV4 (5u << 10)
#define RCC_CFGR_PPRE2_DIV2 (4u << 13)

// The same bit stands for a peripheral in its RSTR and in its ENR.
#define RCC_APB2_USART1     (1u << 4)
#define RCC_APB2_SYSCFG     (1u << 14)
#define RCC_APB2_EXTI_ROUTE RCC_APB2_SYSCFG
#define RCC_GPIO_RSTR       (RCC->AHB1RSTR)
#define RCC_GPIO_ENR        (RCC->AHB1ENR)
#define RCC_GPIO(port)      (1u << (port)) // 0 is GPIOA, 7 GPIOH
#define RCC_GPIO_ALL        0xFFu
#define RCC_CRC_ENR         (RCC->AHB1ENR)
#define RCC_CRC             (1u << 12)

#define RCC_CSR_BORRSTF (1u << 25)

/// GPIO (RM0390 7.4) ///

struct gpio_regs {
    volatile uint32_t MODER;
    volatile uint32_t OTYPER;
    volatile uint32_t OSPEEDR;
    volatile uint32_t PUPDR;
    volatile uint32_t IDR;
    volatile uint32_t ODR;
    volatile uint32_t BSRR;
    volatile uint32_t LCKR;
    volatile uint32_t AFR[2]; // AFRL, AFRH
};
#define GPIO(port) ((struct gpio_regs *)(0x40020000u + 0x400u * (port)))

// What a pin is used for: MODER, PUPDR from bit 2, OSPEEDR from bit 4. Outputs
// of peripherals are as fast as they get: with a slower SCK the SPI loses bits
// at the APB's full rate (ES0298, delayed SCK feedback: check). The others have
// medium speed: at the slowest, a chip select would take up to 100 ns (DS10693,
// I/O AC characteristics).
enum gpio_use {
    GPIO_OUTPUT = 1 | 1 << 4,
    GPIO_INPUT_PULL_UP = 1 << 2,
    GPIO_ALTERNATE_OUTPUT = 2 | 3 << 4,
    GPIO_ALTERNATE_INPUT = 2 | 1 << 2,
};

/// SYSCFG and EXTI (RM0390 8.2, 10.3) ///

struct syscfg_regs {
    volatile uint32_t MEMRMP;
    volatile uint32_t PMC;
    volatile uint32_t EXTICR[4];
};
#define SYSCFG     ((struct syscfg_regs *)0x40013800)
#define EXTI_ROUTE SYSCFG // whose EXTICR leads a pin to its line

#define EXTI ((struct exti_regs *)0x40013C00)

#define USART1 ((struct usart_regs *)0x40011000)

/// Debug support (RM0390 33.16) ///

struct dbgmcu_regs {
    volatile uint32_t IDCODE;
    volatile uint32_t CR;
    volatile uint32_t APB1_FZ;
    volatile uint32_t APB2_FZ;
};
#define DBGMCU ((struct dbgmcu_regs *)0xE0042000)

#define DBGMCU_APB1_FZ_IWDG_STOP (1u << 12)

/// What else differs ///

// The flash's operations are timed by HCLK, which is there.
static inline bool flash_clock_runs(void)
{
    return true;
}

// The option bytes start it at reset.
static inline bool iwdg_runs_from_reset(void)
{
    return (FLASH->OPTCR & FLASH_OPTCR_WDG_SW) == 0;
}

static inline void iwdg_halt_with_core(void)
{
    DBGMCU->APB1_FZ |= DBGMCU_APB1_FZ_IWDG_STOP;
}

#endif
