// SPDX-License-Identifier: MIT
//
// What goes on inside a W25Q64 once an instruction was accepted: how long it
// takes, what it changes, and what is left when the power goes (W25Q64JV data
// sheet, 9.6 AC electrical characteristics).
//
// Contents change when an operation ends: until then nobody can read them.

#include <string.h>

#include "op.h"
#include "steady.h"
#include "w25q.h"

// tVSL, 20 us from VCC to the first select, is over when a MCU begins: that
// waits for half a millisecond at least (DS10693, reset temporization).
#define T_PUW   (5 * VBOARD_MS) // VCC to a write instruction
#define T_DP    (3 * VBOARD_US) // into power-down
#define T_RES1  (3 * VBOARD_US) // out of it
#define T_RES2  (1800 * VBOARD_NS)
#define T_SUS   (20 * VBOARD_US)
#define T_RST   (30 * VBOARD_US)
#define T_SHSL2 (50 * VBOARD_NS) // high after a write

#define LOWEST_MV 2700

// Typical and maximum.
#define T_PAGE                                                                 \
    {                                                                          \
        400 * VBOARD_US, 3 * VBOARD_MS                                         \
    }
#define T_STATUS                                                               \
    {                                                                          \
        10 * VBOARD_MS, 15 * VBOARD_MS                                         \
    }

static struct w25q_state *state_of(struct vboard *board)
{
    return &board->state.device.w25q;
}

static uint64_t erase_time(uint32_t size, bool maximum)
{
    static const struct {
        uint32_t size;
        uint64_t time[2];
    } times[] = {
        {4 * 1024, {45 * VBOARD_MS, 400 * VBOARD_MS}},
        {32 * 1024, {120 * VBOARD_MS, 1600 * VBOARD_MS}},
        {64 * 1024, {150 * VBOARD_MS, 2000 * VBOARD_MS}},
        {W25Q_SIZE, {20 * VBOARD_S, 100 * VBOARD_S}},
    };
    unsigned row = 0;
    while (times[row].size != size) {
        row++;
    }
    return times[row].time[maximum];
}

static uint64_t duration(const struct vboard *board)
{
    const struct w25q_state *chip = &board->state.device.w25q;
    static const uint64_t page[] = T_PAGE;
    static const uint64_t status[] = T_STATUS;
    bool maximum = board->config.timing == VBOARD_MAXIMUM;
    switch (chip->busy.kind) {
    case W25Q_PROGRAM:
        return page[maximum];
    case W25Q_ERASE:
        return erase_time(chip->busy.size, maximum);
    default:
        return status[maximum];
    }
}

/// Selecting again ///

// The select must stay high for tSHSL2. Where in its block an instruction is
// is not known: the violation is told when the time is too short in any case.
static void select_not_before(struct vboard *board)
{
    const struct slice *slice = &board->slice;
    uint64_t from = now(board);
    if (slice->running) {
        unsigned block =
            code_count_known(board, slice->block, slice->block_size);
        from = time_of_cycle(board, board->state.clock.cycle - block);
    }
    if (from + T_SHSL2 > now(board)) {
        timer_set(board, TIMER_W25Q_SELECT, from + T_SHSL2);
    }
}

/// Beginning ///

static bool is_operation(const struct w25q_state *chip)
{
    return chip->busy.kind == W25Q_PROGRAM || chip->busy.kind == W25Q_ERASE;
}

uint64_t w25q_under_way(const struct vboard *board)
{
    const struct w25q_state *chip = &board->state.device.w25q;
    return board->w25q && is_operation(chip) ? chip->busy.number : 0;
}

static void check_supply(struct vboard *board, uint32_t address)
{
    if (pwr_vdd(board) < LOWEST_MV) {
        violation(board, address,
                  "W25Q64 programs or erases at %u mV; it needs %u",
                  (unsigned)pwr_vdd(board), LOWEST_MV);
    }
}

// Kind, address and size are in busy.
static void begin(struct vboard *board)
{
    struct w25q_state *chip = state_of(board);
    steady_broken(board);
    steady_hope(board); // it will be polled
    chip->status |= W25Q_BUSY;
    uint64_t time = duration(board);
    if (op_is_cut(board, chip->busy.number, VBOARD_CUT_TORN)) {
        time /= 2;
    }
    timer_set(board, TIMER_W25Q, now(board) + time);
    select_not_before(board);
}

static void begin_operation(struct vboard *board, enum vboard_flash_op op,
                            uint32_t address, uint32_t size)
{
    struct w25q_state *chip = state_of(board);
    check_supply(board, address);
    uint64_t number = op_begin(board, op, 1, address, size);
    if (number == 0) {
        return;
    }
    w25q_count_wear(board, op, address, size);
    chip->busy.kind = op == VBOARD_ERASE ? W25Q_ERASE : W25Q_PROGRAM;
    chip->busy.number = number;
    chip->busy.address = address;
    chip->busy.size = size;
    begin(board);
}

