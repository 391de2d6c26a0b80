// SPDX-License-Identifier: MIT
//
// A flash read-out as flash devices, so that the engine's own code reads it.

#ifndef READOUT_H
#define READOUT_H

#include "file.h"
#include "ota/layout.h"

// A device and what is known of its contents.
struct readout_device {
    struct ota_flash flash;
    const struct blob *file; // NULL: nothing
    uint32_t offset;         // of the device, at which the file begins
    bool rest_is_erased;     // what follows the file; else it is not known
};

// A layout whose areas lie in a read-out. Does not move: its areas point into
// it.
struct readout {
    struct ota_layout layout;
    struct readout_device internal; // the flash at flash_base
    struct readout_device w25q;     // of layouts that have one
};

// file holds the internal flash's contents from offset on, w25q those of the
// W25Q from its byte 0 on, or it is NULL; both outlive the read-out. What a
// file does not hold reads as OTA_ERR_FLASH_READ, what lies on a device without
// a file as OTA_ERR_FLASH_DEVICE.
void readout_init(struct readout *readout, const struct ota_layout *layout,
                  const struct blob *file, uint32_t offset,
                  const struct blob *w25q);

#endif
