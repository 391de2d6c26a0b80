// SPDX-License-Identifier: MIT

#include "geometry.h"

const struct ota_geometry stm32f446_geometry = {
    .size = 512 * 1024,
    .write_unit = 4,
    .erased = 0xFF,
    .run_count = 3,
    .run = (const struct ota_erase_run[]){{4, 16 * 1024},
                                          {1, 64 * 1024},
                                          {3, 128 * 1024}},
};

const struct ota_geometry stm32f103_geometry = {
    .size = 64 * 1024,
    .write_unit = 2,
    .erased = 0xFF,
    .run_count = 1,
    .run = (const struct ota_erase_run[]){{64, 1024}},
};
