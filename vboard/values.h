// SPDX-License-Identifier: MIT
//
// The values of the command's options, from text. Each function returns NULL,
// or what to write instead, for an error message.

#ifndef VBOARD_VALUES_H
#define VBOARD_VALUES_H

#include <stdint.h>

#include "vboard.h"

// A file and where in memory it goes: FILE or FILE@ADDRESS.
struct load {
    char *path; // to be freed
    uint32_t address;
    bool has_address;
};

// A button between a pin and ground, held for a while: PA8@1.5s[:DURATION].
struct press {
    char pin[8];
    uint64_t time;
    uint64_t duration;
};

// The supply from a time on: 2.5[@TIME].
struct supply {
    uint32_t millivolts;
    uint64_t time;
    bool later; // a time was given
};

// When the power is cut: a time, or flash-op:N[:before|torn|after].
struct cut {
    enum { CUT_NEVER, CUT_AT_TIME, CUT_AT_OP } when;
    uint64_t time;
    uint64_t op;
    enum vboard_cut how;
};

// What a UART is connected to on the host.
enum uart_kind { UART_NOTHING, UART_STDIO, UART_PTY, UART_FILE, UART_TCP };

struct uart_end {
    enum uart_kind kind;
    const char *path;  // UART_FILE
    uint16_t port;     // UART_TCP; 0: any that is free
    char *input;       // file that the firmware receives, or NULL; to be freed
    uint64_t input_at; // from this time on
};

// The file of a chip on an SPI bus and where that is connected:
// FILE[@SPI2:PB12].
struct chip_file {
    char *path; // or NULL; to be freed
    int spi;    // 0: in the usual place
    char cs[8];
};

// miso-low, removed@N and so on.
struct sd_fault {
    enum vboard_spi_fault kind;
    uint32_t block; // of removed
};

// "1.5s", "250ms", "20us", in picoseconds.
const char *parse_time(const char *text, uint64_t *time);
// "8M", "32768", in hertz.
const char *parse_frequency(const char *text, uint32_t *hertz);
// "3.3", in millivolts.
const char *parse_voltage(const char *text, uint32_t *millivolts);
const char *parse_supply(const char *text, struct supply *supply);
const char *parse_number(const char *text, uint32_t *number);
const char *parse_port(const char *text, int *port);
const char *parse_timing(const char *text, enum vboard_timing *timing);
const char *parse_load(const char *text, struct load *load);
const char *parse_chip(const char *text, struct chip_file *chip);
const char *parse_w25q_fault(const char *text, enum vboard_spi_fault *fault);
const char *parse_sd_fault(const char *text, struct sd_fault *fault);
const char *parse_press(const char *text, struct press *press);
const char *parse_cut(const char *text, struct cut *cut);
const char *parse_uart(const char *text, struct uart_end *end);
// FILE[@TIME]
const char *parse_input(const char *text, struct uart_end *end);

#endif
