// SPDX-License-Identifier: MIT
//
// Between flash.c, which has the registers of the controller and refuses what
// it refuses, and flash_op.c, which has the operations: time, contents, wear
// and what a power cut leaves.

#ifndef VBOARD_FLASH_H
#define VBOARD_FLASH_H

#include "state.h"

#define FLASH_SR_EOP    (1u << 0)
#define FLASH_SR_OPERR  (1u << 1)
#define FLASH_SR_WRPERR (1u << 4)
#define FLASH_SR_PGAERR (1u << 5)
#define FLASH_SR_PGPERR (1u << 6)
#define FLASH_SR_PGSERR (1u << 7)
#define FLASH_SR_RDERR  (1u << 8)
#define FLASH_SR_BSY    (1u << 16)

#define FLASH_CR_PG    (1u << 0)
#define FLASH_CR_SER   (1u << 1)
#define FLASH_CR_MER   (1u << 2)
#define FLASH_CR_STRT  (1u << 16)
#define FLASH_CR_EOPIE (1u << 24)
#define FLASH_CR_ERRIE (1u << 25)
#define FLASH_CR_LOCK  (1u << 31)

// Sector that holds an offset of the flash, and where a sector begins.
unsigned flash_sector_of(const struct vboard *board, uint32_t offset);
uint32_t flash_sector_start(const struct vboard *board, unsigned sector);

// Begin an operation that the controller has accepted. offset counts from the
// start of the flash.
void flash_program(struct vboard *board, uint32_t offset, uint64_t value,
                   unsigned size);
void flash_erase(struct vboard *board, uint32_t offset, uint32_t size);

// The bus stalls until no operation is under way. False when the power or a
// reset came first: then do nothing more.
bool flash_wait(struct vboard *board);

// flash.c: an operation has ended, with OPERR when it failed.
void flash_ended(struct vboard *board, bool failed);

#endif
