// SPDX-License-Identifier: MIT
//
// Looks for a text in what a UART sends, byte by byte.

#ifndef VBOARD_UNTIL_H
#define VBOARD_UNTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct until {
    const char *text; // NULL: nothing to look for
    size_t len;
    char *last; // the last len bytes sent
    size_t held;
};

// 0, or -1 without memory. text must stay.
int until_init(struct until *until, const char *text);
void until_free(struct until *until);
// Whether the text is complete with this byte.
bool until_byte(struct until *until, uint8_t byte);

#endif
