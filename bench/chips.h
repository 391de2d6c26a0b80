// SPDX-License-Identifier: MIT
//
// What the data sheets say of each chip's speed: what an install is compared
// with.

#ifndef BENCH_CHIPS_H
#define BENCH_CHIPS_H

#include <stdint.h>

#include "ota/layout.h"

struct chip {
    const char *name;  // as vboard knows it
    const char *board; // that it is on
    struct {
        uint32_t size; // of an erase unit
        double ms;     // to erase it, typical
    } erase[3];
    double program_ms; // one write unit, typical
    double spi_hz;     // of the W25Q's bus: the fastest that the chip can do
};

// The chip of a layout's board; NULL: not known here.
const struct chip *chip_of(const struct ota_layout *layout);

// The least time in ms that the data sheets allow for an install of a file of
// so many bytes: read it from its slot, erase and program the app slot.
double chip_install_ms(const struct chip *chip, const struct ota_layout *layout,
                       uint32_t size);

#endif
