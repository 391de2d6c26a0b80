// SPDX-License-Identifier: MIT

#include "board.h"

// Pins of the reference system: D8 (TX) and D2 of the Arduino header.
#define CONSOLE_USART1 1, {'A', 9}, {'A', 10}, 7, 115200
// The Nucleo's own USB port: the ST-LINK's virtual COM port.
#define CONSOLE_USART2 2, {'A', 2}, {'A', 3}, 7, 115200

const struct board board = {
    .hse = {8000000, true}, // the ST-LINK's MCO, connected on delivery
    .console = {BOARD_CONSOLE},
    .w25q = {2, 5, {'B', 13}, {'B', 14}, {'B', 15}, {'B', 12}},
    // D13, D12, D11; chip select D4, as on Arduino shields
    .sd = {1, 5, {'A', 5}, {'A', 6}, {'A', 7}, {'B', 5}},
    // twice the longest that ota_stage_write may take: two sectors of 2 s
    .trial_watchdog_ms = 8000,
    .red_led = {'A', 4}, // A2
    .app_led = {'A', 1}, // A1
    .button = {'A', 8},  // D7, to ground
};
