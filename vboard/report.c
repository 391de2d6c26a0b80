// SPDX-License-Identifier: MIT

#include <inttypes.h>
#include <stdarg.h>

#include "state.h"

void send_event(struct vboard *board, struct vboard_event *event)
{
    event->time = now(board);
    board->events++;
    if (board->config.event) {
        board->config.event(board->config.context, event);
    }
}

void violation(struct vboard *board, uint32_t address, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);

    uint64_t us = now(board) / VBOARD_US;
    fprintf(board->log,
            "vboard: %" PRIu64 ".%06" PRIu64 " s, PC 0x%08" PRIX32
            ": %s (address 0x%08" PRIX32 ")\n",
            us / 1000000, us % 1000000, cpu_pc(board), text, address);
    struct vboard_event event = {
        .kind = VBOARD_EVENT_VIOLATION, .text = text, .address = address};
    send_event(board, &event);
    idle_broken(board); // laps of a polling loop that were skipped report none
    if (!board->config.lenient) {
        cpu_end(board, STOPPED_VIOLATION);
    }
}
