// SPDX-License-Identifier: MIT

#include "ota/w25q.h"

// W25Q64JV data sheet, 1: pages of 256 bytes, sectors of 4 KiB, blocks of 64
// KiB. Bytes may be programmed one by one (8.2.13).
const struct ota_geometry ota_w25q64_geometry = {
    .size = 0x800000,
    .write_unit = 1,
    .erased = 0xFF,
    .run_count = 1,
    .run = (const struct ota_erase_run[]){{2048, 0x1000}},
    .block = 0x10000,
};
