// SPDX-License-Identifier: MIT
//
// The flash of the STM32F4 (RM0390 3): words, sectors, caches.

#include "controller.h"

#include <string.h>

#include "caches.h"
#include "cortex_m.h"
#include "geometry.h"
#include "port.h"
#include "registers.h"

// At x32 a word takes up to 100 us, a sector of 16, 64 and 128 KiB up to 500
// ms, 1.1 s and 2 s (DS10693, flash memory characteristics): here 1.3 times
// that or more.
#define PROGRAM_US        200
#define ERASE_US          500000
#define ERASE_US_PER_BYTE 16

// The caches may hold what was there before. They must be off to be reset
// (RM0390 3.8.1).
void stm32_flush_caches(void)
{
    uint32_t acr = FLASH->ACR;
    uint32_t off = acr & ~(FLASH_ACR_ICEN | FLASH_ACR_DCEN);
    FLASH->ACR = off;
    FLASH->ACR = off | FLASH_ACR_ICRST | FLASH_ACR_DCRST;
    FLASH->ACR = off;
    FLASH->ACR = acr;
    data_barrier();
    instruction_barrier();
}

// ERRIE has made an error pend the interrupt, which nobody handles.
void stm32_flash_settle(void)
{
    stm32_flush_caches();
    NVIC->ICPR[FLASH_IRQ / 32] = 1u << FLASH_IRQ % 32;
}

// OPERR is only set while ERRIE is (RM0390 3.8.4).
int stm32_flash_program_unit(uint32_t offset, const uint8_t *data)
{
    uint32_t word;
    memcpy(&word, data, sizeof(word));
    FLASH->CR = FLASH_CR_PG | FLASH_CR_PSIZE_X32 | FLASH_CR_ERRIE;
    *(volatile uint32_t *)(FLASH_ADDRESS + offset) = word;
    return stm32_flash_finish(PROGRAM_US, OTA_ERR_FLASH_PROGRAM);
}

// The number of the sector that begins at offset.
static unsigned sector_of(const struct ota_geometry *geometry, uint32_t offset)
{
    unsigned sector = 0;
    uint32_t start = 0;
    for (unsigned i = 0; i < geometry->run_count; i++) {
        const struct ota_erase_run *run = &geometry->run[i];
        uint32_t index = (offset - start) / run->size;
        if (index < run->count) {
            return sector + index;
        }
        sector += run->count;
        start += run->count * run->size;
    }
    return sector;
}

// STRT is written on its own after SER and SNB (RM0390 3.5.3).
int stm32_flash_erase_unit(const struct ota_geometry *geometry, uint32_t offset,
                           uint32_t size)
{
    uint32_t cr = FLASH_CR_SER |
                  sector_of(geometry, offset) << FLASH_CR_SNB_POS |
                  FLASH_CR_PSIZE_X32 | FLASH_CR_ERRIE;
    FLASH->CR = cr;
    FLASH->CR = cr | FLASH_CR_STRT;
    return stm32_flash_finish(ERASE_US + size * ERASE_US_PER_BYTE,
                              OTA_ERR_FLASH_ERASE);
}

const struct ota_flash stm32f446_flash = {
    .geometry = &stm32f446_geometry,
    .read = stm32_flash_read,
    .prog = stm32_flash_prog,
    .erase = stm32_flash_erase,
};
