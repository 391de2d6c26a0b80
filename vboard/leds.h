// SPDX-License-Identifier: MIT
//
// What somebody looking at the board's LEDs would say: for each pin that the
// firmware drove, how fast it toggled and when that changed.
//
//     PA1 toggles every 100 ms (38 edges, 0.512 s to 4.212 s)

#ifndef VBOARD_LEDS_H
#define VBOARD_LEDS_H

#include <stdint.h>
#include <stdio.h>

#define LED_PINS     8
#define LED_PATTERNS 8

// Edges at equal distances.
struct pattern {
    uint64_t first, last; // picoseconds
    uint32_t edges;
    int level; // after the last edge
};

struct led {
    char pin[8];
    struct pattern pattern[LED_PATTERNS];
    unsigned patterns;
    unsigned missed; // patterns that found no room
};

// Zeroed at the start.
struct leds {
    struct led led[LED_PINS];
    unsigned count;
};

void leds_edge(struct leds *leds, const char *pin, int level, uint64_t time);
// A reset: what comes now is another pattern, however fast.
void leds_reset(struct leds *leds);
void leds_print(const struct leds *leds, FILE *out);

#endif
