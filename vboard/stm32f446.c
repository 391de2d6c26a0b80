// SPDX-License-Identifier: MIT
//
// STM32F446RE: RM0390 2.2.2 (memory map), table 4 (flash), table 38 (vectors).

#include "flash.h"
#include "gpio.h"
#include "rcc.h"

static const uint32_t sector_size[] = {
    16 * 1024, 16 * 1024,  16 * 1024,  16 * 1024,
    64 * 1024, 128 * 1024, 128 * 1024, 128 * 1024,
};

// RCC comes first: at a reset the clocks are at 16 MHz before anything else.
static const struct device *const devices[] = {
    &rcc_f4_device,    &pwr_f4_device,      &flash_f4_device,
    &gpio_device[0],   &gpio_device[1],     &gpio_device[2],
    &gpio_device[3],   &gpio_device[4],     &gpio_device[5],
    &gpio_device[6],   &gpio_device[7],     &exti_device,
    &syscfg_device,    &usart_f4_device[0], &usart_f4_device[1],
    &spi_f4_device[0], &spi_f4_device[1],   &crc_device,
    &iwdg_device,      &uid_device,         &flash_size_device,
    &dbgmcu_device,
};

// LQFP64 (DS10693 table 10), ports A to H.
static const uint16_t bonded[GPIO_PORTS] = {0xFFFF, 0xF7FF, 0xFFFF, 0x0004,
                                            0,      0,      0,      0x0003};

const struct chip stm32f446re = {
    .name = "stm32f446re",
    .core = "Cortex-M4F",
    .flash_base = 0x08000000,
    .flash_size = 512 * 1024,
    .ram_base = 0x20000000,
    .ram_size = 128 * 1024,
    .irq_count = 97,
    .sector_count = sizeof(sector_size) / sizeof(sector_size[0]),
    .sector_size = sector_size,
    .devices = devices,
    .device_count = sizeof(devices) / sizeof(devices[0]),
    .cpu_model = UC_CPU_ARM_CORTEX_M4,
    .cpuid = 0x410FC241, // r0p1
    .fpu = true,
    .rcc = &rcc_f4,
    .pwr = &pwr_f4,
    .flash = &flash_f4,
    .gpio = &gpio_f4,
    .spi = spi_f4,
    .usart = usart_f4,
    .unmodelled = unmodelled_f446,
    .bonded = bonded,
};
