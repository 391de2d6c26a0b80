// SPDX-License-Identifier: MIT
//
// The command line of "vboard run".

#ifndef VBOARD_OPTIONS_H
#define VBOARD_OPTIONS_H

#include "values.h"
#include "vboard.h"

#define MAX_LOADS   16
#define MAX_PRESSES 64
#define MAX_RESETS  32
#define MAX_VDDS    32
#define UARTS       2

// How the command ends.
enum exit_status {
    EXIT_GOOD = 0,
    EXIT_NOT_SEEN = 1,
    EXIT_USAGE = 2,
    EXIT_FAULT = 3,
    EXIT_VIOLATION = 4,
    EXIT_FAILED = 5,
};

struct options {
    struct vboard_config config;
    struct load load[MAX_LOADS];
    unsigned loads;
    struct press press[MAX_PRESSES];
    unsigned presses;
    uint64_t reset[MAX_RESETS]; // presses of NRST
    unsigned resets;
    struct supply vdd[MAX_VDDS]; // those at a time of their own
    unsigned vdds;
    struct uart_end uart[UARTS];
    struct cut cut;
    struct chip_file w25q;
    enum vboard_spi_fault w25q_fault;
    struct chip_file sd;
    struct sd_fault sd_fault;
    const char *flash;  // file with the flash's contents, or NULL
    const char *events; // file for the events, or NULL
    const char *until;  // text, or NULL
    uint64_t duration;  // of the run; UINT64_MAX: not given
    int gdb_port;       // 0: no debugger
};

// Reads the command line; argv[0] is what the user calls the command. Does not
// come back from an error or --help.
void options_parse(struct options *options, int argc, char **argv);
void options_free(struct options *options);

#endif
