// SPDX-License-Identifier: MIT
//
// SD memory cards on SPI: SDSC, SDHC and SDXC; only reading (Physical Layer
// Simplified Specification, chapter 7, SPI mode). CRCs are on, in both
// directions; every wait is bounded. MMC is refused.

#ifndef OTA_SD_H
#define OTA_SD_H

#include <stdbool.h>
#include <stdint.h>

#include "ota/blocks.h"
#include "ota/bus.h"

struct ota_sd {
    struct ota_blocks blocks;
    const struct ota_bus *slow; // 100 to 400 kHz: until the card is ready
    const struct ota_bus *fast; // at most 25 MHz
    uint32_t (*millis)(void);   // as in ota/w25q.h

    // private
    bool version2;        // it knows CMD8
    bool block_addressed; // SDHC, SDXC
    uint32_t since;       // when the card was told to get ready
};

// Touches nothing. Both buses and millis must outlive the card.
void ota_sd_init(struct ota_sd *sd, const struct ota_bus *slow,
                 const struct ota_bus *fast, uint32_t (*millis)(void));

#endif
