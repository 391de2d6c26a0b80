// SPDX-License-Identifier: MIT

#include "boards.h"

#include <stdbool.h>
#include <string.h>

// boards/layout.c, compiled once for each
extern const struct ota_layout nucleo_f446re_internal;
extern const struct ota_layout nucleo_f446re_one_slot;
extern const struct ota_layout nucleo_f446re_single;
extern const struct ota_layout nucleo_f446re_external;
extern const struct ota_layout bluepill_f103c8_external;

const struct ota_layout *const boards[] = {
    &nucleo_f446re_internal, &nucleo_f446re_one_slot,   &nucleo_f446re_single,
    &nucleo_f446re_external, &bluepill_f103c8_external, NULL,
};

// Whether name is that of the board, without a layout.
static bool is_board(const struct ota_layout *layout, const char *name)
{
    size_t len = strcspn(layout->name, "-");
    return strlen(name) == len && strncmp(layout->name, name, len) == 0;
}

const struct ota_layout *boards_find(const char *name)
{
    for (size_t i = 0; boards[i]; i++) {
        if (is_board(boards[i], name) || strcmp(boards[i]->name, name) == 0) {
            return boards[i];
        }
    }
    return NULL;
}

bool boards_is_external(const struct ota_layout *layout,
                        const struct ota_area *area)
{
    return area->flash && area->flash != layout->app.flash;
}

bool boards_has_external(const struct ota_layout *layout)
{
    return boards_is_external(layout, &layout->slot[0]);
}
