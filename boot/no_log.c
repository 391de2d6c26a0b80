// SPDX-License-Identifier: MIT
//
// A bootloader that tells nothing (OTA_LOG=OFF): for a small flash.

#include "log.h"

void log_banner(const struct log *log, const char *layout_name)
{
    (void)log;
    (void)layout_name;
}

void log_progress(void *context, enum ota_step step, unsigned percent)
{
    (void)context;
    (void)step;
    (void)percent;
}

// Instead of the engine's.
void ota_boot_progress(const struct ota_boot *boot, uint32_t done,
                       uint32_t total)
{
    (void)boot;
    (void)done;
    (void)total;
}

void log_step(struct log *log, enum ota_verdict verdict)
{
    (void)log;
    (void)verdict;
}
