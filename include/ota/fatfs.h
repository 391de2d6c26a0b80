// SPDX-License-Identifier: MIT
//
// A file of ChaN's FatFs as a source, for an application that links FatFs
// anyway; one that does not has ota/fat.h. Not part of the library "ota": add
// sources/fatfs.c to your own program, where ff.h is found. Seekable.
//
//     static struct ota_fatfs_file file;
//     f_mount(&volume, "", 0);
//     ota_fatfs_file_init(&file, "/firmware.bin");
//     ota_stage_... with file.source
//
// FatFs R0.12 or later; f_open, f_read, f_lseek and f_close are called, and
// each blocks for as long as your disk_read does.

#ifndef OTA_FATFS_H
#define OTA_FATFS_H

#include <stdbool.h>

#include "ff.h"
#include "ota/source.h"

// Owned by the caller; contents private. Keep it in a static: FIL has a buffer
// of one sector, unless FF_FS_TINY is set.
struct ota_fatfs_file {
    struct ota_source source;
    const TCHAR *path;
    FIL file;
    bool is_open;
};

// path must stay valid as long as the source is used. open gives
// OTA_ERR_SOURCE_FILE when there is no such file, OTA_ERR_SOURCE_FORMAT when
// there is no FAT volume, else OTA_ERR_SOURCE_OPEN; read OTA_ERR_SOURCE_FORMAT
// for a damaged FAT, else OTA_ERR_SOURCE_READ.
void ota_fatfs_file_init(struct ota_fatfs_file *file, const TCHAR *path);

#endif
