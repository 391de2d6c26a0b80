// SPDX-License-Identifier: MIT

#include "ota/info.h"

#include "digest.h"
#include "ota/image.h"
#include "ota/journal.h"

#include LAYOUT_HEADER

extern const struct ota_info boot_info;

// boot.ld.in puts it at bootloader + 0x200.
__attribute__((section(".ota_info"), used)) const struct ota_info boot_info = {
    .magic = OTA_INFO_MAGIC,
    .version = BOOT_VERSION,
    .info_format = OTA_INFO_FORMAT,
    .journal_format = OTA_JOURNAL_FORMAT,
    .image_formats = OTA_FORMAT_PLAIN,
    .features = (ARRAY_SIZE > 0 ? OTA_FEATURE_C_ARRAY : 0) |
                (SLOT_A_SIZE > 0 ? OTA_FEATURE_SLOT_A : 0) |
                (BOOT_HAS_SD ? OTA_FEATURE_SD : 0) | OTA_FEATURE_UART |
                OTA_FEATURE_TRIAL,
    .target = LAYOUT_TARGET,
    .layout_digest = LAYOUT_DIGEST,
};
