// SPDX-License-Identifier: MIT
//
// Winbond W25Q64 and parts that take the same commands, as a flash device
// (W25Q64JV data sheet, 8.1 instructions, 9.6 timing). Sizes other than 8 MiB
// need a geometry and JEDEC ids of their own (PORTING.md, Another W25Q).
//
//     static const struct ota_w25q chip = {&bus, millis, supply_ok};
//     const struct ota_flash w25q64_flash = OTA_W25Q64_FLASH(&chip);
//
// The driver keeps nothing in RAM: each call first asks the chip who it is, so
// that one that was reset, replaced, put to sleep or left busy by somebody else
// is noticed; it is woken, or waited for up to 2.5 s and then reset. A chip
// that does not answer costs microseconds, one that stays busy the longest
// legal time of the operation. The JEDEC ids known are EF 40 17 and EF 70 17.
//
// The block protection bits must be clear: with any of them set, erasing and
// programming are refused everywhere. A call takes up to 300 bytes of stack,
// without what the bus takes.

#ifndef OTA_W25Q_H
#define OTA_W25Q_H

#include <stdbool.h>
#include <stdint.h>

#include "ota/bus.h"
#include "ota/flash.h"

struct ota_w25q {
    const struct ota_bus *bus; // at most 50 MHz: the limit of command 03h

    // Milliseconds since any moment. Must run while a call waits: with a tick,
    // no call with its interrupt disabled.
    uint32_t (*millis)(void);

    // Whether the supply is within the part's range (W25Q64JV: 2.7 V or more).
    // Asked before each erase and program. NULL: not known.
    bool (*supply_ok)(void);
};

// 2048 x 4 KiB, blocks of 64 KiB, write unit 1 byte.
extern const struct ota_geometry ota_w25q64_geometry;

// The functions of struct ota_flash; its contract is in ota/flash.h. All return
// OTA_ERR_FLASH_DEVICE when no chip with a known JEDEC id answers,
// OTA_ERR_FLASH_TIMEOUT when it stays busy. Erase and prog: _PROTECTED when the
// chip refuses, _LOCKED when it does not take Write Enable.
OTA_CHECKED int ota_w25q_read(const struct ota_flash *flash, uint32_t offset,
                              void *data, size_t len);
OTA_CHECKED int ota_w25q_prog(const struct ota_flash *flash, uint32_t offset,
                              const void *data, size_t len);
OTA_CHECKED int ota_w25q_erase(const struct ota_flash *flash, uint32_t offset,
                               uint32_t size);

#define OTA_W25Q64_FLASH(chip)                                                 \
    {                                                                          \
        &ota_w25q64_geometry, ota_w25q_read, ota_w25q_prog, ota_w25q_erase,    \
            (void *)(chip)                                                     \
    }

#endif
