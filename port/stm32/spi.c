// SPDX-License-Identifier: MIT

#include "port.h"

#include "registers.h"
#include "wait.h"

// Polls while one byte is on the way; at the slowest, 36 MHz / 256, it takes
// 57 us, and a poll some nanoseconds.
#define PATIENCE 100000u
#define BYTE_US  100

static const struct stm32_spi_bus *bus_of(const struct ota_bus *bus)
{
    return (const struct stm32_spi_bus *)bus;
}

static void select_chip(const struct ota_bus *bus)
{
    stm32_pin_write(bus_of(bus)->place->cs, false);
}

// A byte goes out when the one before has been fetched: there is no FIFO, and
// an interrupt between the two must not lose one. The rate is set each time:
// the bus before may have had another. It may be changed while nothing is on
// the way (RM0390 26.7.1, RM0008 25.5.1: BR).
static int transfer(const struct ota_bus *bus, const void *out, void *in,
                    size_t len)
{
    struct spi_regs *spi = bus_of(bus)->spi;
    const uint8_t *from = out;
    uint8_t *to = in;
    spi->CR1 = bus_of(bus)->cr1;
    for (size_t i = 0; i < len; i++) {
        spi->DR = from ? from[i] : 0xFF;
        uint32_t left = PATIENCE;
        while ((spi->SR & SPI_SR_RXNE) == 0) {
            if (--left == 0) {
                return OTA_ERR_FLASH_DEVICE;
            }
        }
        uint8_t byte = (uint8_t)spi->DR;
        if (to) {
            to[i] = byte;
        }
    }
    return OTA_OK;
}

static void deselect_chip(const struct ota_bus *bus)
{
    (void)stm32_wait(&bus_of(bus)->spi->SR, SPI_SR_BSY, 0, BYTE_US);
    stm32_pin_write(bus_of(bus)->place->cs, true);
}

// BR for the fastest clock that is allowed: hz divided by 2, 4 ... 256.
static uint32_t divider(uint32_t hz, uint32_t max_hz)
{
    uint32_t br = 0;
    for (hz /= 2; hz > max_hz && br < 7; hz /= 2) {
        br++;
    }
    return br << SPI_CR1_BR_POS;
}

void stm32_spi_init(struct stm32_spi_bus *bus, const struct board_spi *place,
                    const struct stm32_clocks *clocks, uint32_t max_hz)
{
    // first of all: what clocks the others is not for this one
    stm32_pin_output(place->cs, true);

    uint32_t clock = clocks->pclk1;
    bus->spi = SPI2;
    if (place->spi == 1) {
        clock = clocks->pclk2;
        bus->spi = SPI1;
        RCC->APB2ENR |= RCC_APB2_SPI1;
    } else {
        RCC->APB1ENR |= RCC_APB1_SPI2;
    }
    bus->bus = (struct ota_bus){select_chip, transfer, deselect_chip};
    bus->place = place;
    // NSS is high inside, or another master would be seen (RM0390 26.3.10,
    // RM0008 25.3.10)
    bus->cr1 = SPI_CR1_MSTR | SPI_CR1_SSM | SPI_CR1_SSI | SPI_CR1_SPE |
               divider(clock, max_hz < SPI_MAX_HZ ? max_hz : SPI_MAX_HZ);
    bus->spi->CR1 = bus->cr1; // before the pins: the clock rests low

    stm32_pin_alternate(place->sck, place->alternate, false);
    stm32_pin_alternate(place->mosi, place->alternate, false);
    // pulled up: without a chip it reads 0xFF
    stm32_pin_alternate(place->miso, place->alternate, true);
}
