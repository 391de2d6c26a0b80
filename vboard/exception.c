// SPDX-License-Identifier: MIT
//
// Exception entry and return, and faults (ARMv7-M B1.5.6 to B1.5.14). The order
// in which registers are written matters: unicorn swaps the stack pointers when
// IPSR or CONTROL change.

#include <inttypes.h>

#include "state.h"

#define CONTROL_NPRIV 1u
#define CONTROL_SPSEL 2u
#define CONTROL_FPCA  4u

#define XPSR_ALIGN (1u << 9) // in the stacked copy: SP was moved by 4
#define EPSR_T     0x01000000u
#define IPSR_MASK  0x1FFu

#define EXC_RETURN_BASIC  0x10u // no floating-point registers in the frame
#define EXC_RETURN_THREAD 0x08u
#define EXC_RETURN_PSP    0x04u

#define FRAME_BASIC    0x20u
#define FRAME_EXTENDED 0x68u
#define FRAME_S0       0x20u
#define FRAME_FPSCR    0x60u

// CFSR, HFSR, SHCSR, CCR, SCR (PM0214 4.4)
#define UNSTKERR        (1u << 11)
#define STKERR          (1u << 12)
#define PRECISERR       (1u << 9)
#define BFARVALID       (1u << 15)
#define INVSTATE        (1u << 17)
#define INVPC           (1u << 18)
#define HFSR_VECTTBL    (1u << 1)
#define HFSR_FORCED     (1u << 30)
#define HFSR_DEBUGEVT   (1u << 31)
#define SHCSR_ENA_SHIFT 12 // MEMFAULTENA is bit 16, for exception 4
#define CCR_NONBASETHRD 1u
#define CPACR_CP10_CP11 (0xFu << 20)
#define SCR_SLEEPONEXIT 2u

// Cycles of entry and return without wait states (ARM 100166, 3.9).
#define EXCEPTION_CYCLES 12

static const int basic_registers[] = {
    UC_ARM_REG_R0, UC_ARM_REG_R1,  UC_ARM_REG_R2,
    UC_ARM_REG_R3, UC_ARM_REG_R12, UC_ARM_REG_LR,
};
#define BASIC_COUNT (sizeof(basic_registers) / sizeof(basic_registers[0]))

// Writing the flags is the only way to make unicorn work out its cached flags
// anew; without it an EXC_RETURN is not recognised.
static void refresh_flags(struct vboard *board)
{
    uint32_t flags = cpu_get(board, UC_ARM_REG_APSR) & 0xF0000000;
    cpu_set(board, UC_ARM_REG_APSR_NZCV, flags);
}

/// Faults ///

static void tell_fault(struct vboard *board, const char *name, uint32_t pc)
{
    const struct scs_state *scs = &board->state.scs;
    char text[128];
    snprintf(text, sizeof(text),
             "%s at PC 0x%08" PRIX32 ", CFSR 0x%08" PRIX32 ", HFSR 0x%08" PRIX32
             ", BFAR 0x%08" PRIX32,
             name, pc, scs->cfsr, scs->hfsr, scs->bfar);
    struct vboard_event event = {.kind = VBOARD_EVENT_FAULT,
                                 .text = text,
                                 .value = scs->cfsr,
                                 .address = pc};
    send_event(board, &event);
}

static const char *fault_name(unsigned number)
{
    static const char *const name[] = {
        [EXC_HARDFAULT] = "HardFault",
        [EXC_MEMMANAGE] = "MemManage",
        [EXC_BUSFAULT] = "BusFault",
        [EXC_USAGEFAULT] = "UsageFault",
    };
    return name[number];
}

static void lock_up(struct vboard *board, uint32_t pc)
{
    board->state.locked_up = true;
    tell_fault(board, "lockup", pc);
}

static bool fault_enabled(const struct vboard *board, unsigned number)
{
    if (number < EXC_MEMMANAGE || number > EXC_USAGEFAULT) {
        return true;
    }
    return board->state.scs.shcsr >> (SHCSR_ENA_SHIFT + number) & 1;
}

// The exception that a synchronous one becomes where priority is current; 0
// when not even HardFault can be taken.
static unsigned escalate(struct vboard *board, unsigned number, int current)
{
    if (fault_enabled(board, number) &&
        exception_priority(board, number) < current) {
        return number;
    }
    if (current <= -1) {
        return 0;
    }
    board->state.scs.hfsr |= HFSR_FORCED;
    return EXC_HARDFAULT;
}

void exception_fault(struct vboard *board, unsigned number, uint32_t cfsr,
                     uint32_t pc)
{
    board->state.scs.cfsr |= cfsr;
    unsigned taken = escalate(board, number, execution_priority(board));
    if (!taken) {
        lock_up(board, pc);
        return;
    }
    tell_fault(board, fault_name(taken), pc);
    exception_enter(board, taken, pc);
}

