// SPDX-License-Identifier: MIT
//
// What the firmware must know of a board apart from its flash layout. Data
// only: boards/<board>/board.c fills in the one constant.

#ifndef BOARDS_BOARD_H
#define BOARDS_BOARD_H

#include <stdbool.h>
#include <stdint.h>

// Sixteen to a port.
// clang-format off
enum board_pin {
    PA0, PA1, PA2, PA3, PA4, PA5, PA6, PA7,
    PA8, PA9, PA10, PA11, PA12, PA13, PA14, PA15,
    PB0, PB1, PB2, PB3, PB4, PB5, PB6, PB7,
    PB8, PB9, PB10, PB11, PB12, PB13, PB14, PB15,
    PC0, PC1, PC2, PC3, PC4, PC5, PC6, PC7,
    PC8, PC9, PC10, PC11, PC12, PC13, PC14, PC15,
};
// clang-format on

static inline unsigned board_port(enum board_pin pin)
{
    return (unsigned)pin / 16; // 0: A
}

static inline unsigned board_number(enum board_pin pin)
{
    return (unsigned)pin % 16;
}

// What is on OSC_IN.
struct board_hse {
    uint32_t hz; // 0: nothing
    bool bypass; // a clock, not a crystal
};

struct board_console {
    uint8_t usart; // 1 or 2
    enum board_pin tx;
    enum board_pin rx;
    uint8_t alternate; // the pins' alternate function number
    uint32_t baud;
};

// A chip on an SPI. Several may share the same one.
struct board_spi {
    uint8_t spi;       // 1 or 2
    uint8_t alternate; // the pins' alternate function number; F1 has none
    enum board_pin sck;
    enum board_pin miso;
    enum board_pin mosi;
    enum board_pin cs; // low selects
};

struct board {
    struct board_hse hse;
    struct board_console console;
    struct board_spi w25q;      // of layouts "external"
    struct board_spi sd;        // a card's socket; empty is allowed
    uint32_t trial_watchdog_ms; // of the watchdog that trials run under
    enum board_pin red_led;     // the bootloader's; lit when high
    enum board_pin app_led;     // the application's; lit when high
    enum board_pin button;      // to ground, needs the internal pull-up
};

extern const struct board board;

#endif
