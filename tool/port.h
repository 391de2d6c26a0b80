// SPDX-License-Identifier: MIT
//
// The line to a board: a serial device, or the virtual board's TCP port.

#ifndef PORT_H
#define PORT_H

#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

#include "tool.h"

struct port {
    const char *name;
    int fd;
    bool is_device;       // else a socket
    struct termios saved; // of the device
    uint8_t buffer[256];  // read and not yet taken
    size_t next, count;
};

// What port_get returns beside bytes.
enum {
    PORT_SILENT = -1,      // nothing in that time
    PORT_GONE = -2,        // unplugged, or the other side has closed
    PORT_INTERRUPTED = -3, // Ctrl-C, or asked to end
};

// Whether a device can be set to this speed.
bool port_knows_baud(uint32_t baud);

// Opens name: "tcp:PORT" (of this machine), or a device, which is set to 8 data
// bits, no parity, no flow control at this speed. From then on Ctrl-C no longer
// ends the program: port_get tells of it. STATUS_OK, or what is wrong has been
// said.
enum status port_open(struct port *port, const char *name, uint32_t baud);

// Sends what is under way and leaves the device as it was.
void port_close(struct port *port);

// The next byte, or one of the above.
int port_get(struct port *port, int timeout_ms);

// Whether all bytes could be sent.
bool port_put(struct port *port, const void *data, size_t size);

#endif
