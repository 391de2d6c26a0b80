// SPDX-License-Identifier: MIT

#include "events_json.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

int events_json_open(struct events_json *events, const char *path)
{
    *events = (struct events_json){0};
    if (!path) {
        return 0;
    }
    events->file = fopen(path, "w");
    if (!events->file) {
        fprintf(stderr, "vboard: --events %s: cannot be made: %s\n", path,
                strerror(errno));
        return -1;
    }
    // others may be following the file
    setvbuf(events->file, NULL, _IOLBF, BUFSIZ);
    return 0;
}

static void begin(FILE *file, uint64_t time, const char *event)
{
    fprintf(file, "{\"time\": %llu.%06llu, \"event\": \"%s\"", time / VBOARD_S,
            time % VBOARD_S / VBOARD_US, event);
}

static void write_string(FILE *file, const char *text, size_t len)
{
    fputc('"', file);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') {
            fprintf(file, "\\%c", c);
        } else if (c < 0x20 || c >= 0x7F) {
            fprintf(file, "\\u%04x", c);
        } else {
            fputc(c, file);
        }
    }
    fputc('"', file);
}

static void write_text(FILE *file, const char *name, const char *text)
{
    fprintf(file, ", \"%s\": ", name);
    write_string(file, text ? text : "", text ? strlen(text) : 0);
}

// A text whose parts are separated by ", ", as an array of texts.
static void write_list(FILE *file, const char *name, const char *text)
{
    fprintf(file, ", \"%s\": [", name);
    while (text && *text) {
        const char *comma = strstr(text, ", ");
        write_string(file, text, comma ? (size_t)(comma - text) : strlen(text));
        fputs(comma ? ", " : "", file);
        text = comma ? comma + 2 : NULL;
    }
    fputc(']', file);
}

static void write_line(struct events_json *events, unsigned uart, uint64_t time,
                       bool complete)
{
    struct uart_line *line = &events->line[uart - 1];
    if (line->len > 0 && line->text[line->len - 1] == '\r') {
        line->len--;
    }
    begin(events->file, time, "uart");
    fprintf(events->file, ", \"uart\": %u, \"line\": ", uart);
    write_string(events->file, line->text, line->len);
    fprintf(events->file, ", \"complete\": %s}\n", complete ? "true" : "false");
    line->len = 0;
}

static void take_byte(struct events_json *events, unsigned uart, uint64_t time,
                      char byte)
{
    if (uart < 1 || uart > UARTS) {
        return;
    }
    struct uart_line *line = &events->line[uart - 1];
    if (byte == '\n') {
        write_line(events, uart, time, true);
        return;
    }
    if (line->len == UART_LINE) {
        write_line(events, uart, time, false);
    }
    line->text[line->len++] = byte;
}

// What only this kind of event has.
static void write_details(FILE *file, const struct vboard_event *event)
{
    switch (event->kind) {
    case VBOARD_EVENT_RESET:
        write_text(file, "cause", event->text);
        fprintf(file, ", \"csr\": \"0x%08" PRIx32 "\"", event->value);
        break;
    case VBOARD_EVENT_PIN:
        write_text(file, "pin", event->text);
        fprintf(file, ", \"level\": %" PRIu32, event->value);
        break;
    case VBOARD_EVENT_FLASH:
        fprintf(file,
                ", \"device\": \"%s\", \"op\": \"%s\", \"number\": %" PRIu64
                ", \"address\": \"0x%08" PRIx32 "\", \"size\": %" PRIu32,
                event->unit ? "w25q" : "internal",
                event->op == VBOARD_ERASE ? "erase" : "program", event->number,
                event->address, event->size);
        break;
    case VBOARD_EVENT_VIOLATION:
    case VBOARD_EVENT_FAULT:
        write_text(file, "text", event->text);
        fprintf(file, ", \"address\": \"0x%08" PRIx32 "\"", event->address);
        break;
    case VBOARD_EVENT_HANDOVER:
        fprintf(file, ", \"vtor\": \"0x%08" PRIx32 "\", \"count\": %" PRIu32,
                event->address, event->value);
        write_list(file, "differences", event->text);
        break;
    case VBOARD_EVENT_POWER_CUT:
        write_text(file, "how", event->text);
        fprintf(file, ", \"number\": %" PRIu64, event->number);
        break;
    case VBOARD_EVENT_UART:
        break;
    }
}

void events_json_write(struct events_json *events,
                       const struct vboard_event *event)
{
    static const char *const names[] = {
        [VBOARD_EVENT_RESET] = "reset",
        [VBOARD_EVENT_PIN] = "pin",
        [VBOARD_EVENT_UART] = "uart",
        [VBOARD_EVENT_FLASH] = "flash",
        [VBOARD_EVENT_VIOLATION] = "violation",
        [VBOARD_EVENT_HANDOVER] = "handover",
        [VBOARD_EVENT_FAULT] = "fault",
        [VBOARD_EVENT_POWER_CUT] = "power-cut",
    };
    if (!events->file) {
        return;
    }
    if (event->kind == VBOARD_EVENT_UART) {
        take_byte(events, event->unit, event->time, (char)event->value);
        return;
    }
    begin(events->file, event->time, names[event->kind]);
    write_details(events->file, event);
    fputs("}\n", events->file);
}

int events_json_close(struct events_json *events, uint64_t time,
                      const char *reason, enum exit_status status)
{
    if (!events->file) {
        return 0;
    }
    for (unsigned uart = 1; uart <= UARTS; uart++) {
        if (events->line[uart - 1].len > 0) {
            write_line(events, uart, time, false);
        }
    }
    begin(events->file, time, "end");
    write_text(events->file, "reason", reason);
    fprintf(events->file, ", \"status\": %d}\n", (int)status);
    bool bad = ferror(events->file) != 0;
    bad = fclose(events->file) != 0 || bad;
    events->file = NULL;
    if (bad) {
        fprintf(stderr, "vboard: --events: not all could be written; is the "
                        "disk full?\n");
        return -1;
    }
    return 0;
}
