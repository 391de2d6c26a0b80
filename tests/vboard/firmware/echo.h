// SPDX-License-Identifier: MIT
//
// What echo.c and test_echo.c share.

#ifndef ECHO_H
#define ECHO_H

#include <stdint.h>

#define MAILBOX 0x20018000

// Where a loop in front of the main loop counts its laps.
enum {
    COUNT_NOT,
    COUNT_IN_RAM,
    COUNT_IN_DEVICE,
    COUNT_IN_FPU,
    COUNT_BY_TIME,
    COUNT_BY_SYSTICK,
    COUNT_IN_EVENTS,
};

enum { FEED_NOT, FEED, FEED_AND_START };

#define ECHO_MAGIC 0x6F686345 // else the settings are RAM as at power-on

struct mailbox {
    uint32_t magic;
    uint32_t feeds;      // written by the test: what to do about the watchdog
    uint32_t feed_until; // in milliseconds; 0: always
    uint32_t delay;      // and milliseconds to wait before the loop
    uint32_t counts;
    uint32_t millis, toggled, led;
    uint32_t received, overruns, sum, laps;
};

#endif