// First address and size of what SEC, TB, BP and CMP protect (7.1.14, 7.1.15).
static uint32_t protected_area(uint32_t status, uint32_t *size)
{
    unsigned bp = (status >> 2) & 7;
    bool bottom = status & (1u << 5);
    bool sectors = status & (1u << 6);
    bool complement = status & (1u << 14);
    if (bp == 0 || bp == 7) {
        *size = (bp == 7) != complement ? W25Q_SIZE : 0;
        return 0;
    }
    uint32_t part =
        sectors ? 4096u << (bp < 4 ? bp - 1 : 3) : 128u * 1024 << (bp - 1);
    *size = complement ? W25Q_SIZE - part : part;
    return bottom != complement ? 0 : W25Q_SIZE - *size;
}

static bool is_protected(const struct w25q_state *chip, uint32_t address,
                         uint32_t size)
{
    uint32_t area;
    uint32_t first = protected_area(chip->status, &area);
    return address < first + area && first < address + size;
}

static void check_blank(struct vboard *board, uint32_t address, uint32_t size)
{
    const uint8_t *page = state_of(board)->page;
    const uint8_t *old = w25q_bytes(board) + (address & ~(W25Q_PAGE - 1));
    for (uint32_t i = 0; i < size; i++) {
        uint32_t at = (address + i) % W25Q_PAGE;
        if (page[at] != 0xFF && (old[at] & page[at]) != page[at]) {
            violation(board, address,
                      "W25Q64 byte 0x%06X holds 0x%02X and cannot become "
                      "0x%02X without an erase",
                      (unsigned)((address & ~(W25Q_PAGE - 1)) + at), old[at],
                      page[at]);
            return;
        }
    }
}

void w25q_program(struct vboard *board, uint32_t address)
{
    struct w25q_state *chip = state_of(board);
    uint32_t size = chip->count - 4 < W25Q_PAGE ? chip->count - 4 : W25Q_PAGE;
    if (chip->status & W25Q_SUS) {
        violation(board, address,
                  "not modelled: a page program while an erase is suspended");
    } else if (!is_protected(chip, address, 1)) {
        check_blank(board, address, size);
        begin_operation(board, VBOARD_PROGRAM, address, size);
    }
}

void w25q_erase(struct vboard *board, uint32_t address, uint32_t size)
{
    struct w25q_state *chip = state_of(board);
    address &= ~(size - 1);
    if (chip->status & W25Q_SUS) {
        violation(board, address,
                  "W25Q64: an erase while another operation is suspended: "
                  "ignored");
    } else if (!is_protected(chip, address, size)) {
        begin_operation(board, VBOARD_ERASE, address, size);
    }
}

#define SRL      (1u << 8)
#define WPS      (1u << 18)
#define WRITABLE 0x647BFCu

void w25q_write_status(struct vboard *board, uint32_t value, uint32_t mask)
{
    struct w25q_state *chip = state_of(board);
    mask &= WRITABLE;
    value = (chip->status & WRITABLE & ~mask) | (value & mask);
    if (value & WPS) {
        violation(board, 0, "not modelled: W25Q64 status register 3 WPS");
    }
    if (chip->status & SRL) {
        return; // until the next power-up
    }
    if (chip->volatile_enabled) {
        chip->status = (chip->status & ~WRITABLE) | value;
        select_not_before(board);
        return;
    }
    chip->busy.kind = W25Q_STATUS;
    chip->busy.number = 0;
    chip->busy.address = 0;
    chip->busy.size = value;
    begin(board);
}

/// Ending ///

static void program_now(struct vboard *board, enum vboard_flash_fault fault)
{
    const struct w25q_state *chip = state_of(board);
    uint32_t address = chip->busy.address & ~(W25Q_PAGE - 1);
    uint8_t *bytes = w25q_bytes(board) + address;
    for (uint32_t i = 0; i < W25Q_PAGE; i++) {
        uint8_t wanted = bytes[i] & chip->page[i];
        uint8_t after = (uint8_t)op_programmed(bytes[i], chip->page[i], fault);
        if (fault == VBOARD_FLASH_BIT_STUCK && after != wanted) {
            fault = VBOARD_FLASH_GOOD; // one bit only
        }
        bytes[i] = after;
    }
    w25q_touch(board, address, W25Q_PAGE);
}

static void set_status(struct vboard *board, uint32_t value)
{
    struct w25q_state *chip = state_of(board);
    chip->status = (chip->status & ~WRITABLE) | value;
    chip->kept = value;
}

static void finish(struct vboard *board)
{
    struct w25q_state *chip = state_of(board);
    enum vboard_flash_fault fault = op_fault(board, chip->busy.number);
    switch (chip->busy.kind) {
    case W25Q_PROGRAM:
        program_now(board, fault);
        break;
    case W25Q_ERASE:
        op_erase(board, w25q_bytes(board) + chip->busy.address, chip->busy.size,
                 fault);
        w25q_touch(board, chip->busy.address, chip->busy.size);
        break;
    default:
        set_status(board, chip->busy.size);
    }
    chip->busy.kind = W25Q_IDLE;
    chip->status &= ~(W25Q_BUSY | W25Q_WEL);
    if (op_is_cut(board, chip->busy.number, VBOARD_CUT_AFTER)) {
        power_cut(board, "after", chip->busy.number);
    }
}

