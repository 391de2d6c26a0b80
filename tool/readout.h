// SPDX-License-Identifier: MIT
//
// A flash read-out as a flash device, so that the engine's own code reads it.

#ifndef READOUT_H
#define READOUT_H

#include "file.h"
#include "ota/layout.h"

// A layout whose areas lie in a read-out. Does not move: its areas point into
// it.
struct readout {
    struct ota_layout layout;
    struct ota_flash flash;
    const struct blob *file;
    uint32_t offset; // of the device, at which the file begins
};

// file holds the device's contents from offset on and outlives the read-out.
// What it does not hold reads as OTA_ERR_FLASH_READ.
void readout_init(struct readout *readout, const struct ota_layout *layout,
                  const struct blob *file, uint32_t offset);

#endif
