// SPDX-License-Identifier: MIT
//
// What the commands' argument parsers share. A wrong option ends the program
// with a usage message, as argp does.

#ifndef OPTIONS_H
#define OPTIONS_H

#include <argp.h>

#include "ota/layout.h"

// Keys of options without a letter.
enum {
    KEY_ARRAY = 0x100,
    KEY_BOARD,
    KEY_BASE,
    KEY_BAUD,
    KEY_BOOT,
    KEY_IMAGE,
    KEY_JSON,
    KEY_LISTEN,
    KEY_RAW,
    KEY_SECTION,
    KEY_SLOT,
    KEY_VERSION,
    KEY_W25Q,
    KEY_WAIT,
    KEY_XMODEM,
};

// The --board option of every command that has one.
#define OPTION_BOARD                                                           \
    {                                                                          \
        .name = "board", .key = KEY_BOARD, .arg = "BOARD",                     \
        .doc = "Board, such as nucleo_f446re: its default layout; or board "   \
               "and layout: nucleo_f446re-single"                              \
    }

// The value of --board; ends the program, naming the boards, if it is unknown.
const struct ota_layout *options_board(struct argp_state *state,
                                       const char *arg);

// Handles the argp keys of a command with exactly one argument, a file; the
// result is what the parser returns.
error_t options_one_file(int key, char *arg, struct argp_state *state,
                         const char **file);

#endif
