// SPDX-License-Identifier: MIT
//
// Between the parts of the W25Q64's model: w25q.c has the instructions,
// w25q_op.c what goes on inside the chip (programs, erases, reset, sleep) and
// w25q_contents.c the bytes, with what makes snapshots of them cheap.

#ifndef VBOARD_W25Q_H
#define VBOARD_W25Q_H

#include "state.h"

#define W25Q_SIZE    (8u * 1024 * 1024)
#define W25Q_SECTOR  4096u
#define W25Q_SECTORS (W25Q_SIZE / W25Q_SECTOR)
#define W25Q_PAGE    256u

// Status registers 1 to 3 as one number (W25Q64JV 7.1).
#define W25Q_BUSY (1u << 0)
#define W25Q_WEL  (1u << 1)
#define W25Q_SUS  (1u << 15)

/// w25q_op.c ///

// Operations, each accepted only where the chip accepts it.
void w25q_program(struct vboard *board, uint32_t address);
void w25q_erase(struct vboard *board, uint32_t address, uint32_t size);
void w25q_write_status(struct vboard *board, uint32_t value, uint32_t mask);
void w25q_suspend(struct vboard *board);
void w25q_resume(struct vboard *board);
void w25q_reset(struct vboard *board);
void w25q_sleep(struct vboard *board);
void w25q_wake(struct vboard *board, bool with_id);
void w25q_power(struct vboard *board, bool on);
// Number of the operation that a power cut would tear now; 0: none.
uint64_t w25q_under_way(const struct vboard *board);
// What a read of the array gives.
uint8_t w25q_byte(struct vboard *board, uint32_t address);

/// w25q_contents.c ///

int w25q_contents_open(struct vboard *board); // 0, or -1 without memory
void w25q_contents_close(struct vboard *board);
uint8_t *w25q_bytes(const struct vboard *board);
// These bytes have changed, or are about to.
void w25q_touch(struct vboard *board, uint32_t address, uint32_t size);
void w25q_count_wear(struct vboard *board, enum vboard_flash_op op,
                     uint32_t address, uint32_t size);

// Snapshots share the sectors that are the same.
struct w25q_copy;
bool w25q_save(struct vboard *board, struct w25q_copy **copy); // true: done
void w25q_restore(struct vboard *board, const struct w25q_copy *copy);
void w25q_copy_free(struct w25q_copy *copy);

#endif
