// SPDX-License-Identifier: MIT

#include "board.h"

// The F1's pins have no alternate function numbers: 0.
#define CONSOLE_USART1 1, {'A', 9}, {'A', 10}, 0, 115200
#define CONSOLE_USART2 2, {'A', 2}, {'A', 3}, 0, 115200

const struct board board = {
    .hse = {8000000, false}, // the crystal
    .console = {BOARD_CONSOLE},
    .w25q = {2, 0, {'B', 13}, {'B', 14}, {'B', 15}, {'B', 12}},
    .sd = {1, 0, {'A', 5}, {'A', 6}, {'A', 7}, {'B', 5}},
    // twice the longest that ota_stage_write may take: two blocks of the W25Q
    // of 2 s
    .trial_watchdog_ms = 8000,
    .red_led = {'A', 4},
    .app_led = {'A', 1},
    .button = {'A', 8}, // to ground
};
