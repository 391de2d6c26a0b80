// SPDX-License-Identifier: MIT
//
// The transport of the GDB remote protocol: packets "$data#checksum" over TCP.

#ifndef VBOARD_GDB_LINK_H
#define VBOARD_GDB_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define GDB_PACKET 4096

struct gdb_link {
    int socket;
    char packet[GDB_PACKET + 1]; // the last one received, with a final 0
    size_t length;
    bool lost;
};

// Waits for a connection on 127.0.0.1. 0, or -1 with a message on log.
int gdb_link_open(struct gdb_link *link, int port, FILE *log);
void gdb_link_close(struct gdb_link *link);
// Waits for the next packet; false when the connection is lost.
bool gdb_link_receive(struct gdb_link *link);
void gdb_link_send(struct gdb_link *link, const char *text);
// Waits so many milliseconds for the interrupt (Ctrl-C), which is a single
// byte outside of packets; true also when the connection is lost.
bool gdb_link_interrupted(struct gdb_link *link, int ms);

#endif
