// SPDX-License-Identifier: MIT
//
// The virtual board: an STM32 that runs the very binaries that go on the
// hardware. Models are written from the reference manuals and refuse what
// hardware refuses. Deterministic: the same calls give the same run, to the
// instruction.
//
//     struct vboard_config config = {.mcu = "stm32f446re"};
//     struct vboard *board = vboard_new(&config);
//     vboard_load(board, "boot.elf", 0);
//     vboard_power_on(board);
//     enum vboard_stop why = vboard_run(board, 2 * VBOARD_S);

#ifndef VBOARD_H
#define VBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// Virtual time is counted in picoseconds since power-on of the first run: a
// cycle at 180 MHz is 5555 of them, and 64 bits last 213 days.
#define VBOARD_NS 1000ull
#define VBOARD_US (1000 * VBOARD_NS)
#define VBOARD_MS (1000 * VBOARD_US)
#define VBOARD_S  (1000 * VBOARD_MS)

enum vboard_timing { VBOARD_TYPICAL = 0, VBOARD_MAXIMUM };

// Why vboard_run came back.
enum vboard_stop {
    VBOARD_STOP_TIME = 0,  // the time given has passed
    VBOARD_STOP_REQUEST,   // vboard_stop was called (from an event callback)
    VBOARD_STOP_POWER_CUT, // a cut that was asked for; power_on starts again
    VBOARD_STOP_LOCKUP,    // the core locked up: a fault inside HardFault
    VBOARD_STOP_VIOLATION, // strict mode: something hardware does not allow
    VBOARD_STOP_ERROR,     // the emulator itself failed
};

enum vboard_event_kind {
    VBOARD_EVENT_RESET,     // cause holds RCC_CSR flags, text names them
    VBOARD_EVENT_PIN,       // an output pin changed: text "PA4", value 0 or 1;
                            // not told of those that select an SPI chip
    VBOARD_EVENT_UART,      // a byte was sent: unit 1 or 2, value the byte
    VBOARD_EVENT_FLASH,     // a flash operation began: see op, address, size;
                            // unit 0: internal, 1: the W25Q (address counts
                            // from its byte 0; a program is a page program)
    VBOARD_EVENT_VIOLATION, // text says what was done wrong, address where
    VBOARD_EVENT_HANDOVER,  // first instruction of an application: value is the
                            // number of registers not at their reset value,
                            // text lists them
    VBOARD_EVENT_FAULT,     // an exception of the fault kind was taken
    VBOARD_EVENT_POWER_CUT, // text says when: "before", "torn" or "after" flash
                            // operation number, at a "time" or by a low
                            // "supply" (number: the operation torn, or 0)
};

enum vboard_flash_op { VBOARD_PROGRAM, VBOARD_ERASE };

struct vboard_event {
    enum vboard_event_kind kind;
    uint64_t time; // picoseconds
    const char *text;
    uint32_t value;
    uint32_t unit;
    enum vboard_flash_op op;
    uint64_t number; // of the flash operation since vboard_new, from 1; or 0
    uint32_t address;
    uint32_t size;
};

struct vboard_config {
    const char *mcu; // "stm32f446re", "stm32f103c8"
    enum vboard_timing timing;
    uint32_t seed;   // of RAM contents at power-on and of torn operations
    uint32_t hse_hz; // crystal or clock on OSC_IN; 0: nothing connected
    uint32_t vdd_mv; // supply at power-on; 0 means 3300
    // Option bytes: start the independent watchdog in hardware.
    bool hardware_watchdog;
    // Violations are reported and the run goes on, instead of stopping it.
    bool lenient;
    FILE *log; // where violations are explained; NULL: stderr
    void (*event)(void *context, const struct vboard_event *event);
    void *context;
};

struct vboard;

// The chips that a board can be, from 0; name is NULL after the last.
struct vboard_mcu {
    const char *name; // for vboard_config.mcu
    const char *core; // "Cortex-M4F"
    uint32_t flash_size, ram_size;
};
struct vboard_mcu vboard_mcu(unsigned index);

