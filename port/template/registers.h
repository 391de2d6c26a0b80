// SPDX-License-Identifier: MIT
//
// The registers of the chip that this port uses, with the names of its
// reference manual. What is not used is not here.
//
// A skeleton: FILL marks what is invented. The addresses are such that a
// register which was forgotten raises a bus fault.

#ifndef STM32_REGISTERS_H
#define STM32_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

// FILL: compare each block of it with the manual. If RCC, PWR, SPI or IWDG are
// others, do not include it, but copy what agrees to here.
#include "peripherals.h"

// FILL: clocks in Hz: the internal one, the most that OSC_IN and the PLL may
// give (bounds of all waits are made of these three), the most that an SPI
// takes, the LSI's typical rate.
#define HSI_HZ     16000000u
#define HSE_MAX_HZ 48000000u
#define PLL_MAX_HZ 80000000u
#define SPI_MAX_HZ 20000000u
#define LSI_HZ     32000u

// FILL: how many there are: those of vectors_<chip>.c, which checks it.
#define INTERRUPTS 41

// FILL: level of the supply detector that trips, when the supply falls, above
// what the flash needs for a write unit, and a W25Q for anything (2.7 V).
#define PVD_LEVEL 5u

/// FLASH: FILL ///

// KEYR, SR and CR are what the shared flash.c works with.
struct flash_regs {
    volatile uint32_t ACR;
    volatile uint32_t KEYR;
    volatile uint32_t OPTKEYR;
    volatile uint32_t SR;
    volatile uint32_t CR;
    volatile uint32_t OPTR;
};
#define FLASH ((struct flash_regs *)0x5FFF0000)

#define FLASH_KEYR_KEY1 0x45670123u
#define FLASH_KEYR_KEY2 0xCDEF89ABu

// A flag that the chip does not have is 0. ERRORS: all that say that an
// operation has failed; written as 1 they and EOP are cleared.
#define FLASH_SR_EOP     (1u << 0)
#define FLASH_SR_PROGERR (1u << 3)
#define FLASH_SR_WRPERR  (1u << 4)
#define FLASH_SR_BSY     (1u << 16)
#define FLASH_SR_RDERR   0u
#define FLASH_SR_ERRORS  (FLASH_SR_PROGERR | FLASH_SR_WRPERR)

#define FLASH_CR_LOCK (1u << 31)

/// RCC: FILL ///

// The shared files use CR, CFGR, CIR, CSR, and RSTR and ENR of both APBs.
struct rcc_regs {
    volatile uint32_t CR;
    volatile uint32_t CFGR;
    volatile uint32_t CIR;
    volatile uint32_t AHBRSTR;
    volatile uint32_t APB1RSTR;
    volatile uint32_t APB2RSTR;
    volatile uint32_t AHBENR;
    volatile uint32_t APB1ENR;
    volatile uint32_t APB2ENR;
    volatile uint32_t CSR;
};
#define RCC ((struct rcc_regs *)0x5FFF1000)

// The same bit stands for a peripheral in its RSTR and in its ENR. EXTI_ROUTE:
// what holds EXTICR (SYSCFG, AFIO). GPIO: RSTR and ENR that have the ports'
// bits, that of a port (0 is GPIOA), all of them.
#define RCC_APB2_USART1     (1u << 14)
#define RCC_APB2_EXTI_ROUTE (1u << 0)
#define RCC_GPIO_RSTR       (RCC->AHBRSTR)
#define RCC_GPIO_ENR        (RCC->AHBENR)
#define RCC_GPIO(port)      (1u << (port))
#define RCC_GPIO_ALL        0xFFu

#define RCC_CSR_BORRSTF (1u << 25) // 0: there is no such flag

/// GPIO: FILL ///

// The shared files use IDR, ODR and BSRR, the rest is for gpio.c.
struct gpio_regs {
    volatile uint32_t MODER;
    volatile uint32_t OTYPER;
    volatile uint32_t OSPEEDR;
    volatile uint32_t PUPDR;
    volatile uint32_t IDR;
    volatile uint32_t ODR;
    volatile uint32_t BSRR;
    volatile uint32_t LCKR;
    volatile uint32_t AFR[2];
};
#define GPIO(port) ((struct gpio_regs *)(0x5FFF2000u + 0x400u * (port)))

// What a pin is used for, in numbers that gpio.c understands. Outputs fast
// enough for SPI_MAX_HZ; the last one with a pull-up.
enum gpio_use {
    GPIO_OUTPUT,
    GPIO_INPUT_PULL_UP,
    GPIO_ALTERNATE_OUTPUT,
    GPIO_ALTERNATE_INPUT,
};

/// EXTI and what leads a pin to its line: FILL ///

struct syscfg_regs {
    volatile uint32_t MEMRMP;
    volatile uint32_t PMC;
    volatile uint32_t EXTICR[4];
};
#define EXTI_ROUTE ((struct syscfg_regs *)0x5FFF4000)

#define EXTI ((struct exti_regs *)0x5FFF5000)

/// What else differs ///

// FILL: starts the clock that times the flash's operations, if it is not the
// core's own. False: it does not run, and nothing is programmed.
static inline bool flash_clock_runs(void)
{
    return false;
}

// FILL: whether the option bytes start the watchdog at reset.
static inline bool iwdg_runs_from_reset(void)
{
    return false;
}

// FILL: the watchdog stands still while a debugger halts the core (DBGMCU).
static inline void iwdg_halt_with_core(void)
{
}

#endif
