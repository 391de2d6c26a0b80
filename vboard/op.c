// SPDX-License-Identifier: MIT

#include "op.h"

#include <string.h>

uint64_t op_begin(struct vboard *board, enum vboard_flash_op op, unsigned unit,
                  uint32_t address, uint32_t size)
{
    struct op_state *ops = &board->state.device.op;
    uint64_t number = ++ops->count;
    struct vboard_event event = {
        .kind = VBOARD_EVENT_FLASH,
        .unit = unit,
        .op = op,
        .number = number,
        .address = address,
        .size = size,
    };
    send_event(board, &event);
    if (op_is_cut(board, number, VBOARD_CUT_BEFORE)) {
        power_cut(board, "before", number);
        return 0;
    }
    return number;
}

bool op_is_cut(const struct vboard *board, uint64_t number, enum vboard_cut how)
{
    const struct op_state *ops = &board->state.device.op;
    return number && number == ops->cut_op && how == ops->cut_how;
}

enum vboard_flash_fault op_fault(const struct vboard *board, uint64_t number)
{
    const struct op_state *ops = &board->state.device.op;
    return number && number == ops->fault_op ? ops->fault : VBOARD_FLASH_GOOD;
}

static uint64_t random64(struct vboard *board)
{
    uint64_t high = board_random(board);
    return high << 32 | board_random(board);
}

void op_tear_program(struct vboard *board, uint8_t *bytes,
                     const uint8_t *before, uint32_t size)
{
    for (uint32_t i = 0; i < size; i += 8) {
        uint64_t noise = random64(board);
        for (uint32_t j = i; j < size && j < i + 8; j++, noise >>= 8) {
            bytes[j] |= before[j] & (uint8_t)noise;
        }
    }
}

void op_tear_erase(struct vboard *board, uint8_t *bytes, uint32_t size)
{
    enum { ROW = 16 };
    for (uint32_t i = 0; i < size; i += ROW) {
        uint32_t fate = board_random(board) % 3;
        if (fate == 0) {
            memset(bytes + i, 0xFF, ROW);
        }
        for (uint32_t j = 0; fate == 1 && j < ROW; j++) {
            bytes[i + j] = (uint8_t)board_random(board);
        }
    }
}

void op_erase(struct vboard *board, uint8_t *bytes, uint32_t size,
              enum vboard_flash_fault fault)
{
    if (fault == VBOARD_FLASH_ERASE_FAILS) {
        op_tear_erase(board, bytes, size);
        return;
    }
    memset(bytes, 0xFF, size);
    if (fault == VBOARD_FLASH_BIT_STUCK) {
        bytes[board_random(board) % size] &=
            (uint8_t) ~(1u << board_random(board) % 8);
    }
}

uint64_t op_programmed(uint64_t before, uint64_t value,
                       enum vboard_flash_fault fault)
{
    uint64_t after = before & value;
    switch (fault) {
    case VBOARD_FLASH_PROGRAM_FAILS:
        return before;
    case VBOARD_FLASH_BIT_STUCK: {
        uint64_t cleared = before & ~after;
        return after | (cleared & (~cleared + 1)); // the lowest one stays 1
    }
    default:
        return after;
    }
}

void vboard_cut_at_op(struct vboard *board, uint64_t op, enum vboard_cut how)
{
    struct op_state *ops = &board->state.device.op;
    ops->cut_op = op ? ops->count + op : 0;
    ops->cut_how = how;
}

void vboard_fail_op(struct vboard *board, uint64_t op,
                    enum vboard_flash_fault fault)
{
    struct op_state *ops = &board->state.device.op;
    ops->fault_op = op ? ops->count + op : 0;
    ops->fault = fault;
}

uint64_t vboard_flash_ops(const struct vboard *board)
{
    return board->state.device.op.count;
}
