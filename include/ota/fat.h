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
// Nothing on the device is believed: a chain of clusters that loops, leaves the
// volume, or is shorter or longer than the size of the file ends the read with
// OTA_ERR_SOURCE_FORMAT.

#ifndef OTA_FAT_H
#define OTA_FAT_H

#include <stdint.h>

#include "ota/blocks.h"
#include "ota/source.h"

// Private to sources/fat_*.c.
struct ota_fat_volume {
    struct ota_blocks *blocks;
    uint32_t fat;          // first block of the FAT in use
    uint32_t data;         // block of cluster 2, the first one
    uint32_t clusters;     // in the volume
    uint32_t cluster_size; // bytes
    uint32_t root;         // FAT32: cluster; else block of the root directory
    uint32_t root_size;    // bytes; FAT32: the limit
    uint32_t last;         // largest value of a FAT entry: 12, 16 or 28 ones
    uint32_t cached;       // block in the buffer
    uint8_t buffer[OTA_BLOCK_SIZE];
};

// 608 bytes, owned by the caller. Read-only outside: size, position.
struct ota_fat_file {
    struct ota_source source;
    struct ota_fat_volume volume;
    uint8_t name[11];  // as a directory has it
    uint8_t state;     // enum of fat_file.c
    uint32_t first;    // cluster of the file, or of the directory searched
    uint32_t size;     // of it, bytes
    uint32_t position; // of the next read
    uint32_t searched; // bytes of the directory
    uint32_t index;    // in the chain, from 0,
    uint32_t cluster;  // of this cluster
    uint32_t next;     // what the FAT says comes after it
};

// Touches no device; open does. name is 8.3 in upper case: "FIRMWARE.BIN".
//
// read gives 0 while the device gets ready and while the file is searched, one
// block at a call, then what ota/source.h says, or an error:
//   OTA_ERR_SOURCE_FORMAT  no FAT volume, other than 512 bytes a block, damaged
//   OTA_ERR_SOURCE_FILE    no such file; a directory is none
//   OTA_ERR_SOURCE_END     at the end of the file
// and those of the device. seek takes any offset; after one forwards read gives
// 0 for each cluster that it passes.
void ota_fat_file_init(struct ota_fat_file *file, struct ota_blocks *blocks,
                       const char *name);

#endif
