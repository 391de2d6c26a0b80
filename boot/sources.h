// SPDX-License-Identifier: MIT
//
// Sources that not every bootloader has: one file of two is linked. Each puts
// its own into a list of sources, and says how many there are of it: 1 or 0.

#ifndef BOOT_SOURCES_H
#define BOOT_SOURCES_H

#include "ota/boot.h"
#include "port.h"

// An image in a plain area of flash: array.c where the layout has one.
size_t array_source(struct ota_boot_source *list);

// firmware.bin of the SD card: sd.c, unless OTA_SD is off. clocks must outlive
// it.
size_t sd_source(struct ota_boot_source *list,
                 const struct stm32_clocks *clocks);

#endif
