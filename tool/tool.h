// SPDX-License-Identifier: MIT
//
// What all commands of otatool share: exit statuses, the way to fail, and the
// commands themselves.

#ifndef TOOL_H
#define TOOL_H

#include <stddef.h>

enum status {
    STATUS_OK = 0,
    STATUS_BAD = 1, // the image or file is bad
    STATUS_USAGE =
        2, // wrong usage, or a file or port cannot be read or written
};

// Says on stderr why the command fails and returns the status, so that a
// failing function ends in "return fail(...)". The text tells the user what to
// do about it.
enum status fail(enum status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// realloc that ends the program when memory runs out: nothing is half written
// then, since outputs are complete in memory before a file is opened.
void *must_realloc(void *old, size_t size);

// One command each; argv[0] is "otatool COMMAND".
enum status cmd_pack(int argc, char **argv);
enum status cmd_info(int argc, char **argv);
enum status cmd_verify(int argc, char **argv);
enum status cmd_c_array(int argc, char **argv);
enum status cmd_merge(int argc, char **argv);
enum status cmd_dump(int argc, char **argv);
enum status cmd_send(int argc, char **argv);

#endif
