// SPDX-License-Identifier: MIT
//
// By itself: a program where nobody listens may define an empty
// ota_boot_progress of its own, which is linked instead (boot/no_log.c).

#include "machine.h"

void ota_boot_progress(const struct ota_boot *boot, uint32_t done,
                       uint32_t total)
{
    const struct ota_boot_config *config = boot->config;
    if (config->progress) {
        // app slots are far below the 42 MB at which this would overflow
        config->progress(config->context, ota_boot_step_of(boot),
                         done * 100 / total);
    }
}
