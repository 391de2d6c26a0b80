// SPDX-License-Identifier: MIT
//
// Between the parts of the SD card's model: sd.c has the bus, sd_command.c the
// commands and responses, sd_data.c the blocks of data, sd_card.c the card with
// its contents and registers. All sections are those of the SD Physical Layer
// Simplified Specification.

#ifndef VBOARD_SD_H
#define VBOARD_SD_H

#include "spi.h"

#define SD_BLOCK 512u

static inline struct sd_state *sd_of(struct vboard *board)
{
    return &board->state.device.sd;
}

/// sd_command.c ///

// A frame has come.
void sd_command(struct vboard *board);
// A response of this many bytes, after so many that mean nothing.
void sd_respond(struct sd_state *sd, const void *response, uint8_t len,
                uint8_t gap);

/// sd_data.c ///

// Begins to send the blocks from an address on, or one block that is given.
void sd_send(struct vboard *board, uint64_t address, bool many);
void sd_send_register(struct vboard *board, const void *data, uint32_t len);
// Begins to receive.
void sd_receive(struct vboard *board, uint64_t address, bool many);
// CMD12.
void sd_stop(struct vboard *board);
// The byte that data puts on MISO now.
uint8_t sd_data_out(struct vboard *board);
// A byte of data from the host; false: it is none.
bool sd_data_in(struct vboard *board, uint8_t byte);
// The supply goes: a block that is being written is torn.
void sd_tear(struct vboard *board);

/// sd_card.c ///

void sd_card_free(struct vboard *board);
bool sd_is_inserted(const struct vboard *board);
// Which of all insertions it is.
uint64_t sd_insertion(const struct vboard *board);
void sd_pull_out(struct vboard *board);
uint64_t sd_size(const struct vboard *board); // bytes
// SDHC or SDXC: addresses count blocks.
bool sd_has_block_addresses(const struct vboard *board);
bool sd_is_read_only(const struct vboard *board);
// Contents; false: the file could not be read or written.
bool sd_load(const struct vboard *board, uint64_t address, void *data,
             uint32_t len);
bool sd_store(const struct vboard *board, uint64_t address, const void *data,
              uint32_t len);
// Registers as they are sent.
void sd_csd(const struct vboard *board, uint8_t csd[16]);
void sd_cid(uint8_t cid[16]);
void sd_scr(const struct vboard *board, uint8_t scr[8]);
uint8_t sd_crc7(const uint8_t *data, unsigned len); // 4.5
uint16_t sd_crc16(const uint8_t *data, unsigned len);

#endif
