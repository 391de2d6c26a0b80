// SPDX-License-Identifier: MIT
//
// What the user sees of a transfer: lines that the board prints, and how far it
// has come.

#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct console {
    bool is_terminal; // standard output
    bool bar_shown;   // on the last line of it
    int percent;      // shown last
    char line[200];   // of the board, not ended yet
    size_t used;
};

void console_init(struct console *console);

// A byte that the board sent outside of the protocol; whole lines are shown,
// control characters are not.
void console_text(struct console *console, uint8_t byte);

// Shows a line that the board has not ended.
void console_end_line(struct console *console);

// A bar on a terminal; else a line for every 10 %.
void console_progress(struct console *console, size_t done, size_t total);

// After the last progress: what follows begins on a line of its own.
void console_end_progress(struct console *console);

#endif
