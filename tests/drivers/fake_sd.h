// SPDX-License-Identifier: MIT
//
// A card in SPI mode, byte by byte: what it answers, what it takes offence at,
// and everything that can be wrong with it or with its wires. SD Physical Layer
// Simplified Specification 4.10, chapter 7.

#ifndef FAKE_SD_H
#define FAKE_SD_H

#include <stdbool.h>
#include <stdint.h>

#include "ota/blocks.h"
#include "ota/bus.h"

enum card_kind { SD_VERSION_1, SDSC, SDHC, MMC };

struct fake_sd;

struct fake_bus {
    struct ota_bus bus;
    struct fake_sd *card;
    uint32_t byte_us;
};

struct fake_sd {
    struct fake_bus slow, fast; // 400 kHz and 8 MHz

    /// what it is like ///
    enum card_kind kind;
    uint32_t blocks;        // capacity
    uint32_t init_ms;       // from the first ACMD41 on
    uint32_t ncr;           // bytes before a response
    uint32_t access_us;     // before a block
    uint8_t error_token;    // in place of a block, if not 0
    bool wrong_voltage;     // CMD8 echoes another pattern
    uint8_t if_cond_errors; // of CMD8, in R1
    bool not_powered_up;    // OCR says so for ever
    uint32_t in_block;      // bytes of a block that it goes on sending, as the
                            // processor was reset when it read
    /// its wires; bytes count from 1, selected or not; 0: never ///
    uint32_t gone_at;    // pulled out at this byte
    uint32_t transfers;  // of the controller before it does not go on; 0: all
    int stuck;           // what is always read, or -1
    uint32_t flip_at;    // one bit is read wrongly in this byte,
    uint32_t flip_to_at; // or arrives wrongly at the card
    uint8_t flip;

    /// what happened ///
    uint32_t us;         // time
    uint32_t bytes;      // clocked
    uint32_t reads;      // commands that asked for a block
    const char *offence; // what a real card might not put up with

    /// private ///
    bool selected, woken, idle, ready, crc_on, app, holds_miso;
    uint32_t clocks; // bytes that came while it was not selected
    uint32_t since;  // us
    uint8_t frame[6];
    uint32_t framed;
    uint8_t out[OTA_BLOCK_SIZE + 32];
    uint32_t out_at, out_len;
    uint32_t wait_until; // us: before what is in out from hold_at on
    uint32_t hold_at;
    uint32_t block_size;
};

// A card of this kind, just plugged in, with a controller that works.
void fake_sd_init(struct fake_sd *card, enum card_kind kind);

// What the card holds.
uint8_t fake_sd_byte(uint32_t block, uint32_t offset);

#endif
