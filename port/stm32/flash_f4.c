// SPDX-License-Identifier: MIT
//
// The flash of the STM32F4 (RM0390 3). Any fetch or read of it stalls the bus
// while an operation runs, so the loops that wait here mostly stand still; the
// bounds are for a controller that stays busy.

#include "port.h"

#include <string.h>

#include "cortex_m.h"
#include "geometry.h"
#include "stm32f4.h"
#include "wait.h"

#define FLASH_ADDRESS 0x08000000u

#define ERROR_FLAGS                                                            \
    (FLASH_SR_OPERR | FLASH_SR_WRPERR | FLASH_SR_PGAERR | FLASH_SR_PGPERR |    \
     FLASH_SR_PGSERR | FLASH_SR_RDERR)

// At x32 a word takes up to 100 us, a sector of 16, 64 and 128 KiB up to 500
// ms, 1.1 s and 2 s (DS10693, flash memory characteristics): here 1.3 times
// that or more.
#define PROGRAM_US        200
#define ERASE_US          500000
#define ERASE_US_PER_BYTE 16

static const uint8_t *address_of(uint32_t offset)
{
    return (const uint8_t *)(FLASH_ADDRESS + offset);
}

// The caches may hold what was there before. They must be off to be reset
// (RM0390 3.8.1).
void stm32_flash_flush_caches(void)
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

// A flag left from before would refuse the operation or be taken for its own.
// Write 1 to clear: exactly those that are set.
static void clear_flags(void)
{
    FLASH->SR = FLASH->SR & (FLASH_SR_EOP | ERROR_FLAGS);
}

// Unlocks. The keys are only written to a locked controller: any other write
// to KEYR is a bus error and locks it until the next reset (RM0390 3.5.1).
static int begin(void)
{
    if (!stm32_wait(&FLASH->SR, FLASH_SR_BSY, 0, PROGRAM_US)) {
        return OTA_ERR_FLASH_TIMEOUT;
    }
    if ((FLASH->CR & FLASH_CR_LOCK) != 0) {
        FLASH->KEYR = FLASH_KEYR_KEY1;
        FLASH->KEYR = FLASH_KEYR_KEY2;
    }
    if ((FLASH->CR & FLASH_CR_LOCK) != 0) {
        return OTA_ERR_FLASH_LOCKED;
    }
    clear_flags();
    return OTA_OK;
}

// Locks, except after a timeout: a write to CR would stall the bus for as long
// as the controller is busy. ERRIE has made an error pend the interrupt, which
// nobody handles.
static void end(void)
{
    if ((FLASH->SR & FLASH_SR_BSY) == 0) {
        FLASH->CR = FLASH_CR_LOCK;
    }
    stm32_flash_flush_caches();
    NVIC->ICPR[FLASH_IRQ / 32] = 1u << FLASH_IRQ % 32;
}

// Waits for an operation; what its flags say, in the words of the API.
// otherwise: for an error that has no word of its own.
static int finish(uint32_t us, int otherwise)
{
    data_barrier();
    if (!stm32_wait(&FLASH->SR, FLASH_SR_BSY, 0, us)) {
        return OTA_ERR_FLASH_TIMEOUT;
    }
    uint32_t flags = FLASH->SR & ERROR_FLAGS;
    clear_flags();
    if (flags & FLASH_SR_WRPERR) {
        return OTA_ERR_FLASH_PROTECTED;
    }
    if (flags & FLASH_SR_RDERR) {
        return OTA_ERR_FLASH_READ;
    }
    return flags == 0 ? OTA_OK : otherwise;
}

static int read_flash(const struct ota_flash *flash, uint32_t offset,
                      void *data, size_t len)
{
    (void)flash;
    memcpy(data, address_of(offset), len);
    return OTA_OK;
}

// OPERR is only set while ERRIE is (RM0390 3.8.4).
static int program_word(uint32_t offset, const uint8_t *data)
{
    uint32_t word;
    memcpy(&word, data, sizeof(word));
    FLASH->CR = FLASH_CR_PG | FLASH_CR_PSIZE_X32 | FLASH_CR_ERRIE;
    *(volatile uint32_t *)(FLASH_ADDRESS + offset) = word;
    return finish(PROGRAM_US, OTA_ERR_FLASH_PROGRAM);
}

static int program_words(uint32_t offset, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i += 4) {
        if (!stm32_supply_ok()) {
            return OTA_ERR_POWER;
        }
        int err = program_word(offset + (uint32_t)i, data + i);
        if (err) {
            return err;
        }
    }
    return OTA_OK;
}

static int program_flash(const struct ota_flash *flash, uint32_t offset,
                         const void *data, size_t len)
{
    (void)flash;
    int err = begin();
    if (err == OTA_OK) {
        err = program_words(offset, data, len);
    }
    end();
    if (err) {
        return err;
    }
    return memcmp(address_of(offset), data, len) == 0 ? OTA_OK
                                                      : OTA_ERR_FLASH_VERIFY;
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
static int erase_sector(unsigned sector, uint32_t size)
{
    if (!stm32_supply_ok()) {
        return OTA_ERR_POWER;
    }
    uint32_t cr = FLASH_CR_SER | sector << FLASH_CR_SNB_POS |
                  FLASH_CR_PSIZE_X32 | FLASH_CR_ERRIE;
    FLASH->CR = cr;
    FLASH->CR = cr | FLASH_CR_STRT;
    return finish(ERASE_US + size * ERASE_US_PER_BYTE, OTA_ERR_FLASH_ERASE);
}

static bool is_blank(uint32_t offset, uint32_t size)
{
    const uint32_t *word = (const uint32_t *)address_of(offset);
    for (uint32_t i = 0; i < size / 4; i++) {
        if (word[i] != 0xFFFFFFFF) {
            return false;
        }
    }
    return true;
}

static int erase_flash(const struct ota_flash *flash, uint32_t offset,
                       uint32_t size)
{
    unsigned sector = sector_of(flash->geometry, offset);
    int err = begin();
    if (err == OTA_OK) {
        err = erase_sector(sector, size);
    }
    end();
    if (err) {
        return err;
    }
    return is_blank(offset, size) ? OTA_OK : OTA_ERR_FLASH_ERASE;
}

const struct ota_flash stm32f446_flash = {
    .geometry = &stm32f446_geometry,
    .read = read_flash,
    .prog = program_flash,
    .erase = erase_flash,
};
