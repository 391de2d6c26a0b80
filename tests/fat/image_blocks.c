// SPDX-License-Identifier: MIT

#include "image_blocks.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "ota/error.h"

static int start(struct ota_blocks *blocks)
{
    struct image_blocks *image = (struct image_blocks *)blocks;
    image->waits = 2;
    return image->start_error;
}

static int ready(struct ota_blocks *blocks)
{
    struct image_blocks *image = (struct image_blocks *)blocks;
    if (image->waits > 0) {
        image->waits--;
        return 0;
    }
    return image->ready_error ? image->ready_error : 1;
}

static bool read_file(struct image_blocks *image, uint32_t block, uint8_t *data)
{
    return fseeko(image->file, (off_t)block * OTA_BLOCK_SIZE, SEEK_SET) == 0 &&
           fread(data, OTA_BLOCK_SIZE, 1, image->file) == 1;
}

static uint8_t *find_changed(struct image_blocks *image, uint32_t block)
{
    for (uint32_t i = 0; i < image->changes; i++) {
        if (image->changed[i].block == block) {
            return image->changed[i].data;
        }
    }
    return NULL;
}

static int read_block(struct ota_blocks *blocks, uint32_t block,
                      uint8_t data[OTA_BLOCK_SIZE])
{
    struct image_blocks *image = (struct image_blocks *)blocks;
    image->reads++;
    const uint8_t *changed = find_changed(image, block);
    if (changed) {
        memcpy(data, changed, OTA_BLOCK_SIZE);
    }
    if (image->reads == image->fail_at ||
        (!changed && !read_file(image, block, data))) {
        memset(data, 0x55, OTA_BLOCK_SIZE); // whatever came until it failed
        return OTA_ERR_SOURCE_READ;
    }
    return 0;
}

bool image_blocks_open(struct image_blocks *image, const char *path)
{
    *image = (struct image_blocks){
        .blocks = {.start = start, .ready = ready, .read = read_block},
        .file = fopen(path, "rb"),
    };
    return image->file != NULL;
}

void image_blocks_close(struct image_blocks *image)
{
    fclose(image->file);
}

uint8_t *image_blocks_change(struct image_blocks *image, uint32_t block)
{
    uint8_t *changed = find_changed(image, block);
    if (changed) {
        return changed;
    }
    struct changed_block *add = &image->changed[image->changes];
    if (image->changes == MAX_CHANGED || !read_file(image, block, add->data)) {
        abort();
    }
    add->block = block;
    image->changes++;
    return add->data;
}
