// SPDX-License-Identifier: MIT
//
// The core: unicorn executes the instructions, block by block; hooks count them
// and stop it where something is due. Exceptions are delivered here, between
// two slices of emulation.

#include <string.h>

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

uint32_t cpu_pc(const struct vboard *board)
{
    if (board->slice.running) {
        return board->slice.block;
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

void cpu_bus_fault(struct vboard *board, uint32_t address, bool write)
{
    (void)write;
    if (!board->slice.running || board->slice.faulted) {
        return;
    }
    board->slice.faulted = true;
    board->slice.fault_address = address;
    uc_emu_stop(board->uc);
}

void cpu_set_hclk(struct vboard *board, uint32_t hz)
{
    clock_set_hclk(board, hz);
    systick_follow(board);
}

/// Hooks ///

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

// Whether the run loop has to look before this block is executed. A flash that
// is busy stalls the fetch first: an interrupt that falls due meanwhile is
// taken before the block.
static bool must_stop(struct vboard *board, uint32_t address)
{
    struct slice *slice = &board->slice;
    if (slice->look || cpu_ended(board) || slice->faulted) {
        return true;
    }
    if (timer_due(board, TIMER_FLASH) != NEVER &&
        address - board->chip->ram_base >= board->chip->ram_size) {
        wait_for_flash(board);
    }
    if (board->state.clock.cycle >= board->deadline || slice->look) {
        return true;
    }
    return nvic_any_pending(board) && exception_next(board);
}

static void on_block(struct uc_struct *uc, uint64_t address, uint32_t size,
                     void *context)
{
    struct vboard *board = context;
    if (must_stop(board, (uint32_t)address)) {
        board->slice.stopped = true;
        uc_emu_stop(uc);
        return;
    }
    board->slice.block = (uint32_t)address;
    if (address == board->state.handover_pc) {
        handover_check(board);
    }
    idle_block(board, (uint32_t)address, size);
    unsigned count = code_count(board, (uint32_t)address, size);
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
    (void)type;
    (void)size;
    (void)value;
    struct vboard *board = context;
    board->slice.fault_address = (uint32_t)address;
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
        err = uc_mem_protect(board->uc, base[i], chip->flash_size,
                             UC_PROT_READ | UC_PROT_EXEC);
        if (err) {
            return err;
        }
    }
    return uc_mem_map_ptr(board->uc, chip->ram_base, chip->ram_size,
                          UC_PROT_ALL, board->ram);
}

// unicorn takes callbacks of several types as one void pointer, which ISO C
// converts only by way of an object.
static uc_err hook(struct vboard *board, int type, void (*callback)(void))
{
    void *pointer;
    memcpy(&pointer, &callback, sizeof(pointer));
    uc_hook handle;
    return uc_hook_add(board->uc, &handle, type, pointer, board, 1, 0);
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
        {UC_HOOK_MEM_UNMAPPED | UC_HOOK_MEM_READ_PROT | UC_HOOK_MEM_FETCH_PROT,
         (void (*)(void))on_bad_access},
    };
    for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
        uc_err err = hook(board, hooks[i].type, hooks[i].callback);
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
    err = uc_ctl_set_cpu_model(board->uc, UC_CPU_ARM_CORTEX_M4);
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
    if (board->fresh) {
        uc_context_free(board->fresh);
    }
    if (board->uc) {
        uc_close(board->uc);
    }
}

void cpu_restart(struct vboard *board)
{
    uc_context_restore(board->uc, board->fresh);
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
        exception_bus_fault(board, board->slice.fault_address, pc);
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
    uc_err err = uc_emu_start(board->uc, start | 1, 0, 0, 0);
    board->slice.running = false;
    if (cpu_ended(board)) {
        return;
    }
    uint32_t pc = cpu_get(board, UC_ARM_REG_PC) & ~1u;
    if (board->slice.faulted) {
        exception_bus_fault(board, board->slice.fault_address, pc);
    } else if (err) {
        deliver_error(board, err, pc);
    } else if (board->slice.interrupt >= 0) {
        deliver_interrupt(board, pc);
    } else if (!board->slice.stopped) {
        board->state.sleeping = true; // only WFI ends a slice by itself
    }
}

// Nothing but a reset helps a core that is locked up; only the watchdog can
// still give one (RM0390 20.3).
static void wait_locked_up(struct vboard *board)
{
    if (timer_due(board, TIMER_IWDG) == NEVER) {
        cpu_end(board, STOPPED_LOCKUP);
    } else {
        time_skip(board, NEVER);
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
