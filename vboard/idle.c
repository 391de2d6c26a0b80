// SPDX-License-Identifier: MIT

#include "idle.h"

#include <string.h>

#include "polling.h"
#include "state.h"

static const int register_id[IDLE_REGISTERS] = {
    UC_ARM_REG_R0,  UC_ARM_REG_R1, UC_ARM_REG_R2,  UC_ARM_REG_R3,
    UC_ARM_REG_R4,  UC_ARM_REG_R5, UC_ARM_REG_R6,  UC_ARM_REG_R7,
    UC_ARM_REG_R8,  UC_ARM_REG_R9, UC_ARM_REG_R10, UC_ARM_REG_R11,
    UC_ARM_REG_R12, UC_ARM_REG_SP, UC_ARM_REG_LR,  UC_ARM_REG_APSR,
};
#define FLAGS (IDLE_REGISTERS - 1)

void idle_broken(struct vboard *board)
{
    board->idle.repeats = 0;
    board->idle.phase = IDLE_OFF;
}

void idle_read(struct vboard *board, uint32_t address, uint32_t value)
{
    struct idle *idle = &board->idle;
    uint64_t distance = board->state.instructions - idle->at;
    if (address == idle->address && value == idle->value &&
        distance == idle->distance) {
        idle->repeats++;
    } else {
        idle_broken(board);
    }
    idle->address = address;
    idle->value = value;
    idle->distance = distance;
    idle->at = board->state.instructions;
}

static void note_registers(struct vboard *board, unsigned lap)
{
    for (int i = 0; i < IDLE_REGISTERS; i++) {
        board->idle.registers[lap][i] = cpu_get(board, register_id[i]);
    }
}

// The one register that changes by the same amount each lap: NO_COUNTER when
// none does, or false when the laps differ in more than that.
static bool find_counter(const struct idle *idle, unsigned *counter)
{
    *counter = NO_COUNTER;
    for (unsigned i = 0; i < IDLE_REGISTERS; i++) {
        uint32_t step = idle->registers[1][i] - idle->registers[0][i];
        if (idle->registers[2][i] - idle->registers[1][i] != step) {
            return false;
        }
        if (step != 0) {
            if (*counter != NO_COUNTER || i == FLAGS) {
                return false;
            }
            *counter = i;
        }
    }
    return true;
}

// Laps in which a counter that goes down stays well above zero, and so each
// comparison with zero and each flag of the subtraction as it was.
static uint64_t laps_of_counter(const struct idle *idle, unsigned counter)
{
    uint32_t value = idle->registers[2][counter];
    uint32_t step = idle->registers[1][counter] - value;
    if (value >> 31 || step == 0 || step > 255 || value < 4 * step) {
        return 0;
    }
    return value / step - 3;
}

static bool is_poll(const struct vboard *board, unsigned counter)
{
    const struct idle *idle = &board->idle;
    for (unsigned i = 0; i < idle->blocks; i++) {
        const struct idle_block *block = &idle->block[i];
        const uint8_t *code = code_at(board, block->address);
        if (!polling_allows(code, block->size, counter)) {
            return false;
        }
    }
    return true;
}

static void skip(struct vboard *board)
{
    struct idle *idle = &board->idle;
    unsigned counter;
    if (!find_counter(idle, &counter) || !is_poll(board, counter)) {
        return;
    }
    uint64_t left = board->deadline - board->state.clock.cycle;
    uint64_t laps = (left - 1) / idle->distance;
    if (counter != NO_COUNTER) {
        uint64_t limit = laps_of_counter(idle, counter);
        laps = limit < laps ? limit : laps;
        uint32_t step =
            idle->registers[1][counter] - idle->registers[2][counter];
        cpu_set(board, register_id[counter],
                idle->registers[2][counter] - (uint32_t)laps * step);
    }
    steady_broken(board);
    idle->skipped += laps * idle->distance;
    board->state.clock.cycle += laps * idle->distance;
    board->state.instructions += laps * idle->distance;
    idle->at += laps * idle->distance;
}

static void begin_lap(struct vboard *board, uint32_t address, uint32_t size)
{
    struct idle *idle = &board->idle;
    idle->phase = IDLE_FIRST_LAP;
    idle->block[0] = (struct idle_block){address, size};
    idle->blocks = 1;
    note_registers(board, 0);
}

static void first_lap(struct vboard *board, uint32_t address, uint32_t size)
{
    struct idle *idle = &board->idle;
    if (address == idle->block[0].address) {
        note_registers(board, 1);
        idle->phase = IDLE_SECOND_LAP;
        idle->position = 1;
    } else if (idle->blocks < IDLE_BLOCKS) {
        idle->block[idle->blocks++] = (struct idle_block){address, size};
    } else {
        idle_broken(board);
    }
}

static void second_lap(struct vboard *board, uint32_t address)
{
    struct idle *idle = &board->idle;
    if (idle->position < idle->blocks) {
        if (address != idle->block[idle->position++].address) {
            idle_broken(board);
        }
        return;
    }
    if (address == idle->block[0].address) {
        note_registers(board, 2);
        skip(board);
    }
    idle_broken(board);
}

void idle_block(struct vboard *board, uint32_t address, uint32_t size)
{
    if (!idle_looks(&board->idle) || board->idle.disabled) {
        return;
    }
    switch (board->idle.phase) {
    case IDLE_OFF:
        begin_lap(board, address, size);
        break;
    case IDLE_FIRST_LAP:
        first_lap(board, address, size);
        break;
    case IDLE_SECOND_LAP:
        second_lap(board, address);
        break;
    }
}
