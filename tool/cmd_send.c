// SPDX-License-Identifier: MIT
//
// otatool send: an image over a serial line to the bootloader.

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "names.h"
#include "options.h"
#include "tool.h"
#include "view.h"
#include "xmodem_send.h"

struct arguments {
    const char *image;
    const struct ota_layout *layout;
    const char *port;
    uint32_t baud;
    uint32_t wait;   // s
    uint32_t listen; // s
    bool xmodem;
    bool raw;
};

static const struct argp_option options[] = {
    OPTION_BOARD,
    {.name = "port",
     .key = 'p',
     .arg = "DEV",
     .doc = "Serial device, such as /dev/ttyACM0, or tcp:5000 for vboard's "
            "--uart1 tcp:5000"},
    {.name = "baud",
     .key = KEY_BAUD,
     .arg = "N",
     .doc = "Speed of the device (default: 115200)"},
    {.name = "xmodem",
     .key = KEY_XMODEM,
     .doc = "Send by XMODEM-1K instead of YMODEM"},
    {.name = "wait",
     .key = KEY_WAIT,
     .arg = "SECONDS",
     .doc = "Wait so long for the board to ask for the image, and for each "
            "of its answers (default: 60)"},
    {.name = "listen",
     .key = KEY_LISTEN,
     .arg = "SECONDS",
     .doc = "Show what the board says so long after the transfer; Ctrl-C "
            "stops it early (default: 3)"},
    {.name = "raw",
     .key = KEY_RAW,
     .doc = "Send the file as it is, image or not"},
    {0},
};

static uint32_t seconds(struct argp_state *state, const char *name,
                        const char *arg)
{
    uint32_t number = 0;
    if (!number_parse(arg, 86400, &number)) {
        argp_error(state, "--%s: give seconds, at most 86400, not '%s'", name,
                   arg);
    }
    return number;
}

static void check_usage(struct argp_state *state,
                        const struct arguments *arguments)
{
    if (!arguments->port) {
        argp_error(state, "--port is needed: /dev/ttyACM0, for example");
    }
    if (arguments->raw && arguments->layout) {
        argp_error(state, "--raw checks nothing: leave out --board, or --raw");
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case KEY_BOARD:
        arguments->layout = options_board(state, arg);
        return 0;
    case 'p':
        arguments->port = arg;
        return 0;
    case KEY_BAUD:
        if (!number_parse(arg, UINT32_MAX, &arguments->baud) ||
            !port_knows_baud(arguments->baud)) {
            argp_error(state, "--baud: give 9600, 115200 or the like, not '%s'",
                       arg);
        }
        return 0;
    case KEY_XMODEM:
        arguments->xmodem = true;
        return 0;
    case KEY_WAIT:
        arguments->wait = seconds(state, "wait", arg);
        return 0;
    case KEY_LISTEN:
        arguments->listen = seconds(state, "listen", arg);
        return 0;
    case KEY_RAW:
        arguments->raw = true;
        return 0;
    case ARGP_KEY_END:
        check_usage(state, arguments);
        return 0;
    default:
        return options_one_file(key, arg, state, &arguments->image);
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "IMAGE",
    .doc = "Sends an image to a bootloader over a serial line.\vThe board has "
           "to be in its bootloader and wait for an image. With --board the "
           "image is checked first as that board's bootloader does, without "
           "it only that it is a complete image.",
};

static enum status explain(enum sent sent, const struct sending *sending)
{
    const char *port = sending->port->name;
    switch (sent) {
    case SENT:
        return STATUS_OK;
    case SENT_NOBODY:
        return fail(STATUS_USAGE,
                    "nobody asks for an image on %s: hold the button and press "
                    "reset%s",
                    port,
                    sending->nak_seen
                        ? "; something sent NAK: a receiver of another kind "
                          "has to be told to use CRC"
                        : "; is it the right port and speed?");
    case SENT_CANCELLED:
        return fail(STATUS_BAD,
                    "the board cancelled the transfer: what it said is above; "
                    "otatool verify --board tells whether the image fits");
    case SENT_ERRORS:
        return fail(STATUS_USAGE,
                    "a block was not understood %d times in a row: check the "
                    "cable and --baud, then send again",
                    SEND_TRIES);
    case SENT_SILENCE:
        return fail(STATUS_USAGE,
                    "the board does not answer any more: hold the button, "
                    "press reset and send again");
    case SENT_INTERRUPTED:
        return fail(STATUS_USAGE, "interrupted: the board was told to stop");
    default:
        return fail(STATUS_USAGE,
                    "%s went away: plug the board in and send again", port);
    }
}

// Shows what the board says of the image.
static void listen_to(struct port *port, struct console *console,
                      uint32_t seconds)
{
    struct timespec begin, now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    int64_t left = (int64_t)seconds * 1000;
    while (left > 0) {
        int byte = port_get(port, (int)left);
        if (byte < 0) {
            break;
        }
        console_text(console, (uint8_t)byte);
        clock_gettime(CLOCK_MONOTONIC, &now);
        left = ((int64_t)seconds - (now.tv_sec - begin.tv_sec)) * 1000 -
               (now.tv_nsec - begin.tv_nsec) / 1000000;
    }
    console_end_line(console);
}

static enum status send_image(const struct arguments *arguments,
                              const uint8_t *data, size_t size)
{
    struct port port;
    enum status status = port_open(&port, arguments->port, arguments->baud);
    if (status != STATUS_OK) {
        return status;
    }
    struct console console;
    console_init(&console);
    const char *slash = strrchr(arguments->image, '/');
    const char *name = slash ? slash + 1 : arguments->image;
    struct sending sending = {
        .port = &port,
        .console = &console,
        .name = arguments->xmodem ? NULL : name,
        .data = data,
        .size = size,
        .wait_ms = (int)arguments->wait * 1000,
    };
    enum sent sent = xmodem_send(&sending);
    if (sent == SENT || sent == SENT_CANCELLED) {
        listen_to(&port, &console, arguments->listen);
    }
    console_end_line(&console);
    if (sent == SENT) {
        printf("%s: sent, %zu bytes\n", arguments->image, size);
    }
    port_close(&port);
    return explain(sent, &sending);
}

enum status cmd_send(int argc, char **argv)
{
    struct arguments arguments = {.baud = 115200, .wait = 60, .listen = 3};
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) {
        return STATUS_USAGE;
    }
    struct blob file;
    struct view view;
    enum status status;
    if (arguments.raw) {
        status = file_read(arguments.image, &file);
    } else {
        status = view_read(arguments.image, arguments.layout, &file, &view);
        if (status == STATUS_OK) {
            status = view_refuse_trailing(arguments.image, &view);
        }
    }
    if (status == STATUS_OK) {
        // erased flash behind an image is not sent
        size_t size = arguments.raw ? file.size
                                    : view.image.header_size + view.image.size;
        status = send_image(&arguments, file.data, size);
    }
    blob_free(&file);
    return status;
}
