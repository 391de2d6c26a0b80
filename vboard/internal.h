// SPDX-License-Identifier: MIT
//
// What the parts of the virtual board know of each other. All state that a
// firmware can change is in struct state, without pointers: a snapshot is a
// copy of it, of RAM, of flash and of the CPU's registers.

#ifndef VBOARD_INTERNAL_H
#define VBOARD_INTERNAL_H

#include "vboard.h"

#define NEVER UINT64_MAX

/// Time (time.c) ///

// Every delayed thing that can happen, one slot each. Handlers are in a table
// in time.c; a slot's due time is NEVER while it is not armed.
//
// A handler runs with its slot already cleared, and now() is its due time or
// as much later as a block of instructions takes. It may set any slot again. A
// handler may compare due times with now(): between two calls nothing changes.
enum timer {
    TIMER_SYSTICK,
    TIMER_FLASH,     // the operation under way ends
    TIMER_IWDG,      // the watchdog runs out
    TIMER_IWDG_SYNC, // PR and RLR have crossed to the LSI domain
    TIMER_RCC,       // an oscillator, PLL or clock switch becomes ready
    TIMER_PWR,       // VOS, over-drive ready
    TIMER_USART1_TX,
    TIMER_USART1_RX,
    TIMER_USART2_TX,
    TIMER_USART2_RX,
    TIMER_SPI1, // the frame under way is over
    TIMER_SPI2,
    TIMER_W25Q,        // an operation ends, or it listens again
    TIMER_W25Q_WRITE,  // it accepts writes after power-up
    TIMER_W25Q_SELECT, // it may be selected again
    TIMER_OUTSIDE,     // the next pin, supply or reset asked for by an _at
    TIMER_CUT,         // power cut at a time
    TIMER_RUN_END,     // the duration given to vboard_run is over
    TIMER_COUNT
};

uint64_t now(const struct vboard *board);
void timer_set(struct vboard *board, enum timer timer, uint64_t due);
void timer_clear(struct vboard *board, enum timer timer);
uint64_t timer_due(const struct vboard *board, enum timer timer);
// The earliest due time of all.
uint64_t timers_next(const struct vboard *board);
// Calls every handler that is due, in order of time.
void timers_run(struct vboard *board);
// The same between two blocks of instructions, without leaving the emulation,
// for those that come too often for that, up to the first that is no such.
void timers_run_quick(struct vboard *board);
// Whether one of these is armed.
bool timers_quick_armed(const struct vboard *board);
// The core stands still for this long: a bus stalled by a busy flash. The
// handlers of what falls due meanwhile have run when it returns; if one of them
// cut the power or reset the chip, cpu_ended() is true: then do nothing more.
void stall(struct vboard *board, uint64_t duration);

// The handlers, one per slot (or group of slots), next to their devices.
void systick_due(struct vboard *board, enum timer timer);   // systick.c
void flash_due(struct vboard *board, enum timer timer);     // flash.c
void iwdg_due(struct vboard *board, enum timer timer);      // iwdg.c
void iwdg_sync_due(struct vboard *board, enum timer timer); // iwdg.c
void rcc_due(struct vboard *board, enum timer timer);       // rcc.c
void pwr_due(struct vboard *board, enum timer timer);       // pwr.c
void usart_tx_due(struct vboard *board, enum timer timer);  // usart.c
void usart_rx_due(struct vboard *board, enum timer timer);  // usart.c
void spi_due(struct vboard *board, enum timer timer);       // spi.c
void w25q_due(struct vboard *board, enum timer timer);      // w25q_op.c
void outside_due(struct vboard *board, enum timer timer);   // outside.c
void cut_due(struct vboard *board, enum timer timer);       // board.c
void run_end_due(struct vboard *board, enum timer timer);   // cpu.c

/// CPU (cpu.c, exception.c) and system control space (scs.c) ///

enum stop_reason {
    GOING = 0,
    STOPPED_TIME,
    STOPPED_REQUEST,
    STOPPED_POWER_CUT,
    STOPPED_LOCKUP,
    STOPPED_VIOLATION,
    STOPPED_ERROR,
    STOPPED_RESET, // run loop resets and goes on
};

