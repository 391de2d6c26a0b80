// SPDX-License-Identifier: MIT
//
// An SD card by itself: the file that holds its contents, and its registers (SD
// Physical Layer Simplified Specification, 5).

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sd.h"

#define LARGEST_SDSC (2ull << 30)

// What the host keeps; a snapshot knows the insertion only.
struct sd_card {
    int file; // -1: the socket is empty
    uint64_t size;
    uint64_t insertion;
    bool read_only;
};

bool sd_is_inserted(const struct vboard *board)
{
    return board->sd && board->sd->file >= 0;
}

uint64_t sd_insertion(const struct vboard *board)
{
    return board->sd ? board->sd->insertion : 0;
}

uint64_t sd_size(const struct vboard *board)
{
    return board->sd->size;
}

bool sd_has_block_addresses(const struct vboard *board)
{
    return board->sd->size > LARGEST_SDSC;
}

bool sd_is_read_only(const struct vboard *board)
{
    return board->sd->read_only;
}

/// The file ///

bool sd_load(const struct vboard *board, uint64_t address, void *data,
             uint32_t len)
{
    return pread(board->sd->file, data, len, (off_t)address) == (ssize_t)len;
}

bool sd_store(const struct vboard *board, uint64_t address, const void *data,
              uint32_t len)
{
    return sd_is_inserted(board) && !board->sd->read_only &&
           pwrite(board->sd->file, data, len, (off_t)address) == (ssize_t)len;
}

void sd_pull_out(struct vboard *board)
{
    if (sd_is_inserted(board)) {
        sd_tear(board);
        close(board->sd->file);
        board->sd->file = -1;
    }
}

void sd_card_free(struct vboard *board)
{
    sd_pull_out(board);
    free(board->sd);
}

static int refuse(const struct vboard *board, const char *path,
                  const char *problem)
{
    fprintf(board->log, "vboard: SD card %s: %s\n", path, problem);
    return -1;
}

static const char *size_problem(off_t size)
{
    if (size < 0) {
        return strerror(errno);
    }
    if (size == 0) {
        return "it is empty";
    }
    if (size % SD_BLOCK) {
        return "its size is not a multiple of 512, as a card's contents are";
    }
    // C_SIZE of 22 bits (5.3.3)
    return size > (2ll << 40) ? "it is larger than 2 TiB" : NULL;
}

// Opens the file of a card that is put in; its size, or -1.
static off_t open_file(const struct vboard *board, const char *path,
                       struct sd_card *card)
{
    card->file = open(path, O_RDWR | O_CLOEXEC);
    card->read_only = card->file < 0 && (errno == EACCES || errno == EROFS);
    if (card->read_only) {
        card->file = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (card->file < 0) {
        return refuse(board, path, strerror(errno));
    }
    off_t size = lseek(card->file, 0, SEEK_END);
    struct stat info;
    const char *problem = size_problem(size);
    if (fstat(card->file, &info) || S_ISDIR(info.st_mode)) {
        problem = "it is not a file";
    }
    if (problem) {
        close(card->file);
        return refuse(board, path, problem);
    }
    return size;
}

int vboard_insert_sd(struct vboard *board, const char *path,
                     const struct vboard_spi_place *place)
{
    static const struct vboard_spi_place usual = {1, "PB5"};
    if (!board->sd) {
        board->sd = calloc(1, sizeof(*board->sd));
        if (!board->sd) {
            return refuse(board, path ? path : "", "out of memory");
        }
        board->sd->file = -1;
    }
    if (!path) {
        sd_pull_out(board);
        return 0;
    }
    struct sd_card card = {.insertion = board->sd->insertion + 1};
    off_t size = open_file(board, path, &card);
    if (size < 0 || spi_attach(board, &sd_slave, place, &usual)) {
        return -1;
    }
    card.size = (uint64_t)size;
    sd_pull_out(board);
    *board->sd = card;
    return 0;
}

/// Checksums (4.5) ///

uint8_t sd_crc7(const uint8_t *data, unsigned len)
{
    unsigned crc = 0; // in bits 7 to 1
    for (unsigned i = 0; i < len; i++) {
        crc ^= data[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = crc & 0x80 ? (crc << 1) ^ (0x09 << 1) : crc << 1;
        }
    }
    return (uint8_t)((crc >> 1) & 0x7F);
}

uint16_t sd_crc16(const uint8_t *data, unsigned len)
{
    unsigned crc = 0;
    for (unsigned i = 0; i < len; i++) {
        crc ^= (unsigned)data[i] << 8;
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
        }
    }
    return (uint16_t)crc;
}

