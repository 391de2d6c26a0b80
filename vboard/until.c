// SPDX-License-Identifier: MIT

#include "until.h"

#include <stdlib.h>
#include <string.h>

int until_init(struct until *until, const char *text)
{
    *until = (struct until){.text = text};
    if (!text) {
        return 0;
    }
    until->len = strlen(text);
    until->last = malloc(until->len);
    return until->last ? 0 : -1;
}

void until_free(struct until *until)
{
    free(until->last);
}

bool until_byte(struct until *until, uint8_t byte)
{
    if (!until->text) {
        return false;
    }
    if (until->held == until->len) {
        memmove(until->last, until->last + 1, until->len - 1);
        until->held--;
    }
    until->last[until->held++] = (char)byte;
    return until->held == until->len &&
           memcmp(until->last, until->text, until->len) == 0;
}
