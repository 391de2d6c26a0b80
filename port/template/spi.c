// SPDX-License-Identifier: MIT
//
// The SPI of a generation with FIFOs or with another frame size: it takes the
// place of the shared spi.c. If that one fits, delete this file and take it out
// of OTA_OWN in chip.cmake.

#include "port.h"

static const struct stm32_spi_bus *bus_of(const struct ota_bus *bus)
{
    return (const struct stm32_spi_bus *)bus;
}

static void select_chip(const struct ota_bus *bus)
{
    stm32_pin_write(bus_of(bus)->place->cs, false);
}

// FILL: bus->cr1 first, with the rate: the bus before may have had another.
// Then byte for byte, each wait bounded by a count; out NULL: 0xFF; in NULL:
// dropped.
static int transfer(const struct ota_bus *bus, const void *out, void *in,
                    size_t len)
{
    (void)bus;
    (void)out;
    (void)in;
    (void)len;
    return OTA_ERR_FLASH_DEVICE;
}

// FILL: before, wait (bounded) for the last bit.
static void deselect_chip(const struct ota_bus *bus)
{
    stm32_pin_write(bus_of(bus)->place->cs, true);
}

// FILL: clock on (RCC), cr1 as a master in mode 0 with the fastest rate that
// max_hz and SPI_MAX_HZ allow, written before the pins are switched over by
// stm32_pin_alternate, MISO as an input.
void stm32_spi_init(struct stm32_spi_bus *bus, const struct board_spi *place,
                    const struct stm32_clocks *clocks, uint32_t max_hz)
{
    (void)clocks;
    (void)max_hz;
    // first of all: what clocks the others is not for this one
    stm32_pin_output(place->cs, true);
    *bus = (struct stm32_spi_bus){
        .bus = {select_chip, transfer, deselect_chip},
        .place = place,
    };
}
