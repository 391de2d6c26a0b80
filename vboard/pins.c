// SPDX-License-Identifier: MIT
//
// The world outside the pins: what buttons and wires drive.

#include "state.h"

bool pin_named(const struct vboard *board, const char *name, unsigned *port,
               unsigned *pin)
{
    if (name[0] != 'P' || name[1] < 'A' || name[1] >= 'A' + GPIO_PORTS) {
        return false;
    }
    *port = (unsigned)(name[1] - 'A');
    *pin = 0;
    const char *digit = name + 2;
    do {
        if (*digit < '0' || *digit > '9') {
            return false;
        }
        *pin = *pin * 10 + (unsigned)(*digit - '0');
        digit++;
    } while (*digit && *pin < 16);
    return !*digit && *pin < 16 && (board->chip->bonded[*port] >> *pin) & 1;
}

int vboard_drive_pin(struct vboard *board, const char *name, int level)
{
    unsigned port;
    unsigned pin;
    if (!pin_named(board, name, &port, &pin)) {
        return -1;
    }
    gpio_drive(board, port, pin, level);
    return 0;
}

int vboard_drive_pin_at(struct vboard *board, const char *name, int level,
                        uint64_t time)
{
    unsigned port;
    unsigned pin;
    if (!pin_named(board, name, &port, &pin)) {
        return -1;
    }
    if (time <= now(board)) {
        gpio_drive(board, port, pin, level);
        return 0;
    }
    struct change change = {
        .kind = CHANGE_PIN,
        .time = time,
        .port = (uint8_t)port,
        .pin = (uint8_t)pin,
        .level = (int8_t)(level < 0 ? -1 : level != 0),
    };
    return outside_later(board, &change);
}

int vboard_pin(struct vboard *board, const char *name)
{
    unsigned port;
    unsigned pin;
    return pin_named(board, name, &port, &pin) ? gpio_meter(board, port, pin)
                                               : -1;
}