// Ends the run. TIME, REQUEST and VIOLATION wait for the end of the block, so
// that the run can be continued. The others take effect at once: the state of
// the core is lost anyhow, cpu_ended() is true, and from then on every callback
// must do nothing, since the rest of a block may still run.
void cpu_end(struct vboard *board, enum stop_reason reason);
bool cpu_ended(const struct vboard *board);
// Exceptions or timers changed: look at them before the next block.
void cpu_poke(struct vboard *board);
// Address of the instruction under way: the access it makes is looked for in
// its block.
uint32_t cpu_pc(const struct vboard *board);
// A piece of flash has changed: its translated code is in doubt.
void cpu_code_changed(struct vboard *board, uint32_t address, uint32_t size);
// The access under way ends in a BusFault (escalates as on the core).
void cpu_bus_fault(struct vboard *board, uint32_t address);

// Interrupt line irq of the chip, level-sensitive as on the NVIC.
void nvic_line(struct vboard *board, unsigned irq, bool level);
// A pulse: pends once.
void nvic_pulse(struct vboard *board, unsigned irq);

uint32_t scs_read(struct vboard *board, uint32_t offset, unsigned size);
void scs_write(struct vboard *board, uint32_t offset, uint32_t value,
               unsigned size);

// Asks for a reset of the core and all devices; the run loop does it and goes
// on at the vector table. cause is the RCC_CSR flag to set (RM0390 6.3.21).
// power: RAM and RTC domain too.
void system_reset(struct vboard *board, uint32_t cause, bool power);

// The supply is gone: tears the flash operations under way, sends the event,
// with how and the number of the flash operation that it met (0: the one that
// is torn, if there is one), and ends the run. RAM and registers are lost.
void power_cut(struct vboard *board, const char *how, uint64_t number);

// The next number of the board's own reproducible random sequence.
uint32_t board_random(struct vboard *board);

// RCC_CSR (RM0390 6.3.21), as far as the core itself resets the chip.
#define RCC_CSR_PINRSTF (1u << 26)
#define RCC_CSR_PORRSTF (1u << 27)
#define RCC_CSR_SFTRSTF (1u << 28)

/// Devices ///

// A register as the hand-over check knows it: mask selects the bits that must
// hold the reset value.
struct reg {
    const char *name; // "CR1"
    uint16_t offset;
    uint32_t reset;
    uint32_t mask;
};

// A device model. Constant; its state is a part of struct state.
struct device {
    const char *name; // "USART1", as in the reference manual
    uint32_t base;
    uint32_t size;
    // RCC enable register and bit; 0: always clocked.
    uint16_t enable_offset;
    uint8_t enable_bit;
    uint8_t unit;   // which of several: USART 1 or 2, GPIO 0 for A
    uint8_t widths; // access sizes allowed: bits of 1, 2, 4
    // What it returns may depend on the state and on timers that have fired,
    // but not on now(): polling loops are skipped up to the next timer
    // (idle.h). peek keeps to this as well. SysTick and DWT, which count, are
    // no devices: mmio.c never lets their reads pass for polling. Whole laps of
    // a main loop are skipped too (steady.h), reads and writes that have left
    // struct state as it was among them: a device that keeps anything outside
    // of it calls steady_broken() in each access that touches that.
    uint32_t (*read)(struct vboard *board, const struct device *device,
                     uint32_t offset, unsigned size);
    void (*write)(struct vboard *board, const struct device *device,
                  uint32_t offset, uint32_t value, unsigned size);
    // Value of a register without side effects, for peek and hand-over.
    uint32_t (*peek)(const struct vboard *board, const struct device *device,
                     uint32_t offset);
    // What the hand-over must find in a register, where that is not always its
    // reset value; or NULL.
    uint32_t (*handed_over)(const struct vboard *board,
                            const struct device *device, uint32_t offset);
    void (*reset)(struct vboard *board, const struct device *device,
                  bool power);
    const struct reg *regs;
    unsigned reg_count;
};

struct rcc_family;
struct pwr_family;
struct flash_family;
struct gpio_family;
struct usart_wiring;
struct peripheral;

