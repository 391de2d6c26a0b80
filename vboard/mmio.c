// SPDX-License-Identifier: MIT
//
// Where loads and stores go that are neither flash nor RAM: a range each for
// peripherals, bit-band aliases and the private peripherals of the core.

#include "state.h"

#define PPB      0xE0000000u
#define PPB_ITM  0xE0000000u
#define PPB_DWT  0xE0001000u
#define PPB_FPB  0xE0002000u
#define PPB_SCS  0xE000E000u
#define PPB_TPIU 0xE0040000u
#define PPB_PAGE 0x1000u

#define SYST_CVR (PPB_SCS + 0x18)

#define CONTROL_NPRIV 1u

struct range {
    uint32_t base, size;
    uint32_t (*read)(struct vboard *board, uint32_t address, unsigned size);
    void (*write)(struct vboard *board, uint32_t address, uint32_t value,
                  unsigned size);
};

static bool unprivileged(const struct vboard *board)
{
    return !cpu_get(board, UC_ARM_REG_IPSR) &&
           cpu_get(board, UC_ARM_REG_CONTROL) & CONTROL_NPRIV;
}

static uint32_t ppb_read(struct vboard *board, uint32_t address, unsigned size)
{
    if (unprivileged(board)) {
        cpu_bus_fault(board, address);
        return 0;
    }
    switch (address & ~(PPB_PAGE - 1)) {
    case PPB_SCS:
        return scs_read(board, address - PPB_SCS, size);
    case PPB_DWT:
        return dwt_read(board, address & ~3u);
    case PPB_ITM: // trace and breakpoint units without a debugger: nothing is
    case PPB_FPB: // enabled, nothing can be
    case PPB_TPIU:
        return 0;
    default:
        return bus_read(board, address, size);
    }
}

static void ppb_write(struct vboard *board, uint32_t address, uint32_t value,
                      unsigned size)
{
    if (unprivileged(board)) {
        cpu_bus_fault(board, address);
        return;
    }
    switch (address & ~(PPB_PAGE - 1)) {
    case PPB_SCS:
        scs_write(board, address - PPB_SCS, value, size);
        break;
    case PPB_DWT:
        dwt_write(board, address & ~3u, value);
        break;
    case PPB_ITM:
    case PPB_FPB:
    case PPB_TPIU:
        break;
    default:
        bus_write(board, address, value, size);
    }
}

static uint32_t alias_read(struct vboard *board, uint32_t address,
                           unsigned size)
{
    (void)size;
    return bitband_read(board, address);
}

static void alias_write(struct vboard *board, uint32_t address, uint32_t value,
                        unsigned size)
{
    (void)size;
    bitband_write(board, address, value);
}

static const struct range ranges[] = {
    {0x1FFF0000, 0x10000, bus_read, bus_write}, // system memory, option bytes
    {0x22000000, 0x400000, alias_read, alias_write}, // 128 KiB of SRAM
    {0x40000000, 0x2000000, bus_read, bus_write},
    {0x42000000, 0x2000000, alias_read, alias_write},
    {0x50000000, 0x10000000, bus_read, bus_write},
    {PPB, 0x100000, ppb_read, ppb_write},
};
#define RANGES (sizeof(ranges) / sizeof(ranges[0]))
_Static_assert(RANGES == MMIO_RANGES, "a window for each range");

// SysTick and CYCCNT, of all registers.
static bool changes_by_itself(uint32_t address)
{
    return (address & ~3u) == SYST_CVR || address >> 12 == PPB_DWT >> 12;
}

static uint64_t on_read(struct uc_struct *uc, uint64_t offset, unsigned size,
                        void *context)
{
    (void)uc;
    const struct window *window = context;
    struct vboard *board = window->board;
    if (cpu_ended(board) || board->slice.faulted) {
        return 0;
    }
    uint32_t address = window->range->base + (uint32_t)offset;
    board->slice.access = address;
    board->slice.store = false;
    uint32_t value = window->range->read(board, address, size);
    if (window->range->read == bus_read) {
        idle_read(board, address, value);
    } else {
        idle_broken(board);
    }
    if (changes_by_itself(address)) {
        steady_broken(board);
    }
    return value;
}

static void on_write(struct uc_struct *uc, uint64_t offset, unsigned size,
                     uint64_t value, void *context)
{
    (void)uc;
    const struct window *window = context;
    struct vboard *board = window->board;
    if (cpu_ended(board) || board->slice.faulted) {
        return;
    }
    uint32_t address = window->range->base + (uint32_t)offset;
    board->slice.access = address;
    board->slice.store = true;
    idle_broken(board);
    window->range->write(board, address, (uint32_t)value, size);
}

uc_err mmio_map(struct vboard *board)
{
    for (size_t i = 0; i < RANGES; i++) {
        struct window *window = &board->window[i];
        *window = (struct window){board, &ranges[i]};
        uc_err err = uc_mmio_map(board->uc, ranges[i].base, ranges[i].size,
                                 on_read, window, on_write, window);
        if (err) {
            return err;
        }
    }
    return UC_ERR_OK;
}
