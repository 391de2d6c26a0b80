// SPDX-License-Identifier: MIT

#ifndef BLINK_BUTTON_H
#define BLINK_BUTTON_H

#include <stdbool.h>

void button_start(void);

// Whether the button has been pressed and let go, once for each press. Call
// every few milliseconds.
bool button_pressed(void);

#endif