/// Registers ///

// Bits high to high - width + 1 of a register of 128 bits, as the tables of the
// specification give them.
static void put(uint8_t reg[16], unsigned high, unsigned width, uint32_t value)
{
    for (unsigned i = 0; i < width; i++) {
        unsigned bit = high - width + 1 + i;
        reg[15 - bit / 8] |= (uint8_t)((value >> i & 1) << bit % 8);
    }
}

static void seal(uint8_t reg[16])
{
    reg[15] = (uint8_t)(sd_crc7(reg, 15) << 1 | 1);
}

// Table 5-4: (C_SIZE + 1) * 2^(C_SIZE_MULT + 2) * 2^READ_BL_LEN bytes, rounded
// down.
static void put_size_v1(uint8_t csd[16], uint64_t size)
{
    unsigned bl_len = 9;
    unsigned mult = 0;
    while (size >> (bl_len + mult + 2) > 4096) {
        if (mult < 7) {
            mult++;
        } else {
            bl_len++;
        }
    }
    uint32_t units = (uint32_t)(size >> (bl_len + mult + 2));
    put(csd, 83, 4, bl_len);
    put(csd, 73, 12, units ? units - 1 : 0);
    put(csd, 49, 3, mult);
    put(csd, 25, 4, bl_len);
}

// Tables 5-4 and 5-16. What both versions have in common comes first.
void sd_csd(const struct vboard *board, uint8_t csd[16])
{
    memset(csd, 0, 16);
    put(csd, 103, 8, 0x32);  // TRAN_SPEED: 25 MHz
    put(csd, 95, 12, 0x5B5); // CCC
    put(csd, 46, 1, 1);      // ERASE_BLK_EN
    put(csd, 45, 7, 0x7F);   // SECTOR_SIZE
    put(csd, 28, 3, 2);      // R2W_FACTOR
    put(csd, 12, 1, board->sd->read_only);
    if (sd_has_block_addresses(board)) {
        put(csd, 127, 2, 1);    // CSD_STRUCTURE
        put(csd, 119, 8, 0x0E); // TAAC
        put(csd, 83, 4, 9);     // READ_BL_LEN
        put(csd, 69, 22, (uint32_t)(sd_size(board) >> 19) - 1);
        put(csd, 25, 4, 9); // WRITE_BL_LEN
    } else {
        put(csd, 119, 8, 0x26);  // TAAC: 1.5 ms
        put(csd, 79, 1, 1);      // READ_BL_PARTIAL
        put(csd, 61, 12, 0xDB6); // currents of reading and writing
        put_size_v1(csd, sd_size(board));
    }
    seal(csd);
}

// Table 5-2: no maker, product "VBORD" 1.0, number 1, January 2026.
void sd_cid(uint8_t cid[16])
{
    static const uint8_t fields[15] = {0,    'V', 'B', 'V', 'B', 'O',  'R', 'D',
                                       0x10, 0,   0,   0,   1,   0x01, 0xA1};
    memcpy(cid, fields, sizeof(fields));
    seal(cid);
}

// 5.6: version 2.00, or 1.01; one or four data lines.
void sd_scr(const struct vboard *board, uint8_t scr[8])
{
    memset(scr, 0, 8);
    bool old = board->state.device.sd.fault == VBOARD_SD_VERSION_1;
    scr[0] = old ? 0 : 2;
    scr[1] = 0x05;
}
