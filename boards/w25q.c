// SPDX-License-Identifier: MIT
//
// The W25Q64 that SLOT_DEVICE w25q64_flash means.

#include "devices.h"
#include "ota/w25q.h"

extern const struct ota_flash w25q64_flash;

#define MAX_HZ 50000000 // of command 03h (W25Q64JV data sheet, 9.6)

static struct stm32_spi_bus bus;

static const struct ota_w25q chip = {&bus.bus, stm32_millis, stm32_supply_ok};

const struct ota_flash w25q64_flash = OTA_W25Q64_FLASH(&chip);

void board_w25q_start(const struct stm32_clocks *clocks)
{
    stm32_spi_init(&bus, &board.w25q, clocks, MAX_HZ);
}