// NULL when the configuration is wrong or memory is short; says why on log.
struct vboard *vboard_new(const struct vboard_config *config);
void vboard_free(struct vboard *board);

// Loads an ELF file (its physical addresses), or a raw file at address.
// address is ignored for an ELF. 0, or -1 with a message on log.
int vboard_load(struct vboard *board, const char *path, uint32_t address);

// The contents of the internal flash, as they are; may be written while the
// board is not running. *size may be NULL.
uint8_t *vboard_flash(struct vboard *board, size_t *size);

/// Chips on an SPI bus ///

// Where a chip is connected. spi 0: not connected. NULL for cs: PB12 for the
// W25Q64, PB5 for the SD card.
struct vboard_spi_place {
    int spi;        // 1 or 2
    const char *cs; // "PB12"
};

// Operations on one sector since vboard_new; programs counts words, half-words
// or bytes as they were programmed.
struct vboard_wear {
    uint64_t erases;
    uint64_t programs;
};

// Connects a W25Q64, erased: by default at SPI2. Before the first power_on. 0,
// or -1 with a message on log.
int vboard_attach_w25q(struct vboard *board,
                       const struct vboard_spi_place *place);

// Its contents, 8 MiB; may be written while the board is not running. A
// snapshot holds them too, and costs the sectors that were written since the
// one before. *size may be NULL. NULL: there is none.
uint8_t *vboard_w25q(struct vboard *board, size_t *size);

// Puts an SD card into a socket that is by default at SPI1: path is a file with
// its contents, of 512-byte blocks. Cards up to 2 GiB are SDSC, larger ones
// SDHC. What the firmware writes goes to the file at once; a file that cannot
// be written is a card that is protected. A snapshot holds what the card is at,
// not its contents. path NULL: the card is pulled out. At any time. 0, or -1
// with a message on log: then a card that was there before still is.
int vboard_insert_sd(struct vboard *board, const char *path,
                     const struct vboard_spi_place *place);

// Test hooks for chips that fail, from now on.
enum vboard_spi_fault {
    VBOARD_SPI_GOOD,
    VBOARD_SPI_MISO_HIGH, // MISO is stuck
    VBOARD_SPI_MISO_LOW,
    VBOARD_W25Q_WRONG_ID,  // another maker's JEDEC id
    VBOARD_W25Q_BUSY,      // BUSY never ends
    VBOARD_SD_NEVER_READY, // ACMD41 goes on saying idle
    VBOARD_SD_BAD_CRC,     // data blocks arrive with a wrong CRC
    VBOARD_SD_REMOVED,     // pulled out before block number n from now on
    VBOARD_SD_VERSION_1,   // an old card: no CMD8; only for up to 2 GiB
};
void vboard_w25q_fault(struct vboard *board, enum vboard_spi_fault fault);
void vboard_sd_fault(struct vboard *board, enum vboard_spi_fault fault,
                     uint64_t n);

// Operations on one 4 KiB sector of the W25Q since vboard_new; programs counts
// page programs.
struct vboard_wear vboard_w25q_wear(const struct vboard *board,
                                    unsigned sector);

/// Supply and running ///

// Switches the supply on (or off and on again): RAM gets random contents, every
// register its reset value, the core starts at the vector table, the supply is
// config.vdd_mv again, whatever vboard_set_vdd has said. Flash stays.
void vboard_power_on(struct vboard *board);

// The reset button (NRST).
void vboard_reset(struct vboard *board);

// The same at a virtual time. 0, or -1 when too many changes are waiting.
int vboard_reset_at(struct vboard *board, uint64_t time);

// Runs for this long in virtual time. A run ends with a block of instructions
// and may last a few of them longer: steps that must not drift are counted from
// vboard_time(). Code in flash stalls while the flash is busy; code in RAM runs
// on until it loads from flash, but a load in the very block that began the
// operation does not wait.
enum vboard_stop vboard_run(struct vboard *board, uint64_t duration);

