// SPDX-License-Identifier: MIT

#include "port.h"

#include "cortex_m.h"
#include "registers.h"
#include "wait.h"

// Polls while one byte is on the way. At the slowest it takes 8 * 256 cycles of
// an APB, which are up to 8192 of the core, and a poll takes 4 or more. No
// interrupt is taken meanwhile.
#define PATIENCE 10000u
#define BYTE_US  100

static const struct stm32_spi_bus *bus_of(const struct ota_bus *bus)
{
    return (const struct stm32_spi_bus *)bus;
}

static void select_chip(const struct ota_bus *bus)
{
    stm32_pin_write(bus_of(bus)->place->cs, false);
}

// There is one buffer each way and no FIFO. A byte is written while the one
// before is on the way, so that the clock does not pause (RM0390 26.3.9, RM0008
// 25.3.5); then the one before must be fetched within a byte's time, or it is
// lost. No interrupt comes between the two, only while the byte on the way is
// the last one written. Where it does (a debugger, code without privileges)
// OVR drops a byte; the reads here clear it, one byte is missing in the end,
// and that is an error.
//
// The rate is set each time: the bus before may have had another. It may be
// changed while nothing is on the way (RM0390 26.7.1, RM0008 25.5.1: BR).
static int transfer(const struct ota_bus *bus, const void *out, void *in,
                    size_t len)
{
    struct spi_regs *spi = bus_of(bus)->spi;
    const uint8_t *from = out;
    uint8_t *to = in;
    const uint32_t mask = interrupt_mask();
    uint32_t left = 1;
    spi->CR1 = bus_of(bus)->cr1;
    // what is expected of the first: that it has left the buffer
    uint32_t flags = SPI_SR_TXE;
    for (size_t i = 0; left > 0 && i <= len; i++) {
        left = PATIENCE;
        interrupts_off();
        if (i < len) {
            spi->DR = from ? from[i] : 0xFF;
        }
        while ((spi->SR & flags) != flags && --left > 0) {
        }
        uint8_t byte = (uint8_t)spi->DR;
        set_interrupt_mask(mask);
        if (to && i > 0) {
            to[i - 1] = byte;
        }
        flags = SPI_SR_TXE | SPI_SR_RXNE;
    }
    return left > 0 ? OTA_OK : OTA_ERR_FLASH_DEVICE;
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
