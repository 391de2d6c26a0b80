// SPDX-License-Identifier: MIT
//
// Numbers in brackets are sections of the SD Physical Layer Simplified
// Specification, version 4.10.

#include "ota/sd.h"

#include "ota/crc16.h"

// commands (7.3.1.3)
enum {
    GO_IDLE_STATE = 0,
    SEND_IF_COND = 8,
    SET_BLOCKLEN = 16,
    READ_SINGLE_BLOCK = 17,
    SD_SEND_OP_COND = 41, // after APP_CMD
    APP_CMD = 55,
    READ_OCR = 58,
    CRC_ON_OFF = 59,
};

// response R1 (7.3.2.1); bit 7 is 0
enum {
    READY = 0x00,
    IDLE = 0x01,
    ILLEGAL_COMMAND = 0x04,
    NO_RESPONSE = 0xFF, // MISO is pulled up
};

#define CHECK_PATTERN 0x1AAu     // 2.7 to 3.6 V, and any byte (4.3.13)
#define HCS           (1u << 30) // the host takes SDHC and SDXC (4.2.3)
#define POWER_UP_DONE (1u << 31) // OCR (5.1)
#define CCS           (1u << 30) // OCR: addressed by block

#define START_BLOCK 0xFE // 7.3.3.2

enum {
    WAKE_UP = 10,                   // bytes: 74 clocks and more (6.4.1.1)
    NCR = 8,                        // bytes before a response (7.5.1)
    ABANDONED = OTA_BLOCK_SIZE + 8, // bytes: what a card may still be sending
    INIT_MS = 1000,                 // 4.2.3
    READ_MS = 200,                  // twice the 100 of 4.6.2.1
};

// What comes next; NO_RESPONSE if the bus fails.
static uint8_t get(const struct ota_bus *bus)
{
    uint8_t byte;
    return bus->transfer(bus, NULL, &byte, 1) == 0 ? byte : NO_RESPONSE;
}

// The last byte of a command: CRC-7, x^7 + x^3 + 1, and an end bit (4.5).
static uint8_t crc7(const uint8_t *data, size_t len)
{
    uint32_t crc = 0;
    while (len-- > 0) {
        crc ^= *data++;
        for (int bit = 0; bit < 8; bit++) {
            crc <<= 1;
            if (crc & 0x100) {
                crc ^= 0x112;
            }
        }
    }
    return (uint8_t)(crc | 1);
}

// Selects the card, sends a command, returns R1. deselect has to follow.
static uint8_t command(const struct ota_bus *bus, uint32_t index,
                       uint32_t argument)
{
    uint8_t frame[6] = {
        (uint8_t)(0x40 | index),   (uint8_t)(argument >> 24),
        (uint8_t)(argument >> 16), (uint8_t)(argument >> 8),
        (uint8_t)argument,
    };
    frame[5] = crc7(frame, 5);
    bus->select(bus);
    uint8_t response = NO_RESPONSE;
    if (bus->transfer(bus, frame, NULL, sizeof frame) == 0) {
        for (int i = 0; i <= NCR && response & 0x80; i++) {
            response = get(bus);
        }
    }
    return response;
}

// The card lets go of MISO only with the clocks that follow (7.5).
static void deselect(const struct ota_bus *bus)
{
    bus->deselect(bus);
    (void)get(bus);
}

static uint8_t ask(const struct ota_bus *bus, uint32_t index, uint32_t argument)
{
    uint8_t response = command(bus, index, argument);
    deselect(bus);
    return response;
}

// The same for a command with four more bytes of response, R3 or R7.
static uint8_t ask_long(const struct ota_bus *bus, uint32_t index,
                        uint32_t argument, uint32_t *value)
{
    uint8_t response = command(bus, index, argument);
    for (int i = 0; i < 4; i++) {
        *value = *value << 8 | get(bus);
    }
    deselect(bus);
    return response;
}

/// Getting ready (7.2.1) ///

// A card that was being read when the processor was reset may take the command
// for a part of what it is sending: it is read to the end, then told again.
// From an empty socket comes 0xFF, and at this rate 512 bytes of it take 15 ms.
static bool go_idle(const struct ota_bus *bus)
{
    for (int tries = 0; tries < 2; tries++) {
        (void)bus->transfer(bus, NULL, NULL, WAKE_UP);
        uint8_t response = ask(bus, GO_IDLE_STATE, 0);
        if (response == IDLE) {
            return true;
        }
        if (response != 0xFF && tries == 0) {
            bus->select(bus);
            (void)bus->transfer(bus, NULL, NULL, ABANDONED);
            deselect(bus);
        }
    }
    return false;
}

