// SPDX-License-Identifier: MIT

#include <string.h>

#include "ota/source.h"

static int array_open(struct ota_source *source)
{
    struct ota_c_array *array = (struct ota_c_array *)source;
    array->position = 0;
    return 0;
}

static int array_seek(struct ota_source *source, uint32_t offset)
{
    struct ota_c_array *array = (struct ota_c_array *)source;
    if (offset > array->size) {
        return OTA_ERR_SOURCE_SEEK;
    }
    array->position = offset;
    return 0;
}

static int array_read(struct ota_source *source, void *data, size_t len)
{
    struct ota_c_array *array = (struct ota_c_array *)source;
    uint32_t left = array->size - array->position;
    if (left == 0) {
        return OTA_ERR_SOURCE_END;
    }
    uint32_t n = len < left ? (uint32_t)len : left;
    memcpy(data, array->data + array->position, n);
    array->position += n;
    return (int)n;
}

void ota_c_array_init(struct ota_c_array *array, const void *data,
                      uint32_t size)
{
    *array = (struct ota_c_array){
        .source = {.read = array_read, .open = array_open, .seek = array_seek},
        .data = data,
        .size = size,
    };
}
