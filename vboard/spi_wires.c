// SPDX-License-Identifier: MIT
//
// The chips on the SPI buses: where they are connected, who is selected and who
// drives MISO. Each chip select has a pull-up, as modules have: a pin that
// floats does not select.

#include "spi.h"

static const struct spi_wire *wire_of(const struct vboard *board,
                                      const struct spi_slave *slave)
{
    for (unsigned i = 0; i < SPI_CHIPS; i++) {
        if (board->wire[i].slave == slave) {
            return &board->wire[i];
        }
    }
    return NULL;
}

bool spi_is_attached(const struct vboard *board, const struct spi_slave *slave)
{
    return wire_of(board, slave) != NULL;
}

/// Connecting ///

static int refuse(const struct vboard *board, const struct spi_slave *slave,
                  const char *what, const char *pin)
{
    fprintf(board->log, "vboard: %s cannot be connected: %s%s\n", slave->name,
            what, pin);
    return -1;
}

static bool is_taken(const struct vboard *board, const struct spi_wire *wire)
{
    for (unsigned i = 0; i < SPI_CHIPS; i++) {
        const struct spi_wire *other = &board->wire[i];
        if (other->slave && other->slave != wire->slave &&
            other->port == wire->port && other->pin == wire->pin) {
            return true;
        }
    }
    return false;
}

static void put(struct vboard *board, const struct spi_wire *wire)
{
    unsigned slot = 0;
    while (board->wire[slot].slave && board->wire[slot].slave != wire->slave) {
        slot++;
    }
    board->wire[slot] = *wire;
    board->state.device.chips.selected[slot] = false;
    board->state.device.chips.cut[slot] = false;
    spi_pins_follow(board, wire->port);
}

static void disconnect(struct vboard *board, const struct spi_slave *slave)
{
    for (unsigned i = 0; i < SPI_CHIPS; i++) {
        if (board->wire[i].slave == slave) {
            board->wire[i].slave = NULL;
        }
    }
}

int spi_attach(struct vboard *board, const struct spi_slave *slave,
               const struct vboard_spi_place *place,
               const struct vboard_spi_place *usual)
{
    place = place ? place : usual;
    if (place->spi == 0) {
        disconnect(board, slave);
        return 0;
    }
    if (place->spi != 1 && place->spi != 2) {
        return refuse(board, slave, "there are SPI1 and SPI2", "");
    }
    const char *cs = place->cs ? place->cs : usual->cs;
    struct spi_wire wire = {.slave = slave, .spi = (unsigned)place->spi};
    if (!pin_named(board, cs, &wire.port, &wire.pin)) {
        return refuse(board, slave, "the chip has no pin ", cs);
    }
    if (is_taken(board, &wire)) {
        return refuse(board, slave, "another chip is selected by ", cs);
    }
    put(board, &wire);
    return 0;
}

void spi_power(struct vboard *board, bool on)
{
    for (unsigned i = 0; i < SPI_CHIPS; i++) {
        if (board->wire[i].slave) {
            board->wire[i].slave->power(board, on);
        }
    }
}

/// Chip selects ///

bool spi_is_select(const struct vboard *board, unsigned port, unsigned pin)
{
    for (unsigned i = 0; i < SPI_CHIPS; i++) {
        const struct spi_wire *wire = &board->wire[i];
        if (wire->slave && wire->port == port && wire->pin == pin) {
            return true;
        }
    }
    return false;
}

static void cut(struct vboard *board, unsigned slot)
{
    const struct spi_slave *slave = board->wire[slot].slave;
    board->state.device.chips.cut[slot] = true;
    if (slave->cut) {
        slave->cut(board);
    }
}

// A select that changes in the middle of a frame lets some bits through.
static void select_chip(struct vboard *board, unsigned slot, bool selected)
{
    const struct spi_wire *wire = &board->wire[slot];
    bool shifting = spi_is_shifting(board, wire->spi);
    if (shifting) {
        violation(board, 0,
                  "chip select P%c%u of %s changes while SPI%u shifts a frame; "
                  "wait until BSY is clear",
                  (char)('A' + wire->port), wire->pin, wire->slave->name,
                  wire->spi);
    }
    if (shifting && !selected) {
        cut(board, slot);
    }
    board->state.device.chips.selected[slot] = selected;
    wire->slave->select(board, selected);
    if (shifting && selected) {
        cut(board, slot);
    }
}

void spi_pins_follow(struct vboard *board, unsigned port)
{
    for (unsigned i = 0; i < SPI_CHIPS; i++) {
        const struct spi_wire *wire = &board->wire[i];
        if (!wire->slave || wire->port != port) {
            continue;
        }
        bool selected = gpio_meter(board, port, wire->pin) == 0;
        if (selected != board->state.device.chips.selected[i]) {
            select_chip(board, i, selected);
        }
    }
}

/// Data ///

int spi_clock(struct vboard *board, unsigned spi, const struct spi_frame *frame)
{
    const struct chips_state *chips = &board->state.device.chips;
    const struct spi_slave *driver = NULL;
    int miso = SPI_FLOATING;
    for (unsigned i = 0; i < SPI_CHIPS; i++) {
        const struct spi_wire *wire = &board->wire[i];
        if (!wire->slave || wire->spi != spi || chips->cut[i]) {
            continue;
        }
        int byte = wire->slave->clock(board, frame, chips->selected[i]);
        if (byte == SPI_FLOATING) {
            continue;
        }
        if (driver) {
            violation(board, 0, "%s and %s drive MISO of SPI%u both",
                      driver->name, wire->slave->name, spi);
            byte &= miso; // a low output usually wins
        }
        driver = wire->slave;
        miso = byte;
    }
    return miso;
}

void spi_frame_over(struct vboard *board, unsigned spi)
{
    for (unsigned i = 0; i < SPI_CHIPS; i++) {
        if (board->wire[i].spi == spi) {
            board->state.device.chips.cut[i] = false;
        }
    }
}

void spi_clock_stops(struct vboard *board, unsigned spi)
{
    for (unsigned i = 0; i < SPI_CHIPS; i++) {
        if (board->wire[i].slave && board->wire[i].spi == spi) {
            cut(board, i);
        }
    }
    spi_frame_over(board, spi);
}
