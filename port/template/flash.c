// SPDX-License-Identifier: MIT
//
// The flash of a new generation: one write unit, one erase unit. Unlocking,
// flags, supply, comparing and locking are in the shared flash.c.

#include "controller.h"

#include "port.h"

// FILL: twice what the data sheet gives as the longest.
#define PROGRAM_US 200
#define ERASE_US   80000

// FILL, and move it to geometry.c and geometry.h of port/stm32: otatool and the
// tests need it without the driver.
static const struct ota_geometry template_geometry = {
    .size = 256 * 1024,
    .write_unit = 8,
    .erased = 0xFF,
    .run_count = 1,
    .run = (const struct ota_erase_run[]){{128, 2048}},
};

// FILL: drops what instruction and data caches of the flash hold, and whatever
// the operations have made pending.
void stm32_flash_settle(void)
{
}

// FILL: the program bit into FLASH->CR, the unit's bytes to FLASH_ADDRESS +
// offset in words of the size that the manual says, then
// stm32_flash_finish(PROGRAM_US, OTA_ERR_FLASH_PROGRAM). data may lie at an odd
// address: memcpy the words out of it.
int stm32_flash_program_unit(uint32_t offset, const uint8_t *data)
{
    (void)offset;
    (void)data;
    return OTA_ERR_FLASH_PROGRAM;
}

// FILL: what to erase into FLASH->CR (and AR, if there is one), the start bit
// with a write of its own, then stm32_flash_finish(ERASE_US,
// OTA_ERR_FLASH_ERASE).
int stm32_flash_erase_unit(const struct ota_geometry *geometry, uint32_t offset,
                           uint32_t size)
{
    (void)geometry;
    (void)offset;
    (void)size;
    return OTA_ERR_FLASH_ERASE;
}

// FILL: move the declaration to port.h, beside the others. Where reading can
// raise a fault of the error correction, read is one of your own: it returns
// OTA_ERR_FLASH_READ then (NMI or bus fault, caught while it runs).
extern const struct ota_flash template_flash;
const struct ota_flash template_flash = {
    .geometry = &template_geometry,
    .read = stm32_flash_read,
    .prog = stm32_flash_prog,
    .erase = stm32_flash_erase,
};
