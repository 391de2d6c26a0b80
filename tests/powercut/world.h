// SPDX-License-Identifier: MIT
//
// A device for the proof: flash of a real part's geometry, a layout on it, and
// the images that exist in its world. And a look at its bytes with other eyes
// than the engine's: headers and records are parsed here once more, CRCs are
// zlib's.

#ifndef WORLD_H
#define WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "ota/info.h"
#include "ota/layout.h"
#include "ram_flash.h"

enum part {
    PART_F446, // 16, 64, 128 KiB; 4-byte units
    PART_F103, // 1 KiB, 2-byte units
    PART_L4,   // 2 KiB, 8-byte units, ECC (G4 alike)
    PART_U5,   // 8 KiB, 16-byte units, ECC
    PART_H7,   // 128 KiB, 32-byte units, ECC
    // slots on a second device: 1-byte units, pages that are programmed as one,
    // erase units and blocks of them
    PART_F103_W25Q,
    PART_F446_W25Q,
    PART_COUNT
};

enum kind { KIND_INTERNAL, KIND_ONE_SLOT, KIND_SINGLE, KIND_COUNT };

extern const char *const part_names[PART_COUNT];
extern const char *const kind_names[KIND_COUNT];

#define MAX_IMAGES 12

// An image file.
struct image_file {
    uint32_t version;
    uint32_t len;
    uint8_t *bytes;
};

struct world {
    enum part part;
    enum kind kind;
    struct ota_layout layout;
    struct ram_flash *device[2]; // the second may be missing
    uint8_t info[OTA_INFO_SIZE];
    struct image_file images[MAX_IMAGES];
    unsigned image_count;
};

// Whether the part has such a layout; if not, the result of world_new is NULL.
bool world_exists(enum part part, enum kind kind);
struct world *world_new(enum part part, enum kind kind);
void world_free(struct world *world);

// The image of this version; made, with size bytes of application, when it is
// asked for the first time.
struct image_file *world_image(struct world *world, uint32_t version,
                               uint32_t size);

// Puts an image into the app slot as a factory does.
void world_factory(struct world *world, const struct image_file *image);

// Flips bits of an area, whatever the device promised.
void world_rot(const struct ota_area *area, uint32_t offset, uint8_t mask);

/// The flash of both devices ///

struct world_mark {
    struct ram_mark device[2];
};
struct world_mark world_mark(struct world *world);
void world_rollback(struct world *world, const struct world_mark *mark);
void world_seed(struct world *world, uint32_t seed);
void world_turn_on(struct world *world);
uint32_t world_ops(const struct world *world);

static inline struct ram_flash *ram_of(const struct ota_area *area)
{
    return area->flash->context;
}

/// Other eyes ///

// Where an image can stand: the app slot, slots A and B.
enum place { PLACE_APP, PLACE_A, PLACE_B, PLACE_COUNT, PLACE_NONE };

const struct ota_area *world_place(const struct world *world, enum place place);

// The version of the complete, verified image at a place, none of which is
// torn; 0: there is none.
uint32_t world_version_at(const struct world *world, enum place place);

// Whether an operation on this device hits what the image at a place needs.
bool world_hits(const struct world *world, enum place place,
                const struct ram_flash *ram, const struct ram_op *op);

#define WEAR_UNITS 12 // that are looked at, from the start of a place

// One erase or program count of a place: erase units touched more than once,
// and so on.
struct wear {
    uint32_t erases[PLACE_COUNT][WEAR_UNITS];   // by erase unit of the place
    uint32_t programs[PLACE_COUNT][WEAR_UNITS]; // write units
};
void world_wear(const struct world *world, struct wear *wear);

// Checks a place between two looks at its wear. want_len bytes from skip on,
// and a header: each erase unit once, each byte once. want_len 0: nothing at
// all. NULL, or what is wrong.
const char *world_check_wear(const struct world *world, enum place place,
                             const struct wear *before,
                             const struct wear *after, uint32_t want_len);

// The newest record as raw bytes, or NULL.
const uint8_t *world_newest(const struct world *world);
// In words, for traces.
void world_describe_record(const uint8_t *raw, char *text, size_t size);

#endif
