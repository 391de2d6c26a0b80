// SPDX-License-Identifier: MIT

#include "vboard_bus.h"

#include "internal.h"

#define CALL_TIME   (100 * VBOARD_NS) // of a driver's way to the pin and back
#define MILLIS_TIME (10 * VBOARD_US)

static struct vboard *last_opened;

static struct vboard_bus *bus_of(const struct ota_bus *bus)
{
    return (struct vboard_bus *)bus;
}

static void set_select(const struct ota_bus *bus, bool selected)
{
    struct vboard_bus *own = bus_of(bus);
    own->selected = selected;
    vboard_bus_wait(own->board, CALL_TIME);
    own->slave->select(own->board, selected);
    vboard_bus_wait(own->board, CALL_TIME);
}

static void bus_select(const struct ota_bus *bus)
{
    set_select(bus, true);
}

static void bus_deselect(const struct ota_bus *bus)
{
    set_select(bus, false);
}

static uint8_t clock_byte(struct vboard_bus *bus, uint8_t mosi)
{
    const struct spi_frame frame = {.mosi = mosi, .hz = bus->hz};
    vboard_bus_wait(bus->board, 8 * VBOARD_S / bus->hz);
    bus->bytes++;
    int miso = bus->slave->clock(bus->board, &frame, bus->selected);
    return miso == SPI_FLOATING ? bus->floating : (uint8_t)miso;
}

static int bus_transfer(const struct ota_bus *bus, const void *out, void *in,
                        size_t len)
{
    struct vboard_bus *own = bus_of(bus);
    const uint8_t *send = out;
    uint8_t *receive = in;
    for (size_t i = 0; i < len; i++) {
        if (own->error || cpu_ended(own->board)) {
            return own->error ? own->error : OTA_ERR_FLASH_DEVICE;
        }
        uint8_t byte = clock_byte(own, send ? send[i] : 0xFF);
        if (receive) {
            receive[i] = byte;
        }
    }
    return 0;
}

void vboard_bus_open(struct vboard_bus *bus, struct vboard *board,
                     const struct spi_slave *slave, uint32_t hz)
{
    *bus = (struct vboard_bus){
        .bus = {bus_select, bus_transfer, bus_deselect},
        .board = board,
        .slave = slave,
        .hz = hz,
        .floating = 0xFF,
    };
    last_opened = board;
}

void vboard_bus_wait(struct vboard *board, uint64_t time)
{
    stall(board, time);
}

uint32_t vboard_bus_millis(void)
{
    vboard_bus_wait(last_opened, MILLIS_TIME);
    return (uint32_t)(vboard_time(last_opened) / VBOARD_MS);
}
