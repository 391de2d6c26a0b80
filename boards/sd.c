// SPDX-License-Identifier: MIT

#include "devices.h"

// Until the card is ready, and then (Physical Layer Simplified Specification
// 4.2.1 and 6.6: default speed).
#define SLOW_HZ 400000
#define FAST_HZ 25000000

static struct stm32_spi_bus slow, fast;

struct ota_sd board_sd;

void board_sd_start(const struct stm32_clocks *clocks)
{
    stm32_spi_init(&slow, &board.sd, clocks, SLOW_HZ);
    stm32_spi_init(&fast, &board.sd, clocks, FAST_HZ);
    ota_sd_init(&board_sd, &slow.bus, &fast.bus, stm32_millis);
}
