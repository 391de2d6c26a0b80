// SPDX-License-Identifier: MIT
//
// A FAT volume: where its parts are, and what follows a cluster.

#ifndef FAT_VOLUME_H
#define FAT_VOLUME_H

#include <stdbool.h>

#include "ota/fat.h"

// Looks for a volume on volume->blocks. 0, OTA_ERR_SOURCE_FORMAT, or an error
// of the device.
OTA_CHECKED int ota_fat_mount(struct ota_fat_volume *volume);

// Has the block in the buffer. 0 or an error of the device.
OTA_CHECKED int ota_fat_load(struct ota_fat_volume *volume, uint32_t block);

// Reads the FAT entry of a cluster, whatever its number. 0,
// OTA_ERR_SOURCE_FORMAT when the volume has no such cluster, or an error of the
// device.
OTA_CHECKED int ota_fat_next(struct ota_fat_volume *volume, uint32_t cluster,
                             uint32_t *next);

static inline bool ota_fat_is_32(const struct ota_fat_volume *volume)
{
    return volume->last > 0xFFFF;
}

// Whether this FAT entry ends a chain.
static inline bool ota_fat_is_end(const struct ota_fat_volume *volume,
                                  uint32_t entry)
{
    return entry >= volume->last - 7;
}

#endif
