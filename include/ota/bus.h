// SPDX-License-Identifier: MIT
//
// The bus between the CPU and a chip with a chip select: all that a driver of
// drivers/ needs of SPI. One struct ota_bus is one chip at one clock rate; a
// chip that starts slowly (an SD card) has two of them, on the same pins.

#ifndef OTA_BUS_H
#define OTA_BUS_H

#include <stddef.h>
#include <stdint.h>

#include "ota/error.h"

// Mode 0, 8 bits, most significant bit first. Embed this as the first member of
// your own and fill in the functions; all are needed. Calls never overlap and
// come from one thread.
struct ota_bus {
    // Drives the chip select low.
    void (*select)(const struct ota_bus *bus);

    // Clocks len bytes out and in, at the rate of this bus. out NULL: sends
    // 0xFF; in NULL: what comes is dropped. Works without select too: the clock
    // runs, the chip is not selected. Bounded; 0, or OTA_ERR_FLASH_DEVICE if
    // the controller does not go on.
    int (*transfer)(const struct ota_bus *bus, const void *out, void *in,
                    size_t len);

    // Waits for the last bit, drives the chip select high.
    void (*deselect)(const struct ota_bus *bus);
};

#endif