// A chip: what is where. One constant per MCU.
struct chip {
    const char *name;
    const char *core; // "Cortex-M4F"
    uint32_t flash_base, flash_size;
    uint32_t ram_base, ram_size;
    unsigned irq_count; // at most IRQS
    unsigned sector_count;
    const uint32_t *sector_size; // bytes
    const struct device *const *devices;
    unsigned device_count;
    // the core
    int cpu_model; // of unicorn
    uint32_t cpuid;
    bool fpu;
    // What there is one of in every chip, and differs.
    const struct rcc_family *rcc;
    const struct pwr_family *pwr;
    const struct flash_family *flash;
    const struct gpio_family *gpio;
    const struct spi_wiring *spi;
    const struct usart_wiring *usart;    // two
    const struct peripheral *unmodelled; // by address, for messages
    const uint16_t *bonded;              // pins of the package, by port
};

extern const struct chip stm32f446re, stm32f103c8;

// Dispatch of all peripheral accesses (bus.c): finds the device, refuses
// unmapped addresses, wrong widths and devices whose clock is off.
uint32_t bus_read(struct vboard *board, uint32_t address, unsigned size);
void bus_write(struct vboard *board, uint32_t address, uint32_t value,
               unsigned size);
// The word at an aligned address without side effects; false where there is no
// modelled register.
bool bus_peek(const struct vboard *board, uint32_t address, uint32_t *value);

// A store of the CPU into the flash's address range (flash.c); address counts
// from chip->flash_base even for a store through the alias at 0. An unaligned
// store arrives once, with its full size.
void flash_store(struct vboard *board, uint32_t address, uint64_t value,
                 unsigned size);
// Every CPU block that begins in flash asks this while an operation is under
// way: returns how long the bus stalls, 0 when it does not.
uint64_t flash_stall(const struct vboard *board);
// Whether a cache still holds what the flash held before an erase.
bool flash_caches_stale(const struct vboard *board);
// The power fails or the chip is reset: tears what is under way.
// Returns the number of that operation, 0 for none.
uint64_t flash_power_lost(struct vboard *board);

// Clocks, as RCC has set them up (rcc.c).
uint32_t rcc_hclk(const struct vboard *board);
uint32_t rcc_pclk1(const struct vboard *board);
uint32_t rcc_pclk2(const struct vboard *board);
bool rcc_enabled(const struct vboard *board, const struct device *device);
// After the reset of all devices: sets the flag in RCC_CSR.
void rcc_reset_cause(struct vboard *board, uint32_t cause);
// Names of the flags in a cause, for the event: "PINRSTF SFTRSTF".
const char *rcc_cause_text(uint32_t cause);
// rcc.c calls this when HCLK changes; cpu.c and time.c follow.
void cpu_set_hclk(struct vboard *board, uint32_t hz);

// Pins (gpio.c). Level of an input as a peripheral sees it.
bool gpio_level(const struct vboard *board, unsigned port, unsigned pin);
// Whether a pin is set up to carry a signal that a peripheral drives (TX, SCK,
// MOSI of a master), or one that it listens to (RX, MISO). route is what the
// chip needs to know besides: of the F4 the alternate function's number; of the
// F1, where inputs are plain inputs and each signal has its own pins, 0, or
// which bit of AFIO_MAPR must be clear or set for this pin.
#define ROUTE_UNLESS(bit) (0x20u | (bit))
#define ROUTE_IF(bit)     (0x40u | (bit))
bool gpio_output_of(const struct vboard *board, unsigned port, unsigned pin,
                    unsigned route);
bool gpio_input_of(const struct vboard *board, unsigned port, unsigned pin,
                   unsigned route);
// gpio.c tells exti.c of every level change of a pin.
void exti_pin(struct vboard *board, unsigned port, unsigned pin, bool level);

/// Reporting (report.c) ///

// Something that hardware does not allow or that the manual forbids: says so
// on the log with device, register and PC, sends the event, and in strict mode
// ends the run.
void violation(struct vboard *board, uint32_t address, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void send_event(struct vboard *board, struct vboard_event *event);

#endif
