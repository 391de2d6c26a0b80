// SPDX-License-Identifier: MIT
//
// What the bootloader tells on the console. While an image arrives over the
// same line it keeps quiet.

#ifndef BOOT_LOG_H
#define BOOT_LOG_H

#include "board.h"
#include "ota/boot.h"

struct log {
    const struct board_console *console;
    const struct ota_boot *boot;
    bool scanned;       // the journal is known
    bool waiting;       // "waiting for an image" has been said
    bool shared;        // the line was a sender's in the last step
    bool asked;         // by a request, then
    bool called;        // no end of line since
    unsigned tenths;    // of the step under way that have been told
    enum ota_step step; // under way
    int error;          // told last
    enum ota_step at;   // at which it was
};

void log_banner(const struct log *log, const char *layout_name);

// For struct ota_boot_config; context is the log.
void log_progress(void *context, enum ota_step step, unsigned percent);

// After every ota_boot_step.
void log_step(struct log *log, enum ota_verdict verdict);

#endif
