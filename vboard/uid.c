// SPDX-License-Identifier: MIT
//
// What identifies the chip: the unique ID and the flash size in system memory
// (RM0390 34, RM0008 30), DBGMCU with its ID code (RM0390 33.6, 33.16; RM0008
// 31.6, 31.16), and the F1's option bytes (PM0075 2.5).

#include <string.h>

#include "state.h"

static const struct reg uid_regs[] = {
    {"UID0", 0, 0, 0}, {"UID1", 4, 0, 0}, {"UID2", 8, 0, 0}};
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
    (void)offset;
    return (board->chip->flash_size / 1024) << device->unit;
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

#define SYSTEM_MEMORY(text, address, bytes, bit, value, table)                 \
    {                                                                          \
        .name = text, .base = address, .size = bytes, .unit = bit,             \
        .widths = 1 | 2 | 4, .write = write_id, .peek = value,                 \
        .reset = reset_id, .regs = table,                                      \
        .reg_count = sizeof(table) / sizeof(table[0]),                         \
    }

const struct device uid_device =
    SYSTEM_MEMORY("UID", 0x1FFF7A10, 12, 0, peek_uid, uid_regs);
const struct device uid_f1_device =
    SYSTEM_MEMORY("UID", 0x1FFFF7E8, 12, 0, peek_uid, uid_regs);
// the upper half of its word is the size; the F1: the lower
const struct device flash_size_device =
    SYSTEM_MEMORY("FLASH_SIZE", 0x1FFF7A20, 4, 16, peek_size, size_regs);
const struct device flash_size_f1_device =
    SYSTEM_MEMORY("FLASH_SIZE", 0x1FFFF7E0, 4, 0, peek_size, size_regs);

/// Option bytes of the F1 ///

static const struct reg option_regs[] = {{"RDP, USER", 0, 0, 0},
                                         {"DATA", 4, 0, 0},
                                         {"WRP0, WRP1", 8, 0, 0},
                                         {"WRP2, WRP3", 12, 0, 0}};

// Each byte is followed by its complement.
static uint32_t option_word(uint32_t low, uint32_t high)
{
    return low | (~low & 0xFF) << 8 | high << 16 | (~high & 0xFF) << 24;
}

static uint32_t peek_options(const struct vboard *board,
                             const struct device *device, uint32_t offset)
{
    (void)device;
    const uint32_t not_protected = 0xA5;
    uint32_t user = board->config.hardware_watchdog ? 0xFE : 0xFF; // WDG_SW
    uint32_t wrp = ~board->state.device.flash.protected_sectors;
    switch (offset) {
    case 0:
        return option_word(not_protected, user);
    case 4:
        return option_word(0xFF, 0xFF);
    case 8:
        return option_word(wrp & 0xFF, wrp >> 8 & 0xFF);
    default:
        return option_word(wrp >> 16 & 0xFF, wrp >> 24);
    }
}

static void write_options(struct vboard *board, const struct device *device,
                          uint32_t offset, uint32_t value, unsigned size)
{
    (void)value;
    (void)size;
    violation(board, device->base + offset,
              "not modelled: programming the option bytes");
}

const struct device option_bytes_f1_device = {
    .name = "option bytes",
    .base = 0x1FFFF800,
    .size = 16,
    .widths = 1 | 2 | 4,
    .write = write_options,
    .peek = peek_options,
    .reset = reset_id,
    .regs = option_regs,
    .reg_count = 4,
};

/// DBGMCU ///

enum { IDCODE = 0x00, CR = 0x04, APB1_FZ = 0x08, APB2_FZ = 0x0C };

// Bits that exist.
#define F4_CR      0x000000E7u
#define F4_APB1_FZ 0x07E01DFFu
#define F4_APB2_FZ 0x00070003u
#define F1_CR      0x0001FFE7u

// The watchdog may be handed over frozen for debuggers (DESIGN.md).
#define F4_IWDG_STOP (1u << 12)
#define F1_IWDG_STOP (1u << 8)

#define F4_IDCODE 0x10000421u
// medium density, revision Y (RM0008 31.6.1). Parts show it to debuggers only:
// code that reads it gets 0 (ES093).
#define F1_IDCODE 0x20036410u

static const struct reg dbgmcu_regs[] = {
    {"IDCODE", IDCODE, F4_IDCODE, 0},
    {"CR", CR, 0, F4_CR},
    {"APB1_FZ", APB1_FZ, 0, F4_APB1_FZ & ~F4_IWDG_STOP},
    {"APB2_FZ", APB2_FZ, 0, F4_APB2_FZ},
};
static const struct reg dbgmcu_f1_regs[] = {
    {"IDCODE", IDCODE, F1_IDCODE, 0},
    {"CR", CR, 0, F1_CR & ~F1_IWDG_STOP},
};

static uint32_t peek_dbgmcu(const struct vboard *board,
                            const struct device *device, uint32_t offset)
{
    if (offset == IDCODE) {
        return device->regs[0].reset;
    }
    return board->state.device.dbgmcu.reg[offset / 4 - 1];
}

// What a debugger or the last application has left there: not all resets reach
// DBGMCU.
static uint32_t dbgmcu_at_reset(const struct vboard *board,
                                const struct device *device, uint32_t offset)
{
    return offset == IDCODE
               ? device->regs[0].reset
               : board->state.device.dbgmcu.at_reset[offset / 4 - 1];
}

static void write_dbgmcu(struct vboard *board, const struct device *device,
                         uint32_t offset, uint32_t value, unsigned size)
{
    static const uint32_t bits[] = {F4_CR, F4_APB1_FZ, F4_APB2_FZ};
    if (offset == IDCODE) {
        write_id(board, device, offset, value, size);
        return;
    }
    unsigned i = offset / 4 - 1;
    board->state.device.dbgmcu.reg[i] =
        value & (device == &dbgmcu_device ? bits[i] : F1_CR);
}

// Only a power-on reset reaches DBGMCU (RM0390 33.16.3, RM0008 31.16.3).
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

// 32-bit access only (RM0390 33.16.3)
#define DBGMCU(table)                                                          \
    {                                                                          \
        .name = "DBGMCU", .base = 0xE0042000, .size = 0x400, .widths = 4,      \
        .write = write_dbgmcu, .peek = peek_dbgmcu,                            \
        .handed_over = dbgmcu_at_reset, .reset = reset_dbgmcu, .regs = table,  \
        .reg_count = sizeof(table) / sizeof(table[0]),                         \
    }

const struct device dbgmcu_device = DBGMCU(dbgmcu_regs);
const struct device dbgmcu_f1_device = DBGMCU(dbgmcu_f1_regs);
