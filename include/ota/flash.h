// SPDX-License-Identifier: MIT
//
// Flash as a value: a device is its geometry and three functions, an area is a
// byte range of a device. This is the whole border between the engine and a
// port; nothing else crosses it, and a port never hears of slots.

#ifndef OTA_FLASH_H
#define OTA_FLASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ota/error.h"

// The largest write unit of any supported device, in bytes (STM32H7: 32).
#define OTA_MAX_WRITE_UNIT 32

// The most that ota_area_prog_checked takes: a record of the journal.
#define OTA_MAX_CHECKED 64

// count erase units of size bytes each, one after the other.
struct ota_erase_run {
    uint32_t count;
    uint32_t size;
};

// What a device is made of. Plain data: host tools use it without a driver.
struct ota_geometry {
    uint32_t size;      // bytes in all; the sum of the erase runs
    uint8_t write_unit; // bytes programmed at once: 1, 2, 4, 8, 16 or 32
    uint8_t erased;     // what an erased byte reads as (0xFF, on L0/L1 0x00)
    uint8_t run_count;  // entries of run
    const struct ota_erase_run *run; // from offset 0 upwards
    uint32_t block; // so many bytes, a multiple of all erase units that is
                    // aligned to itself, are erased faster at once (W25Q: 64
                    // KiB); 0: there is no such thing
};

// A flash device. Offsets count from the device's first byte, whatever address
// it is mapped at. Calls never overlap and come from one thread.
//
// The engine promises a port: ranges lie in the device; a program is aligned to
// the write unit and made of whole units that were erased before and not
// programmed since; an erase names the first byte and the size of one erase
// unit, or of a block where the geometry has them.
//
// A port promises: success means that it reads back (an erased unit as blank, a
// programmed one as the data given); every hardware error is returned, faults
// of the error correction on a read included; every wait is bounded. A port's
// error is one of the OTA_ERR_FLASH_* and OTA_ERR_POWER; an erase that returns
// OTA_ERR_POWER, _PROTECTED or _LOCKED has changed nothing.
//
// A cut of power in the middle of prog or erase may leave the unit reading as
// anything, as a different thing each time, or not readable at all.
struct ota_flash {
    const struct ota_geometry *geometry;
    int (*read)(const struct ota_flash *flash, uint32_t offset, void *data,
                size_t len);
    int (*prog)(const struct ota_flash *flash, uint32_t offset,
                const void *data, size_t len);
    int (*erase)(const struct ota_flash *flash, uint32_t offset, uint32_t size);
    void *context; // the port's own
};

// A byte range of a device. It begins and ends on erase units, except where it
// is only read. flash NULL: this layout has no such area.
struct ota_area {
    const struct ota_flash *flash;
    uint32_t offset; // bytes from the start of the device
    uint32_t size;   // bytes
};

// Each of these returns 0, OTA_ERR_RANGE or OTA_ERR_ALIGN before the device is
// touched, or the port's error. Offsets count from the start of the area.

// Reads len bytes; any offset, any length that stays in the area.
OTA_CHECKED int ota_area_read(const struct ota_area *area, uint32_t offset,
                              void *data, size_t len);

// Programs len bytes; offset and len are multiples of the write unit. The
// caller has erased them before and programs each unit once.
OTA_CHECKED int ota_area_prog(const struct ota_area *area, uint32_t offset,
                              const void *data, size_t len);

// The same and reads them back, at most OTA_MAX_CHECKED. OTA_ERR_FLASH_VERIFY
// if they differ.
OTA_CHECKED int ota_area_prog_checked(const struct ota_area *area,
                                      uint32_t offset, const void *data,
                                      size_t len);

// Erases the one unit that begins at offset. Returns 0 or an error; how long
// the unit is, ota_area_unit_size tells.
OTA_CHECKED int ota_area_erase(const struct ota_area *area, uint32_t offset);

// What a file of total bytes erases at once at an offset: the block that begins
// there, if the device has one and all of it lies in the file and in the area,
// else the erase unit. Its size in bytes, or OTA_ERR_ALIGN where none begins
// there, OTA_ERR_RANGE outside the area.
OTA_CHECKED int32_t ota_area_span(const struct ota_area *area, uint32_t offset,
                                  uint32_t total);

// The size of the erase unit that begins at offset, or an error as above.
OTA_CHECKED static inline int32_t
ota_area_unit_size(const struct ota_area *area, uint32_t offset)
{
    return ota_area_span(area, offset, 0);
}

// Erases that span. Returns its size, or an error.
OTA_CHECKED int32_t ota_area_erase_span(const struct ota_area *area,
                                        uint32_t offset, uint32_t total);

// Whether len bytes read as erased: 1 yes, 0 no, or a read error. Blank is not
// proof of erased: after a cut an erase must be done again before programming.
OTA_CHECKED int ota_area_is_blank(const struct ota_area *area, uint32_t offset,
                                  uint32_t len);

// Whether an erase that failed with this error has left the unit as it was.
// Trying again elsewhere would fail the same way, so callers stop.
bool ota_flash_is_untouched(int error);

#endif
