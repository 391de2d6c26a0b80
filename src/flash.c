// SPDX-License-Identifier: MIT

#include "ota/flash.h"

#include <string.h>

// Bytes looked at in one read of ota_area_is_blank.
#define BLANK_CHUNK 64

static int check_range(const struct ota_area *area, uint32_t offset, size_t len)
{
    if (!area->flash || offset > area->size || len > area->size - offset) {
        return OTA_ERR_RANGE;
    }
    uint32_t size = area->flash->geometry->size;
    if (area->offset > size || area->size > size - area->offset) {
        return OTA_ERR_RANGE;
    }
    return 0;
}

int ota_area_read(const struct ota_area *area, uint32_t offset, void *data,
                  size_t len)
{
    int err = check_range(area, offset, len);
    if (err) {
        return err;
    }
    return area->flash->read(area->flash, area->offset + offset, data, len);
}

int ota_area_prog(const struct ota_area *area, uint32_t offset,
                  const void *data, size_t len)
{
    int err = check_range(area, offset, len);
    if (err) {
        return err;
    }
    uint32_t unit = area->flash->geometry->write_unit;
    // a power of 2
    if (((area->offset + offset) | len) & (unit - 1)) {
        return OTA_ERR_ALIGN;
    }
    return area->flash->prog(area->flash, area->offset + offset, data, len);
}

int ota_area_prog_checked(const struct ota_area *area, uint32_t offset,
                          const void *data, size_t len)
{
    uint8_t check[OTA_MAX_CHECKED];
    if (len > sizeof check) {
        return OTA_ERR_ARGUMENT;
    }
    int err = ota_area_prog(area, offset, data, len);
    if (err == 0) {
        err = ota_area_read(area, offset, check, len);
    }
    if (err == 0 && memcmp(check, data, len) != 0) {
        err = OTA_ERR_FLASH_VERIFY;
    }
    return err;
}

// The size of the erase unit that begins at this offset of the device, or 0.
static uint32_t unit_at(const struct ota_geometry *geometry, uint32_t offset)
{
    for (unsigned i = 0; i < geometry->run_count; i++) {
        const struct ota_erase_run *run = &geometry->run[i];
        uint32_t bytes = run->count * run->size;
        if (offset < bytes) {
            return offset % run->size == 0 ? run->size : 0;
        }
        offset -= bytes;
    }
    return 0;
}

int32_t ota_area_span(const struct ota_area *area, uint32_t offset,
                      uint32_t total)
{
    int err = check_range(area, offset, 1);
    if (err) {
        return err;
    }
    const struct ota_geometry *geometry = area->flash->geometry;
    uint32_t at = area->offset + offset;
    uint32_t left = area->size - offset;
    uint32_t size = unit_at(geometry, at);
    if (size == 0) {
        return OTA_ERR_ALIGN;
    }
    if (size > left) {
        return OTA_ERR_RANGE; // the rest of it holds somebody else's data
    }
    uint32_t needed = total > offset ? total - offset : 0;
    uint32_t block = geometry->block;
    if (block > 0 && block <= needed && block <= left && at % block == 0) {
        size = block;
    }
    return (int32_t)size;
}

int32_t ota_area_erase_span(const struct ota_area *area, uint32_t offset,
                            uint32_t total)
{
    int32_t size = ota_area_span(area, offset, total);
    if (size < 0) {
        return size;
    }
    int err =
        area->flash->erase(area->flash, area->offset + offset, (uint32_t)size);
    return err ? err : size;
}

int ota_area_erase(const struct ota_area *area, uint32_t offset)
{
    int32_t size = ota_area_erase_span(area, offset, 0);
    return size < 0 ? (int)size : 0;
}

int ota_area_is_blank(const struct ota_area *area, uint32_t offset,
                      uint32_t len)
{
    // by words: both units of the journal are looked through in every boot
    uint32_t words[BLANK_CHUNK / 4];
    while (len > 0) {
        uint32_t n = len < sizeof words ? len : (uint32_t)sizeof words;
        int err = ota_area_read(area, offset, words, n);
        if (err) {
            return err;
        }
        uint8_t erased = area->flash->geometry->erased;
        memset((uint8_t *)words + n, erased, sizeof words - n);
        for (unsigned i = 0; i < BLANK_CHUNK / 4; i++) {
            if (words[i] != erased * 0x01010101u) {
                return 0;
            }
        }
        offset += n;
        len -= n;
    }
    return 1;
}

bool ota_flash_is_untouched(int error)
{
    return error == OTA_ERR_POWER || error == OTA_ERR_FLASH_PROTECTED ||
           error == OTA_ERR_FLASH_LOCKED || error == OTA_ERR_RANGE ||
           error == OTA_ERR_ALIGN;
}
