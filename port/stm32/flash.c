// SPDX-License-Identifier: MIT
//
// The internal flash, as far as the generations agree. Any fetch or read of it
// stalls the bus while an operation runs, so the loops that wait here mostly
// stand still; the bounds are for a controller that stays busy.

#include "controller.h"

#include <string.h>

#include "cortex_m.h"
#include "port.h"
#include "registers.h"
#include "wait.h"

// One operation that somebody else has left running; no erase: that stalls
// whoever comes here.
#define IDLE_US 200

static const uint8_t *address_of(uint32_t offset)
{
    return (const uint8_t *)(FLASH_ADDRESS + offset);
}

// Unlocks. The keys are only written to a locked controller: any other write
// to KEYR is a bus error and locks it until the next reset (RM0390 3.5.1,
// PM0075 2.3.2).
static int begin(void)
{
    // a flag left from before would refuse the operation or be taken for its
    // own: cleared, whatever it says
    if (!flash_clock_runs() ||
        stm32_flash_finish(IDLE_US, OTA_OK) == OTA_ERR_FLASH_TIMEOUT) {
        return OTA_ERR_FLASH_TIMEOUT;
    }
    if ((FLASH->CR & FLASH_CR_LOCK) != 0) {
        FLASH->KEYR = FLASH_KEYR_KEY1;
        FLASH->KEYR = FLASH_KEYR_KEY2;
    }
    if ((FLASH->CR & FLASH_CR_LOCK) != 0) {
        return OTA_ERR_FLASH_LOCKED;
    }
    return OTA_OK;
}

// Locks, except after a timeout: a write to CR would stall the bus for as long
// as the controller is busy.
static void end(void)
{
    if ((FLASH->SR & FLASH_SR_BSY) == 0) {
        FLASH->CR = FLASH_CR_LOCK;
    }
    stm32_flash_settle();
}

int stm32_flash_finish(uint32_t us, int otherwise)
{
    data_barrier();
    // mostly it has stalled the CPU, and is over
    if ((FLASH->SR & FLASH_SR_BSY) != 0 &&
        !stm32_wait(&FLASH->SR, FLASH_SR_BSY, 0, us)) {
        return OTA_ERR_FLASH_TIMEOUT;
    }
    // write 1 to clear: exactly those that are set
    uint32_t flags = FLASH->SR & (FLASH_SR_EOP | FLASH_SR_ERRORS);
    FLASH->SR = flags;
    flags &= FLASH_SR_ERRORS;
    if (flags & FLASH_SR_WRPERR) {
        return OTA_ERR_FLASH_PROTECTED;
    }
    if (flags & FLASH_SR_RDERR) {
        return OTA_ERR_FLASH_READ;
    }
    return flags == 0 ? OTA_OK : otherwise;
}

int stm32_flash_read(const struct ota_flash *flash, uint32_t offset, void *data,
                     size_t len)
{
    (void)flash;
    memcpy(data, address_of(offset), len);
    return OTA_OK;
}

// Programs data, or erases one unit of len bytes where there are none.
static int operate(const struct ota_flash *flash, uint32_t offset,
                   const uint8_t *data, size_t len)
{
    const size_t unit = data ? flash->geometry->write_unit : len;
    int err = begin();
    for (size_t i = 0; err == OTA_OK && i < len; i += unit) {
        if (!stm32_supply_ok()) {
            err = OTA_ERR_POWER;
        } else if (data) {
            err = stm32_flash_program_unit(offset + (uint32_t)i, data + i);
        } else {
            err =
                stm32_flash_erase_unit(flash->geometry, offset, (uint32_t)len);
        }
    }
    end();
    return err;
}

int stm32_flash_prog(const struct ota_flash *flash, uint32_t offset,
                     const void *data, size_t len)
{
    int err = operate(flash, offset, data, len);
    if (err) {
        return err;
    }
    return memcmp(address_of(offset), data, len) == 0 ? OTA_OK
                                                      : OTA_ERR_FLASH_VERIFY;
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

int stm32_flash_erase(const struct ota_flash *flash, uint32_t offset,
                      uint32_t size)
{
    int err = operate(flash, offset, NULL, size);
    if (err) {
        return err;
    }
    return is_blank(offset, size) ? OTA_OK : OTA_ERR_FLASH_ERASE;
}
