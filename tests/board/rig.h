// SPDX-License-Identifier: MIT
//
// A virtual Nucleo-F446RE on the bench: the shipped binaries, a console that
// is listened to, and eyes on the LEDs.

#ifndef RIG_H
#define RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vboard.h"
#include LAYOUT_HEADER // APP_OFFSET, ARRAY_OFFSET and so on

// The sector that the app slot begins with: 4 of 16 KiB, 1 of 64, 3 of 128.
#define SECTOR_APP (APP_OFFSET == 0x10000 ? 4 : 4 + APP_OFFSET / 0x20000)

// A LED or any other output, as seen from outside.
struct rig_pin {
    unsigned edges;
    uint64_t last;     // picoseconds
    uint64_t shortest; // between two edges
    uint64_t longest;
};

struct rig {
    struct vboard *board;
    char text[64 * 1024]; // all that the console has printed
    size_t len;
    const char *wanted; // stops the run when it is printed
    size_t from;        // where to look for it
    unsigned resets;
    unsigned watchdog_resets;
    unsigned violations;
    unsigned handovers;
    unsigned handover_differences;
    uint64_t flash_ops;
    uint64_t stop_at;   // this many operations; 0: never
    uint32_t low_write; // lowest flash address programmed or erased
    struct rig_pin red; // PA4
    struct rig_pin app; // PA1
};

// config may be NULL; event and context are the rig's. Directories of the
// firmware and of make_images come from the build.
struct rig *rig_new(const struct vboard_config *config);
void rig_free(struct rig *rig);

// Puts a file of make_images at a flash offset.
void rig_program(struct rig *rig, const char *name, uint32_t offset);

// Bytes of a file of make_images; caller frees.
uint8_t *rig_file(const char *name, size_t *size);

// factory.bin with the named image in the C array (NULL: none), powered on.
struct rig *rig_factory(const struct vboard_config *config, const char *image);

// Runs until the console prints text or time is over; whether it did. Each
// text is looked for behind the last one that was found.
bool rig_wait(struct rig *rig, const char *text, uint64_t limit);

// Like rig_wait, but a test fails without it; says what was printed instead.
void rig_expect(struct rig *rig, const char *text, uint64_t limit);

// The next run stops once so many more flash operations have begun.
void rig_stop_at_op(struct rig *rig, uint64_t ops);

// Presses the button (PA8 to ground) for 60 ms, after a pause of 100 ms.
void rig_press(struct rig *rig);

// Watches the LEDs for this long, from a clean sheet.
void rig_watch(struct rig *rig, uint64_t duration);

// Toggles every period, within 5 %.
void rig_assert_toggles(const struct rig_pin *pin, uint64_t period);
void rig_assert_dark(const struct rig_pin *pin);

#endif
