// SPDX-License-Identifier: MIT
//
// The device models' state and what each of them offers to the others. struct
// state holds one struct device_state; there are no pointers in it, so a
// snapshot is a copy.

#ifndef VBOARD_DEVICES_H
#define VBOARD_DEVICES_H

#include "internal.h"

#define GPIO_PORTS 8  // A..H
#define SECTORS    64 // of the flash, of the chip that has most

enum oscillator {
    OSC_HSI,
    OSC_HSE,
    OSC_PLL,
    OSC_PLLI2S,
    OSC_PLLSAI,
    OSC_LSI,
    OSC_LSE,
    OSC_COUNT
};

struct rcc_state {
    uint32_t reg[0x98 / 4];       // by offset / 4, ready flags included
    uint64_t ready_at[OSC_COUNT]; // NEVER: stopped, or ready already
    bool lsi_forced;              // by the independent watchdog
};

struct pwr_state {
    uint32_t cr, csr;
    uint64_t vos_at, od_at, odsw_at; // when the ready flag comes; or NEVER
    uint32_t vdd_mv;
};

struct flash_lock {
    unsigned step; // keys written so far
    bool dead;     // wrong sequence: locked until reset
};

struct flash_state {
    uint32_t acr, sr, cr, optcr, ar; // of the F4: optcr; of the F1: ar
    struct flash_lock lock, option_lock;
    bool icache_used, dcache_used; // enabled since their last reset
    bool icache_stale, dcache_stale;

    // the operation under way; restored or torn if the power goes
    struct {
        bool on;
        enum vboard_flash_op op;
        bool failed;
        uint64_t number;
        uint32_t address, size;
        uint8_t before[8]; // a program operation: what the unit held
    } busy;

    // none of this is changed by a reset
    uint32_t protected_sectors;
    struct vboard_wear wear[SECTORS];
};

// Operations of all flash devices together; no reset changes it.
struct op_state {
    uint64_t count, cut_op, fault_op;
    enum vboard_cut cut_how;
    enum vboard_flash_fault fault;
};

struct gpio_state {
    uint32_t moder, otyper, ospeedr, pupdr, afr[2]; // of the F4
    uint32_t cr[2];                                 // CRL, CRH of the F1
    uint32_t odr, lckr;
    uint32_t preset; // ODR bits changed while the pin was no output yet
    uint32_t level;  // as EXTI last saw it
    uint32_t shown;  // outputs that are high, as the events last told
    unsigned lock_step;
};

// The world outside the pins: no reset changes it.
struct pin_drive {
    uint32_t driven[GPIO_PORTS], level[GPIO_PORTS];
};

struct outside_state {
    struct change {
        enum { CHANGE_PIN, CHANGE_VDD, CHANGE_RESET } kind;
        uint64_t time;
        uint8_t port, pin;
        int8_t level;
        uint32_t vdd_mv;
    } later[192]; // in order of time
    unsigned count;
};

struct exti_state {
    uint32_t imr, emr, rtsr, ftsr, swier, pr;
};

struct syscfg_state {
    uint32_t reg[0x30 / 4]; // by offset / 4; of the F1: AFIO
};

struct usart_state {
    uint32_t sr, dr, brr, cr1, cr2, cr3, gtpr;
    uint32_t seen; // SR bits read since, which the next access of DR clears
    uint32_t hold; // waits in DR while the shift register is busy
    uint32_t shift;
    bool sending;
    bool receiving, idle_next;
    unsigned queue_head, queue_len;
    uint8_t queue[16384]; // from vboard_uart_send
};

struct spi_state {
    uint32_t cr1, cr2, sr, crcpr, i2spr;
    uint32_t rx;   // what DR gives
    uint32_t hold; // waits in DR while the shift register is busy
    uint32_t shift;
    uint64_t ends;     // the frame under way; 0: none
    bool overrun_read; // DR was read with OVR set, SR not yet
    bool fault_read;   // SR was read with MODF set
};

#define SPI_CHIPS 2 // that can be on the buses at once

// By place in struct vboard's wire[].
struct chips_state {
    bool selected[SPI_CHIPS];
    bool cut[SPI_CHIPS]; // the frame under way does not reach it
};

struct w25q_state {
    // the instruction under way
    uint8_t code;
    bool refused;   // nobody is listening
    bool ragged;    // not all of its bits have come in bytes
    uint32_t count; // bytes so far
    uint32_t address;
    uint8_t page[256]; // to be programmed

    uint32_t status; // registers 1 to 3, from bit 0
    uint32_t kept;   // their non-volatile bits
    bool asleep;
    bool deaf;                            // for tRES1, tRST, tDP
    bool waking;                          // deaf, and CS must stay high
    bool writable;                        // tPUW is over
    bool reset_enabled, volatile_enabled; // by the instruction before

