// SPDX-License-Identifier: MIT
//
// Flash operations, whatever the controller: what they do to the contents and
// what is left when the power goes in the middle.

#include <string.h>

#include "flash.h"
#include "op.h"

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

uint64_t flash_power_lost(struct vboard *board)
{
    struct flash_state *flash = &board->state.device.flash;
    if (!flash->busy.on) {
        return 0;
    }
    uint8_t *bytes = board->flash + flash->busy.address;
    if (flash->busy.op == VBOARD_PROGRAM) {
        op_tear_program(board, bytes, flash->busy.before, flash->busy.size);
    } else {
        op_tear_erase(board, bytes, flash->busy.size);
    }
    changed(board, flash->busy.address, flash->busy.size);
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

void flash_reset(struct vboard *board, const struct device *device, bool power)
{
    (void)power;
    // an operation that a reset interrupts is torn as by a power cut
    flash_power_lost(board);
    struct flash_state *flash = &board->state.device.flash;
    flash->acr = device->regs[0].reset;
    flash->sr = device->regs[3].reset;
    flash->cr = device->regs[4].reset;
    flash->ar = 0;
    flash->lock = flash->option_lock = (struct flash_lock){0};
    flash->icache_used = flash->icache_stale = false;
    flash->dcache_used = flash->dcache_stale = false;
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

void flash_due(struct vboard *board, enum timer timer)
{
    (void)timer;
    struct flash_state *flash = &board->state.device.flash;
    if (flash->busy.op == VBOARD_ERASE) {
        op_erase(board, board->flash + flash->busy.address, flash->busy.size,
                 op_fault(board, flash->busy.number));
        changed(board, flash->busy.address, flash->busy.size);
    }
    flash->busy.on = false;
    board->chip->flash->ended(board, flash->busy.failed);
}

// False: the power was cut before it.
static bool start(struct vboard *board, enum vboard_flash_op op,
                  uint32_t offset, uint32_t size)
{
    uint64_t number =
        op_begin(board, op, 0, board->chip->flash_base + offset, size);
    if (number == 0) {
        return false;
    }
    struct flash_state *flash = &board->state.device.flash;
    enum vboard_flash_fault failure = op == VBOARD_ERASE
                                          ? VBOARD_FLASH_ERASE_FAILS
                                          : VBOARD_FLASH_PROGRAM_FAILS;
    flash->busy.op = op;
    flash->busy.failed = op_fault(board, number) == failure;
    flash->busy.number = number;
    flash->busy.address = offset;
    flash->busy.size = size;
    flash->busy.on = true;
    count_wear(board, op, offset, size);
    timer_set(board, TIMER_FLASH,
              now(board) + board->chip->flash->duration(board, op, size));
    return true;
}

// Cuts the power inside or right after the operation just begun, if asked to.
static void cut_if_asked(struct vboard *board)
{
    uint64_t number = board->state.device.flash.busy.number;
    if (op_is_cut(board, number, VBOARD_CUT_AFTER)) {
        if (flash_wait(board)) {
            power_cut(board, "after", number);
        }
    } else if (op_is_cut(board, number, VBOARD_CUT_TORN)) {
        stall(board, flash_stall(board) / 2);
        if (!cpu_ended(board)) {
            power_cut(board, "torn", number);
        }
    }
}

void flash_program(struct vboard *board, uint32_t offset, uint64_t value,
                   unsigned size)
{
    uint64_t before = 0;
    memcpy(&before, board->flash + offset, size);
    if (!start(board, VBOARD_PROGRAM, offset, size)) {
        return;
    }
    value &= UINT64_MAX >> (64 - 8 * size);
    if ((before & value) != value) {
        violation(board, board->chip->flash_base + offset,
                  "flash unit holds 0x%llX and cannot become 0x%llX without an "
                  "erase",
                  (unsigned long long)before, (unsigned long long)value);
    }
    struct flash_state *flash = &board->state.device.flash;
    memcpy(flash->busy.before, &before, sizeof(before));
    uint64_t after =
        op_programmed(before, value, op_fault(board, flash->busy.number));
    memcpy(board->flash + offset, &after, size);
    changed(board, offset, size);
    cut_if_asked(board);
}

void flash_erase(struct vboard *board, uint32_t offset, uint32_t size)
{
    if (start(board, VBOARD_ERASE, offset, size)) {
        cut_if_asked(board);
    }
}

struct vboard_wear vboard_wear(const struct vboard *board, unsigned sector)
{
    if (sector >= board->chip->sector_count) {
        return (struct vboard_wear){0};
    }
    return board->state.device.flash.wear[sector];
}
