// SPDX-License-Identifier: MIT

#include "boards.h"

#include <string.h>

// boards/layout.c, compiled once for each
extern const struct ota_layout nucleo_f446re_internal;
extern const struct ota_layout nucleo_f446re_one_slot;
extern const struct ota_layout nucleo_f446re_single;

const struct ota_layout *const boards[] = {
    &nucleo_f446re_internal,
    &nucleo_f446re_one_slot,
    &nucleo_f446re_single,
    NULL,
};

const struct ota_layout *boards_find(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; boards[i]; i++) {
        const char *known = boards[i]->name;
        if (strncmp(known, name, len) == 0 &&
            (known[len] == '\0' || known[len] == '-')) {
            return boards[i];
        }
    }
    return NULL;
}
