// SPDX-License-Identifier: MIT
//
// An image file as a device of blocks: ready at the third time of asking, never
// readable beyond its end, counting what is read.

#ifndef IMAGE_BLOCKS_H
#define IMAGE_BLOCKS_H

#include <stdbool.h>
#include <stdio.h>

#include "ota/blocks.h"

struct image_blocks {
    struct ota_blocks blocks; // hand this to the reader
    FILE *file;
    uint32_t waits;   // calls of ready that still say 0
    uint32_t starts;  // since it was opened
    uint32_t reads;   // since it was opened
    uint32_t fail_at; // the n-th read since then fails; 0: none
};

// False: there is no such file.
bool image_blocks_open(struct image_blocks *image, const char *path,
                       const char *mode);
void image_blocks_close(struct image_blocks *image);

#endif
