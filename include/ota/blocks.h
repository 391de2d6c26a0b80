// SPDX-License-Identifier: MIT
//
// A device of 512-byte blocks that is only read: what the FAT reader stands on.

#ifndef OTA_BLOCKS_H
#define OTA_BLOCKS_H

#include <stdint.h>

#define OTA_BLOCK_SIZE 512

// Embed this as the first member of your own device.
struct ota_blocks {
    // Begins to make the device ready, from whatever state it is in. 0, or
    // OTA_ERR_SOURCE_OPEN: nothing there.
    int (*start)(struct ota_blocks *blocks);

    // Goes on with it: 1 ready, 0 not yet, or OTA_ERR_SOURCE_OPEN. Does not
    // wait for longer than one command takes.
    int (*ready)(struct ota_blocks *blocks);

    // Reads one block. 0, or OTA_ERR_SOURCE_READ; bounded.
    int (*read)(struct ota_blocks *blocks, uint32_t block,
                uint8_t data[OTA_BLOCK_SIZE]);
};

#endif
