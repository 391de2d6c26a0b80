// SPDX-License-Identifier: MIT
//
// What the bootloader tells on the console: one line for each event.

#ifndef BOOT_LOG_H
#define BOOT_LOG_H

#include "board.h"
#include "ota/boot.h"

struct log {
    const struct board_console *console;
    const struct ota_boot *boot;
    bool scanned;       // the journal is known
    bool requested;     // it asked for an update
    bool checked;       // the image has been read to its end
    bool waiting;       // "no valid application" has been said
    uint32_t told;      // CRC of the image that was told last
    unsigned tenths;    // of the programming that have been told
    int error;          // told last
    enum ota_step step; // at which it was
};

void log_banner(const struct log *log, const char *layout_name,
                const char *reset_cause);

// For struct ota_boot_config; context is the log.
void log_progress(void *context, enum ota_step step, unsigned percent);

// After every ota_boot_step.
void log_step(struct log *log, enum ota_verdict verdict);

#endif
