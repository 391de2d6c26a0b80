// SPDX-License-Identifier: MIT
//
// What the bootloader tells on the console. While an image arrives over the
// same line it keeps quiet.

#ifndef BOOT_LOG_H
#define BOOT_LOG_H

#include "ota/boot.h"

// Says who starts, and listens to what the machine will tell.
void log_start(const struct ota_boot *boot, struct ota_boot_config *config);

// After every ota_boot_step.
void log_step(enum ota_verdict verdict);

#endif
