// SPDX-License-Identifier: MIT
//
// The state of a virtual board. struct state is everything that a firmware can
// change outside RAM, flash and the CPU's own registers: plain data, so that a
// snapshot is one copy. struct vboard adds what the host keeps.

#ifndef VBOARD_STATE_H
#define VBOARD_STATE_H

#include <unicorn/unicorn.h>

#include "devices.h"
#include "idle.h"
#include "internal.h"
#include "steady.h"

// Time is counted in cycles of HCLK; picoseconds follow from the moment of the
// last change of HCLK, so nothing is ever rounded twice.
struct clock {
    uint64_t cycle;
    uint64_t base_cycle;
    uint64_t base_time;
    uint32_t hclk;
};

#define IRQS       97 // interrupt lines, of the chip that has most
#define IRQ_WORDS  ((IRQS + 31) / 32)
#define EXCEPTIONS (16 + IRQS) // those of the core come first

#define EXCEPTION_WORDS ((EXCEPTIONS + 31) / 32)

struct exception_set {
    uint32_t word[EXCEPTION_WORDS];
};

// SysTick counts down and is idle at zero until the next tick reloads it.
// While it is enabled only the cycle of the next zero is kept.
struct systick {
    uint32_t csr; // ENABLE, TICKINT, CLKSOURCE
    uint32_t rvr;
    uint32_t stopped_at; // the count while it is not enabled
    uint64_t zero_at;
    bool countflag;
};

struct scs_state {
    struct exception_set pending, active, enabled;
    uint32_t line[IRQ_WORDS]; // levels of the chip's interrupt lines
    uint8_t priority[EXCEPTIONS];
    uint32_t vtor, prigroup, scr, ccr, shcsr, cfsr, hfsr, dfsr;
    uint32_t mmfar, bfar, afsr, cpacr, fpccr, fpcar, fpdscr;
    struct systick systick;
};

struct dwt_state {
    uint32_t ctrl;
    uint32_t stopped_at; // CYCCNT while it does not count
    uint64_t zero_cycle; // the cycle at which CYCCNT was, or would be, 0
    uint32_t demcr;
};

struct state {
    struct clock clock;
    uint64_t due[TIMER_COUNT];
    uint64_t instructions;
    uint64_t random;
    bool powered;
    bool sleeping; // WFI
    bool locked_up;
    // First instruction of the application that VTOR points at; NOWHERE when
    // VTOR holds its reset value or the hand-over has been checked.
    uint32_t handover_pc;
    struct scs_state scs;
    struct dwt_state dwt;
    struct device_state device;
};

// No instruction has an odd address.
#define NOWHERE UINT32_MAX

// What happened in a slice of emulation, told by the hooks to the run loop.
struct slice {
    bool running;    // inside uc_emu_start
    bool look;       // exceptions or timers changed
    bool stopped;    // at the start of a block, to be continued there
    int interrupt;   // number given to the interrupt hook, or -1
    bool faulted;    // the access under way ends in a BusFault
    bool store;      // the last access that a hook was told of stores
    uint32_t access; // and its address
    uint32_t start;  // where the slice began
    uint32_t block;  // where the block under way began
    uint32_t block_size;
    unsigned swallow; // stores still to come of an unaligned one
};

struct range; // of addresses whose accesses come to mmio.c
struct window {
    struct vboard *board;
    const struct range *range;
};
#define MMIO_RANGES 6

struct gdb;

// Where a chip on an SPI bus is connected; slave NULL: nowhere.
struct spi_slave;
struct w25q_contents;
struct sd_card;
struct spi_wire {
    const struct spi_slave *slave;
    unsigned spi;       // 1 or 2
    unsigned port, pin; // of its chip select
};

struct vboard {
    struct vboard_config config;
    const struct chip *chip;
    FILE *log;
    struct uc_struct *uc;
    struct uc_context *fresh; // the CPU as unicorn made it
    struct window window[MMIO_RANGES];
    uint8_t *flash;
    uint8_t *ram;

