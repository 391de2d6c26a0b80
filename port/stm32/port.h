// SPDX-License-Identifier: MIT
//
// All that boot/ and examples/ need of the chip. Start in this order:
//
//     struct stm32_clocks clocks;
//     stm32_clock_start(&board.hse, &clocks);
//     stm32_systick_start(&clocks);
//     stm32_console_start(&board.console, &clocks);
//     stm32_print(&board.console, "hello %u\n", 42);
//
// Every wait is bounded; nothing here can hang.

#ifndef STM32_PORT_H
#define STM32_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "board.h"
#include "ota/bus.h"
#include "ota/flash.h"
#include "ota/xmodem.h"

/// Clock (clock.c) ///

// Frequencies in Hz, as they came out.
struct stm32_clocks {
    uint32_t hclk;
    uint32_t pclk1;
    uint32_t pclk2;
};

// From reset: as fast as the HSE allows (F446: 168 MHz, F103: 72 MHz), else
// from the HSI (168, 64), else the HSI as it is (16, 8). Everything else here
// works with whatever comes out.
void stm32_clock_start(const struct board_hse *hse,
                       struct stm32_clocks *clocks);

// What an application finds that starts no clock: the HSI.
extern const struct stm32_clocks stm32_clocks_at_reset;

// Back to the HSI and to the registers' reset values.
void stm32_clock_stop(void);

/// Time (systick.c) ///

// Starts a tick of 1 ms. Ticks are lost while the flash is busy: its handler
// lies in flash, and fetches stall until the operation ends.
void stm32_systick_start(const struct stm32_clocks *clocks);
void stm32_systick_stop(void);

// Milliseconds since the start; wraps after 49 days.
uint32_t stm32_millis(void);

// Sleeps for ms milliseconds, give or take one. Not with interrupts disabled.
void stm32_sleep(uint32_t ms);

/// Pins (gpio.c) ///

void stm32_pin_output(enum board_pin pin, bool level);
void stm32_pin_input_pull_up(enum board_pin pin);

// The pin is a peripheral's: it drives it, or reads it, then with a pull-up.
// The number of the alternate function counts on F4 alone.
void stm32_pin_alternate(enum board_pin pin, uint8_t alternate, bool input);

bool stm32_pin_read(enum board_pin pin);
void stm32_pin_write(enum board_pin pin, bool level);
void stm32_pin_toggle(enum board_pin pin);

/// Edges of pins (exti.c) ///

// A falling edge raises the EXTI interrupt of the pin's number; its handler
// (EXTI9_5_IRQHandler for PA8) calls stm32_exti_take.
void stm32_exti_falling(enum board_pin pin);

// Whether the pin's edge was the cause; clears it.
bool stm32_exti_take(enum board_pin pin);

/// Console (usart.c, serial.c, print.c) ///

// 8N1. Baud rate from the clock that the USART really has.
void stm32_console_start(const struct board_console *console,
                         const struct stm32_clocks *clocks);

// Waits for each byte; what the USART does not take in time is dropped.
void stm32_console_write(const struct board_console *console, const char *text,
                         size_t len);

// The next byte that has arrived, OTA_SERIAL_NONE, or OTA_SERIAL_DAMAGED when
// one was lost or disturbed. There is room for one byte: come back within a
// byte's time, 87 us at 115200 baud.
int stm32_console_read(const struct board_console *console);

// The console as a line for ota_xmodem_init. Ticks must run (stm32_millis).
// Nobody writes through the context.
#define STM32_CONSOLE_SERIAL(console)                                          \
    {                                                                          \
        stm32_serial_get, stm32_serial_put, stm32_serial_millis,               \
            (void *)(console)                                                  \
    }

int stm32_serial_get(const struct ota_serial *serial);
void stm32_serial_put(const struct ota_serial *serial, uint8_t byte);
uint32_t stm32_serial_millis(const struct ota_serial *serial);

// Until the last bit is on the wire.
void stm32_console_drain(const struct board_console *console);

// %s text, %u unsigned, %x 8 hex digits, %v version as 1.2.3; anything else as
// it stands. A newline goes out as CR LF.
void stm32_print(const struct board_console *console, const char *format, ...);

/// SPI (spi.c) ///

struct spi_regs;

// One chip on an SPI, at one rate: a bus for the drivers of drivers/.
struct stm32_spi_bus {
    struct ota_bus bus;
    const struct board_spi *place;
    struct spi_regs *spi;
    uint32_t cr1; // with its rate
};

// The chip is deselected, before all else, then SPI and pins are started: mode
// 0, as fast as max_hz and the SPI allow. Several buses may share an SPI and
// even the chip; initialise them all before the first is used. place must
// outlive the bus. A transfer holds interrupts up, each time for as long as a
// byte takes.
void stm32_spi_init(struct stm32_spi_bus *bus, const struct board_spi *place,
                    const struct stm32_clocks *clocks, uint32_t max_hz);

/// Flash (flash.c) ///

// The internal flash; offsets count from 0x08000000. The port has the one of
// its chip. Starts the supply detector if it is off. Fetches stall during an
// operation, up to 2 s for an erase (F103: 40 ms): with them interrupts whose
// handlers lie in flash, and whoever feeds a watchdog.
extern const struct ota_flash stm32f446_flash;
extern const struct ota_flash stm32f103_flash;

// Starts the supply detector if it is off (PVD; F446: 2.8 V, F103: 2.8 V
// typically, 2.66 V at the lowest); whether the supply suffices to erase and
// program the internal flash, and a W25Q.
bool stm32_supply_ok(void);

/// Watchdog (iwdg.c) ///

// If the option bytes start the watchdog at reset: to its longest period (17 s
// or more), or back to the one after reset (about half a second).
void stm32_iwdg_stretch(void);
void stm32_iwdg_restore(void);

// Starts the watchdog: unless it is fed, it resets the chip after ms (up to
// 26000) typically, 0.7 to 1.9 times that as the LSI goes (DS10693: 17 to
// 47 kHz for 32, DS5319: 30 to 60 for 40). Only a reset stops it; a debugger
// that halts the core halts it.
void stm32_iwdg_start(uint32_t ms);

void stm32_iwdg_feed(void);

/// Reset (reset.c) ///

// What caused the last one, if the flags were cleared since the one before it.
// They stay for others to read.
const char *stm32_reset_cause(void);

// Clears the flags: for the application, once it has read them.
void stm32_reset_forget(void);
_Noreturn void stm32_reset(void);

/// Hand-over (handover.c) ///

// Makes the chip as after reset and starts the application whose vector table
// is at this address. Drain the console before.
_Noreturn void stm32_handover(uint32_t vectors);

#endif
