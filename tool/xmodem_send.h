// SPDX-License-Identifier: MIT
//
// The sender's side of XMODEM-1K and YMODEM (Forsberg 1988), with CRC-16.

#ifndef XMODEM_SEND_H
#define XMODEM_SEND_H

#include "console.h"
#include "port.h"

// A block is sent so often before the transfer is given up.
#define SEND_TRIES 10

struct sending {
    struct port *port;
    struct console *console;
    const char *name; // of the file, for YMODEM; NULL: XMODEM-1K
    const uint8_t *data;
    size_t size;
    int wait_ms;   // for the receiver to ask, and for each of its answers
    bool nak_seen; // out: while waiting, somebody asked for checksums
};

enum sent {
    SENT,
    SENT_NOBODY,      // nobody asked for a file
    SENT_CANCELLED,   // by the receiver
    SENT_ERRORS,      // too many in a row
    SENT_SILENCE,     // the receiver stopped answering
    SENT_GONE,        // the port went away
    SENT_INTERRUPTED, // by the user; the receiver has been told
};

// Waits for a receiver and sends it the file. What comes before and between is
// shown as the board's text.
enum sent xmodem_send(struct sending *sending);

#endif
