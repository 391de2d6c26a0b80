// SPDX-License-Identifier: MIT
//
// Boards with their slots on a W25Q64 on the rig. What is expected here holds
// for a bootloader without a console log too.

#ifndef EXTERNAL_H
#define EXTERNAL_H

#include "sender.h"
#include "slots.h"

// Loops take one case in so many; all of them where SAMPLES is "all" in the
// environment (ctest -C long).
unsigned external_every(unsigned n);

// With an erased W25Q64, not powered. NULL: typical times, no watchdog.
struct rig *external_bench(const struct vboard_config *config);

// factory.bin runs; or, not powered yet, without its application.
struct rig *external_factory(const struct vboard_config *config);
struct rig *external_without_app(const struct vboard_config *config);

// No violation, no difference at a hand-over; and frees it.
void external_end(struct rig *rig);

// A file of make_images on the W25Q, as the reference system does it: somebody
// programs the chip.
void external_put(struct rig *rig, const char *name, uint32_t offset);
void external_assert_slot(struct rig *rig, const char *name, uint32_t offset);

// The button is pressed, or a key sent, until the application has asked for the
// update.
void external_press(struct rig *rig);
void external_key(struct rig *rig, char key);

// A version runs, first on trial, and confirms.
void external_expect_confirmed(struct rig *rig, const char *version);

// A version runs and says this of the last update.
void external_expect_told(struct rig *rig, const char *version,
                          const char *outcome);

// The image of this version stands in the app slot, all of it.
bool external_app_is(struct rig *rig, const char *name);

// Nothing runs, the red LED blinks evenly, and an image that is sent runs.
void external_recover(struct rig *rig, const char *name, const char *version);

// A moment to come back to: the board, and what the rig has seen.
struct external_moment {
    struct vboard_snapshot *board;
    size_t len, from;
};
struct external_moment external_save(struct rig *rig);
void external_restore(struct rig *rig, const struct external_moment *moment);

#endif
