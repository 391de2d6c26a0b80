// SPDX-License-Identifier: MIT
//
// The registers of the STM32F446 that this port uses, with the names of
// RM0390. What is not used is not here.

#ifndef STM32_STM32F4_H
#define STM32_STM32F4_H

#include <stdint.h>

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

#define FLASH_CR_PG        (1u << 0)
#define FLASH_CR_SER       (1u << 1)
#define FLASH_CR_SNB_POS   3
#define FLASH_CR_PSIZE_X32 (2u << 8)
#define FLASH_CR_STRT      (1u << 16)
#define FLASH_CR_ERRIE     (1u << 25)
#define FLASH_CR_LOCK      (1u << 31)

#define FLASH_OPTCR_WDG_SW (1u << 5)

/// PWR (RM0390 5.4) ///

struct pwr_regs {
    volatile uint32_t CR;
    volatile uint32_t CSR;
};
#define PWR ((struct pwr_regs *)0x40007000)

#define PWR_CR_PVDE     (1u << 4)
#define PWR_CR_PLS      (7u << 5)
#define PWR_CR_PLS_LEV5 (5u << 5)
#define PWR_CR_VOS      (3u << 14)
#define PWR_CSR_PVDO    (1u << 2)
#define PWR_CSR_VOSRDY  (1u << 14)

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

#define RCC_CR_HSION  (1u << 0)
#define RCC_CR_HSIRDY (1u << 1)
#define RCC_CR_HSEON  (1u << 16)
#define RCC_CR_HSERDY (1u << 17)
#define RCC_CR_HSEBYP (1u << 18)
#define RCC_CR_PLLON  (1u << 24)
#define RCC_CR_PLLRDY (1u << 25)

#define RCC_PLLCFGR_PLLN_POS 6
#define RCC_PLLCFGR_PLLP_2   (0u << 16)
#define RCC_PLLCFGR_PLLSRC   (1u << 22) // 0: HSI, 1: HSE
#define RCC_PLLCFGR_PLLQ_POS 24
#define RCC_PLLCFGR_PLLR_POS 28
#define RCC_PLLCFGR_RESET    0x24003010u

#define RCC_CIR_HSIRDYC (1u << 18)
#define RCC_CIR_HSERDYC (1u << 19)
#define RCC_CIR_PLLRDYC (1u << 20)

#define RCC_CFGR_SW         (3u << 0)
#define RCC_CFGR_SW_PLL     (2u << 0)
#define RCC_CFGR_SWS        (3u << 2)
#define RCC_CFGR_SWS_HSI    (0u << 2)
#define RCC_CFGR_SWS_HSE    (1u << 2)
#define RCC_CFGR_SWS_PLL    (2u << 2)
#define RCC_CFGR_PPRE1_DIV4 (5u << 10)
#define RCC_CFGR_PPRE2_DIV2 (4u << 13)

// The same bit stands for a peripheral in its RSTR and in its ENR.
#define RCC_AHB1_GPIO(port) (1u << (port)) // 0 is GPIOA, 7 GPIOH
#define RCC_AHB1_GPIO_ALL   0xFFu
#define RCC_APB1_USART2     (1u << 17)
#define RCC_APB1_PWR        (1u << 28)
#define RCC_APB2_USART1     (1u << 4)
#define RCC_APB2_SYSCFG     (1u << 14)

#define RCC_CSR_RMVF     (1u << 24)
#define RCC_CSR_BORRSTF  (1u << 25)
#define RCC_CSR_PINRSTF  (1u << 26)
#define RCC_CSR_PORRSTF  (1u << 27)
#define RCC_CSR_SFTRSTF  (1u << 28)
#define RCC_CSR_IWDGRSTF (1u << 29)
#define RCC_CSR_WWDGRSTF (1u << 30)
#define RCC_CSR_LPWRRSTF (1u << 31)

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

enum gpio_mode { GPIO_INPUT = 0, GPIO_OUTPUT = 1, GPIO_ALTERNATE = 2 };
enum gpio_pull { GPIO_NO_PULL = 0, GPIO_PULL_UP = 1 };

/// SYSCFG and EXTI (RM0390 8.2, 10.3) ///

struct syscfg_regs {
    volatile uint32_t MEMRMP;
    volatile uint32_t PMC;
    volatile uint32_t EXTICR[4];
};
#define SYSCFG ((struct syscfg_regs *)0x40013800)

struct exti_regs {
    volatile uint32_t IMR;
    volatile uint32_t EMR;
    volatile uint32_t RTSR;
    volatile uint32_t FTSR;
    volatile uint32_t SWIER;
    volatile uint32_t PR;
};
#define EXTI ((struct exti_regs *)0x40013C00)

/// USART (RM0390 25.6) ///

struct usart_regs {
    volatile uint32_t SR;
    volatile uint32_t DR;
    volatile uint32_t BRR;
    volatile uint32_t CR1;
    volatile uint32_t CR2;
    volatile uint32_t CR3;
    volatile uint32_t GTPR;
};
#define USART1 ((struct usart_regs *)0x40011000)
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

/// IWDG (RM0390 21.4) ///

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

/// Debug support (RM0390 33.16) ///

struct dbgmcu_regs {
    volatile uint32_t IDCODE;
    volatile uint32_t CR;
    volatile uint32_t APB1_FZ;
    volatile uint32_t APB2_FZ;
};
#define DBGMCU ((struct dbgmcu_regs *)0xE0042000)

#define DBGMCU_APB1_FZ_IWDG_STOP (1u << 12)

/// Interrupt lines (RM0390 10.2, table 38) ///

#define FLASH_IRQ     4
#define EXTI0_IRQ     6
#define EXTI9_5_IRQ   23
#define EXTI15_10_IRQ 40

#endif
