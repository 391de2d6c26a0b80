// SPDX-License-Identifier: MIT
//
// The wires between the SPI controllers (spi.c), the pins (gpio.c) and the
// chips on the buses (spi_wires.c).

#ifndef VBOARD_SPI_H
#define VBOARD_SPI_H

#include "spi_slave.h"
#include "state.h"

/// spi_wires.c ///

// Connects a chip where place says, or in the usual place for what it leaves
// open; a place with spi 0 disconnects it. 0, or -1 with a message on log.
int spi_attach(struct vboard *board, const struct spi_slave *slave,
               const struct vboard_spi_place *place,
               const struct vboard_spi_place *usual);
bool spi_is_attached(const struct vboard *board, const struct spi_slave *slave);
// The supply of all chips.
void spi_power(struct vboard *board, bool on);
// One byte over the wires of a controller: what is on MISO, or SPI_FLOATING.
int spi_clock(struct vboard *board, unsigned spi,
              const struct spi_frame *frame);
// The frame of which these bytes were a part is over.
void spi_frame_over(struct vboard *board, unsigned spi);
// The clock stops in the middle of a frame: no chip has got all of its bits.
void spi_clock_stops(struct vboard *board, unsigned spi);

/// spi.c ///

// Whether a frame is under way.
bool spi_is_shifting(const struct vboard *board, unsigned spi);
// Before the reset of all devices: stops what is under way.
void spi_stop(struct vboard *board);

#endif
