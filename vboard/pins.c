// SPDX-License-Identifier: MIT
//
// The world outside the pins: what buttons and wires drive, now or later.

#include <string.h>

#include "state.h"

enum {
    LATER_MAX = sizeof((struct pin_drive){0}.later) /
                sizeof((struct pin_drive){0}.later[0])
};

// Pins of the LQFP64 package (DS10693 table 10), ports A to H.
static const uint32_t bonded[GPIO_PORTS] = {0xFFFF, 0xF7FF, 0xFFFF, 0x0004,
                                            0,      0,      0,      0x0003};

// "PA8" to port and pin; false for a pin that the chip lacks.
static bool parse(const char *name, unsigned *port, unsigned *pin)
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
    return !*digit && *pin < 16 && (bonded[*port] >> *pin) & 1;
}

static void rearm(struct vboard *board)
{
    const struct pin_drive *pins = &board->state.device.pins;
    timer_set(board, TIMER_PIN,
              pins->later_count ? pins->later[0].time : NEVER);
}

int vboard_drive_pin(struct vboard *board, const char *name, int level)
{
    unsigned port;
    unsigned pin;
    if (!parse(name, &port, &pin)) {
        return -1;
    }
    gpio_drive(board, port, pin, level);
    return 0;
}

int vboard_drive_pin_at(struct vboard *board, const char *name, int level,
                        uint64_t time)
{
    struct pin_drive *pins = &board->state.device.pins;
    unsigned port;
    unsigned pin;
    if (!parse(name, &port, &pin) || pins->later_count == LATER_MAX) {
        return -1;
    }
    unsigned place = pins->later_count;
    while (place > 0 && pins->later[place - 1].time > time) {
        pins->later[place] = pins->later[place - 1];
        place--;
    }
    pins->later[place] = (struct pin_change){
        .time = time,
        .port = (uint8_t)port,
        .pin = (uint8_t)pin,
        .level = (int8_t)(level < 0 ? -1 : level != 0),
    };
    pins->later_count++;
    rearm(board);
    return 0;
}

void pin_due(struct vboard *board, enum timer timer)
{
    (void)timer;
    struct pin_drive *pins = &board->state.device.pins;
    while (pins->later_count && pins->later[0].time <= now(board)) {
        struct pin_change change = pins->later[0];
        pins->later_count--;
        memmove(&pins->later[0], &pins->later[1],
                pins->later_count * sizeof(pins->later[0]));
        gpio_drive(board, change.port, change.pin, change.level);
    }
    rearm(board);
}

int vboard_pin(struct vboard *board, const char *name)
{
    unsigned port;
    unsigned pin;
    return parse(name, &port, &pin) ? gpio_meter(board, port, pin) : -1;
}