static void operation_due(struct vboard *board)
{
    struct w25q_state *chip = state_of(board);
    if (chip->deaf) {
        chip->deaf = chip->waking = false;
    } else if (chip->busy.suspending) {
        chip->busy.suspending = false;
        chip->status = (chip->status & ~W25Q_BUSY) | W25Q_SUS;
    } else if (op_is_cut(board, chip->busy.number, VBOARD_CUT_TORN)) {
        power_cut(board, "torn", chip->busy.number);
    } else {
        finish(board);
    }
}

void w25q_due(struct vboard *board, enum timer timer)
{
    if (timer == TIMER_W25Q) {
        operation_due(board);
    } else if (timer == TIMER_W25Q_WRITE) {
        state_of(board)->writable = true;
    } // TIMER_W25Q_SELECT: that it is no longer armed says it all
}

/// Interrupting ///

static void tear(struct vboard *board)
{
    struct w25q_state *chip = state_of(board);
    uint32_t address = chip->busy.address;
    uint8_t before[W25Q_PAGE];
    switch (chip->busy.kind) {
    case W25Q_PROGRAM:
        address &= ~(W25Q_PAGE - 1);
        memcpy(before, w25q_bytes(board) + address, W25Q_PAGE);
        program_now(board, VBOARD_FLASH_GOOD);
        op_tear_program(board, w25q_bytes(board) + address, before, W25Q_PAGE);
        break;
    case W25Q_ERASE:
        op_tear_erase(board, w25q_bytes(board) + address, chip->busy.size);
        w25q_touch(board, address, chip->busy.size);
        break;
    case W25Q_STATUS: // each bit as it was or as it was to be
        chip->kept ^= (chip->kept ^ chip->busy.size) & board_random(board);
        break;
    default:
        break;
    }
    chip->busy.kind = W25Q_IDLE;
    chip->busy.suspending = false;
}

static void deaf_for(struct vboard *board, uint64_t time)
{
    state_of(board)->deaf = true;
    timer_set(board, TIMER_W25Q, now(board) + time);
}

// As after power-up, but for what was programmed.
static void defaults(struct w25q_state *chip)
{
    chip->status = chip->kept;
    chip->asleep = chip->deaf = chip->waking = false;
    chip->reset_enabled = chip->volatile_enabled = false;
    chip->refused = true; // until it is selected anew
}

void w25q_reset(struct vboard *board)
{
    tear(board);
    defaults(state_of(board));
    deaf_for(board, T_RST);
}

void w25q_power(struct vboard *board, bool on)
{
    struct w25q_state *chip = state_of(board);
    if (!on) {
        tear(board);
        timer_clear(board, TIMER_W25Q);
        timer_clear(board, TIMER_W25Q_WRITE);
        timer_clear(board, TIMER_W25Q_SELECT);
        defaults(chip);
        return;
    }
    chip->writable = false;
    timer_set(board, TIMER_W25Q_WRITE, now(board) + T_PUW);
}

void w25q_sleep(struct vboard *board)
{
    state_of(board)->asleep = true;
    deaf_for(board, T_DP);
}

void w25q_wake(struct vboard *board, bool with_id)
{
    struct w25q_state *chip = state_of(board);
    if (chip->asleep) {
        chip->asleep = false;
        chip->waking = true;
        deaf_for(board, with_id ? T_RES2 : T_RES1);
    }
}

// Neither a chip erase nor a write of the status can be suspended (8.2.22).
void w25q_suspend(struct vboard *board)
{
    struct w25q_state *chip = state_of(board);
    uint64_t left = timer_due(board, TIMER_W25Q) - now(board);
    if (!is_operation(chip) || chip->busy.size == W25Q_SIZE ||
        !(chip->status & W25Q_BUSY) || chip->busy.suspending || left <= T_SUS) {
        return;
    }
    chip->busy.suspending = true;
    chip->busy.left = left - T_SUS;
    timer_set(board, TIMER_W25Q, now(board) + T_SUS);
}

void w25q_resume(struct vboard *board)
{
    struct w25q_state *chip = state_of(board);
    if (chip->status & W25Q_SUS) {
        chip->status = (chip->status & ~W25Q_SUS) | W25Q_BUSY;
        timer_set(board, TIMER_W25Q, now(board) + chip->busy.left);
    }
}

// A sector whose erase is suspended holds nothing that could be told.
uint8_t w25q_byte(struct vboard *board, uint32_t address)
{
    const struct w25q_state *chip = state_of(board);
    uint32_t from = chip->busy.address;
    uint32_t size = chip->busy.size;
    if (chip->busy.kind == W25Q_PROGRAM) {
        from &= ~(W25Q_PAGE - 1);
        size = W25Q_PAGE;
    }
    if (chip->status & W25Q_SUS && address - from < size) {
        return (uint8_t)board_random(board);
    }
    return w25q_bytes(board)[address];
}
