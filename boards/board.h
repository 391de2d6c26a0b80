// SPDX-License-Identifier: MIT
//
// What the firmware must know of a board apart from its flash layout. Data
// only: boards/<board>/board.c fills in the one constant.

#ifndef BOARDS_BOARD_H
#define BOARDS_BOARD_H

#include <stdbool.h>
#include <stdint.h>

// PA4 is {'A', 4}.
struct board_pin {
    _Alignas(2) char port; // loaded together with the number
    uint8_t number;
};

// What is on OSC_IN.
struct board_hse {
    uint32_t hz; // 0: nothing
    bool bypass; // a clock, not a crystal
};

struct board_console {
    uint8_t usart; // 1 or 2
    struct board_pin tx;
    struct board_pin rx;
    uint8_t alternate; // the pins' alternate function number
    uint32_t baud;
};

// A chip on an SPI. Several may share the same one.
struct board_spi {
    uint8_t spi;       // 1 or 2
    uint8_t alternate; // the pins' alternate function number; F1 has none
    struct board_pin sck;
    struct board_pin miso;
    struct board_pin mosi;
    struct board_pin cs; // low selects
};

struct board {
    struct board_hse hse;
    struct board_console console;
    struct board_spi w25q;      // of layouts "external"
    struct board_spi sd;        // a card's socket; empty is allowed
    uint32_t trial_watchdog_ms; // of the watchdog that trials run under
    struct board_pin red_led;   // the bootloader's; lit when high
    struct board_pin app_led;   // the application's; lit when high
    struct board_pin button;    // to ground, needs the internal pull-up
};

extern const struct board board;

#endif
