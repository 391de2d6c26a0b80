// SPDX-License-Identifier: MIT

#include "ota/info.h"

#include "ota/bytes.h"
#include "ota/error.h"

int ota_info_decode(struct ota_info *info, const uint8_t raw[OTA_INFO_SIZE])
{
    *info = (struct ota_info){
        .magic = load_le32(raw),
        .version = load_le32(raw + 4),
        .info_format = raw[8],
        .journal_format = raw[9],
        .image_formats = raw[10],
        .features = load_le32(raw + 12),
        .target = load_le32(raw + 16),
        .layout_digest = load_le32(raw + 24) | (uint64_t)load_le32(raw + 28)
                                                   << 32,
    };
    if (info->magic != OTA_INFO_MAGIC) {
        return OTA_ERR_NO_BOOTLOADER;
    }
    return info->info_format == OTA_INFO_FORMAT ? 0 : OTA_ERR_FORMAT;
}
