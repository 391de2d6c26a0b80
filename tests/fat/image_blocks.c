// SPDX-License-Identifier: MIT

#include "image_blocks.h"

#include <string.h>
#include <sys/types.h>

#include "ota/error.h"

static int start(struct ota_blocks *blocks)
{
    struct image_blocks *image = (struct image_blocks *)blocks;
    image->starts++;
    image->waits = 2;
    return 0;
}

static int ready(struct ota_blocks *blocks)
{
    struct image_blocks *image = (struct image_blocks *)blocks;
    if (image->waits > 0) {
        image->waits--;
        return 0;
    }
    return 1;
}

static int read_block(struct ota_blocks *blocks, uint32_t block,
                      uint8_t data[OTA_BLOCK_SIZE])
{
    struct image_blocks *image = (struct image_blocks *)blocks;
    image->reads++;
    if (image->reads == image->fail_at ||
        fseeko(image->file, (off_t)block * OTA_BLOCK_SIZE, SEEK_SET) != 0 ||
        fread(data, OTA_BLOCK_SIZE, 1, image->file) != 1) {
        memset(data, 0x55, OTA_BLOCK_SIZE); // whatever came until it failed
        return OTA_ERR_SOURCE_READ;
    }
    return 0;
}

bool image_blocks_open(struct image_blocks *image, const char *path,
                       const char *mode)
{
    *image = (struct image_blocks){
        .blocks = {.start = start, .ready = ready, .read = read_block},
        .file = fopen(path, mode),
    };
    return image->file != NULL;
}

void image_blocks_close(struct image_blocks *image)
{
    fclose(image->file);
}