// A stack that has grown out of RAM hits nothing on this chip, but is so common
// a mistake that it deserves its name.
static void check_stack(struct vboard *board, uint32_t address)
{
    const uint32_t near = 0x10000;
    uint32_t base = board->chip->ram_base;
    uint32_t sp = cpu_get(board, UC_ARM_REG_SP);
    if (base - address - 1 < near &&
        sp - (base - near) < near + board->chip->ram_size / 2) {
        violation(board, address, "stack below RAM: SP is 0x%08" PRIX32, sp);
    }
}

void exception_bus_fault(struct vboard *board, uint32_t address, uint32_t pc)
{
    check_stack(board, address);
    board->state.scs.bfar = address;
    exception_fault(board, EXC_BUSFAULT, PRECISERR | BFARVALID, pc);
}

void exception_svc(struct vboard *board, uint32_t pc)
{
    unsigned taken = escalate(board, EXC_SVCALL, execution_priority(board));
    if (!taken) {
        lock_up(board, pc);
        return;
    }
    if (taken == EXC_HARDFAULT) {
        tell_fault(board, "HardFault (SVC not allowed here)", pc);
    }
    exception_enter(board, taken, pc);
}

// A debugger gets the core to itself; without one BKPT is a HardFault.
void exception_breakpoint(struct vboard *board, uint32_t pc)
{
    if (board->gdb) {
        cpu_end(board, STOPPED_REQUEST);
        return;
    }
    if (execution_priority(board) <= -1) {
        lock_up(board, pc);
        return;
    }
    board->state.scs.hfsr |= HFSR_DEBUGEVT;
    tell_fault(board, "HardFault (BKPT)", pc);
    exception_enter(board, EXC_HARDFAULT, pc);
}

/// Entry ///

static bool push_frame(struct vboard *board, uint32_t frame, uint32_t pc,
                       uint32_t xpsr, bool extended)
{
    bool ok = true;
    uint32_t at = frame;
    for (size_t i = 0; i < BASIC_COUNT; i++, at += 4) {
        ok &= cpu_store(board, at, cpu_get(board, basic_registers[i]));
    }
    ok &= cpu_store(board, at, pc);
    ok &= cpu_store(board, at + 4, xpsr);
    if (!extended) {
        return ok;
    }
    for (uint32_t i = 0; i < 16; i++) {
        ok &= cpu_store(board, frame + FRAME_S0 + 4 * i,
                        cpu_get(board, UC_ARM_REG_S0 + (int)i));
    }
    return ok && cpu_store(board, frame + FRAME_FPSCR,
                           cpu_get(board, UC_ARM_REG_FPSCR));
}

// In handler mode with an empty IT state; LR says how to come back.
static void enter_handler_mode(struct vboard *board, unsigned number,
                               uint32_t exc_return)
{
    uint32_t control = cpu_get(board, UC_ARM_REG_CONTROL);
    if (control & CONTROL_SPSEL) {
        // SPSEL can only be cleared in thread mode, and privileged
        cpu_set(board, UC_ARM_REG_IPSR, number);
        cpu_set(board, UC_ARM_REG_CONTROL, control & ~CONTROL_NPRIV);
        cpu_set(board, UC_ARM_REG_IPSR, 0);
        cpu_set(board, UC_ARM_REG_CONTROL, 0);
    }
    cpu_set(board, UC_ARM_REG_IPSR, number); // now SP is MSP
    cpu_set(board, UC_ARM_REG_CONTROL, control & CONTROL_NPRIV);
    cpu_set(board, UC_ARM_REG_EPSR, EPSR_T);
    cpu_set(board, UC_ARM_REG_LR, exc_return);
}

static uint32_t exc_return_value(uint32_t ipsr, uint32_t control)
{
    uint32_t value = 0xFFFFFFE1;
    if (!(control & CONTROL_FPCA)) {
        value |= EXC_RETURN_BASIC;
    }
    if (!ipsr) {
        value |= EXC_RETURN_THREAD;
        value |= control & CONTROL_SPSEL ? EXC_RETURN_PSP : 0;
    }
    return value;
}

// Vectors in a flash that is busy make the core wait.
static void wait_for_vectors(struct vboard *board)
{
    uint32_t offset = board->state.scs.vtor - board->chip->ram_base;
    if (offset >= board->chip->ram_size) {
        stall(board, flash_stall(board));
    }
}

