// SPDX-License-Identifier: MIT

#include "ota/source.h"

int ota_source_open(struct ota_source *source)
{
    return source->open ? source->open(source) : 0;
}

void ota_source_close(struct ota_source *source)
{
    if (source->close) {
        source->close(source);
    }
}

int ota_source_read_exact(struct ota_source *source, void *data, size_t len,
                          uint32_t idle_limit)
{
    uint8_t *p = data;
    uint32_t idle = 0;
    while (len > 0) {
        int got = source->read(source, p, len);
        if (got < 0) {
            return got;
        }
        if ((size_t)got > len) {
            return OTA_ERR_SOURCE_READ; // a broken source wrote past the end
        }
        idle = got == 0 ? idle + 1 : 0;
        if (idle > idle_limit) {
            return OTA_ERR_SOURCE_READ;
        }
        p += got;
        len -= (size_t)got;
    }
    return 0;
}
