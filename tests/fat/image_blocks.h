// SPDX-License-Identifier: MIT
//
// An image file as a device of blocks: ready at the third time of asking, not
// readable beyond its end. Blocks can be changed for the length of a test; the
// file stays as it is.

#ifndef IMAGE_BLOCKS_H
#define IMAGE_BLOCKS_H

#include <stdbool.h>
#include <stdio.h>

#include "ota/blocks.h"

#define MAX_CHANGED 256

struct changed_block {
    uint32_t block;
    uint8_t data[OTA_BLOCK_SIZE];
};

struct image_blocks {
    struct ota_blocks blocks; // hand this to the reader
    FILE *file;
    int start_error; // what start returns
    int ready_error; // what ready returns in the end, if not 0
    uint32_t waits;  // calls of ready that still say 0
    uint32_t reads;
    uint32_t fail_at; // the n-th read fails; 0: none
    uint32_t changes;
    struct changed_block changed[MAX_CHANGED];
};

// Has nothing changed and nothing read. False: there is no such file.
bool image_blocks_open(struct image_blocks *image, const char *path);
void image_blocks_close(struct image_blocks *image);

// The contents of a block, to be changed.
uint8_t *image_blocks_change(struct image_blocks *image, uint32_t block);

#endif
