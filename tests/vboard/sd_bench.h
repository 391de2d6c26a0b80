// SPDX-License-Identifier: MIT
//
// An SD card by itself, clocked without a CPU, for the tests of its model.
// Frames are put together here as the SD Physical Layer Simplified
// Specification has them (7.3).

#ifndef SD_BENCH_H
#define SD_BENCH_H

#include "vboard_bus.h"

#define KIB 1024ull
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

#define HCS 0x40000000u

struct card {
    struct vboard *board;
    struct vboard_bus bus; // hz may be changed
    FILE *log;
    char path[64]; // of the file with its contents
    char log_text[512];
    unsigned violations;
    char violation[256]; // the last one
    unsigned gap;        // bytes before the last response
    uint8_t more[4];     // what came behind its first byte
};

// A file of this size (sparse) as a card in a board that is powered.
void card_open(struct card *card, uint64_t size, enum vboard_timing timing);
void card_close(struct card *card);
// Writes to and reads the file, beside the card.
void file_write(struct card *card, uint64_t at, const void *data, size_t len);
void file_read(struct card *card, uint64_t at, void *data, size_t len);

// Bytes with nothing selected, or with the card.
void clocks(struct card *card, unsigned bytes);
uint8_t next(struct card *card);
void push(struct card *card, uint8_t byte);
void select_card(struct card *card, bool selected);

// A command with its CRC; R1, or 0xFF when none came within 8 bytes. The card
// stays selected: command() is the same and then deselects it.
uint8_t start(struct card *card, unsigned index, uint32_t argument,
              uint8_t crc);
uint8_t ask(struct card *card, unsigned index, uint32_t argument);
uint8_t command(struct card *card, unsigned index, uint32_t argument);
// The same with argument 0 and this for a CRC.
uint8_t command_with_crc(struct card *card, unsigned index, uint8_t crc);
// R3 and R7: the word behind R1, which is kept in more.
uint32_t command_word(struct card *card, unsigned index, uint32_t argument);
uint8_t app_command(struct card *card, unsigned index, uint32_t argument);

// The initialisation of 7.2.1, and then the clock at 25 MHz.
void card_ready(struct card *card);
// The card is selected and sends: the token, or 0xFF when none came in 200 ms.
uint8_t token(struct card *card);
// A block behind its token, with a CRC that is right.
void block(struct card *card, void *data, unsigned len);
// Whole transaction: a block into data; R1 if there were errors.
uint8_t read_block(struct card *card, uint32_t argument, uint8_t data[512]);
// The card is selected and receives: the data response, masked.
uint8_t send_block(struct card *card, uint8_t token, const uint8_t data[512],
                   bool good_crc);
// Until MISO is high; milliseconds, at most 1000.
unsigned wait_while_busy(struct card *card);

uint8_t crc7(const uint8_t *data, unsigned len);
uint16_t crc16(const uint8_t *data, unsigned len);

void expect_violation(struct card *card, const char *text);
void expect_legal(const struct card *card);

#endif
