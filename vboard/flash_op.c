// SPDX-License-Identifier: MIT
//
// Flash operations, whatever the controller: what they do to the contents and
// what is left when the power goes in the middle.

#include <string.h>

#include "flash.h"

unsigned flash_sector_of(const struct vboard *board, uint32_t offset)
{
    unsigned sector = 0;
    while (offset >= board->chip->sector_size[sector]) {
        offset -= board->chip->sector_size[sector];
        sector++;
    }
    return sector;
}

uint32_t flash_sector_start(const struct vboard *board, unsigned sector)
{
    uint32_t start = 0;
    for (unsigned i = 0; i < sector; i++) {
        start += board->chip->sector_size[i];
    }
    return start;
}

static void changed(struct vboard *board, uint32_t offset, uint32_t size)
{
    cpu_code_changed(board, board->chip->flash_base + offset, size);
}

static void count_wear(struct vboard *board, enum vboard_flash_op op,
                       uint32_t offset, uint32_t size)
{
    struct vboard_wear *wear = board->state.device.flash.wear;
    unsigned sector = flash_sector_of(board, offset);
    if (op == VBOARD_PROGRAM) {
        wear[sector].programs++;
        return;
    }
    for (uint32_t end = offset + size; offset < end; sector++) {
        wear[sector].erases++;
        offset += board->chip->sector_size[sector];
    }
}

static uint64_t random64(struct vboard *board)
{
    uint64_t high = board_random(board);
    return high << 32 | board_random(board);
}

// Some of the bits that were to be cleared are.
static void tear_program(struct vboard *board)
{
    struct flash_state *flash = &board->state.device.flash;
    uint8_t *unit = board->flash + flash->busy.address;
    uint64_t value = 0;
    memcpy(&value, unit, flash->busy.size);
    value |= flash->busy.before & random64(board);
    memcpy(unit, &value, flash->busy.size);
    changed(board, flash->busy.address, flash->busy.size);
}

// Some rows are erased, some still hold what they held, some hold noise.
static void tear_erase(struct vboard *board)
{
    enum { ROW = 16 };
    const struct flash_state *flash = &board->state.device.flash;
    uint8_t *bytes = board->flash + flash->busy.address;
    for (uint32_t i = 0; i < flash->busy.size; i += ROW) {
        uint32_t fate = board_random(board) % 3;
        if (fate == 0) {
            memset(bytes + i, 0xFF, ROW);
        }
        for (uint32_t j = 0; fate == 1 && j < ROW; j++) {
            bytes[i + j] = (uint8_t)board_random(board);
        }
    }
    changed(board, flash->busy.address, flash->busy.size);
}

uint64_t flash_power_lost(struct vboard *board)
{
    struct flash_state *flash = &board->state.device.flash;
    if (!flash->busy.on) {
        return 0;
    }
    if (flash->busy.op == VBOARD_PROGRAM) {
        tear_program(board);
    } else {
        tear_erase(board);
    }
    flash->busy.on = false;
    timer_clear(board, TIMER_FLASH);
    return flash->busy.number;
}

uint64_t flash_stall(const struct vboard *board)
{
    uint64_t due = timer_due(board, TIMER_FLASH);
    if (!board->state.device.flash.busy.on || due <= now(board)) {
        return 0;
    }
    return due - now(board);
}

bool flash_wait(struct vboard *board)
{
    while (board->state.device.flash.busy.on && !cpu_ended(board)) {
        uint64_t due = timer_due(board, TIMER_FLASH);
        stall(board, due > now(board) ? due - now(board) : 1);
    }
    return !cpu_ended(board);
}

uint32_t flash_acr(const struct vboard *board)
{
    return board->state.device.flash.acr;
}

bool flash_caches_stale(const struct vboard *board)
{
    const struct flash_state *flash = &board->state.device.flash;
    return flash->icache_stale || flash->dcache_stale;
}

/// Access ///

const uint32_t flash_keys[2] = {0x45670123, 0xCDEF89AB};

bool flash_key(struct vboard *board, struct flash_lock *lock, bool open,
               const uint32_t keys[2], uint32_t offset, uint32_t value)
{
    const struct device *device = board->chip->flash->device;
    const char *name = reg_name(device, offset);
    if (open) {
        violation(board, device->base + offset,
                  "FLASH %s written while unlocked already", name);
        return false;
    }
    if (lock->dead || value != keys[lock->step]) {
        lock->dead = true;
        violation(board, device->base + offset,
                  "FLASH %s: 0x%08X is not key %u; locked until the next reset",
                  name, (unsigned)value, lock->step + 1);
        cpu_bus_fault(board, device->base + offset);
        return false;
    }
    lock->step ^= 1;
    return lock->step == 0;
}

void flash_store(struct vboard *board, uint32_t address, uint64_t value,
                 unsigned size)
{
    if (!cpu_ended(board) && flash_wait(board)) {
        board->chip->flash->store(board, address, value, size);
    }
}

void vboard_protect_sectors(struct vboard *board, uint32_t sectors)
{
    board->state.device.flash.protected_sectors = sectors;
}

/// Operations ///

// Returns what goes wrong with this operation, if a test has asked for it.
static enum vboard_flash_fault fault_of(const struct flash_state *flash,
                                        uint64_t number)
{
    return number == flash->fault_op ? flash->fault : VBOARD_FLASH_GOOD;
}

