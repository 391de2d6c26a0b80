// SPDX-License-Identifier: MIT
//
// A file in the root directory of a FAT12, FAT16 or FAT32 volume as a source,
// read-only (Microsoft, FAT: General Overview of On-Disk Format, 1.03). The
// volume is the first FAT partition of an MBR, or the whole device. The file is
// matched by its 8.3 name; it may be fragmented. Seekable.
//
//     struct ota_fat_file file;
//     ota_fat_file_init(&file, &sd.blocks, "FIRMWARE.BIN");
//     ... {OTA_SOURCE_SD, &file.source, .by_hand = true} ...
//
// Nothing on the device is believed: chains that loop or leave the volume end
// the read with OTA_ERR_SOURCE_FORMAT.

#ifndef OTA_FAT_H
#define OTA_FAT_H

#include <stdint.h>

#include "ota/blocks.h"
#include "ota/source.h"

// FAT12: up to 4084 clusters, FAT16: up to 65524, FAT32 the rest.
struct ota_fat_volume {
    uint8_t bits;             // 12, 16 or 32; 0: not mounted
    uint8_t blocks_per_cluster;
    uint32_t fat;             // first block of the first FAT
    uint32_t fat_blocks;      // in one FAT
    uint32_t root;            // FAT32: cluster; else block of the directory
    uint32_t root_entries;    // FAT12, FAT16
    uint32_t data;            // block of cluster 2
    uint32_t clusters;        // in the volume
};

// Read-only outside. 600 bytes; owned by the caller.
struct ota_fat_file {
    struct ota_source source;
    struct ota_blocks *blocks;
    const char *name; // "FIRMWARE.BIN": upper case, 8.3
    struct ota_fat_volume volume;
    uint32_t first;    // cluster
    uint32_t size;     // bytes
    uint32_t position; // of the next read
    uint32_t cluster;  // that holds position - 1
    uint32_t cached;   // block in the buffer
    uint8_t buffer[OTA_BLOCK_SIZE];
};

// Touches no device; open does. read gives 0 while the device gets ready, then
// OTA_ERR_SOURCE_FORMAT when there is no FAT volume, OTA_ERR_SOURCE_FILE when
// there is no such file (a directory is none), OTA_ERR_SOURCE_END at its end.
void ota_fat_file_init(struct ota_fat_file *file, struct ota_blocks *blocks,
                       const char *name);

#endif
