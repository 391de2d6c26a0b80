// SPDX-License-Identifier: MIT
//
// STM32F103C8, medium density: RM0008 3.3 (memory map), table 5 (flash), table
// 63 (vectors).

#include "flash.h"
#include "gpio.h"
#include "rcc.h"

#define FOUR_PAGES    1024, 1024, 1024, 1024
#define SIXTEEN_PAGES FOUR_PAGES, FOUR_PAGES, FOUR_PAGES, FOUR_PAGES
static const uint32_t sector_size[] = {SIXTEEN_PAGES, SIXTEEN_PAGES,
                                       SIXTEEN_PAGES, SIXTEEN_PAGES};

// RCC comes first: at a reset the clocks are at 8 MHz before anything else.
// AFIO comes before the ports, whose pins depend on it.
static const struct device *const devices[] = {
    &rcc_f1_device,     &pwr_f1_device,          &flash_f1_device,
    &afio_device,       &gpio_f1_device[0],      &gpio_f1_device[1],
    &gpio_f1_device[2], &gpio_f1_device[3],      &gpio_f1_device[4],
    &exti_f1_device,    &usart_f1_device[0],     &usart_f1_device[1],
    &spi_f1_device[0],  &spi_f1_device[1],       &crc_f1_device,
    &iwdg_device,       &uid_f1_device,          &flash_size_f1_device,
    &dbgmcu_f1_device,  &option_bytes_f1_device,
};

// LQFP48 (DS5319 table 5), ports A to H. PD0 and PD1 are the pins of HSE, until
// PD01_REMAP, which is not modelled (RM0008 9.3.2).
static const uint16_t bonded[GPIO_PORTS] = {0xFFFF, 0xFFFF, 0xE000};

const struct chip stm32f103c8 = {
    .name = "stm32f103c8",
    .core = "Cortex-M3",
    .flash_base = 0x08000000,
    .flash_size = 64 * 1024,
    .ram_base = 0x20000000,
    .ram_size = 20 * 1024,
    .irq_count = 43,
    .sector_count = sizeof(sector_size) / sizeof(sector_size[0]),
    .sector_size = sector_size,
    .devices = devices,
    .device_count = sizeof(devices) / sizeof(devices[0]),
    .cpu_model = UC_CPU_ARM_CORTEX_M3,
    .cpuid = 0x411FC231, // r1p1
    .fpu = false,
    .rcc = &rcc_f1,
    .pwr = &pwr_f1,
    .flash = &flash_f1,
    .gpio = &gpio_f1,
    .spi = spi_f1,
    .usart = usart_f1,
    .unmodelled = unmodelled_f103,
    .bonded = bonded,
};
