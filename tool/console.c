// SPDX-License-Identifier: MIT

#include "console.h"

#include <stdio.h>
#include <unistd.h>

#define BAR_WIDTH 40

void console_init(struct console *console)
{
    *console = (struct console){
        .is_terminal = isatty(STDOUT_FILENO) == 1,
        .percent = -1,
    };
}

void console_end_progress(struct console *console)
{
    if (console->bar_shown) {
        putchar('\n');
        console->bar_shown = false;
    }
}

void console_end_line(struct console *console)
{
    if (console->used > 0) {
        console_end_progress(console);
        printf("board: %.*s\n", (int)console->used, console->line);
        fflush(stdout);
        console->used = 0;
    }
}

void console_text(struct console *console, uint8_t byte)
{
    if (byte == '\n' || byte == '\r') {
        console_end_line(console);
    } else if (byte >= ' ' && byte != 0x7F) {
        console->line[console->used++] = (char)byte;
        if (console->used == sizeof console->line) {
            console_end_line(console);
        }
    }
}

static void show_bar(struct console *console)
{
    char bar[BAR_WIDTH + 1];
    int full = console->percent * BAR_WIDTH / 100;
    for (int i = 0; i < BAR_WIDTH; i++) {
        bar[i] = i < full ? '#' : '.';
    }
    bar[BAR_WIDTH] = '\0';
    printf("\r[%s] %3d %%", bar, console->percent);
    console->bar_shown = true;
}

void console_progress(struct console *console, size_t done, size_t total)
{
    int percent = (int)((uint64_t)done * 100 / total);
    if (!console->is_terminal) {
        percent -= percent % 10;
    }
    if (percent == console->percent) {
        return;
    }
    console->percent = percent;
    if (console->is_terminal) {
        show_bar(console);
    } else {
        printf("%d %%\n", percent);
    }
    fflush(stdout);
}
