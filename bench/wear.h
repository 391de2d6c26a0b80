// SPDX-License-Identifier: MIT
//
// Counts what is erased and programmed, by erase unit of each device.

#ifndef BENCH_WEAR_H
#define BENCH_WEAR_H

#include "ota/layout.h"
#include "vboard.h"

#define WEAR_UNITS 2048 // of the W25Q64

struct wear_device {
    uint32_t erases[WEAR_UNITS];
    uint32_t bytes[WEAR_UNITS]; // programmed
};

struct wear {
    const struct ota_layout *layout;
    struct wear_device internal;
    struct wear_device w25q;
};

// Begins anew.
void wear_reset(struct wear *wear, const struct ota_layout *layout);

// Takes a flash event.
void wear_see(struct wear *wear, const struct vboard_event *event);

// Of one area.
struct wear_figures {
    unsigned touched; // units erased or programmed
    unsigned most;    // erases of the unit that has been erased most often
    uint32_t bytes;   // programmed
};
struct wear_figures wear_of(const struct wear *wear,
                            const struct ota_area *area);

#endif