    uint64_t deadline; // cycle at which the next timer is due
    struct slice slice;
    struct idle idle;
    struct steady steady;
    uint64_t events;           // sent so far
    enum stop_reason soft_end; // waits for the end of the block
    enum stop_reason hard_end;
    uint32_t reset_cause;
    bool reset_power;

    // Translated code: instructions of the block that begins at each half-word
    // of flash, pages of 1 KiB that were executed, and what these held then.
    uint16_t *block_count;
    uint8_t *executed;
    uint8_t *translated;
    bool ram_executed;
    bool flash_guarded; // not readable as data, see guard_flash()

    struct spi_wire wire[SPI_CHIPS];
    struct w25q_contents *w25q; // NULL: there is none
    struct sd_card *sd;         // NULL: no socket

    const struct device *recent; // the last one accessed

    struct gdb *gdb;  // NULL while no debugger is attached
    uc_hook gdb_hook; // 0 until the first one was

    struct state state;
};

/// Parts of the core known to each other only ///

// time.c
uint64_t time_of_cycle(const struct vboard *board, uint64_t cycle);
void clock_set_hclk(struct vboard *board, uint32_t hz);
void timers_reset(struct vboard *board);
// Lets time pass up to this moment, or to the next timer if that is earlier,
// and runs the handlers that are due.
void time_skip(struct vboard *board, uint64_t until);
// After a restore: the cycle of the next timer.
void deadline_update(struct vboard *board);
// Cycles at which a timer is due, or the first of all but one.
uint64_t cycle_of_timer(const struct vboard *board, enum timer timer);
uint64_t deadline_without(const struct vboard *board, enum timer timer);

// code.c
// Code has been executed in RAM, by any board: stores may change it from now on
// (fast_ram.c).
extern bool code_in_ram;
// Number of instructions in a block of flash that was seen before; else 0. The
// count is kept with the block's size in half-words, modulo 256.
static inline unsigned code_count_known(const struct vboard *board,
                                        uint32_t address, uint32_t size)
{
    const struct chip *chip = board->chip;
    uint32_t base = address < chip->flash_size ? 0 : chip->flash_base;
    if (address - base >= chip->flash_size) {
        return 0;
    }
    unsigned known = board->block_count[(address - base) / 2];
    return known >> 8 == (size >> 1 & 0xFF) ? known & 0xFF : 0;
}
// Number of instructions in a block that was translated; marks its pages.
unsigned code_count(struct vboard *board, uint32_t address, uint32_t size);
// Before a block: drops what was translated from other contents of flash. True:
// of this block, so that the run has to begin anew with it.
bool code_drop_stale(struct vboard *board, uint32_t address, uint32_t size);
// The bytes of a block.
const uint8_t *code_at(const struct vboard *board, uint32_t address);
// Before a run: finds what was changed from outside meanwhile.
void code_refresh(struct vboard *board);
// RAM was changed behind the CPU's back.
void code_ram_changed(struct vboard *board);

// engine.c
int cpu_open(struct vboard *board);
// Stores to RAM that were found harmless before are checked again.
void cpu_check_ram_stores(struct vboard *board);
void cpu_close(struct vboard *board);
uc_err cpu_add_hook(struct vboard *board, int type, void (*callback)(void),
                    uc_hook *handle);

// cpu.c
// Registers as after reset; the vector table gives MSP and PC.
void cpu_restart(struct vboard *board);
// Until something ends the run; a reset does not.
enum stop_reason cpu_run(struct vboard *board);
// From a code hook: stops before the instruction at this address, which can be
// continued there because unicorn keeps PC exact while there is such a hook.
void cpu_stop_at(struct vboard *board, uint32_t address);
// All registers at once; a failure ends the run.
void cpu_restore(struct vboard *board, struct uc_context *context);
uint32_t cpu_get(const struct vboard *board, int reg);
void cpu_set(struct vboard *board, int reg, uint32_t value);
// Words of RAM and flash as the core sees them; false: a bus error.
bool cpu_load(struct vboard *board, uint32_t address, uint32_t *value);
bool cpu_store(struct vboard *board, uint32_t address, uint32_t value);

