// SPDX-License-Identifier: MIT

#include "board.h"

// Pins of the reference system: D8 (TX) and D2 of the Arduino header.
#define CONSOLE_USART1 1, PA9, PA10, 7, 115200
// The Nucleo's own USB port: the ST-LINK's virtual COM port.
#define CONSOLE_USART2 2, PA2, PA3, 7, 115200

const struct board board = {
    .hse = {8000000, true}, // the ST-LINK's MCO, connected on delivery
    .console = {BOARD_CONSOLE},
    .w25q = {2, 5, PB13, PB14, PB15, PB12},
    // D13, D12, D11; chip select D4, as on Arduino shields
    .sd = {1, 5, PA5, PA6, PA7, PB5},
    // twice the longest that ota_stage_write may take: two sectors of 2 s
    .trial_watchdog_ms = 8000,
    .red_led = PA4, // A2
    .app_led = PA1, // A1
    .button = PA8,  // D7, to ground
};
