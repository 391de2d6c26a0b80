// SPDX-License-Identifier: MIT

#include "board.h"

// FILL, all of it (boards/board.h). USART, TX, RX, alternate function, baud
// rate.
#define CONSOLE_USART1 1, {'A', 9}, {'A', 10}, 7, 115200
#define CONSOLE_USART2 2, {'A', 2}, {'A', 3}, 7, 115200

const struct board board = {
    .hse = {0, false}, // none: the HSI is used
    .console = {BOARD_CONSOLE},
    .w25q = {2, 5, {'B', 13}, {'B', 14}, {'B', 15}, {'B', 12}},
    .sd = {1, 5, {'A', 5}, {'A', 6}, {'A', 7}, {'B', 5}},
    // twice the longest that ota_stage_write may take: two erase units
    .trial_watchdog_ms = 1000,
    .red_led = {'A', 4},
    .app_led = {'A', 1},
    .button = {'A', 8}, // to ground
};
