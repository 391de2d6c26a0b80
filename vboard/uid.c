// SPDX-License-Identifier: MIT
//
// What identifies the chip: the unique ID and the flash size in system memory
// (RM0390 34), and DBGMCU with its ID code (RM0390 33.6, 33.16).

#include <string.h>

#include "state.h"

static const struct reg uid_regs[] = {
    {"UID0", 0, 0, 0}, {"UID1", 4, 0, 0}, {"UID2", 8, 0, 0}};
// 0x1FFF7A22, read as the upper half of its word
static const struct reg size_regs[] = {{"FLASH_SIZE", 0, 0, 0}};

static uint32_t peek_uid(const struct vboard *board,
                         const struct device *device, uint32_t offset)
{
    (void)device;
    // wafer coordinates and lot: two boards with different seeds differ
    static const uint32_t id[] = {0x00200035, 0x3136510E, 0x33373332};
    return id[offset / 4] ^ (offset == 0 ? board->config.seed : 0);
}

static uint32_t peek_size(const struct vboard *board,
                          const struct device *device, uint32_t offset)
{
    (void)device;
    (void)offset;
    return (board->chip->flash_size / 1024) << 16;
}

static void write_id(struct vboard *board, const struct device *device,
                     uint32_t offset, uint32_t value, unsigned size)
{
    (void)value;
    (void)size;
    violation(board, device->base + offset, "%s is read-only", device->name);
}

static void reset_id(struct vboard *board, const struct device *device,
                     bool power)
{
    (void)board;
    (void)device;
    (void)power;
}

const struct device uid_device = {
    .name = "UID",
    .base = 0x1FFF7A10,
    .size = 12,
    .widths = 1 | 2 | 4,
    .write = write_id,
    .peek = peek_uid,
    .reset = reset_id,
    .regs = uid_regs,
    .reg_count = 3,
};

const struct device flash_size_device = {
    .name = "FLASH_SIZE",
    .base = 0x1FFF7A20,
    .size = 4,
    .widths = 1 | 2 | 4,
    .write = write_id,
    .peek = peek_size,
    .reset = reset_id,
    .regs = size_regs,
    .reg_count = 1,
};

enum { IDCODE = 0x00, CR = 0x04, APB1_FZ = 0x08, APB2_FZ = 0x0C };

#define DBG_IWDG_STOP (1u << 12)

// bits that exist, CR first
static const uint32_t dbgmcu_bits[] = {0x000000E7, 0x07E01DFF, 0x00070003};

// The watchdog may be handed over frozen for debuggers (DESIGN.md).
static const struct reg dbgmcu_regs[] = {
    {"IDCODE", IDCODE, 0, 0},
    {"CR", CR, 0, 0x000000E7},
    {"APB1_FZ", APB1_FZ, 0, 0x07E01DFF & ~DBG_IWDG_STOP},
    {"APB2_FZ", APB2_FZ, 0, 0x00070003},
};

static uint32_t peek_dbgmcu(const struct vboard *board,
                            const struct device *device, uint32_t offset)
{
    (void)device;
    if (offset == IDCODE) {
        return 0x10000421;
    }
    return board->state.device.dbgmcu.reg[offset / 4 - 1];
}

uint32_t dbgmcu_at_reset(const struct vboard *board, uint32_t offset)
{
    return offset == IDCODE
               ? 0
               : board->state.device.dbgmcu.at_reset[offset / 4 - 1];
}

static void write_dbgmcu(struct vboard *board, const struct device *device,
                         uint32_t offset, uint32_t value, unsigned size)
{
    if (offset == IDCODE) {
        write_id(board, device, offset, value, size);
        return;
    }
    unsigned i = offset / 4 - 1;
    board->state.device.dbgmcu.reg[i] = value & dbgmcu_bits[i];
}

// Only a power-on reset reaches DBGMCU (RM0390 33.16.3).
static void reset_dbgmcu(struct vboard *board, const struct device *device,
                         bool power)
{
    (void)device;
    struct dbgmcu_state *dbgmcu = &board->state.device.dbgmcu;
    if (power) {
        memset(dbgmcu, 0, sizeof(*dbgmcu));
    }
    memcpy(dbgmcu->at_reset, dbgmcu->reg, sizeof(dbgmcu->reg));
}

const struct device dbgmcu_device = {
    .name = "DBGMCU",
    .base = 0xE0042000,
    .size = 0x400,
    .widths = 4, // RM0390 33.16.3: 32-bit access only
    .write = write_dbgmcu,
    .peek = peek_dbgmcu,
    .reset = reset_dbgmcu,
    .regs = dbgmcu_regs,
    .reg_count = 4,
};
