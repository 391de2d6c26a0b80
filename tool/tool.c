// SPDX-License-Identifier: MIT

#include "tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum status fail(enum status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("otatool: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return status;
}

void *must_realloc(void *old, size_t size)
{
    void *p = realloc(old, size > 0 ? size : 1);
    if (!p) {
        exit(fail(STATUS_USAGE, "out of memory"));
    }
    return p;
}