// Fetches the vector and goes there.
static void take(struct vboard *board, unsigned number)
{
    struct scs_state *scs = &board->state.scs;
    uint32_t vector;
    wait_for_vectors(board);
    if (!cpu_load(board, scs->vtor + 4 * number, &vector)) {
        scs->hfsr |= HFSR_VECTTBL;
        if (number == EXC_HARDFAULT) {
            lock_up(board, cpu_pc(board));
            return;
        }
        cpu_set(board, UC_ARM_REG_IPSR, EXC_HARDFAULT);
        take(board, EXC_HARDFAULT);
        return;
    }
    set_remove(&scs->pending, number);
    set_add(&scs->active, number);
    refresh_flags(board);
    cpu_set(board, UC_ARM_REG_PC, vector | 1);
    board->state.clock.cycle += EXCEPTION_CYCLES;
    if (!(vector & 1)) {
        exception_fault(board, EXC_USAGEFAULT, INVSTATE, vector);
    }
}

// The frame could not be written: a BusFault takes the place of the exception,
// which stays pending if it was so (ARMv7-M B1.5.12, derived exceptions).
static unsigned stacking_failed(struct vboard *board, unsigned number)
{
    board->state.scs.cfsr |= STKERR;
    if (number == EXC_HARDFAULT || number == EXC_NMI) {
        return number;
    }
    int priority = exception_priority(board, number);
    unsigned derived = escalate(board, EXC_BUSFAULT, priority);
    tell_fault(board, fault_name(derived), cpu_pc(board));
    return derived;
}

// unicorn executes floating-point instructions whatever CPACR says; here it
// shows at the latest.
static void check_fpu(struct vboard *board, uint32_t pc)
{
    if ((board->state.scs.cpacr & CPACR_CP10_CP11) != CPACR_CP10_CP11) {
        violation(board, pc,
                  "the FPU was used before CPACR enabled it: hardware takes a "
                  "UsageFault (NOCP)");
    }
}

void exception_enter(struct vboard *board, unsigned number, uint32_t pc)
{
    uint32_t xpsr = cpu_get(board, UC_ARM_REG_XPSR);
    uint32_t control = cpu_get(board, UC_ARM_REG_CONTROL);
    uint32_t sp = cpu_get(board, UC_ARM_REG_SP);
    bool extended = control & CONTROL_FPCA;
    uint32_t frame = (sp - (extended ? FRAME_EXTENDED : FRAME_BASIC)) & ~7u;
    uint32_t stacked = (xpsr & ~XPSR_ALIGN) | (sp & 4 ? XPSR_ALIGN : 0);

    if (extended) {
        check_fpu(board, pc);
    }
    if (!push_frame(board, frame, pc, stacked, extended)) {
        check_stack(board, frame);
        number = stacking_failed(board, number);
    }
    cpu_set(board, UC_ARM_REG_SP, frame);
    enter_handler_mode(board, number,
                       exc_return_value(xpsr & IPSR_MASK, control));
    take(board, number);
}

/// Return ///

static unsigned active_count(const struct vboard *board)
{
    unsigned count = 0;
    for (unsigned word = 0; word < EXCEPTION_WORDS; word++) {
        uint32_t left = board->state.scs.active.word[word];
        count += (unsigned)__builtin_popcount(left);
    }
    return count;
}

static bool return_is_valid(const struct vboard *board, unsigned number,
                            uint32_t exc_return)
{
    const struct scs_state *scs = &board->state.scs;
    if (!in_set(&scs->active, number) || (exc_return | 0x1C) != 0xFFFFFFFD) {
        return false;
    }
    bool nested = active_count(board) > 1;
    if (exc_return & EXC_RETURN_THREAD) {
        return !nested || scs->ccr & CCR_NONBASETHRD;
    }
    return nested && !(exc_return & EXC_RETURN_PSP);
}

// A fault of the return itself is taken by tail-chaining: the frame stays where
// it is, and LR is the value that was returned with.
static void fail_return(struct vboard *board, unsigned number, uint32_t cfsr,
                        uint32_t exc_return)
{
    uint32_t pc = cpu_pc(board);
    board->state.scs.cfsr |= cfsr;
    unsigned taken = escalate(board, number, execution_priority(board));
    if (!taken) {
        lock_up(board, pc);
        return;
    }
    tell_fault(board, fault_name(taken), pc);
    enter_handler_mode(board, taken, exc_return);
    take(board, taken);
}

static void deactivate(struct vboard *board, unsigned number)
{
    set_remove(&board->state.scs.active, number);
    if (number != EXC_NMI) {
        cpu_set(board, UC_ARM_REG_FAULTMASK, 0);
    }
    nvic_line_recheck(board, number);
}