// From an event callback: vboard_run returns VBOARD_STOP_REQUEST soon.
void vboard_stop(struct vboard *board);

enum vboard_cut { VBOARD_CUT_BEFORE, VBOARD_CUT_TORN, VBOARD_CUT_AFTER };

// Cuts the power at flash operation number op (1 is the first from now on), of
// the internal flash and the W25Q counted together. TORN leaves half of it
// done: bits of a word, some of a sector. 0: never.
void vboard_cut_at_op(struct vboard *board, uint64_t op, enum vboard_cut how);

// Cuts the power at a virtual time. UINT64_MAX: never.
void vboard_cut_at_time(struct vboard *board, uint64_t time);

// What a pin is driven to from outside: 0, 1, or -1 for nothing connected.
// pin is "PA8". Returns 0, or -1 for a pin that the chip lacks.
int vboard_drive_pin(struct vboard *board, const char *pin, int level);

// The same at a virtual time; a time that is not ahead, as 0 before the board
// is switched on, means now. -1 too when 192 changes are waiting already, of
// pins, supply and reset together.
int vboard_drive_pin_at(struct vboard *board, const char *pin, int level,
                        uint64_t time);

// Level of a pin as a meter would show it: 0, 1, or -1 floating.
int vboard_pin(struct vboard *board, const char *pin);

// Bytes that arrive at a USART's RX pin, one after the other at the baud rate
// that the firmware has set. They are copied, and wait in a queue of 16 KiB as
// long as the receiver is off. Returns 0, or -1 when not all of them have room,
// or there is no such USART: then nothing was taken.
int vboard_uart_send(struct vboard *board, int uart, const void *data,
                     size_t len);

// The supply in millivolts from now on (PVD, power-down).
void vboard_set_vdd(struct vboard *board, uint32_t millivolts);

// The same at a virtual time. 0, or -1 when too many changes are waiting.
int vboard_set_vdd_at(struct vboard *board, uint32_t millivolts, uint64_t time);

// Test hooks for a part that fails: the operation with this number (1 is the
// next) reports failure, or reads back wrongly, as worn flash does. One at a
// time; it takes effect when that operation ends, and 0 is never.
enum vboard_flash_fault {
    VBOARD_FLASH_GOOD,
    VBOARD_FLASH_ERASE_FAILS,   // contents arbitrary; F4: OPERR; F1: no EOP
    VBOARD_FLASH_PROGRAM_FAILS, // nothing programmed; F4: OPERR; F1: PGERR
    VBOARD_FLASH_BIT_STUCK,     // no error flag, one bit stays 1
};
void vboard_fail_op(struct vboard *board, uint64_t op,
                    enum vboard_flash_fault fault);

// Write-protects sectors, as the option bytes do: bit n is sector n of the F4
// (nWRP), pages 4n to 4n+3 of the F1 (WRP).
void vboard_protect_sectors(struct vboard *board, uint32_t sectors);

// Everything: registers, RAM, flash, time. A snapshot belongs to the board it
// was made of and may be restored any number of times.
struct vboard_snapshot;
struct vboard_snapshot *vboard_save(struct vboard *board);
void vboard_restore(struct vboard *board, const struct vboard_snapshot *snap);
void vboard_snapshot_free(struct vboard_snapshot *snap);

/// Looking in ///

uint64_t vboard_time(const struct vboard *board);         // picoseconds
uint64_t vboard_instructions(const struct vboard *board); // since vboard_new
uint64_t vboard_flash_ops(const struct vboard *board);    // since vboard_new
uint32_t vboard_hclk(const struct vboard *board);         // Hz

struct vboard_wear vboard_wear(const struct vboard *board, unsigned sector);

// Memory or register contents as a debugger reads them, without side effects.
// 0, or -1 where nothing is mapped.
int vboard_peek(struct vboard *board, uint32_t address, void *data, size_t len);
int vboard_poke(struct vboard *board, uint32_t address, const void *data,
                size_t len);
uint32_t vboard_register(struct vboard *board, unsigned number); // r0..r15

#endif
