// SPDX-License-Identifier: MIT

#ifndef BOOT_SD_H
#define BOOT_SD_H

#include "ota/boot.h"
#include "port.h"

// Puts firmware.bin of the SD card into a list of sources. How many there are
// of it: 1, or 0 in a bootloader that was built without (OTA_SD=OFF).
size_t sd_source(struct ota_boot_source *list,
                 const struct stm32_clocks *clocks);

#endif
