// SPDX-License-Identifier: MIT
//
// The flash of the STM32F1 of medium density (PM0075): half-words, pages of
// 1 KiB.

#include "controller.h"

#include <string.h>

#include "geometry.h"
#include "port.h"
#include "registers.h"

// A half-word takes up to 70 us, a page up to 40 ms (DS5319, flash memory
// characteristics): here twice that or more.
#define PROGRAM_US 200
#define ERASE_US   80000

// There are no caches, and no interrupt is enabled.
void stm32_flash_settle(void)
{
}

// The controller looks first: a half-word that is not blank stays as it is, and
// PGERR is set, unless 0x0000 is written (PM0075 2.3.3).
int stm32_flash_program_unit(uint32_t offset, const uint8_t *data)
{
    uint16_t half;
    memcpy(&half, data, sizeof(half));
    FLASH->CR = FLASH_CR_PG;
    *(volatile uint16_t *)(FLASH_ADDRESS + offset) = half;
    return stm32_flash_finish(PROGRAM_US, OTA_ERR_FLASH_PROGRAM);
}

// PER, address and STRT, each on its own (PM0075 2.3.4). Every page has the
// same size.
int stm32_flash_erase_unit(const struct ota_geometry *geometry, uint32_t offset,
                           uint32_t size)
{
    (void)geometry;
    (void)size;
    FLASH->CR = FLASH_CR_PER;
    FLASH->AR = FLASH_ADDRESS + offset;
    FLASH->CR = FLASH_CR_PER | FLASH_CR_STRT;
    return stm32_flash_finish(ERASE_US, OTA_ERR_FLASH_ERASE);
}

const struct ota_flash stm32f103_flash = {
    .geometry = &stm32f103_geometry,
    .read = stm32_flash_read,
    .prog = stm32_flash_prog,
    .erase = stm32_flash_erase,
};
