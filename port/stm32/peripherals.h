// SPDX-License-Identifier: MIT
//
// Peripherals that are the same in all generations here, apart from their
// addresses, which the generation's registers.h knows. The names are those of
// the reference manuals; sections are given as RM0390 (F4) / RM0008 (F1). What
// is not used is not here.

#ifndef STM32_PERIPHERALS_H
#define STM32_PERIPHERALS_H

#include <stdint.h>

/// RCC: bits that have not moved (6.3 / 7.3) ///

#define RCC_CR_HSION  (1u << 0)
#define RCC_CR_HSIRDY (1u << 1)
#define RCC_CR_HSEON  (1u << 16)
#define RCC_CR_HSEBYP (1u << 18)
#define RCC_CR_PLLON  (1u << 24)

#define RCC_CIR_HSIRDYC (1u << 18)
#define RCC_CIR_HSERDYC (1u << 19)
#define RCC_CIR_PLLRDYC (1u << 20)

#define RCC_CFGR_SW      (3u << 0)
#define RCC_CFGR_SW_PLL  (2u << 0)
#define RCC_CFGR_SWS     (3u << 2)
#define RCC_CFGR_SWS_HSI (0u << 2)
#define RCC_CFGR_SWS_HSE (1u << 2)
#define RCC_CFGR_SWS_PLL (2u << 2)

// The same bit stands for a peripheral in its RSTR and in its ENR.
#define RCC_APB1_SPI2   (1u << 14)
#define RCC_APB1_USART2 (1u << 17)
#define RCC_APB1_PWR    (1u << 28)
#define RCC_APB2_SPI1   (1u << 12)

#define RCC_CSR_RMVF     (1u << 24)
#define RCC_CSR_PINRSTF  (1u << 26)
#define RCC_CSR_PORRSTF  (1u << 27)
#define RCC_CSR_SFTRSTF  (1u << 28)
#define RCC_CSR_IWDGRSTF (1u << 29)
#define RCC_CSR_WWDGRSTF (1u << 30)
#define RCC_CSR_LPWRRSTF (1u << 31)

/// PWR (5.4 / 5.4) ///

struct pwr_regs {
    volatile uint32_t CR;
    volatile uint32_t CSR;
};
#define PWR ((struct pwr_regs *)0x40007000)

#define PWR_CR_PVDE    (1u << 4)
#define PWR_CR_PLS     (7u << 5)
#define PWR_CR_PLS_POS 5
#define PWR_CSR_PVDO   (1u << 2)

/// EXTI (10.3 / 10.3) ///

struct exti_regs {
    volatile uint32_t IMR;
    volatile uint32_t EMR;
    volatile uint32_t RTSR;
    volatile uint32_t FTSR;
    volatile uint32_t SWIER;
    volatile uint32_t PR;
};

/// SPI (26.7 / 25.5) ///

struct spi_regs {
    volatile uint32_t CR1;
    volatile uint32_t CR2;
    volatile uint32_t SR;
    volatile uint32_t DR;
};
#define SPI1 ((struct spi_regs *)0x40013000)
#define SPI2 ((struct spi_regs *)0x40003800)

#define SPI_CR1_MSTR   (1u << 2)
#define SPI_CR1_BR_POS 3
#define SPI_CR1_SPE    (1u << 6)
#define SPI_CR1_SSI    (1u << 8)
#define SPI_CR1_SSM    (1u << 9)
#define SPI_SR_RXNE    (1u << 0)
#define SPI_SR_TXE     (1u << 1)
#define SPI_SR_BSY     (1u << 7)

/// IWDG (21.4 / 19.4) ///

struct iwdg_regs {
    volatile uint32_t KR;
    volatile uint32_t PR;
    volatile uint32_t RLR;
    volatile uint32_t SR;
};
#define IWDG ((struct iwdg_regs *)0x40003000)

#define IWDG_KR_START  0xCCCCu
#define IWDG_KR_RELOAD 0xAAAAu
#define IWDG_KR_ACCESS 0x5555u
#define IWDG_PR_DIV4   0u
#define IWDG_PR_DIV256 6u
#define IWDG_RLR_RESET 0xFFFu
#define IWDG_SR_PVU    (1u << 0)
#define IWDG_SR_RVU    (1u << 1)

/// CRC (4.4 / 4.4) ///

struct crc_regs {
    volatile uint32_t DR;
    volatile uint32_t IDR;
    volatile uint32_t CR;
};
#define CRC ((struct crc_regs *)0x40023000)

#define CRC_CR_RESET (1u << 0)

/// Interrupt lines (10.2 / 10.1.2) ///

#define FLASH_IRQ     4
#define EXTI0_IRQ     6
#define EXTI9_5_IRQ   23
#define EXTI15_10_IRQ 40

#endif
