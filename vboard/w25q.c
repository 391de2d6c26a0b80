// SPDX-License-Identifier: MIT
//
// A Winbond W25Q64JV on an SPI bus: its instructions (data sheet, 8.1 and 8.2),
// in standard SPI. What goes on after an instruction is in w25q_op.c.

#include "w25q.h"

#include <string.h>

#include "spi.h"

#define MANUFACTURER 0xEF
#define DEVICE       0x16
#define JEDEC_DEVICE 0x4017

#define OTHER_MAKER 0xC2 // VBOARD_W25Q_WRONG_ID

#define FASTEST      133000000
#define FASTEST_READ 50000000 // instruction 03h

// When an instruction is accepted, beside when the chip is awake and ready.
#define WHEN_BUSY   1
#define WHEN_ASLEEP 2
#define IS_WRITE    4 // not before tPUW
#define NEEDS_WEL   8

struct instruction {
    uint8_t code, flags;
    // Bytes before the first that the chip drives, and those that it must have
    // got when the select rises, at most 0: any number.
    uint8_t header;
    uint16_t least, most;
    uint8_t (*drive)(struct vboard *board, uint32_t index);
    void (*done)(struct vboard *board);
};

static struct w25q_state *state_of(struct vboard *board)
{
    return &board->state.device.w25q;
}

static bool is_stuck_busy(const struct w25q_state *chip)
{
    return chip->fault == VBOARD_W25Q_BUSY;
}

/// What it answers ///

static uint8_t drive_array(struct vboard *board, uint32_t index)
{
    return w25q_byte(board, (state_of(board)->address + index) % W25Q_SIZE);
}

static uint8_t drive_status(struct vboard *board, uint32_t index)
{
    (void)index;
    const struct w25q_state *chip = state_of(board);
    uint32_t status = chip->status | (is_stuck_busy(chip) ? W25Q_BUSY : 0);
    unsigned number = chip->code == 0x05 ? 0 : chip->code == 0x35 ? 1 : 2;
    return (uint8_t)(status >> (8 * number));
}

static uint8_t maker(struct vboard *board)
{
    bool wrong = state_of(board)->fault == VBOARD_W25Q_WRONG_ID;
    return wrong ? OTHER_MAKER : MANUFACTURER;
}

static uint8_t drive_jedec(struct vboard *board, uint32_t index)
{
    const uint8_t id[] = {maker(board), JEDEC_DEVICE >> 8, JEDEC_DEVICE & 0xFF};
    return id[index % 3];
}

static uint8_t drive_device(struct vboard *board, uint32_t index)
{
    (void)board;
    (void)index;
    return DEVICE;
}

static uint8_t drive_maker(struct vboard *board, uint32_t index)
{
    return (index + state_of(board)->address) % 2 ? DEVICE : maker(board);
}

static uint8_t drive_unique(struct vboard *board, uint32_t index)
{
    (void)board;
    static const uint8_t id[8] = {0xD1, 0x64, 0x38, 0x4C,
                                  0x13, 0x58, 0x2A, 0x2B};
    return id[index % 8];
}

/// What it does when the select rises ///

static void write_enable(struct vboard *board)
{
    state_of(board)->status |= W25Q_WEL;
}

static void write_disable(struct vboard *board)
{
    state_of(board)->status &= ~W25Q_WEL;
}

static void volatile_enable(struct vboard *board)
{
    state_of(board)->volatile_enabled = true;
}

static void write_status(struct vboard *board)
{
    const struct w25q_state *chip = state_of(board);
    // data was shifted in behind the code, as an address is
    uint32_t data = chip->address & 0xFFFF;
    switch (chip->code) {
    case 0x31:
        w25q_write_status(board, data << 8, 0xFF00);
        break;
    case 0x11:
        w25q_write_status(board, data << 16, 0xFF0000);
        break;
    default: // one byte or two
        if (chip->count == 2) {
            w25q_write_status(board, data, 0xFF);
        } else {
            w25q_write_status(board, (data & 0xFF) << 8 | data >> 8, 0xFFFF);
        }
    }
}

static void page_program(struct vboard *board)
{
    w25q_program(board, state_of(board)->address);
}

static void erase(struct vboard *board)
{
    const struct w25q_state *chip = state_of(board);
    uint32_t size = chip->code == 0x20   ? 4 * 1024
                    : chip->code == 0x52 ? 32 * 1024
                    : chip->code == 0xD8 ? 64 * 1024
                                         : W25Q_SIZE;
    w25q_erase(board, chip->address, size);
}

static void enable_reset(struct vboard *board)
{
    state_of(board)->reset_enabled = true;
}

