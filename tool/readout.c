// SPDX-License-Identifier: MIT

#include "readout.h"

#include <string.h>

#include "geometry.h"
#include "ota/w25q.h"

static int readout_read(const struct ota_flash *flash, uint32_t offset,
                        void *data, size_t len)
{
    const struct readout_device *device = flash->context;
    if (!device || !device->file) {
        return OTA_ERR_FLASH_DEVICE;
    }
    // what lies before the file wraps to far behind its end
    uint32_t at = offset - device->offset;
    size_t held = at < device->file->size ? device->file->size - at : 0;
    if (held > len) {
        held = len;
    }
    if (held < len && !device->rest_is_erased) {
        return OTA_ERR_FLASH_READ;
    }
    memset(data, flash->geometry->erased, len);
    if (held > 0) {
        memcpy(data, device->file->data + at, held);
    }
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

// The devices that the layouts of boards.c name: each has a geometry and no
// contents, until readout_init gives a copy of the layout some.
#define DEVICE(its_geometry)                                                   \
    {                                                                          \
        .geometry = &(its_geometry), .read = readout_read,                     \
        .prog = readout_prog, .erase = readout_erase                           \
    }

extern const struct ota_flash stm32f446_flash;
extern const struct ota_flash stm32f103_flash;
extern const struct ota_flash w25q64_flash;

const struct ota_flash stm32f446_flash = DEVICE(stm32f446_geometry);
const struct ota_flash stm32f103_flash = DEVICE(stm32f103_geometry);
const struct ota_flash w25q64_flash = DEVICE(ota_w25q64_geometry);

void readout_init(struct readout *readout, const struct ota_layout *layout,
                  const struct blob *file, uint32_t offset,
                  const struct blob *w25q)
{
    *readout = (struct readout){.layout = *layout};
    readout->internal =
        (struct readout_device){*layout->app.flash, file, offset, false};
    readout->w25q = (struct readout_device){w25q64_flash, w25q, 0, true};
    readout->internal.flash.context = &readout->internal;
    readout->w25q.flash.context = &readout->w25q;
    struct ota_area *const areas[] = {
        &readout->layout.boot,       &readout->layout.journal[0],
        &readout->layout.journal[1], &readout->layout.app,
        &readout->layout.slot[0],    &readout->layout.slot[1],
        &readout->layout.array,
    };
    for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++) {
        if (areas[i]->flash == layout->app.flash) {
            areas[i]->flash = &readout->internal.flash;
        } else if (areas[i]->flash) {
            areas[i]->flash = &readout->w25q.flash;
        }
    }
}
