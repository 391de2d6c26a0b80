// SPDX-License-Identifier: MIT
//
// Blocks of data to and from an SD card in SPI mode (SD Physical Layer
// Simplified Specification, 7.2.3, 7.2.4 and 7.3.3).

#include <string.h>

#include "sd.h"

// Tokens (7.3.3)
#define TOKEN_BLOCK 0xFE
#define TOKEN_MANY  0xFC
#define TOKEN_STOP  0xFD
#define ERROR_CARD  0x01
#define ERROR_RANGE 0x08

// Data response: xxx0sss1
#define ACCEPTED    0xE5
#define CRC_ERROR   0xEB
#define WRITE_ERROR 0xED

// R2
#define R2_PROTECTED 0x20
#define R2_ERROR     0x04
#define R2_RANGE     0x80

// From a command to its data (4.6.2.1) and of writing (4.6.2.2); the maxima are
// those of SDHC. Between two blocks of many it is less.
#define ACCESS_TYPICAL (300 * VBOARD_US)
#define ACCESS_MAXIMUM (100 * VBOARD_MS)
#define NEXT_TYPICAL   (20 * VBOARD_US)
#define WRITE_TYPICAL  VBOARD_MS
#define WRITE_MAXIMUM  (250 * VBOARD_MS)

static uint64_t time_of(const struct vboard *board, uint64_t typical,
                        uint64_t maximum)
{
    return board->config.timing == VBOARD_MAXIMUM ? maximum : typical;
}

/// Sending ///

static void send_from(struct vboard *board, uint64_t after)
{
    struct sd_state *sd = sd_of(board);
    sd->data = SD_SENDS;
    sd->at = 0;
    sd->data_from = now(board) + after;
}

void sd_send(struct vboard *board, uint64_t address, bool many)
{
    struct sd_state *sd = sd_of(board);
    sd->address = address;
    sd->len = sd->block_len;
    sd->many = many;
    sd->has_block = false;
    send_from(board, time_of(board, ACCESS_TYPICAL, ACCESS_MAXIMUM));
}

static void put_crc(struct sd_state *sd)
{
    uint16_t crc = sd_crc16(sd->block, sd->len);
    if (sd->fault == VBOARD_SD_BAD_CRC) {
        crc ^= 0x0100;
    }
    sd->block[sd->len] = (uint8_t)(crc >> 8);
    sd->block[sd->len + 1] = (uint8_t)crc;
}

void sd_send_register(struct vboard *board, const void *data, uint32_t len)
{
    struct sd_state *sd = sd_of(board);
    memcpy(sd->block, data, len);
    sd->len = len;
    sd->many = false;
    sd->has_block = true;
    put_crc(sd);
    send_from(board, 0);
}

void sd_stop(struct vboard *board)
{
    struct sd_state *sd = sd_of(board);
    sd->data = SD_NO_DATA;
    sd->many = false;
}

// Whether a test wants the card to be pulled out before this block.
static bool goes_now(struct vboard *board)
{
    struct sd_state *sd = sd_of(board);
    if (sd->fault != VBOARD_SD_REMOVED) {
        return false;
    }
    if (sd->fault_at > 1) {
        sd->fault_at--;
        return false;
    }
    sd->fault = VBOARD_SPI_GOOD;
    sd_pull_out(board);
    return true;
}

static uint8_t fail(struct sd_state *sd, uint8_t token, uint8_t status)
{
    sd->data = sd->many ? SD_FAILED : SD_NO_DATA;
    sd->status |= status;
    return token;
}

// The token before a block.
static uint8_t begin_block(struct vboard *board)
{
    struct sd_state *sd = sd_of(board);
    if (!sd->has_block) {
        if (goes_now(board)) {
            return 0xFF;
        }
        if (sd->address + sd->len > sd_size(board)) {
            return fail(sd, ERROR_RANGE, R2_RANGE);
        }
        if (!sd_load(board, sd->address, sd->block, sd->len)) {
            return fail(sd, ERROR_CARD, R2_ERROR);
        }
        put_crc(sd);
    }
    sd->at = 1;
    return TOKEN_BLOCK;
}

