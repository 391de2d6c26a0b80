// SPDX-License-Identifier: MIT
//
// A bootloader that tells nothing (OTA_LOG=OFF): for a small flash.

#include "log.h"

void log_start(const struct ota_boot *boot, struct ota_boot_config *config)
{
    (void)boot;
    (void)config;
}

// Instead of the engine's.
void ota_boot_progress(const struct ota_boot *boot, uint32_t done,
                       uint32_t total)
{
    (void)boot;
    (void)done;
    (void)total;
}

void log_step(enum ota_verdict verdict)
{
    (void)verdict;
}
