// SPDX-License-Identifier: MIT

#include "ota/slot.h"
#include "sources.h"

extern const struct ota_layout board_layout;

size_t array_source(struct ota_boot_source *list)
{
    static struct ota_area_source array;
    ota_area_source_init(&array, &board_layout.array, 0, 0);
    *list = (struct ota_boot_source){OTA_SOURCE_C_ARRAY, &array.source, false};
    return 1;
}