// Makes R13 the stack pointer that the frame is on.
static void select_stack(struct vboard *board, uint32_t exc_return,
                         uint32_t control)
{
    if (exc_return & EXC_RETURN_THREAD) {
        // CONTROL can only be written while privileged
        cpu_set(board, UC_ARM_REG_CONTROL, control & ~CONTROL_NPRIV);
        cpu_set(board, UC_ARM_REG_IPSR, 0);
        cpu_set(board, UC_ARM_REG_CONTROL,
                exc_return & EXC_RETURN_PSP ? CONTROL_SPSEL : 0);
    }
}

struct frame {
    uint32_t basic[BASIC_COUNT];
    uint32_t pc, xpsr;
    uint32_t s[16], fpscr;
};

static bool read_frame(struct vboard *board, uint32_t sp, bool extended,
                       struct frame *frame)
{
    bool ok = true;
    for (uint32_t i = 0; i < BASIC_COUNT; i++) {
        ok &= cpu_load(board, sp + 4 * i, &frame->basic[i]);
    }
    ok &= cpu_load(board, sp + 4 * BASIC_COUNT, &frame->pc);
    ok &= cpu_load(board, sp + 4 * BASIC_COUNT + 4, &frame->xpsr);
    for (uint32_t i = 0; extended && i < 16; i++) {
        ok &= cpu_load(board, sp + FRAME_S0 + 4 * i, &frame->s[i]);
    }
    return ok &&
           (!extended || cpu_load(board, sp + FRAME_FPSCR, &frame->fpscr));
}

static void pop_registers(struct vboard *board, const struct frame *frame,
                          uint32_t sp, bool extended)
{
    for (size_t i = 0; i < BASIC_COUNT; i++) {
        cpu_set(board, basic_registers[i], frame->basic[i]);
    }
    for (int i = 0; extended && i < 16; i++) {
        cpu_set(board, UC_ARM_REG_S0 + i, frame->s[i]);
    }
    if (extended) {
        cpu_set(board, UC_ARM_REG_FPSCR, frame->fpscr);
    }
    sp += extended ? FRAME_EXTENDED : FRAME_BASIC;
    cpu_set(board, UC_ARM_REG_SP, sp | (frame->xpsr & XPSR_ALIGN ? 4 : 0));
}

static void resume(struct vboard *board, const struct frame *frame,
                   uint32_t exc_return, uint32_t control)
{
    uint32_t fpca = exc_return & EXC_RETURN_BASIC ? 0 : CONTROL_FPCA;
    if (exc_return & EXC_RETURN_THREAD) {
        uint32_t spsel = exc_return & EXC_RETURN_PSP ? CONTROL_SPSEL : 0;
        cpu_set(board, UC_ARM_REG_CONTROL,
                spsel | (control & CONTROL_NPRIV) | fpca);
    } else {
        cpu_set(board, UC_ARM_REG_IPSR, frame->xpsr & IPSR_MASK);
        cpu_set(board, UC_ARM_REG_CONTROL, (control & ~CONTROL_FPCA) | fpca);
    }
    // restores the flags and the IT state
    cpu_set(board, UC_ARM_REG_XPSR_NZCVQG, frame->xpsr);
    refresh_flags(board);
    cpu_set(board, UC_ARM_REG_PC, frame->pc | 1);
    board->state.clock.cycle += EXCEPTION_CYCLES;
    if (exc_return & EXC_RETURN_THREAD &&
        board->state.scs.scr & SCR_SLEEPONEXIT) {
        board->state.sleeping = true;
    }
    if (!(frame->xpsr & EPSR_T)) {
        exception_fault(board, EXC_USAGEFAULT, INVSTATE, frame->pc);
    }
}

void exception_return(struct vboard *board, uint32_t exc_return)
{
    unsigned number = cpu_get(board, UC_ARM_REG_IPSR) & IPSR_MASK;
    uint32_t control = cpu_get(board, UC_ARM_REG_CONTROL);
    bool valid = return_is_valid(board, number, exc_return);
    deactivate(board, number);
    if (!valid) {
        fail_return(board, EXC_USAGEFAULT, INVPC, exc_return);
        return;
    }
    select_stack(board, exc_return, control);
    bool extended = !(exc_return & EXC_RETURN_BASIC);
    uint32_t sp = cpu_get(board, UC_ARM_REG_SP);
    struct frame frame;
    if (!read_frame(board, sp, extended, &frame)) {
        fail_return(board, EXC_BUSFAULT, UNSTKERR, exc_return);
        return;
    }
    bool to_thread = exc_return & EXC_RETURN_THREAD;
    if (to_thread != !(frame.xpsr & IPSR_MASK)) {
        fail_return(board, EXC_USAGEFAULT, INVPC, exc_return);
        return;
    }
    pop_registers(board, &frame, sp, extended);
    resume(board, &frame, exc_return, control);
}
