// SPDX-License-Identifier: MIT
//
// Flash operations of whatever device: numbered together, told to the host, cut
// and made to fail where a test has asked for it. What an operation does and
// how long it takes is the device's business (flash_op.c, w25q_op.c).

#ifndef VBOARD_OP_H
#define VBOARD_OP_H

#include "state.h"

// An operation that the device has accepted begins: numbers it and tells of it.
// unit and address are those of the event. 0: the power was cut before it.
uint64_t op_begin(struct vboard *board, enum vboard_flash_op op, unsigned unit,
                  uint32_t address, uint32_t size);

// Number 0 is that of an operation that does not count. Whether the power goes
// inside (TORN) or right after (AFTER) this operation.
bool op_is_cut(const struct vboard *board, uint64_t number,
               enum vboard_cut how);

// What goes wrong with this operation, if a test has asked for it.
enum vboard_flash_fault op_fault(const struct vboard *board, uint64_t number);

// What is left of an operation that was interrupted. An erase: some rows are
// erased, some hold what they held, some hold noise. A program, that has
// changed `before` to what bytes holds now: some of the bits.
void op_tear_erase(struct vboard *board, uint8_t *bytes, uint32_t size);
void op_tear_program(struct vboard *board, uint8_t *bytes,
                     const uint8_t *before, uint32_t size);

// What an erase gives in the end.
void op_erase(struct vboard *board, uint8_t *bytes, uint32_t size,
              enum vboard_flash_fault fault);
// What a unit that held before and is programmed with value holds in the end.
uint64_t op_programmed(uint64_t before, uint64_t value,
                       enum vboard_flash_fault fault);

#endif
