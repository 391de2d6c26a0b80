// SPDX-License-Identifier: MIT
//
// The registers of the STM32F103 that this port uses, with the names of RM0008
// and, for the flash, PM0075. What is not used is not here.

#ifndef STM32_REGISTERS_H
#define STM32_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "peripherals.h"
#include "pll.h"

// Clocks: the internal one, the most that OSC_IN and the PLL may give (DS5319
// 5.3.6, 5.3.8), the most that an SPI takes (DS5319, SPI characteristics), the
// LSI's typical rate (DS5319 5.3.7: 30 to 60 kHz).
#define HSI_HZ     8000000u
#define HSE_MAX_HZ 25000000u
#define PLL_MAX_HZ 72000000u
#define SPI_MAX_HZ 18000000u
#define LSI_HZ     40000u

#define INTERRUPTS 43 // RM0008 10.1.2, table 63: medium density

// Level of the supply detector: 7, the highest, trips at 2.66 to 2.9 V when the
// supply falls (DS5319 5.3.3). The flash does with 2 V (DS5319 5.3.9), a W25Q
// needs 2.7 V.
#define PVD_LEVEL 7u

/// FLASH (PM0075 3) ///

struct flash_regs {
    volatile uint32_t ACR;
    volatile uint32_t KEYR;
    volatile uint32_t OPTKEYR;
    volatile uint32_t SR;
    volatile uint32_t CR; // 0x10
    volatile uint32_t AR;
    uint32_t reserved;
    volatile uint32_t OBR;
    volatile uint32_t WRPR; // 0x20
};
#define FLASH ((struct flash_regs *)0x40022000)

#define FLASH_ACR_LATENCY     (7u << 0)
#define FLASH_ACR_LATENCY_2WS (2u << 0)
#define FLASH_ACR_PRFTBE      (1u << 4)

#define FLASH_KEYR_KEY1 0x45670123u
#define FLASH_KEYR_KEY2 0xCDEF89ABu

#define FLASH_SR_BSY      (1u << 0)
#define FLASH_SR_PGERR    (1u << 2)
#define FLASH_SR_WRPRTERR (1u << 4)
#define FLASH_SR_WRPERR   FLASH_SR_WRPRTERR // as on later parts
#define FLASH_SR_EOP      (1u << 5)
#define FLASH_SR_RDERR    0u // there is no such flag
#define FLASH_SR_ERRORS   (FLASH_SR_PGERR | FLASH_SR_WRPRTERR)

#define FLASH_CR_PG   (1u << 0)
#define FLASH_CR_PER  (1u << 1)
#define FLASH_CR_STRT (1u << 6)
#define FLASH_CR_LOCK (1u << 7)

#define FLASH_OBR_WDG_SW (1u << 2)

/// RCC (RM0008 7.3) ///

struct rcc_regs {
    volatile uint32_t CR; // 0x00
    volatile uint32_t CFGR;
    volatile uint32_t CIR;
    volatile uint32_t APB2RSTR;
    volatile uint32_t APB1RSTR; // 0x10
    volatile uint32_t AHBENR;
    volatile uint32_t APB2ENR;
    volatile uint32_t APB1ENR;
    volatile uint32_t BDCR; // 0x20
    volatile uint32_t CSR;
};
#define RCC ((struct rcc_regs *)0x40021000)

#define RCC_CFGR_PPRE1_DIV2 (4u << 8)
#define RCC_CFGR_PLLSRC     (1u << 16) // 0: HSI / 2, 1: HSE
#define RCC_CFGR_PLLMUL_POS 18         // 0 is twice, 14 sixteen times

// The same bit stands for a peripheral in its RSTR and in its ENR.
#define RCC_APB2_AFIO       (1u << 0)
#define RCC_APB2_USART1     (1u << 14)
#define RCC_APB2_EXTI_ROUTE RCC_APB2_AFIO
#define RCC_GPIO_RSTR       (RCC->APB2RSTR)
#define RCC_GPIO_ENR        (RCC->APB2ENR)
#define RCC_GPIO(port)      (4u << (port)) // 0 is GPIOA, 4 GPIOE
#define RCC_GPIO_ALL        (0x1Fu << 2)

#define RCC_CRC_ENR (RCC->AHBENR)
#define RCC_CRC     (1u << 6)

#define RCC_CSR_BORRSTF 0u // there is no such flag

/// GPIO (RM0008 9.2) ///

struct gpio_regs {
    volatile uint32_t CR[2]; // CRL, CRH
    volatile uint32_t IDR;
    volatile uint32_t ODR;
    volatile uint32_t BSRR;
    volatile uint32_t BRR;
    volatile uint32_t LCKR;
};
#define GPIO(port) ((struct gpio_regs *)(0x40010800u + 0x400u * (port)))

// What a pin is used for: MODE, CNF from bit 2 (RM0008 9.1, tables 20 and 21).
// Outputs of peripherals are as fast as they get, 50 MHz; the others 10 MHz: at
// the slowest, a chip select would take up to 125 ns (DS5319, I/O AC
// characteristics).
enum gpio_use {
    GPIO_OUTPUT = 1,
    GPIO_INPUT_PULL_UP = 2 << 2,
    GPIO_ALTERNATE_OUTPUT = 3 | 2 << 2,
    // an input is an input, whoever reads it
    GPIO_ALTERNATE_INPUT = GPIO_INPUT_PULL_UP,
};

/// AFIO and EXTI (RM0008 9.4, 10.3) ///

struct afio_regs {
    volatile uint32_t EVCR;
    volatile uint32_t MAPR;
    volatile uint32_t EXTICR[4];
};
#define AFIO       ((struct afio_regs *)0x40010000)
#define EXTI_ROUTE AFIO // whose EXTICR leads a pin to its line

#define EXTI ((struct exti_regs *)0x40010400)

#define USART1 ((struct usart_regs *)0x40013800)

/// Debug support (RM0008 31.16) ///

struct dbgmcu_regs {
    volatile uint32_t IDCODE;
    volatile uint32_t CR;
};
#define DBGMCU ((struct dbgmcu_regs *)0xE0042000)

#define DBGMCU_CR_IWDG_STOP (1u << 8)

/// What else differs ///

// The HSI times the flash's operations (PM0075 2.3.1); an application may have
// switched it off.
static inline bool flash_clock_runs(void)
{
    return stm32_oscillator_start(RCC_CR_HSION, 100);
}

// The option bytes start it at reset.
static inline bool iwdg_runs_from_reset(void)
{
    return (FLASH->OBR & FLASH_OBR_WDG_SW) == 0;
}

// Without a debugger the register reads 0 and ignores writes (ES0340, debug
// registers cannot be read by user software): nothing is lost then.
static inline void iwdg_halt_with_core(void)
{
    DBGMCU->CR |= DBGMCU_CR_IWDG_STOP;
}

#endif
