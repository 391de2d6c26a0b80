// SPDX-License-Identifier: MIT
//
// What a new device is programmed with: bootloader, application, and images
// that wait.

#ifndef FACTORY_H
#define FACTORY_H

#include "memory.h"
#include "ota/layout.h"

// Areas that take an image file from byte 0, where a layout has them.
enum { FACTORY_SLOT_A, FACTORY_SLOT_B, FACTORY_ARRAY, FACTORY_AREAS };

struct factory_area {
    const char *name;   // "C array"
    const char *place;  // the same, in a sentence
    const char *option; // of otatool merge
};

extern const struct factory_area factory_areas[FACTORY_AREAS];

// NULL: the layout has no such area.
const struct ota_area *factory_area(const struct ota_layout *layout,
                                    unsigned index);

// The files that it is made of.
struct factory_parts {
    const struct ota_layout *layout;
    const char *boot;
    const char *image;
    const char *files[FACTORY_AREAS]; // NULL: the area stays erased
};

struct factory {
    struct memory flash; // addresses
    struct memory w25q;  // offsets; empty unless a file lies there
    uint32_t version;    // of the image
    uint32_t versions[FACTORY_AREAS];
};

// Reads and checks all parts. factory_free frees it in any case.
enum status factory_make(struct factory *factory,
                         const struct factory_parts *parts);
void factory_free(struct factory *factory);

#endif
