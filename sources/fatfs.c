// SPDX-License-Identifier: MIT

#include "ota/fatfs.h"

static int open_error(FRESULT result)
{
    switch (result) {
    case FR_OK:
        return 0;
    case FR_NO_FILE:
    case FR_NO_PATH:
        return OTA_ERR_SOURCE_FILE;
    case FR_NO_FILESYSTEM:
        return OTA_ERR_SOURCE_FORMAT;
    default:
        return OTA_ERR_SOURCE_OPEN;
    }
}

static void fatfs_close(struct ota_source *source)
{
    struct ota_fatfs_file *file = (struct ota_fatfs_file *)source;
    if (file->is_open) {
        (void)f_close(&file->file); // nothing was written: nothing to lose
        file->is_open = false;
    }
}

static int fatfs_open(struct ota_source *source)
{
    struct ota_fatfs_file *file = (struct ota_fatfs_file *)source;
    fatfs_close(source);
    FRESULT result = f_open(&file->file, file->path, FA_READ);
    file->is_open = result == FR_OK;
    return open_error(result);
}

static int fatfs_seek(struct ota_source *source, uint32_t offset)
{
    struct ota_fatfs_file *file = (struct ota_fatfs_file *)source;
    return file->is_open && f_lseek(&file->file, offset) == FR_OK
               ? 0
               : OTA_ERR_SOURCE_SEEK;
}

static int fatfs_read(struct ota_source *source, void *data, size_t len)
{
    struct ota_fatfs_file *file = (struct ota_fatfs_file *)source;
    UINT got = 0;
    if (!file->is_open) {
        return OTA_ERR_SOURCE_OPEN;
    }
    FRESULT result = f_read(&file->file, data, (UINT)len, &got);
    if (result != FR_OK) {
        // its word for a chain of clusters that makes no sense
        return result == FR_INT_ERR ? OTA_ERR_SOURCE_FORMAT
                                    : OTA_ERR_SOURCE_READ;
    }
    return got > 0 ? (int)got : OTA_ERR_SOURCE_END;
}

void ota_fatfs_file_init(struct ota_fatfs_file *file, const TCHAR *path)
{
    file->source = (struct ota_source){.read = fatfs_read,
                                       .open = fatfs_open,
                                       .seek = fatfs_seek,
                                       .close = fatfs_close};
    file->path = path;
    file->is_open = false;
}
