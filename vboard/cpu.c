// SPDX-License-Identifier: MIT
//
// The core: unicorn executes the instructions in slices, block by block; hooks
// (engine.c) count them and end the slice where something is due. Exceptions
// are delivered here, between two slices.

#include <string.h>

#include "locate.h"
#include "state.h"

// Numbers that unicorn gives to the interrupt hook.
enum {
    INTERRUPT_SVC = 2,
    INTERRUPT_FETCH = 3, // from memory that is not executable
    INTERRUPT_ALIGNMENT = 4,
    INTERRUPT_BKPT = 7,
    INTERRUPT_EXC_RETURN = 8,
    INTERRUPT_NOCP = 17,
    INTERRUPT_INVSTATE = 18
};

// CFSR (PM0214 4.4.12).
#define IACCVIOL   (1u << 0)
#define IBUSERR    (1u << 8)
#define UNDEFINSTR (1u << 16)
#define INVSTATE   (1u << 17)
#define NOCP       (1u << 19)
#define UNALIGNED  (1u << 24)

#define EPSR_T 0x01000000u

uint32_t cpu_get(const struct vboard *board, int reg)
{
    uint32_t value = 0;
    uc_reg_read(board->uc, reg, &value);
    return value;
}

void cpu_set(struct vboard *board, int reg, uint32_t value)
{
    uc_reg_write(board->uc, reg, &value);
}

static uint8_t *memory(const struct vboard *board, uint32_t address, bool flash)
{
    const struct chip *chip = board->chip;
    if (address - chip->ram_base <= chip->ram_size - 4) {
        return board->ram + (address - chip->ram_base);
    }
    if (flash && address - chip->flash_base <= chip->flash_size - 4) {
        return board->flash + (address - chip->flash_base);
    }
    if (flash && address <= chip->flash_size - 4) {
        return board->flash + address;
    }
    return NULL;
}

bool cpu_load(struct vboard *board, uint32_t address, uint32_t *value)
{
    const uint8_t *from = memory(board, address, true);
    if (!from) {
        return false;
    }
    memcpy(value, from, 4);
    return true;
}

bool cpu_store(struct vboard *board, uint32_t address, uint32_t value)
{
    uint8_t *to = memory(board, address, false);
    if (!to) {
        return false;
    }
    memcpy(to, &value, 4);
    return true;
}

// Where in its block the access is made that a hook was told of last.
static uint32_t pc_of_access(const struct vboard *board)
{
    const struct slice *slice = &board->slice;
    uint32_t registers[16];
    for (int i = 0; i < 13; i++) {
        registers[i] = cpu_get(board, UC_ARM_REG_R0 + i);
    }
    registers[13] = cpu_get(board, UC_ARM_REG_SP);
    registers[14] = cpu_get(board, UC_ARM_REG_LR);
    return slice->block + locate_access(code_at(board, slice->block),
                                        slice->block_size, slice->block,
                                        registers, slice->access, slice->store);
}

uint32_t cpu_pc(const struct vboard *board)
{
    if (board->slice.running) {
        return pc_of_access(board);
    }
    return cpu_get(board, UC_ARM_REG_PC) & ~1u;
}

void cpu_poke(struct vboard *board)
{
    board->slice.look = true;
}

bool cpu_ended(const struct vboard *board)
{
    return board->hard_end != GOING;
}

static bool is_soft(enum stop_reason reason)
{
    return reason == STOPPED_TIME || reason == STOPPED_REQUEST ||
           reason == STOPPED_VIOLATION;
}

void cpu_end(struct vboard *board, enum stop_reason reason)
{
    enum stop_reason *end =
        is_soft(reason) ? &board->soft_end : &board->hard_end;
    if (*end == GOING) {
        *end = reason;
    }
    board->slice.look = true;
    if (board->slice.running && cpu_ended(board)) {
        uc_emu_stop(board->uc);
    }
}

// The block was counted when it began.
void cpu_stop_at(struct vboard *board, uint32_t address)
{
    struct slice *slice = &board->slice;
    uint32_t left = slice->block + slice->block_size - address;
    unsigned count = code_count(board, address, left);
    board->state.clock.cycle -= count;
    board->state.instructions -= count;
    slice->stopped = true;
    cpu_end(board, STOPPED_REQUEST);
    uc_emu_stop(board->uc);
}

