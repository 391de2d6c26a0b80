// SPDX-License-Identifier: MIT
//
// Writes what happens on the board to a file, one JSON object a line. Every
// object has "time", in seconds since the first power-on, and "event":
//
//   reset       "cause": the flags of RCC_CSR by name, "csr": their value
//   pin         "pin": "PA4", "level": 0 or 1
//   uart        "uart": 1 or 2, "line": without its end, "complete": false for
//               what was left when the run ended
//   flash       "op": "program" or "erase", "number", "address", "size"
//   violation   "text", "address": that was accessed
//   fault       "text", "address": of the instruction
//   handover    "vtor", "count": of registers that differ from reset,
//               "differences": an array of texts that name them
//   power-cut   "how": "before", "torn" or "after" an operation, at a "time" or
//               by a low "supply"; "number": of the flash operation, or 0
//   end         "reason", "status": of the command
//
// Addresses are texts ("0x08010000"), times have microseconds. A UART byte
// beyond ASCII is written as the character U+0080 to U+00FF: nothing is lost.

#ifndef VBOARD_EVENTS_JSON_H
#define VBOARD_EVENTS_JSON_H

#include <stdio.h>

#include "options.h"
#include "vboard.h"

#define UART_LINE 512 // longer ones are split

struct uart_line {
    char text[UART_LINE];
    size_t len;
};

struct events_json {
    FILE *file; // NULL: not asked for
    struct uart_line line[UARTS];
};

// path NULL: no events. 0, or -1 with a message on stderr.
int events_json_open(struct events_json *events, const char *path);
void events_json_write(struct events_json *events,
                       const struct vboard_event *event);
// Writes what is left and "end". 0, or -1 with a message on stderr if any part
// could not be written.
int events_json_close(struct events_json *events, uint64_t time,
                      const char *reason, enum exit_status status);

#endif
