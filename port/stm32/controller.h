// SPDX-License-Identifier: MIT
//
// Between flash.c and the generation's flash.c.

#ifndef STM32_CONTROLLER_H
#define STM32_CONTROLLER_H

#include "ota/flash.h"

#define FLASH_ADDRESS 0x08000000u

/// The generation's ///

// Programs one write unit, or erases the unit of size bytes that begins at
// offset, with a controller that is idle, unlocked and has no flag set. 0 or
// the error of stm32_flash_finish.
int stm32_flash_program_unit(uint32_t offset, const uint8_t *data);
int stm32_flash_erase_unit(const struct ota_geometry *geometry, uint32_t offset,
                           uint32_t size);

// After the operations: what caches hold, and what else they have stirred up.
void stm32_flash_settle(void);

/// flash.c's ///

// Waits so many microseconds for an operation; what its flags say, in the words
// of the API. otherwise: for an error that has no word of its own.
int stm32_flash_finish(uint32_t us, int otherwise);

// The functions of struct ota_flash.
int stm32_flash_read(const struct ota_flash *flash, uint32_t offset, void *data,
                     size_t len);
int stm32_flash_prog(const struct ota_flash *flash, uint32_t offset,
                     const void *data, size_t len);
int stm32_flash_erase(const struct ota_flash *flash, uint32_t offset,
                      uint32_t size);

#endif