void run_end_due(struct vboard *board, enum timer timer)
{
    (void)timer;
    cpu_end(board, STOPPED_TIME);
}

void system_reset(struct vboard *board, uint32_t cause, bool power)
{
    board->reset_cause = cause;
    board->reset_power = power;
    cpu_end(board, STOPPED_RESET);
}

void cpu_bus_fault(struct vboard *board, uint32_t address)
{
    if (!board->slice.running || board->slice.faulted) {
        return;
    }
    board->slice.faulted = true;
    board->slice.access = address;
    uc_emu_stop(board->uc);
}

void cpu_set_hclk(struct vboard *board, uint32_t hz)
{
    clock_set_hclk(board, hz);
    systick_follow(board);
}

void cpu_restore(struct vboard *board, struct uc_context *context)
{
    uc_err err = uc_context_restore(board->uc, context);
    if (err) {
        fprintf(board->log, "vboard: the CPU emulator fails: %s\n",
                uc_strerror(err));
        cpu_end(board, STOPPED_ERROR);
    }
}

void cpu_restart(struct vboard *board)
{
    cpu_restore(board, board->fresh);
    board->slice = (struct slice){.interrupt = -1};
    uint32_t sp = 0;
    uint32_t pc = 0;
    cpu_load(board, 0, &sp);
    cpu_load(board, 4, &pc);
    cpu_set(board, UC_ARM_REG_SP, sp & ~3u);
    cpu_set(board, UC_ARM_REG_LR, 0xFFFFFFFF);
    cpu_set(board, UC_ARM_REG_EPSR, EPSR_T);
    // this write makes unicorn work out its cached flags anew
    cpu_set(board, UC_ARM_REG_APSR_NZCV, 0);
    cpu_set(board, UC_ARM_REG_PC, pc | 1);
    if (!(pc & 1)) {
        exception_fault(board, EXC_USAGEFAULT, INVSTATE, pc);
    }
}

/// Running ///

// Only a branch returns from an exception: the same address as a vector, as in
// blank flash, is fetched from.
static bool is_exc_return(struct vboard *board, uint32_t pc)
{
    return pc >= 0xF0000000 && pc != board->slice.start &&
           cpu_get(board, UC_ARM_REG_IPSR);
}

static void deliver_interrupt(struct vboard *board, uint32_t pc)
{
    switch (board->slice.interrupt) {
    case INTERRUPT_SVC:
        exception_svc(board, pc);
        break;
    case INTERRUPT_BKPT:
        exception_breakpoint(board, pc);
        break;
    case INTERRUPT_FETCH: // unicorn gives either for an EXC_RETURN
    case INTERRUPT_EXC_RETURN:
        if (is_exc_return(board, pc)) {
            exception_return(board, pc | 1);
        } else {
            exception_fault(board, EXC_MEMMANAGE, IACCVIOL, pc);
        }
        break;
    case INTERRUPT_ALIGNMENT:
        exception_fault(board, EXC_USAGEFAULT, UNALIGNED, pc);
        break;
    case INTERRUPT_NOCP:
        exception_fault(board, EXC_USAGEFAULT, NOCP, pc);
        break;
    case INTERRUPT_INVSTATE:
        exception_fault(board, EXC_USAGEFAULT, INVSTATE, pc);
        break;
    default:
        fprintf(board->log, "vboard: unknown emulator interrupt %d at %08x\n",
                board->slice.interrupt, (unsigned)pc);
        cpu_end(board, STOPPED_ERROR);
    }
}

// WFE and YIELD, which are hints, also end as invalid, with PC behind them. A
// really invalid instruction is at PC, or begins the block.
static bool was_hint(struct vboard *board, uint32_t pc)
{
    if (pc == board->slice.block) {
        return false;
    }
    uint32_t before = 0;
    if (!cpu_load(board, pc - 4, &before)) {
        return false;
    }
    uint32_t narrow = before >> 16;
    return narrow == 0xBF20 || narrow == 0xBF10 || before == 0x8002F3AF ||
           before == 0x8001F3AF;
}