    // the operation under way, or suspended
    struct {
        enum { W25Q_IDLE, W25Q_PROGRAM, W25Q_ERASE, W25Q_STATUS } kind;
        bool suspending;
        uint64_t number;
        uint32_t address, size; // STATUS: value
        uint64_t left;          // suspended
    } busy;

    enum vboard_spi_fault fault;
};

struct sd_state {
    uint64_t card; // the insertion that this is about, see sd_card.c
    enum {
        SD_BUS, // as powered up: not yet in SPI mode
        SD_IDLE,
        SD_READY,
    } phase;
    unsigned clocks;   // of those that it wants before its first command
    uint64_t ready_at; // it is getting ready until then; 0: it is not
    bool knows_host;   // CMD8 was accepted
    bool crc_on;       // CMD59
    bool app;          // CMD55: an application command follows
    uint32_t block_len;
    uint8_t status; // second byte of R2: errors not yet told

    bool ragged;    // not all bits have come in bytes, until deselected
    bool releasing; // deselected: MISO is driven for 8 clocks more
    uint8_t frame[6];
    uint8_t frame_len;

    // what it sends: bytes of no meaning, then a response
    uint8_t gap;
    bool stuff; // the first of them is what is left of a data block
    uint8_t response[6];
    uint8_t response_len, response_at;
    uint64_t busy_until; // MISO low

    // data blocks
    enum {
        SD_NO_DATA,
        SD_SENDS,
        SD_FAILED, // after an error token, until CMD12
        SD_RECEIVES
    } data;
    bool many;
    uint64_t data_from; // not before this time
    uint64_t address;   // of the block, in bytes
    uint32_t len;       // of it
    uint32_t at;        // bytes of it, with token and CRC
    uint8_t block[512 + 2];
    bool has_block; // block holds what is to be sent: a register
    bool writing;   // busy with the block before address

    enum vboard_spi_fault fault;
    uint64_t fault_at; // data blocks until then
};

struct crc_state {
    uint32_t dr, idr;
};

struct iwdg_state {
    uint32_t pr, rlr;
    uint32_t old_pr; // read until the new one has arrived
    bool running, writable;
    uint64_t pvu_at, rvu_at; // when PR and RLR have arrived; or NEVER
    bool pvu, rvu;
    uint64_t since; // the counter held `count` at this time
    uint32_t count;
    uint32_t divider; // in effect: 4..256
    uint32_t reload;  // in effect
};

struct dbgmcu_state {
    uint32_t reg[3];      // CR, APB1_FZ, APB2_FZ
    uint32_t at_reset[3]; // what the last reset has found in them
};

struct device_state {
    struct rcc_state rcc;
    struct pwr_state pwr;
    struct flash_state flash;
    struct op_state op;
    struct gpio_state gpio[GPIO_PORTS];
    struct pin_drive pins;
    struct outside_state outside;
    struct exti_state exti;
    struct syscfg_state syscfg;
    struct usart_state usart[2];
    struct spi_state spi[2];
    struct chips_state chips;
    struct w25q_state w25q;
    struct sd_state sd;
    struct crc_state crc;
    struct iwdg_state iwdg;
    struct dbgmcu_state dbgmcu;
};

// The tables of the chip models list these (stm32f446.c, stm32f103.c).
extern const struct device iwdg_device;
// of the F4
extern const struct device rcc_f4_device, pwr_f4_device, flash_f4_device;
extern const struct device usart_f4_device[2], spi_f4_device[2];
extern const struct device exti_device, syscfg_device, crc_device;
extern const struct device gpio_device[GPIO_PORTS];
extern const struct device uid_device, flash_size_device, dbgmcu_device;
// of the F1
extern const struct device rcc_f1_device, pwr_f1_device, flash_f1_device;
extern const struct device usart_f1_device[2], spi_f1_device[2];
extern const struct device exti_f1_device, afio_device, crc_f1_device;
extern const struct device gpio_f1_device[5];
extern const struct device uid_f1_device, flash_size_f1_device;
extern const struct device dbgmcu_f1_device, option_bytes_f1_device;

// A pin that can carry a signal.
struct pad {
    uint8_t port, pin, route;
};

// A USART of a chip.
struct usart_wiring {
    const struct device *device;
    struct pad tx[2], rx[2];       // one may stand there twice
    const char *tx_mode, *rx_mode; // what these pins must be, for messages
    uint8_t irq;
};
extern const struct usart_wiring usart_f4[2], usart_f1[2];

