// SPDX-License-Identifier: MIT
//
// Images for the bench, and a device that holds them: straight into its flash.

#ifndef BENCH_IMAGE_H
#define BENCH_IMAGE_H

#include "ota/image.h"
#include "stand.h"

struct bench_image {
    struct ota_image header;
    uint8_t *file; // header and application
    uint32_t size; // of the file
};

// Makes an image of a .bin of the firmware, filled up to the largest
// application that the layout takes. Ends the program when there is none.
struct bench_image image_full(const struct ota_layout *layout, const char *path,
                              uint32_t version);

// The same as it is.
struct bench_image image_plain(const char *path, uint32_t version);

void image_free(struct bench_image *image);

// A device that runs this image, has never seen an update, and has erased
// slots and journal.
void device_factory(struct stand *stand, const struct bench_image *image);

// One in the steady state: slot B holds a copy of what it runs. staged, if it
// is not NULL, lies in slot A and is requested.
void device_steady(struct stand *stand, const struct bench_image *image,
                   const struct bench_image *staged);

#endif