static void reset_chip(struct vboard *board)
{
    if (state_of(board)->reset_enabled) {
        w25q_reset(board);
    }
}

static void release(struct vboard *board)
{
    w25q_wake(board, state_of(board)->count > 4);
}

#define WRITES (IS_WRITE | NEEDS_WEL)

static const struct instruction instructions[] = {
    {0x03, 0, 4, 4, 0, drive_array, NULL},
    {0x0B, 0, 5, 5, 0, drive_array, NULL},
    {0x05, WHEN_BUSY, 1, 1, 0, drive_status, NULL},
    {0x35, WHEN_BUSY, 1, 1, 0, drive_status, NULL},
    {0x15, WHEN_BUSY, 1, 1, 0, drive_status, NULL},
    {0x9F, 0, 1, 1, 0, drive_jedec, NULL},
    {0x90, 0, 4, 4, 0, drive_maker, NULL},
    {0x4B, 0, 5, 5, 0, drive_unique, NULL},
    {0xAB, WHEN_ASLEEP, 4, 1, 0, drive_device, release},
    {0x06, IS_WRITE, 1, 1, 1, NULL, write_enable},
    {0x50, IS_WRITE, 1, 1, 1, NULL, volatile_enable},
    {0x04, 0, 1, 1, 1, NULL, write_disable},
    {0x01, WRITES, 3, 2, 3, NULL, write_status},
    {0x31, WRITES, 2, 2, 2, NULL, write_status},
    {0x11, WRITES, 2, 2, 2, NULL, write_status},
    {0x02, WRITES, 4, 5, 0, NULL, page_program},
    {0x20, WRITES, 4, 4, 4, NULL, erase},
    {0x52, WRITES, 4, 4, 4, NULL, erase},
    {0xD8, WRITES, 4, 4, 4, NULL, erase},
    {0xC7, WRITES, 1, 1, 1, NULL, erase},
    {0x60, WRITES, 1, 1, 1, NULL, erase},
    {0x75, WHEN_BUSY, 1, 1, 1, NULL, w25q_suspend},
    {0x7A, 0, 1, 1, 1, NULL, w25q_resume},
    {0xB9, 0, 1, 1, 1, NULL, w25q_sleep},
    {0x66, WHEN_BUSY, 1, 1, 1, NULL, enable_reset},
    {0x99, WHEN_BUSY, 1, 1, 1, NULL, reset_chip},
};

// Dual and quad SPI, SFDP, security registers, locks of single sectors.
static const uint8_t not_modelled[] = {
    0x3B, 0xBB, 0x92, 0x6B, 0xEB, 0x94, 0x32, 0x77, 0x5A,
    0x44, 0x42, 0x48, 0x36, 0x39, 0x3D, 0x7E, 0x98,
};

static const struct instruction *find(uint8_t code)
{
    for (unsigned i = 0; i < sizeof(instructions) / sizeof(instructions[0]);
         i++) {
        if (instructions[i].code == code) {
            return &instructions[i];
        }
    }
    return NULL;
}

/// Listening ///

static void check_bus(struct vboard *board, const struct spi_frame *frame)
{
    if (frame->mode != 0 && frame->mode != 3) {
        violation(board, 0, "W25Q64 in SPI mode %u; it knows 0 and 3",
                  frame->mode);
    }
    if (frame->lsb_first) {
        violation(board, 0,
                  "W25Q64 gets the least significant bit first; it expects "
                  "the most significant one");
    }
    uint32_t limit = frame->mosi == 0x03 ? FASTEST_READ : FASTEST;
    if (frame->hz > limit) {
        violation(board, 0,
                  "W25Q64 instruction 0x%02X at %u Hz; it may have %u Hz",
                  frame->mosi, (unsigned)frame->hz, (unsigned)limit);
    }
}

// FFh ends modes that this part is never in: harmless, as a line at rest is.
static void report_unknown(struct vboard *board, uint8_t code)
{
    if (memchr(not_modelled, code, sizeof(not_modelled))) {
        violation(board, 0, "not modelled: W25Q64 instruction 0x%02X", code);
    } else if (code != 0xFF) {
        violation(board, 0, "W25Q64 has no instruction 0x%02X", code);
    }
}

static bool listens(const struct w25q_state *chip,
                    const struct instruction *instruction)
{
    bool busy = chip->status & W25Q_BUSY || is_stuck_busy(chip);
    return !chip->deaf && (!busy || instruction->flags & WHEN_BUSY) &&
           (!chip->asleep || instruction->flags & WHEN_ASLEEP) &&
           (chip->writable || !(instruction->flags & IS_WRITE));
}