// An SPI controller of a chip.
enum spi_signal { SPI_SCK, SPI_MISO, SPI_MOSI, SPI_NSS, SPI_SIGNALS };
struct spi_wiring {
    const struct device *device;
    struct {
        uint8_t count;
        struct pad pad[4];
    } pads[SPI_SIGNALS];
    const char *output_mode, *input_mode; // as in struct usart_wiring
    uint32_t max_hz;
};
extern const struct spi_wiring spi_f4[2], spi_f1[2];

// The supply's domain, as chips differ in it (pwr.c).
struct pwr_family {
    const struct device *device;
    uint32_t cr_writable, csr_writable;
    uint16_t pvd_falling[8], pvd_rising[8]; // millivolts, by PLS
    uint16_t pdr;                           // below this the chip is off
    // Before CR takes a value: returns what it may become. NULL: all of it.
    uint32_t (*check_cr)(struct vboard *board, uint32_t value);
    void (*cr_written)(struct vboard *board, uint32_t old); // or NULL
    void (*pll_changed)(struct vboard *board);              // or NULL
};
extern const struct pwr_family pwr_f4, pwr_f1;

/// Among the devices ///

// Places a byte or half-word in its lanes of a register that held old.
uint32_t bus_lanes(uint32_t old, uint32_t offset, uint32_t value,
                   unsigned size);
const char *reg_name(const struct device *device, uint32_t offset);
// What an address of the chip is called when no model answers there: writes
// "TIM2 CR1" and returns true, or false where nothing is (memory_map.c).
bool memory_map_name(const struct chip *chip, uint32_t address, char *name,
                     size_t size);
// Ends with a name of NULL.
struct peripheral {
    uint32_t base, size;
    const char *name;
    const char *registers; // their names in order, one word each
};
extern const struct peripheral unmodelled_f446[], unmodelled_f103[];

// Latency, voltage scale and clock limits; asked after each change.
void rcc_check_limits(struct vboard *board);
bool rcc_sysclk_is_pll(const struct vboard *board);
bool rcc_pll_on(const struct vboard *board);
bool rcc_hsi_ready(const struct vboard *board);
uint64_t rcc_sysclk(const struct vboard *board);
bool rcc_held_in_reset(const struct vboard *board, const struct device *device);
bool rcc_lsi_ready(const struct vboard *board);
// The independent watchdog needs its clock, whatever LSION says.
void rcc_force_lsi(struct vboard *board);

// The PLL started or stopped: VOSRDY follows (RM0390 5.1.3).
void pwr_pll_changed(struct vboard *board);
// Highest HCLK that voltage scale and over-drive allow (RM0390 5.1.3).
uint32_t pwr_max_hclk(const struct vboard *board);
uint32_t pwr_vdd(const struct vboard *board); // millivolts
bool pwr_backup_writable(const struct vboard *board);

uint32_t flash_acr(const struct vboard *board);
// LSI runs: what waits for it may go on.
void iwdg_lsi_ready(struct vboard *board);
// The last of the reloads that were not executed was at this time.
void iwdg_fed_at(struct vboard *board, uint64_t time);
// A watchdog that runs is handed over, with its period but without an update
// under way: whether a register may differ from its reset value then.
bool iwdg_handed_over(const struct vboard *board, uint32_t offset);
// The signal of a line changed; a pin's, or one of the chip's own.
void exti_line(struct vboard *board, unsigned line, bool rising);
// What the world drives a pin to, and what a meter shows: 0, 1, or -1 for
// floating.
void gpio_drive(struct vboard *board, unsigned port, unsigned pin, int level);
// "PA8" to port and pin; false for a pin that the chip lacks.
bool pin_named(const struct vboard *board, const char *name, unsigned *port,
               unsigned *pin);
// Whether a pin selects a chip on an SPI bus.
bool spi_is_select(const struct vboard *board, unsigned port, unsigned pin);
// Levels of a port's pins have changed: those that select follow.
void spi_pins_follow(struct vboard *board, unsigned port);
// Keeps a change of the world outside for its time; -1 when there is no room.
int outside_later(struct vboard *board, const struct change *change);
// Whether somebody will press the reset button.
bool outside_resets(const struct vboard *board);
int gpio_meter(const struct vboard *board, unsigned port, unsigned pin);
unsigned syscfg_exti_port(const struct vboard *board, unsigned pin);
// AFIO lets a route through: see ROUTE_IF.
bool afio_routes(const struct vboard *board, unsigned route);
// The debug port holds this pin of the F1, and pulls it up (1), down (-1) or
// not.
bool afio_is_debug(const struct vboard *board, unsigned port, unsigned pin);
int afio_debug_pull(unsigned port, unsigned pin);
// Something outside the ports may have changed what their pins are.
void gpio_follow_all(struct vboard *board);

#endif
