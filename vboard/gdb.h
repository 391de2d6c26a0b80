// SPDX-License-Identifier: MIT
//
// A GDB server for the virtual board:
//
//     vboard_power_on(board);
//     int end = vboard_gdb_serve(board, 3333);
//
//     (gdb) target remote :3333
//     (gdb) break main
//     (gdb) continue
//
// "monitor reset" presses the reset button; "load" writes the flash. While the
// firmware runs, virtual time does not outrun wall time.

#ifndef VBOARD_GDB_H
#define VBOARD_GDB_H

#include "vboard.h"

// Waits on 127.0.0.1 for a debugger and obeys it. 0 when it has detached or
// gone: the board may run on; 1 when it has killed the board; -1 when the port
// cannot be used, with a message on the log.
int vboard_gdb_serve(struct vboard *board, int port);

#endif