static void erase_now(struct vboard *board)
{
    struct flash_state *flash = &board->state.device.flash;
    uint8_t *bytes = board->flash + flash->busy.address;
    enum vboard_flash_fault fault = fault_of(flash, flash->busy.number);
    if (fault == VBOARD_FLASH_ERASE_FAILS) {
        flash->busy.failed = true;
        tear_erase(board);
        return;
    }
    memset(bytes, 0xFF, flash->busy.size);
    if (fault == VBOARD_FLASH_BIT_STUCK) {
        bytes[board_random(board) % flash->busy.size] &=
            (uint8_t) ~(1u << board_random(board) % 8);
    }
    changed(board, flash->busy.address, flash->busy.size);
}

void flash_due(struct vboard *board, enum timer timer)
{
    (void)timer;
    struct flash_state *flash = &board->state.device.flash;
    if (flash->busy.op == VBOARD_ERASE) {
        erase_now(board);
    }
    flash->busy.on = false;
    board->chip->flash->ended(board, flash->busy.failed);
}

static void start(struct vboard *board, enum vboard_flash_op op,
                  uint32_t offset, uint32_t size)
{
    struct flash_state *flash = &board->state.device.flash;
    flash->busy.op = op;
    flash->busy.failed = false;
    flash->busy.number = flash->ops;
    flash->busy.address = offset;
    flash->busy.size = size;
    flash->busy.on = true;
    count_wear(board, op, offset, size);
    timer_set(board, TIMER_FLASH,
              now(board) + board->chip->flash->duration(board, op, size));
}

// Numbers the operation and tells of it. False: the power was cut before it.
static bool announce(struct vboard *board, enum vboard_flash_op op,
                     uint32_t offset, uint32_t size)
{
    struct flash_state *flash = &board->state.device.flash;
    flash->ops++;
    struct vboard_event event = {
        .kind = VBOARD_EVENT_FLASH,
        .op = op,
        .number = flash->ops,
        .address = board->chip->flash_base + offset,
        .size = size,
    };
    send_event(board, &event);
    if (flash->ops == flash->cut_op && flash->cut_how == VBOARD_CUT_BEFORE) {
        power_cut(board, "before", flash->ops);
        return false;
    }
    return true;
}

// Cuts the power inside or right after the operation just begun, if asked to.
static void cut_if_asked(struct vboard *board)
{
    struct flash_state *flash = &board->state.device.flash;
    if (flash->ops != flash->cut_op) {
        return;
    }
    if (flash->cut_how == VBOARD_CUT_AFTER) {
        if (flash_wait(board)) {
            power_cut(board, "after", flash->ops);
        }
        return;
    }
    stall(board, flash_stall(board) / 2);
    if (!cpu_ended(board)) {
        power_cut(board, "torn", flash_power_lost(board));
    }
}

// What the unit holds afterwards: programming only clears bits.
static uint64_t programmed(struct vboard *board, uint64_t before,
                           uint64_t value)
{
    struct flash_state *flash = &board->state.device.flash;
    uint64_t after = before & value;
    switch (fault_of(flash, flash->ops)) {
    case VBOARD_FLASH_PROGRAM_FAILS:
        flash->busy.failed = true;
        return before;
    case VBOARD_FLASH_BIT_STUCK: {
        uint64_t cleared = before & ~after;
        return after | (cleared & (~cleared + 1)); // the lowest one stays 1
    }
    default:
        return after;
    }
}

void flash_program(struct vboard *board, uint32_t offset, uint64_t value,
                   unsigned size)
{
    if (!announce(board, VBOARD_PROGRAM, offset, size)) {
        return;
    }
    uint64_t before = 0;
    memcpy(&before, board->flash + offset, size);
    value &= UINT64_MAX >> (64 - 8 * size);
    if ((before & value) != value) {
        violation(board, board->chip->flash_base + offset,
                  "flash unit holds 0x%llX and cannot become 0x%llX without an "
                  "erase",
                  (unsigned long long)before, (unsigned long long)value);
    }
    start(board, VBOARD_PROGRAM, offset, size);
    board->state.device.flash.busy.before = before;
    uint64_t after = programmed(board, before, value);
    memcpy(board->flash + offset, &after, size);
    changed(board, offset, size);
    cut_if_asked(board);
}

void flash_erase(struct vboard *board, uint32_t offset, uint32_t size)
{
    if (announce(board, VBOARD_ERASE, offset, size)) {
        start(board, VBOARD_ERASE, offset, size);
        cut_if_asked(board);
    }
}

void vboard_cut_at_op(struct vboard *board, uint64_t op, enum vboard_cut how)
{
    struct flash_state *flash = &board->state.device.flash;
    flash->cut_op = op ? flash->ops + op : 0;
    flash->cut_how = how;
}

void vboard_fail_op(struct vboard *board, uint64_t op,
                    enum vboard_flash_fault fault)
{
    struct flash_state *flash = &board->state.device.flash;
    flash->fault_op = op ? flash->ops + op : 0;
    flash->fault = fault;
}

uint64_t vboard_flash_ops(const struct vboard *board)
{
    return board->state.device.flash.ops;
}

struct vboard_wear vboard_wear(const struct vboard *board, unsigned sector)
{
    if (sector >= board->chip->sector_count) {
        return (struct vboard_wear){0};
    }
    return board->state.device.flash.wear[sector];
}
