// SPDX-License-Identifier: MIT

#include "devices.h"
#include "ota/fat.h"
#include "sources.h"

size_t sd_source(struct ota_boot_source *list,
                 const struct stm32_clocks *clocks)
{
    static struct ota_fat_file file;
    board_sd_start(clocks);
    ota_fat_file_init(&file, &board_sd.blocks, "FIRMWARE.BIN");
    *list = (struct ota_boot_source){OTA_SOURCE_SD, &file.source, true};
    return 1;
}
