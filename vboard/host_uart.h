// SPDX-License-Identifier: MIT
//
// The other end of a UART's wire, on the host: stdio, a pseudo-terminal, a file
// or a TCP port on 127.0.0.1. What the firmware sends before anybody has
// connected, or faster than they read, waits in a buffer; when that is full it
// is lost, as on a wire.

#ifndef VBOARD_HOST_UART_H
#define VBOARD_HOST_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

#include "values.h"

#define UART_BUFFER 4096

struct host_uart {
    enum uart_kind kind;
    unsigned number; // 1 is USART1
    int in, out;     // -1: nothing there, or nobody yet
    int other;       // listening socket, or the terminal's side of the pty
    bool live;       // a person or program answers in real time
    bool heard;      // input has been looked for
    bool broken;     // output was lost that should not be
    bool terminal;   // the terminal on stdin has to be put back
    struct termios saved;
    size_t waiting; // bytes in buffer
    uint8_t buffer[UART_BUFFER];
};

// Opens it and says on stderr where to connect. 0, or -1 with a message there.
int host_uart_open(struct host_uart *uart, unsigned number,
                   const struct uart_end *end);
// Sends what it can of the rest, closes, puts the terminal back. 0, or -1 with
// a message when output was lost that should not have been (stdio, file).
int host_uart_close(struct host_uart *uart);

// A byte from the firmware.
void host_uart_put(struct host_uart *uart, uint8_t byte);
// Passes on what put has gathered; to be called now and then. 0, or -1 with a
// message when nobody can read it any more (stdio, file).
int host_uart_flush(struct host_uart *uart);
// Bytes for the firmware, 0 if there are none now. Does not wait.
size_t host_uart_get(struct host_uart *uart, uint8_t *data, size_t size);

#endif