uint8_t sd_data_out(struct vboard *board)
{
    struct sd_state *sd = sd_of(board);
    if (sd->data != SD_SENDS || now(board) < sd->data_from) {
        return 0xFF;
    }
    if (sd->at == 0) {
        return begin_block(board);
    }
    uint8_t byte = sd->block[sd->at - 1];
    if (sd->at++ < sd->len + 2) {
        return byte;
    }
    if (sd->many) {
        sd->address += sd->len;
        send_from(board, time_of(board, NEXT_TYPICAL, ACCESS_MAXIMUM));
    } else {
        sd->data = SD_NO_DATA;
    }
    return byte;
}

/// Receiving ///

void sd_receive(struct vboard *board, uint64_t address, bool many)
{
    struct sd_state *sd = sd_of(board);
    sd->data = SD_RECEIVES;
    sd->address = address;
    sd->len = SD_BLOCK;
    sd->many = many;
    sd->at = 0;
}

static void work(struct vboard *board)
{
    sd_of(board)->busy_until =
        now(board) + time_of(board, WRITE_TYPICAL, WRITE_MAXIMUM);
}

// Writes the block; the data response.
static uint8_t write_block(struct vboard *board)
{
    struct sd_state *sd = sd_of(board);
    uint16_t crc =
        (uint16_t)(sd->block[SD_BLOCK] << 8 | sd->block[SD_BLOCK + 1]);
    if (sd->crc_on && crc != sd_crc16(sd->block, SD_BLOCK)) {
        return CRC_ERROR;
    }
    if (sd->address + SD_BLOCK > sd_size(board)) {
        sd->status |= R2_RANGE;
        return WRITE_ERROR;
    }
    if (!sd_store(board, sd->address, sd->block, SD_BLOCK)) {
        sd->status |= sd_is_read_only(board) ? R2_PROTECTED : R2_ERROR;
        return WRITE_ERROR;
    }
    sd->writing = true;
    sd->address += SD_BLOCK;
    work(board);
    return ACCEPTED;
}

static void end_block(struct vboard *board)
{
    struct sd_state *sd = sd_of(board);
    sd->at = 0;
    if (goes_now(board)) {
        return;
    }
    uint8_t response = write_block(board);
    sd_respond(sd, &response, 1, 0);
    if (!sd->many) {
        sd->data = SD_NO_DATA;
    }
}

// What comes where a token is expected.
static bool take_token(struct vboard *board, uint8_t byte)
{
    struct sd_state *sd = sd_of(board);
    if (sd->frame_len > 0 || (byte & 0xC0) == 0x40) {
        return false;
    }
    if (byte == 0xFF) {
        return true;
    }
    if (now(board) < sd->busy_until) {
        violation(board, 0, "SD card gets 0x%02X while it is busy", byte);
    } else if (byte == (sd->many ? TOKEN_MANY : TOKEN_BLOCK)) {
        sd->at = 1;
    } else if (sd->many && byte == TOKEN_STOP) {
        sd_stop(board);
        sd->gap = 1;
        work(board);
    } else {
        violation(board, 0, "SD card gets 0x%02X where a data token belongs",
                  byte);
    }
    return true;
}

bool sd_data_in(struct vboard *board, uint8_t byte)
{
    struct sd_state *sd = sd_of(board);
    if (sd->data != SD_RECEIVES) {
        return false;
    }
    if (sd->at == 0) {
        return take_token(board, byte);
    }
    sd->block[sd->at++ - 1] = byte;
    if (sd->at == SD_BLOCK + 3) {
        end_block(board);
    }
    return true;
}

void sd_tear(struct vboard *board)
{
    struct sd_state *sd = sd_of(board);
    if (!sd->writing || now(board) >= sd->busy_until) {
        return;
    }
    uint8_t rest[SD_BLOCK / 2];
    for (unsigned i = 0; i < sizeof(rest); i++) {
        rest[i] = (uint8_t)board_random(board);
    }
    sd->writing = false;
    if (!sd_store(board, sd->address - sizeof(rest), rest, sizeof(rest))) {
        fprintf(board->log, "vboard: the SD card's file cannot be written\n");
    }
}
