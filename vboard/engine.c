// SPDX-License-Identifier: MIT
//
// libunicorn: its memory map and the hooks by which it tells what happens. The
// hooks decide where a slice of emulation ends; cpu.c does what follows.

#include <string.h>

#include "flash.h"

#define FLASH_PERMISSIONS (UC_PROT_READ | UC_PROT_EXEC)

static void fail(struct vboard *board, uc_err err)
{
    fprintf(board->log, "vboard: the CPU emulator fails: %s\n",
            uc_strerror(err));
    cpu_end(board, STOPPED_ERROR);
}

/// Busy flash ///

// Unlike stall() this can be left in the middle: the block has not begun, and
// the run goes on with it.
static void wait_for_flash(struct vboard *board)
{
    uint64_t left = flash_stall(board);
    while (left && !cpu_ended(board) && !board->soft_end) {
        time_skip(board, now(board) + left);
        left = flash_stall(board);
    }
}

// Both views of the flash. Stores never reach the buffer: flash_store() does.
static uc_err protect_flash(struct vboard *board, uint32_t permissions)
{
    const uint32_t base[] = {board->chip->flash_base, 0};
    for (int i = 0; i < 2; i++) {
        uc_err err = uc_mem_protect(board->uc, base[i], board->chip->flash_size,
                                    permissions);
        if (err) {
            return err;
        }
    }
    return UC_ERR_OK;
}

// Code in RAM runs on while the flash is busy; its next load from flash comes
// to on_flash_load(). Permissions are only asked for pages that are not in the
// TLB, and a change of writability is what empties it.
static void guard_flash(struct vboard *board, bool guarded)
{
    if (guarded == board->flash_guarded) {
        return;
    }
    uc_err err = UC_ERR_OK;
    if (guarded) {
        err = protect_flash(board, UC_PROT_ALL);
    }
    if (!err) {
        err = protect_flash(board, guarded ? UC_PROT_EXEC : FLASH_PERMISSIONS);
    }
    if (err) {
        fail(board, err);
    }
    board->flash_guarded = guarded;
}

// The load stalls until the operation has ended (RM0390 3.3).
static bool on_flash_load(struct uc_struct *uc, uc_mem_type type,
                          uint64_t address, int size, int64_t value,
                          void *context)
{
    (void)uc;
    (void)type;
    (void)size;
    (void)value;
    struct vboard *board = context;
    board->slice.access = (uint32_t)address;
    board->slice.store = false;
    if (!board->flash_guarded) {
        return false;
    }
    if (!cpu_ended(board) && !board->slice.faulted) {
        idle_broken(board);
        flash_wait(board);
    }
    guard_flash(board, false);
    return true;
}

// Before a block. What is guarded follows from the board's state alone: else a
// run would not repeat from a snapshot.
static void follow_flash(struct vboard *board, uint32_t address)
{
    bool in_ram = address - board->chip->ram_base < board->chip->ram_size;
    if (!in_ram) {
        wait_for_flash(board);
    }
    guard_flash(board, in_ram && flash_stall(board));
}

// A change of writability empties the TLB.
void cpu_check_ram_stores(struct vboard *board)
{
    const uint32_t permissions[] = {UC_PROT_READ | UC_PROT_EXEC, UC_PROT_ALL};
    for (int i = 0; i < 2; i++) {
        uc_err err = uc_mem_protect(board->uc, board->chip->ram_base,
                                    board->chip->ram_size, permissions[i]);
        if (err) {
            fail(board, err);
        }
    }
}

/// Hooks ///

// Whether the run loop has to look before this block is executed. A flash that
// is busy stalls the fetch first: an interrupt that falls due meanwhile is
// taken before the block.
static bool must_stop(struct vboard *board, uint32_t address)
{
    struct slice *slice = &board->slice;
    if (slice->look || cpu_ended(board) || slice->faulted) {
        return true;
    }
    if (board->state.due[TIMER_FLASH] != NEVER || board->flash_guarded) {
        follow_flash(board, address);
    }
    timers_run_quick(board);
    if (board->state.clock.cycle >= board->deadline || slice->look) {
        return true;
    }
    return exception_waits(board) && exception_next(board);
}

// Anything that the run loop or a hook has to do about this block, but to count
// it.
static inline bool is_special(const struct vboard *board, uint32_t address)
{
    const struct state *state = &board->state;
    bool disturbed = board->slice.look | board->slice.faulted |
                     board->flash_guarded | (board->hard_end != GOING);
    return disturbed || state->clock.cycle >= board->deadline ||
           state->due[TIMER_FLASH] != NEVER || exception_waits(board) ||
           address == state->handover_pc || idle_looks(&board->idle) ||
           steady_looks(&board->steady);
}

__attribute__((noinline)) static void
on_special_block(struct vboard *board, uint32_t address, uint32_t size)
{
    if (must_stop(board, address) || code_drop_stale(board, address, size)) {
        board->slice.stopped = true;
        uc_emu_stop(board->uc);
        return;
    }
    board->slice.block = address;
    board->slice.block_size = size;
    if (address == board->state.handover_pc) {
        handover_check(board);
    }
    idle_block(board, address, size);
    steady_block(board, address);
    unsigned count = code_count(board, address, size);
    board->state.clock.cycle += count;
    board->state.instructions += count;
}

