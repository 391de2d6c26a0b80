// SPDX-License-Identifier: MIT

#include "ota/w25q.h"

const struct ota_geometry ota_w25q64_geometry = {
    .size = 8 * 1024 * 1024,
    .write_unit = 1,
    .erased = 0xFF,
    .run_count = 1,
    .run = {{2048, 4 * 1024}},
    .block = 64 * 1024,
};
