// SPDX-License-Identifier: MIT

#include "board.h"

// The F1's pins have no alternate function numbers: 0.
#define CONSOLE_USART1 1, PA9, PA10, 0, 115200
#define CONSOLE_USART2 2, PA2, PA3, 0, 115200

const struct board board = {
    .hse = {8000000, false}, // the crystal
    .console = {BOARD_CONSOLE},
    .w25q = {2, 0, PB13, PB14, PB15, PB12},
    .sd = {1, 0, PA5, PA6, PA7, PB5},
    // twice the longest that ota_stage_write may take: two blocks of the W25Q
    // of 2 s
    .trial_watchdog_ms = 8000,
    .red_led = PA4,
    .app_led = PA1,
    .button = PA8, // to ground
};
