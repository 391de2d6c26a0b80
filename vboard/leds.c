// SPDX-License-Identifier: MIT

#include "leds.h"

#include <string.h>

#include "vboard.h"

static struct led *find(struct leds *leds, const char *pin)
{
    for (unsigned i = 0; i < leds->count; i++) {
        if (strcmp(leds->led[i].pin, pin) == 0) {
            return &leds->led[i];
        }
    }
    if (leds->count == LED_PINS || strlen(pin) >= sizeof leds->led->pin) {
        return NULL; // a bus, not LEDs
    }
    struct led *led = &leds->led[leds->count++];
    strcpy(led->pin, pin);
    return led;
}

// Whether an edge now keeps the beat, to a tenth: software timing wanders.
static bool in_step(const struct pattern *pattern, uint64_t time)
{
    if (pattern->edges < 2) {
        return pattern->edges == 1;
    }
    uint64_t period = (pattern->last - pattern->first) / (pattern->edges - 1);
    uint64_t distance = time - pattern->last;
    uint64_t off = distance > period ? distance - period : period - distance;
    return off <= period / 10;
}

static void close_pattern(struct led *led)
{
    if (led->patterns < LED_PATTERNS - 1) {
        led->patterns++;
    } else {
        led->missed++;
    }
    led->pattern[led->patterns] = (struct pattern){0};
}

void leds_edge(struct leds *leds, const char *pin, int level, uint64_t time)
{
    struct led *led = find(leds, pin);
    if (!led) {
        return;
    }
    if (led->pattern[led->patterns].edges > 0 &&
        !in_step(&led->pattern[led->patterns], time)) {
        close_pattern(led);
    }
    struct pattern *pattern = &led->pattern[led->patterns];
    if (pattern->edges == 0) {
        pattern->first = time;
    }
    pattern->edges++;
    pattern->last = time;
    pattern->level = level;
}

void leds_reset(struct leds *leds)
{
    for (unsigned i = 0; i < leds->count; i++) {
        struct led *led = &leds->led[i];
        if (led->pattern[led->patterns].edges > 0) {
            close_pattern(led);
        }
    }
}

static double seconds(uint64_t time)
{
    return (double)time / (double)VBOARD_S;
}

static void print_pattern(const char *pin, const struct pattern *pattern,
                          FILE *out)
{
    if (pattern->edges == 1) {
        fprintf(out, "%s goes %s at %.3f s\n", pin,
                pattern->level ? "high" : "low", seconds(pattern->first));
        return;
    }
    double total = seconds(pattern->last - pattern->first);
    fprintf(out, "%s toggles every %.3g ms (%u edges, %.3f s to %.3f s)\n", pin,
            total * 1000 / (pattern->edges - 1), pattern->edges,
            seconds(pattern->first), seconds(pattern->last));
}

void leds_print(const struct leds *leds, FILE *out)
{
    for (unsigned i = 0; i < leds->count; i++) {
        const struct led *led = &leds->led[i];
        for (unsigned k = 0; k <= led->patterns; k++) {
            if (led->pattern[k].edges > 0) {
                print_pattern(led->pin, &led->pattern[k], out);
            }
        }
        if (led->missed > 0) {
            fprintf(out, "%s changed its pattern %u more times\n", led->pin,
                    led->missed);
        }
    }
}
