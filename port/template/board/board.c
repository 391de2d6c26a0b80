// SPDX-License-Identifier: MIT

#include "board.h"

// FILL, all of it (boards/board.h). USART, TX, RX, alternate function, baud
// rate.
#define CONSOLE_USART1 1, PA9, PA10, 7, 115200
#define CONSOLE_USART2 2, PA2, PA3, 7, 115200

const struct board board = {
    .hse = {0, false}, // none: the HSI is used
    .console = {BOARD_CONSOLE},
    .w25q = {2, 5, PB13, PB14, PB15, PB12},
    .sd = {1, 5, PA5, PA6, PA7, PB5},
    // twice the longest that ota_stage_write may take: two erase units
    .trial_watchdog_ms = 1000,
    .red_led = PA4,
    .app_led = PA1,
    .button = PA8, // to ground
};
