// SPDX-License-Identifier: MIT

#include "chips.h"

#include <string.h>

static const struct chip chips[] = {
    // DS10693, flash memory programming, x32. SPI2 is half of APB1's 42 MHz.
    {"stm32f446re",
     "nucleo_f446re",
     {{16 * 1024, 250}, {64 * 1024, 550}, {128 * 1024, 1000}},
     0.016,
     21e6},
    // DS5319, flash memory characteristics; of the erase it gives no typical
    // time: the least. SPI2 is half of APB1's 36 MHz.
    {"stm32f103c8", "bluepill_f103c8", {{1024, 20}}, 0.0525, 18e6},
};

const struct chip *chip_of(const struct ota_layout *layout)
{
    size_t board = strcspn(layout->name, "-");
    for (size_t i = 0; i < sizeof chips / sizeof chips[0]; i++) {
        if (strncmp(layout->name, chips[i].board, board) == 0) {
            return &chips[i];
        }
    }
    return NULL;
}

static double erase_ms(const struct chip *chip, uint32_t size)
{
    size_t i = 0;
    while (chip->erase[i].size != size) {
        i++;
    }
    return chip->erase[i].ms;
}

double chip_install_ms(const struct chip *chip, const struct ota_layout *layout,
                       uint32_t size)
{
    const struct ota_area *app = &layout->app;
    uint32_t unit = app->flash->geometry->write_unit;
    double ms = (size + unit - 1) / unit * chip->program_ms;
    uint32_t end = OTA_HEADER_SPACE + size;
    for (uint32_t at = 0; at < end && at < app->size;) {
        uint32_t erased = (uint32_t)ota_area_unit_size(app, at);
        ms += erase_ms(chip, erased);
        at += erased;
    }
    if (layout->slot[0].flash != app->flash) {
        ms += size * 8 / chip->spi_hz * 1e3;
    }
    return ms;
}
