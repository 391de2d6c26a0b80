// SPDX-License-Identifier: MIT
//
// Devices with slots A and B on the rig: updates, what lies where, wear.

#ifndef SLOTS_H
#define SLOTS_H

#include "rig.h"

#define BOOT_TIME   (1 * VBOARD_S)
#define UPDATE_TIME (10 * VBOARD_S)

// Numbers of 32 bits in an image or a record.
uint32_t slots_get32(const uint8_t *p);
void slots_put32(uint8_t *p, uint32_t x);

// The flash from an offset on; to look at, and to spoil.
uint8_t *slots_at(struct rig *rig, uint32_t offset);

// No violation, no difference at a hand-over, nothing written below the
// journal: by no bootloader, by no application.
void slots_assert_clean(const struct rig *rig);

// Forgets what the console has printed.
void slots_forget(struct rig *rig);

// Bytes of an image file.
size_t slots_size(const char *image);

// Puts an image into the C array and presses the button; until the application
// has asked for the update. Nothing has been reset yet.
void slots_request(struct rig *rig, const char *image);

// Does the same, and expects the new version to confirm.
void slots_update(struct rig *rig, const char *image, const char *version);

// A new version is installed and runs, first on trial, and confirms.
void slots_expect_confirmed(struct rig *rig, const char *version);

// A slot holds this file, or the app slot its header and application.
void slots_assert_slot(struct rig *rig, uint32_t offset, const char *image);
void slots_assert_app(struct rig *rig, const char *image);

// The sector that begins at an offset, from sector 4 on.
unsigned slots_sector(uint32_t offset);

// Erases and programs of all sectors.
struct slots_wear {
    struct vboard_wear sector[8];
};
struct slots_wear slots_wear(struct rig *rig);

// Since before, the sector at this offset was erased once, and each word that
// an image of so many bytes takes was programmed once; or nothing was done.
void slots_assert_written_once(struct rig *rig, const struct slots_wear *before,
                               uint32_t offset, size_t size);
void slots_assert_untouched(struct rig *rig, const struct slots_wear *before,
                            uint32_t offset);

#endif
