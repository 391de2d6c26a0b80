// SPDX-License-Identifier: MIT
//
// An ota_bus whose other end is a chip of the virtual board, without a CPU: the
// test calls a driver, the driver clocks bytes, the board's time goes on by
// eight clocks for each. So the model judges the driver.
//
//     struct vboard *board = vboard_new(&config);
//     vboard_attach_w25q(board, NULL);
//     vboard_power_on(board);
//     struct vboard_bus bus;
//     vboard_bus_open(&bus, board, &w25q_slave, 20000000);
//     vboard_bus_wait(board, 5 * VBOARD_MS); // the chip's power-up
//     struct ota_w25q chip = {&bus.bus, vboard_bus_millis, NULL};
//
// Violations reach config.event; the driver runs on whether config.lenient is
// set or not. Once the power was cut (vboard_cut_at_op, vboard_cut_at_time),
// transfers fail with OTA_ERR_FLASH_DEVICE and time stands still until
// vboard_power_on.

#ifndef VBOARD_BUS_H
#define VBOARD_BUS_H

#include "ota/bus.h"
#include "spi_slave.h"
#include "vboard.h"

struct vboard_bus {
    struct ota_bus bus; // give its address to a driver
    struct vboard *board;
    const struct spi_slave *slave;
    uint32_t hz;
    uint8_t floating; // what is read when the chip does not drive; set to 0xFF
    int error;        // what transfer returns from now on, without a clock; 0
    uint64_t bytes;   // clocked so far
    bool selected;
};

// Several on one board are possible, one per chip or clock rate.
void vboard_bus_open(struct vboard_bus *bus, struct vboard *board,
                     const struct spi_slave *slave, uint32_t hz);

// Lets time pass: picoseconds, as VBOARD_MS.
void vboard_bus_wait(struct vboard *board, uint64_t time);

// For drivers: milliseconds of the board that vboard_bus_open was last called
// with. Each call takes 10 us, so that loops that only wait come to an end.
uint32_t vboard_bus_millis(void);

#endif