static void take_code(struct vboard *board, const struct spi_frame *frame)
{
    struct w25q_state *chip = state_of(board);
    const struct instruction *instruction = find(frame->mosi);
    check_bus(board, frame);
    chip->code = frame->mosi;
    if (!instruction) {
        report_unknown(board, frame->mosi);
    }
    chip->refused = !instruction || !listens(chip, instruction);
    chip->reset_enabled = chip->reset_enabled && frame->mosi == 0x99;
    if (frame->mosi == 0x02 && !chip->refused) {
        memset(chip->page, 0xFF, sizeof(chip->page));
    }
}

// A byte behind the code: of the address, or to be programmed.
static void take_byte(struct w25q_state *chip, uint8_t byte)
{
    if (chip->count <= 4) {
        chip->address = (chip->address << 8 | byte) % W25Q_SIZE;
    } else if (chip->code == 0x02) {
        chip->page[(chip->address + chip->count - 5) % W25Q_PAGE] = byte;
    }
}

static int answer(struct vboard *board, const struct spi_frame *frame)
{
    struct w25q_state *chip = state_of(board);
    if (chip->count++ == 0) {
        take_code(board, frame);
        return SPI_FLOATING;
    }
    if (chip->refused) {
        return SPI_FLOATING;
    }
    const struct instruction *instruction = find(chip->code);
    if (chip->count <= instruction->header || !instruction->drive) {
        take_byte(chip, frame->mosi);
        return SPI_FLOATING;
    }
    return instruction->drive(board, chip->count - instruction->header - 1);
}

static int w25q_clock(struct vboard *board, const struct spi_frame *frame,
                      bool selected)
{
    if (!selected || !board->state.powered) {
        return SPI_FLOATING;
    }
    int byte = answer(board, frame);
    switch (state_of(board)->fault) {
    case VBOARD_SPI_MISO_HIGH:
        return 0xFF;
    case VBOARD_SPI_MISO_LOW:
        return 0;
    default:
        return byte;
    }
}

// Instructions that change something want all of their bytes, and no more.
static void carry_out(struct vboard *board)
{
    struct w25q_state *chip = state_of(board);
    const struct instruction *instruction = find(chip->code);
    if (!instruction->done || chip->count < instruction->least ||
        (instruction->most && chip->count > instruction->most)) {
        return;
    }
    bool status = instruction->done == write_status;
    if (instruction->flags & NEEDS_WEL && !(chip->status & W25Q_WEL) &&
        !(status && chip->volatile_enabled)) {
        violation(board, 0,
                  "W25Q64 instruction 0x%02X without Write Enable (06h): "
                  "ignored",
                  chip->code);
        return;
    }
    instruction->done(board);
}

static void check_select(struct vboard *board)
{
    if (state_of(board)->waking) {
        violation(board, 0,
                  "W25Q64 selected before tRES1 was over: its select must "
                  "stay high for 3 us after ABh");
    }
    if (now(board) < timer_due(board, TIMER_W25Q_SELECT) &&
        timer_due(board, TIMER_W25Q_SELECT) != NEVER) {
        violation(board, 0,
                  "W25Q64 selected less than 50 ns after a write (tSHSL2)");
    }
}

static void w25q_select(struct vboard *board, bool selected)
{
    struct w25q_state *chip = state_of(board);
    if (!board->state.powered) {
        return;
    }
    if (selected) {
        check_select(board);
    } else if (chip->count && !chip->refused && !chip->ragged) {
        carry_out(board);
    }
    if (!selected && chip->code != 0x50) {
        chip->volatile_enabled = false;
    }
    chip->code = 0;
    chip->count = chip->address = 0;
    chip->refused = chip->ragged = false;
}

static void w25q_cut(struct vboard *board)
{
    state_of(board)->ragged = true;
}

const struct spi_slave w25q_slave = {
    .name = "W25Q64",
    .select = w25q_select,
    .clock = w25q_clock,
    .cut = w25q_cut,
    .power = w25q_power,
};

/// For the host ///

// QE is set by the maker (order code ...IQ), the drivers' strength is 25%.
#define FACTORY 0x600200u

int vboard_attach_w25q(struct vboard *board,
                       const struct vboard_spi_place *place)
{
    static const struct vboard_spi_place usual = {2, "PB12"};
    if (!board->w25q && w25q_contents_open(board)) {
        fprintf(board->log, "vboard: out of memory\n");
        return -1;
    }
    state_of(board)->kept = FACTORY;
    return spi_attach(board, &w25q_slave, place, &usual);
}

void vboard_w25q_fault(struct vboard *board, enum vboard_spi_fault fault)
{
    state_of(board)->fault = fault;
}
