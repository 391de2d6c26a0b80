// SPDX-License-Identifier: MIT

#include "readout.h"

#include <string.h>

#include "geometry.h"

static int readout_read(const struct ota_flash *flash, uint32_t offset,
                        void *data, size_t len)
{
    const struct readout *readout = flash->context;
    if (!readout) {
        return OTA_ERR_FLASH_READ;
    }
    // what lies before the file wraps to far behind its end
    uint32_t at = offset - readout->offset;
    if (at > readout->file->size || len > readout->file->size - at) {
        return OTA_ERR_FLASH_READ;
    }
    memcpy(data, readout->file->data + at, len);
    return 0;
}

static int readout_prog(const struct ota_flash *flash, uint32_t offset,
                        const void *data, size_t len)
{
    (void)flash;
    (void)offset;
    (void)data;
    (void)len;
    return OTA_ERR_FLASH_PROTECTED;
}

static int readout_erase(const struct ota_flash *flash, uint32_t offset,
                         uint32_t size)
{
    (void)flash;
    (void)offset;
    (void)size;
    return OTA_ERR_FLASH_PROTECTED;
}

// The device that the layouts of boards.c name: it has a geometry and no
// contents, until readout_init gives a copy of the layout some.
extern const struct ota_flash stm32f446_flash;

const struct ota_flash stm32f446_flash = {
    .geometry = &stm32f446_geometry,
    .read = readout_read,
    .prog = readout_prog,
    .erase = readout_erase,
};

void readout_init(struct readout *readout, const struct ota_layout *layout,
                  const struct blob *file, uint32_t offset)
{
    *readout = (struct readout){
        .layout = *layout,
        .flash = *layout->app.flash,
        .file = file,
        .offset = offset,
    };
    readout->flash.context = readout;
    // an area on another device stays without contents: it was not read out
    struct ota_area *const areas[] = {
        &readout->layout.boot,       &readout->layout.journal[0],
        &readout->layout.journal[1], &readout->layout.app,
        &readout->layout.slot[0],    &readout->layout.slot[1],
        &readout->layout.array,
    };
    for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++) {
        if (areas[i]->flash == layout->app.flash) {
            areas[i]->flash = &readout->flash;
        }
    }
}
