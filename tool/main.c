// SPDX-License-Identifier: MIT
//
// otatool: finds the command and hands over the rest of the line.

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tool.h"

struct command {
    const char *name;
    const char *help;
    enum status (*run)(int argc, char **argv);
};

static const struct command commands[] = {
    {"pack", "make an image from an application", cmd_pack},
    {"info", "show what an image holds", cmd_info},
    {"verify", "check an image as the bootloader does", cmd_verify},
    {"c-array", "turn an image into a C array", cmd_c_array},
    {"merge", "bootloader and image as one factory file", cmd_merge},
    {"dump", "explain a flash read-out", cmd_dump},
    {"send", "send an image over a serial line", cmd_send},
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(name, commands[i].name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

// argp frees what this returns.
static char *help_filter(int key, const char *text, void *input)
{
    (void)input;
    if (key != ARGP_KEY_HELP_EXTRA) {
        return (char *)text;
    }
    char *list = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&list, &size);
    if (!out) {
        return NULL;
    }
    fputs("Commands:\n", out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].help);
    }
    fputs("\n\"otatool COMMAND --help\" tells more. Exit status: 0 ok, 1 the "
          "image or file is bad, 2 wrong usage or a file or port cannot be "
          "read or written.",
          out);
    fclose(out);
    return list;
}

// What the line before the command's own arguments says.
struct line {
    const struct command *command;
    int first; // index of the command's name
    bool version;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct line *line = state->input;
    switch (key) {
    case 'V':
        line->version = true;
        return 0;
    case ARGP_KEY_ARG:
        line->command = find_command(arg);
        if (!line->command) {
            argp_error(state, "no command '%s'", arg);
        }
        line->first = state->next - 1;
        state->next = state->argc; // the rest belongs to the command
        return 0;
    case ARGP_KEY_NO_ARGS:
        if (!line->version) {
            argp_error(state, "name a command");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

// Whether all that was printed has arrived: a full disk is a failure too.
static enum status close_stdout(enum status status)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return fail(STATUS_USAGE, "cannot write to standard output");
    }
    return status;
}

static const struct argp_option options[] = {
    {.name = "version", .key = 'V', .doc = "Print the version of otatool"},
    {0},
};

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "COMMAND [ARGUMENT...]",
    .doc = "Makes, checks and inspects Sureboot images.",
    .help_filter = help_filter,
};

static enum status run(const struct line *line, int argc, char **argv)
{
    if (line->version) {
        puts("otatool " OTATOOL_VERSION);
        return STATUS_OK;
    }
    // so that usage messages of the command name it
    char name[32];
    snprintf(name, sizeof name, "otatool %s", line->command->name);
    argv[line->first] = name;
    return line->command->run(argc - line->first, argv + line->first);
}

int main(int argc, char **argv)
{
    argp_err_exit_status = STATUS_USAGE;
    struct line line = {0};
    if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &line) != 0) {
        return STATUS_USAGE;
    }
    return close_stdout(run(&line, argc, argv));
}
