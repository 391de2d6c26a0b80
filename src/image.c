// SPDX-License-Identifier: MIT

#include "ota/image.h"

#include <stddef.h>
#include <string.h>

#include "ota/bytes.h"

int ota_image_decode(struct ota_image *image,
                     const uint8_t raw[OTA_PLAIN_HEADER_SIZE])
{
    *image = (struct ota_image){
        .magic = load_le32(raw),
        .size = load_le32(raw + 4),
        .crc = load_le32(raw + 8),
        .version = load_le32(raw + 12),
        .header_size = OTA_PLAIN_HEADER_SIZE,
    };
    if (image->magic == OTA_MAGIC_SIGNED) {
        return OTA_ERR_FORMAT; // known, but this version verifies none
    }
    if (image->magic != OTA_MAGIC_PLAIN) {
        return OTA_ERR_MAGIC;
    }
    if (image->size == 0) {
        return OTA_ERR_SIZE_ZERO;
    }
    return 0;
}

void ota_image_encode(const struct ota_image *image,
                      uint8_t raw[OTA_PLAIN_HEADER_SIZE])
{
    store_le32(raw, image->magic);
    store_le32(raw + 4, image->size);
    store_le32(raw + 8, image->crc);
    store_le32(raw + 12, image->version);
}

bool ota_image_is_same(const struct ota_image *a, const struct ota_image *b)
{
    return memcmp(a, b, offsetof(struct ota_image, header_size)) == 0;
}

uint32_t ota_image_max_size(const struct ota_layout *layout)
{
    return layout->app.size - OTA_HEADER_SPACE;
}

int ota_image_check_header(const struct ota_image *image,
                           const struct ota_layout *layout)
{
    if (image->magic == OTA_MAGIC_PLAIN && !layout->allow_unsigned) {
        return OTA_ERR_UNSIGNED;
    }
    if (image->size < OTA_VECTORS_SIZE) {
        return OTA_ERR_TRUNCATED;
    }
    if (image->size > ota_image_max_size(layout)) {
        return OTA_ERR_TOO_LARGE;
    }
    for (unsigned i = 0; i < 2 && layout->slot[i].flash; i++) {
        if (image->header_size + image->size > layout->slot[i].size) {
            return OTA_ERR_TOO_LARGE;
        }
    }
    return 0;
}

int ota_image_check_vectors(uint32_t size, const struct ota_layout *layout,
                            const uint8_t vectors[OTA_VECTORS_SIZE])
{
    // the end of RAM is a legal start: the stack grows down before it stores
    uint32_t sp = load_le32(vectors);
    if (sp <= layout->ram_base || sp - layout->ram_base > layout->ram_size) {
        return OTA_ERR_STACK_POINTER;
    }
    uint32_t reset = load_le32(vectors + 4);
    uint32_t start = ota_layout_vectors(layout) + OTA_VECTORS_SIZE;
    uint32_t end = ota_layout_vectors(layout) + size;
    if ((reset & 1) == 0 || reset < start || reset >= end) {
        return OTA_ERR_RESET_VECTOR;
    }
    return 0;
}
