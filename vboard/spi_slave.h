// SPDX-License-Identifier: MIT
//
// A chip on an SPI bus of the virtual board: what the SPI controller's model
// (spi.c) and the models of external chips (w25q.c, sd.c) know of each other.
// A chip sees its pins and nothing of the controller, so that any driver can be
// tried on it.

#ifndef VBOARD_SPI_SLAVE_H
#define VBOARD_SPI_SLAVE_H

#include <stdbool.h>
#include <stdint.h>

struct vboard;

// What the master puts on the wires for one byte.
struct spi_frame {
    uint8_t mosi;
    uint8_t mode;   // CPOL * 2 + CPHA
    bool lsb_first; // chips here expect the most significant bit first
    uint32_t hz;    // clock rate
};

// MISO when a chip does not drive it.
#define SPI_FLOATING (-1)

// One kind of chip. Constant; its state is a part of struct device_state.
struct spi_slave {
    const char *name; // "W25Q64", for violations

    // The chip select has changed; now() is the moment.
    void (*select)(struct vboard *board, bool selected);

    // Eight clocks; now() is the moment of the last. Returns what the chip
    // drives on MISO, or SPI_FLOATING. Called while another chip is selected
    // too, and while none is (an SD card wants to see such clocks).
    int (*clock)(struct vboard *board, const struct spi_frame *frame,
                 bool selected);

    // A frame was cut off in the middle: some of its bits have arrived, and
    // clock() is not called for it. NULL: no matter.
    void (*cut)(struct vboard *board);

    // The supply has come (true) or gone (false): contents stay, an operation
    // under way is torn. A reset of the MCU is not told: these chips have no
    // reset pin.
    void (*power)(struct vboard *board, bool on);
};

extern const struct spi_slave w25q_slave, sd_slave;

#endif