static int sd_start(struct ota_blocks *blocks)
{
    struct ota_sd *sd = (struct ota_sd *)blocks;
    const struct ota_bus *bus = sd->slow;
    uint32_t echo = 0;
    if (!go_idle(bus)) {
        return OTA_ERR_SOURCE_OPEN;
    }
    uint8_t response = ask_long(bus, SEND_IF_COND, CHECK_PATTERN, &echo);
    sd->version2 = response == IDLE;
    if (sd->version2 ? (echo & 0xFFF) != CHECK_PATTERN
                     : response != (IDLE | ILLEGAL_COMMAND)) {
        return OTA_ERR_SOURCE_OPEN;
    }
    if (ask(bus, CRC_ON_OFF, 1) != IDLE) {
        return OTA_ERR_SOURCE_OPEN;
    }
    sd->since = sd->millis();
    return 0;
}

// Once the card is ready: how it counts, and blocks of 512 bytes.
static int take_ready(struct ota_sd *sd)
{
    uint32_t ocr = sd->version2 ? 0 : POWER_UP_DONE;
    if (sd->version2 && ask_long(sd->slow, READ_OCR, 0, &ocr) != READY) {
        return OTA_ERR_SOURCE_OPEN;
    }
    sd->block_addressed = (ocr & CCS) != 0;
    if (!(ocr & POWER_UP_DONE) ||
        (!sd->block_addressed &&
         ask(sd->slow, SET_BLOCKLEN, OTA_BLOCK_SIZE) != READY)) {
        return OTA_ERR_SOURCE_OPEN;
    }
    return 1;
}

// An MMC does not know these commands.
static int sd_ready(struct ota_blocks *blocks)
{
    struct ota_sd *sd = (struct ota_sd *)blocks;
    bool late = sd->millis() - sd->since > INIT_MS;
    uint8_t response = ask(sd->slow, APP_CMD, 0);
    if (response == IDLE) {
        response = ask(sd->slow, SD_SEND_OP_COND, sd->version2 ? HCS : 0);
        if (response == READY) {
            return take_ready(sd);
        }
    }
    return response == IDLE && !late ? 0 : OTA_ERR_SOURCE_OPEN;
}

/// Reading ///

// What a card sends after the time that it needs for it: the token before a
// block, or that of an error.
static uint8_t wait_for_token(const struct ota_sd *sd)
{
    uint32_t since = sd->millis();
    for (;;) {
        // before the token: an interruption afterwards is not the card's time
        bool late = sd->millis() - since > READ_MS;
        uint8_t token = get(sd->fast);
        if (token != NO_RESPONSE || late) {
            return token;
        }
    }
}

static bool get_block(const struct ota_sd *sd, uint8_t data[OTA_BLOCK_SIZE])
{
    const struct ota_bus *bus = sd->fast;
    uint8_t crc[2];
    return wait_for_token(sd) == START_BLOCK &&
           bus->transfer(bus, NULL, data, OTA_BLOCK_SIZE) == 0 &&
           bus->transfer(bus, NULL, crc, sizeof crc) == 0 &&
           ota_crc16(data, OTA_BLOCK_SIZE) == ((uint32_t)crc[0] << 8 | crc[1]);
}

static int sd_read(struct ota_blocks *blocks, uint32_t block,
                   uint8_t data[OTA_BLOCK_SIZE])
{
    struct ota_sd *sd = (struct ota_sd *)blocks;
    if (!sd->block_addressed) {
        if (block > UINT32_MAX / OTA_BLOCK_SIZE) {
            return OTA_ERR_SOURCE_READ;
        }
        block *= OTA_BLOCK_SIZE;
    }
    bool done = false;
    // twice, as a wire may pick up something once
    for (int tries = 0; tries < 2 && !done; tries++) {
        done = command(sd->fast, READ_SINGLE_BLOCK, block) == READY &&
               get_block(sd, data);
        deselect(sd->fast);
    }
    return done ? 0 : OTA_ERR_SOURCE_READ;
}

void ota_sd_init(struct ota_sd *sd, const struct ota_bus *slow,
                 const struct ota_bus *fast, uint32_t (*millis)(void))
{
    *sd = (struct ota_sd){
        .blocks = {.start = sd_start, .ready = sd_ready, .read = sd_read},
        .slow = slow,
        .fast = fast,
        .millis = millis,
    };
}