static bool executing_thumb(struct vboard *board)
{
    return cpu_get(board, UC_ARM_REG_XPSR) & EPSR_T;
}

static void deliver_error(struct vboard *board, uc_err err, uint32_t pc)
{
    switch (err) {
    case UC_ERR_INSN_INVALID:
        if (!was_hint(board, pc)) {
            exception_fault(board, EXC_USAGEFAULT,
                            executing_thumb(board) ? UNDEFINSTR : INVSTATE, pc);
        }
        break;
    case UC_ERR_READ_UNMAPPED:
    case UC_ERR_READ_PROT:
    case UC_ERR_WRITE_UNMAPPED:
    case UC_ERR_WRITE_PROT:
        exception_bus_fault(board, board->slice.access, pc_of_access(board));
        break;
    case UC_ERR_FETCH_UNMAPPED:
    case UC_ERR_FETCH_PROT:
        // 0x40000000 to 0x5FFFFFFF and above 0xA0000000 are never executable
        if (!executing_thumb(board)) {
            exception_fault(board, EXC_USAGEFAULT, INVSTATE, pc);
        } else if (pc >> 29 == 2 || pc >= 0xA0000000) {
            exception_fault(board, EXC_MEMMANAGE, IACCVIOL, pc);
        } else {
            exception_fault(board, EXC_BUSFAULT, IBUSERR, pc);
        }
        break;
    case UC_ERR_EXCEPTION:
        exception_fault(board, EXC_USAGEFAULT, INVSTATE, pc);
        break;
    default:
        fprintf(board->log, "vboard: emulator error at %08x: %s\n",
                (unsigned)pc, uc_strerror(err));
        cpu_end(board, STOPPED_ERROR);
    }
}

static void run_slice(struct vboard *board)
{
    uint32_t start = cpu_get(board, UC_ARM_REG_PC) & ~1u;
    if (!executing_thumb(board)) {
        exception_fault(board, EXC_USAGEFAULT, INVSTATE, start);
        return;
    }
    board->slice =
        (struct slice){.interrupt = -1, .running = true, .start = start};
    idle_broken(board);
    steady_resume(board);
    uc_err err = uc_emu_start(board->uc, start | 1, 0, 0, 0);
    board->slice.running = false;
    if (cpu_ended(board)) {
        return;
    }
    uint32_t pc = cpu_get(board, UC_ARM_REG_PC) & ~1u;
    if (board->slice.faulted) {
        exception_bus_fault(board, board->slice.access, pc_of_access(board));
    } else if (err) {
        deliver_error(board, err, pc);
    } else if (board->slice.interrupt >= 0) {
        deliver_interrupt(board, pc);
    } else if (!board->slice.stopped) {
        board->state.sleeping = true; // only WFI ends a slice by itself
    }
}

// Nothing but a reset helps a core that is locked up; the watchdog can still
// give one (RM0390 20.3), or somebody at the button.
static void wait_locked_up(struct vboard *board)
{
    if (board->state.device.iwdg.running || outside_resets(board)) {
        time_skip(board, NEVER);
    } else {
        cpu_end(board, STOPPED_LOCKUP);
    }
}

static void step(struct vboard *board)
{
    timers_run(board);
    if (board->hard_end || board->soft_end) {
        return;
    }
    if (board->state.locked_up) {
        wait_locked_up(board);
        return;
    }
    if (board->state.sleeping) {
        if (!exception_wakes(board)) {
            time_skip(board, NEVER);
            return;
        }
        board->state.sleeping = false;
    }
    unsigned exception = exception_next(board);
    if (exception) {
        uint32_t pc = cpu_get(board, UC_ARM_REG_PC) & ~1u;
        exception_enter(board, exception, pc);
    } else {
        run_slice(board);
    }
}

enum stop_reason cpu_run(struct vboard *board)
{
    code_refresh(board);
    while (!board->hard_end && !board->soft_end) {
        step(board);
        if (board->hard_end == STOPPED_RESET) {
            board->hard_end = GOING;
            reset_now(board, board->reset_cause, board->reset_power);
        }
    }
    enum stop_reason end = board->hard_end ? board->hard_end : board->soft_end;
    board->soft_end = GOING;
    return end;
}
