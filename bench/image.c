// SPDX-License-Identifier: MIT

#include "image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ota/crc32.h"
#include "ota/journal.h"
#include "ota/source.h"

#define MAX_APP (512 * 1024)

static struct bench_image image_of(const uint8_t *app, uint32_t size,
                                   uint32_t version)
{
    struct bench_image image = {
        .header = {OTA_MAGIC_PLAIN, size, ota_crc32(0, app, size), version,
                   OTA_PLAIN_HEADER_SIZE},
        .size = OTA_PLAIN_HEADER_SIZE + size,
    };
    image.file = malloc(image.size);
    if (!image.file) {
        die("no memory");
    }
    ota_image_encode(&image.header, image.file);
    memcpy(image.file + OTA_PLAIN_HEADER_SIZE, app, size);
    return image;
}

// Bytes read.
static uint32_t read_app(uint8_t app[MAX_APP], const char *path)
{
    FILE *in = fopen(path, "rb");
    size_t size = in ? fread(app, 1, MAX_APP, in) : 0;
    if (size == 0) {
        die("no application: run scripts/build");
    }
    fclose(in);
    return (uint32_t)size;
}

struct bench_image image_plain(const char *path, uint32_t version)
{
    static uint8_t app[MAX_APP];
    return image_of(app, read_app(app, path), version);
}

static uint32_t largest(const struct ota_layout *layout)
{
    uint32_t size = ota_image_max_size(layout);
    for (unsigned i = 0; i < 2; i++) {
        uint32_t room = layout->slot[i].size - OTA_PLAIN_HEADER_SIZE;
        size = layout->slot[i].flash && room < size ? room : size;
    }
    return size;
}

struct bench_image image_full(const struct ota_layout *layout, const char *path,
                              uint32_t version)
{
    static uint8_t app[MAX_APP];
    uint32_t size = largest(layout);
    for (uint32_t i = read_app(app, path); i < size; i++) {
        app[i] = (uint8_t)((i * 7 + version) % 251); // never blank
    }
    return image_of(app, size, version);
}

void image_free(struct bench_image *image)
{
    free(image->file);
}

// The contents of an area's device, from the area on.
static uint8_t *contents(struct stand *stand, const struct ota_area *area)
{
    bool internal = area->flash == stand->layout->app.flash;
    uint8_t *device = internal ? vboard_flash(stand->board, NULL)
                               : vboard_w25q(stand->board, NULL);
    return device + area->offset;
}

static void blank(struct stand *stand, const struct ota_area *area)
{
    if (area->flash) {
        memset(contents(stand, area), area->flash->geometry->erased,
               area->size);
    }
}

void device_factory(struct stand *stand, const struct bench_image *image)
{
    const struct ota_layout *layout = stand->layout;
    const struct ota_area *const areas[] = {
        &layout->journal[0], &layout->journal[1], &layout->app,
        &layout->slot[0],    &layout->slot[1],    &layout->array,
    };
    for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++) {
        blank(stand, areas[i]);
    }
    uint8_t *app = contents(stand, &layout->app);
    memcpy(app, image->file, OTA_PLAIN_HEADER_SIZE);
    memcpy(app + OTA_HEADER_SPACE, image->file + OTA_PLAIN_HEADER_SIZE,
           image->header.size);
}

void device_steady(struct stand *stand, const struct bench_image *image,
                   const struct bench_image *staged)
{
    const struct ota_layout *layout = stand->layout;
    device_factory(stand, image);
    memcpy(contents(stand, &layout->slot[1]), image->file, image->size);
    struct ota_record record = {
        .state = OTA_STATE_CONFIRMED,
        .backup = OTA_SLOT_B,
        .flags = OTA_RECORD_SETTLED,
    };
    ota_record_set_image(&record, &image->header);
    if (staged) {
        memcpy(contents(stand, &layout->slot[0]), staged->file, staged->size);
        record.ota_flag = OTA_FLAG_REQUEST;
        record.source = OTA_SOURCE_STAGED;
        record.staged = OTA_SLOT_A;
        record.flags = 0; // the application wrote it
    }
    ota_record_encode(&record, contents(stand, &layout->journal[0]));
}