// Called for every block: the usual one goes without another call.
static void on_block(struct uc_struct *uc, uint64_t address, uint32_t size,
                     void *context)
{
    (void)uc;
    struct vboard *board = context;
    unsigned count = code_count_known(board, (uint32_t)address, size);
    if (count == 0 || is_special(board, (uint32_t)address)) {
        on_special_block(board, (uint32_t)address, size);
        return;
    }
    board->slice.block = (uint32_t)address;
    board->slice.block_size = size;
    board->steady.wait--;
    board->state.clock.cycle += count;
    board->state.instructions += count;
}

static void on_interrupt(struct uc_struct *uc, uint32_t number, void *context)
{
    struct vboard *board = context;
    board->slice.interrupt = (int)number;
    uc_emu_stop(uc);
}

static bool on_bad_access(struct uc_struct *uc, uc_mem_type type,
                          uint64_t address, int size, int64_t value,
                          void *context)
{
    (void)uc;
    (void)size;
    (void)value;
    struct vboard *board = context;
    board->slice.access = (uint32_t)address;
    board->slice.store = type == UC_MEM_WRITE_UNMAPPED;
    return false;
}

static bool on_invalid(struct uc_struct *uc, void *context)
{
    (void)uc;
    (void)context;
    return false;
}

// unicorn reports an unaligned store first as a whole, then byte by byte.
static bool on_flash_store(struct uc_struct *uc, uc_mem_type type,
                           uint64_t address, int size, int64_t value,
                           void *context)
{
    (void)uc;
    (void)type;
    struct vboard *board = context;
    struct slice *slice = &board->slice;
    if (cpu_ended(board) || slice->faulted) {
        return true;
    }
    if (slice->swallow) {
        slice->swallow--;
        return true;
    }
    if (address & (uint64_t)(size - 1)) {
        slice->swallow = (unsigned)size;
    }
    slice->access = (uint32_t)address;
    slice->store = true;
    uint32_t at = (uint32_t)address;
    if (at < board->chip->flash_size) {
        at += board->chip->flash_base;
    }
    flash_store(board, at, (uint64_t)value, (unsigned)size);
    return true;
}

/// Opening ///

static uc_err map_memory(struct vboard *board)
{
    const struct chip *chip = board->chip;
    const uint32_t base[] = {chip->flash_base, 0};
    for (int i = 0; i < 2; i++) {
        // first everything, then less: mapped read-only at once, the store
        // would land in the buffer as well
        uc_err err = uc_mem_map_ptr(board->uc, base[i], chip->flash_size,
                                    UC_PROT_ALL, board->flash);
        if (err) {
            return err;
        }
    }
    uc_err err = protect_flash(board, FLASH_PERMISSIONS);
    if (err) {
        return err;
    }
    return uc_mem_map_ptr(board->uc, chip->ram_base, chip->ram_size,
                          UC_PROT_ALL, board->ram);
}

// unicorn takes callbacks of several types as one void pointer, which ISO C
// converts only by way of an object.
uc_err cpu_add_hook(struct vboard *board, int type, void (*callback)(void),
                    uc_hook *handle)
{
    void *pointer;
    memcpy(&pointer, &callback, sizeof(pointer));
    return uc_hook_add(board->uc, handle, type, pointer, board, 1, 0);
}

static uc_err add_hooks(struct vboard *board)
{
    const struct {
        int type;
        void (*callback)(void);
    } hooks[] = {
        {UC_HOOK_BLOCK, (void (*)(void))on_block},
        {UC_HOOK_INTR, (void (*)(void))on_interrupt},
        {UC_HOOK_INSN_INVALID, (void (*)(void))on_invalid},
        {UC_HOOK_MEM_WRITE_PROT, (void (*)(void))on_flash_store},
        {UC_HOOK_MEM_READ_PROT, (void (*)(void))on_flash_load},
        {UC_HOOK_MEM_UNMAPPED | UC_HOOK_MEM_FETCH_PROT,
         (void (*)(void))on_bad_access},
    };
    for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
        uc_hook handle;
        uc_err err =
            cpu_add_hook(board, hooks[i].type, hooks[i].callback, &handle);
        if (err) {
            return err;
        }
    }
    return UC_ERR_OK;
}

static uc_err open_engine(struct vboard *board)
{
    // never UC_MODE_MCLASS: it silently makes a Cortex-M33
    uc_err err = uc_open(UC_ARCH_ARM, UC_MODE_THUMB, &board->uc);
    if (err) {
        return err;
    }
    err = uc_ctl_set_cpu_model(board->uc, board->chip->cpu_model);
    if (err) {
        return err;
    }
    err = uc_ctl_exits_enable(board->uc);
    if (err) {
        return err;
    }
    err = map_memory(board);
    if (err) {
        return err;
    }
    err = mmio_map(board);
    if (err) {
        return err;
    }
    err = add_hooks(board);
    if (err) {
        return err;
    }
    err = uc_context_alloc(board->uc, &board->fresh);
    if (err) {
        return err;
    }
    if (steady_open(board)) {
        return UC_ERR_NOMEM;
    }
    return uc_context_save(board->uc, board->fresh);
}

int cpu_open(struct vboard *board)
{
    uc_err err = open_engine(board);
    if (err) {
        fprintf(board->log, "vboard: the CPU emulator does not start: %s\n",
                uc_strerror(err));
        return -1;
    }
    return 0;
}

void cpu_close(struct vboard *board)
{
    steady_close(board);
    if (board->fresh) {
        uc_context_free(board->fresh);
    }
    if (board->uc) {
        uc_close(board->uc);
    }
}