// mmio.c
uc_err mmio_map(struct vboard *board);

// bitband.c
uint32_t bitband_read(struct vboard *board, uint32_t alias);
void bitband_write(struct vboard *board, uint32_t alias, uint32_t value);

// exception.c. Exception numbers are those of the vector table.
enum {
    EXC_NMI = 2,
    EXC_HARDFAULT = 3,
    EXC_MEMMANAGE = 4,
    EXC_BUSFAULT = 5,
    EXC_USAGEFAULT = 6,
    EXC_SVCALL = 11,
    EXC_PENDSV = 14,
    EXC_SYSTICK = 15,
    EXC_IRQ0 = 16
};
// The pending exception to take now, 0 for none.
unsigned exception_next(const struct vboard *board);
// Whether what is pending ends WFI: PRIMASK does not count (PM0214 2.5.2).
bool exception_wakes(const struct vboard *board);
void exception_enter(struct vboard *board, unsigned number, uint32_t pc);
void exception_return(struct vboard *board, uint32_t exc_return);
// A synchronous fault at pc: sets the bits of CFSR and escalates.
void exception_fault(struct vboard *board, unsigned number, uint32_t cfsr,
                     uint32_t pc);
// A load or store at pc that nothing answers.
void exception_bus_fault(struct vboard *board, uint32_t address, uint32_t pc);
void exception_svc(struct vboard *board, uint32_t pc);
void exception_breakpoint(struct vboard *board, uint32_t pc);

// nvic.c
// Exceptions of a word that are pending and enabled; those of the core are not
// enabled in the NVIC.
static inline uint32_t exceptions_waiting(const struct vboard *board,
                                          unsigned word)
{
    const struct scs_state *scs = &board->state.scs;
    uint32_t enabled = scs->enabled.word[word] | (word == 0 ? 0xFFFF : 0);
    return scs->pending.word[word] & enabled;
}
static inline bool exception_waits(const struct vboard *board)
{
    _Static_assert(EXCEPTION_WORDS == 4, "one term for each word");
    return exceptions_waiting(board, 0) | exceptions_waiting(board, 1) |
           exceptions_waiting(board, 2) | exceptions_waiting(board, 3);
}
bool in_set(const struct exception_set *set, unsigned number);
void set_add(struct exception_set *set, unsigned number);
void set_remove(struct exception_set *set, unsigned number);
void exception_pend(struct vboard *board, unsigned number);
// What is pending and enabled, the first by priority and number; 0 for none.
unsigned nvic_best_pending(const struct vboard *board);
// After the return from an interrupt: a line that is still high pends again.
void nvic_line_recheck(struct vboard *board, unsigned number);
// Priorities as they pre-empt, without the sub-priority; lower is more urgent.
int exception_priority(const struct vboard *board, unsigned number);
int execution_priority(const struct vboard *board);

// scs.c
void scs_reset(struct vboard *board);
uint32_t scs_peek(const struct vboard *board, uint32_t offset);

// systick.c. Offsets count from the system control space.
uint32_t systick_peek(const struct vboard *board, uint32_t offset);
void systick_after_read(struct vboard *board, uint32_t offset);
void systick_write(struct vboard *board, uint32_t offset, uint32_t value);
// HCLK has changed.
void systick_follow(struct vboard *board);

// dwt.c. Accesses by address, words only.
uint32_t dwt_read(const struct vboard *board, uint32_t address);
void dwt_write(struct vboard *board, uint32_t address, uint32_t value);
void dwt_reset(struct vboard *board);
void dwt_set_demcr(struct vboard *board, uint32_t value);

// board.c
void reset_now(struct vboard *board, uint32_t cause, bool power);

// handover.c
void handover_arm(struct vboard *board);
void handover_check(struct vboard *board);

#endif
