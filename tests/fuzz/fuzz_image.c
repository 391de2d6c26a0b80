// SPDX-License-Identifier: MIT
//
// Any header and vectors against any layout: what the planner accepts fits
// everywhere it may have to be put, and starts inside itself.
//
// Input: where the app slot, the slots and the RAM are, whether unsigned images
// are accepted, then 16 bytes of header and 8 of vectors.

#include "fuzz.h"

#include <string.h>

#include "ota/bytes.h"
#include "ota/image.h"

// Never called: the planner looks at headers only.
static const struct ota_geometry geometry = {
    .size = 1 << 20,
    .write_unit = 4,
    .erased = 0xFF,
    .run_count = 1,
    .run = (const struct ota_erase_run[]){{16, 1 << 16}}};
static const struct ota_flash flash = {.geometry = &geometry};

static struct ota_area take_area(struct input *input)
{
    uint32_t offset = take(input) % 16 << 16;
    uint32_t size = (1 + take(input) % 16) << 16;
    return (struct ota_area){
        &flash, offset,
        size < geometry.size - offset ? size : geometry.size - offset};
}

static struct ota_layout take_layout(struct input *input)
{
    uint32_t kind = take(input);
    struct ota_layout layout = {
        .name = "fuzz",
        .target = 1,
        .flash_base = 0x08000000,
        .ram_base = 0x20000000,
        .ram_size = 1024 * (1 + take_le(input, 2)),
        .allow_unsigned = kind & 1,
        .trial_boots = 3,
        .app = take_area(input),
    };
    for (uint32_t i = 0; i < (kind >> 1) % 3; i++) {
        layout.slot[i] = take_area(input);
    }
    return layout;
}

static void check_decoded(const struct ota_image *image, const uint8_t *raw,
                          int err)
{
    CHECK(err == 0 || err == OTA_ERR_MAGIC || err == OTA_ERR_FORMAT ||
          err == OTA_ERR_SIZE_ZERO);
    uint32_t magic = load_le32(raw);
    CHECK((err == OTA_ERR_MAGIC) ==
          (magic != OTA_MAGIC_PLAIN && magic != OTA_MAGIC_SIGNED));
    if (err) {
        return;
    }
    uint8_t again[OTA_PLAIN_HEADER_SIZE];
    ota_image_encode(image, again);
    CHECK(memcmp(again, raw, sizeof again) == 0);
    CHECK(image->size > 0);
    CHECK(image->header_size >= OTA_PLAIN_HEADER_SIZE &&
          image->header_size <= OTA_HEADER_SPACE);
}

static void check_accepted(const struct ota_image *image,
                           const struct ota_layout *layout)
{
    CHECK(layout->allow_unsigned || image->magic != OTA_MAGIC_PLAIN);
    CHECK(image->size >= OTA_VECTORS_SIZE);
    CHECK((uint64_t)image->size + OTA_HEADER_SPACE <= layout->app.size);
    for (int i = 0; i < 2; i++) {
        CHECK(!layout->slot[i].flash ||
              (uint64_t)image->size + image->header_size <=
                  layout->slot[i].size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct ota_layout layout = take_layout(&input);
    uint8_t raw[OTA_PLAIN_HEADER_SIZE], vectors[OTA_VECTORS_SIZE];
    for (size_t i = 0; i < sizeof raw; i++) {
        raw[i] = (uint8_t)take(&input);
    }
    for (size_t i = 0; i < sizeof vectors; i++) {
        vectors[i] = (uint8_t)take(&input);
    }
    struct ota_image image;
    int err = ota_image_decode(&image, raw);
    check_decoded(&image, raw, err);
    if (err || ota_image_check_header(&image, &layout)) {
        return 0;
    }
    check_accepted(&image, &layout);
    if (ota_image_check_vectors(image.size, &layout, vectors)) {
        return 0;
    }
    uint64_t stack = load_le32(vectors), reset = load_le32(vectors + 4);
    uint64_t first = ota_layout_vectors(&layout);
    CHECK(stack > layout.ram_base &&
          stack <= (uint64_t)layout.ram_base + layout.ram_size);
    CHECK(reset % 2 == 1 && reset >= first && reset < first + image.size);
    return 0;
}
