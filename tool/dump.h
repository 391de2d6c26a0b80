// SPDX-License-Identifier: MIT
//
// What a flash read-out holds: found by dump.c, printed by dump_text.c and
// dump_json.c.

#ifndef DUMP_H
#define DUMP_H

#include "ota/info.h"
#include "ota/journal.h"
#include "readout.h"
#include "view.h"

enum position_kind {
    POSITION_BLANK,
    POSITION_RECORD,
    POSITION_BAD,        // torn or corrupt
    POSITION_MISPLACED,  // a valid record of another position
    POSITION_NEWER,      // a record of a format that we do not know
    POSITION_UNREADABLE, // not in the read-out
    POSITION_KINDS,
};

struct position {
    enum position_kind kind;
    struct ota_record record; // when it is one
};

// One unit of the journal.
struct dump_unit {
    uint32_t address;
    uint32_t count;
    struct position *positions;
};

// An area that may hold an image.
struct dump_image {
    uint32_t address; // or the offset on the W25Q
    bool external;    // it lies there
    int err;          // 0: a valid image
    bool vectors;     // blank header space, but a vector table behind it
    bool blank;       // erased: no header at all
    bool has_header;  // view.image is a decoded header
    struct view view; // app points into bytes
    struct blob bytes;
};

struct dump {
    struct readout readout;
    int info_err; // 0: info holds the bootloader's info block
    struct ota_info info;
    struct dump_image app;
    struct dump_image slots[2]; // those that the layout has
    struct dump_image array;    // if the layout has one
    struct dump_unit units[2];
    bool has_newest; // the journal has a valid record:
    struct ota_record newest;
};

// Takes a read-out of which the first byte is at this offset of the device, and
// one of the W25Q, if there is one (NULL).
void dump_collect(struct dump *dump, const struct ota_layout *layout,
                  const struct blob *file, uint32_t offset,
                  const struct blob *w25q);
void dump_free(struct dump *dump);

// Whether the bootloader found was built for the layout of the read-out.
bool dump_boot_matches(const struct dump *dump);

// Whether the layout has slot A (0) or B (1).
bool dump_has_slot(const struct dump *dump, unsigned index);

// What the newest record says of a slot: "backup", "staged", "on trial",
// "free"; "unknown" without a record.
const char *dump_role(const struct dump *dump, unsigned index);

// The newest record in sentences, for a human; none without a record.
struct dump_summary {
    unsigned count;
    char lines[4][160];
};

void dump_summarize(const struct dump *dump, struct dump_summary *summary);

// Whether this is the record that the bootloader takes as the truth.
bool dump_is_newest(const struct dump *dump, const struct position *position);

// Positions of one kind in a unit.
uint32_t dump_count(const struct dump_unit *unit, enum position_kind kind);

// "blank", "bad", ... of a kind.
const char *dump_kind_name(enum position_kind kind);

// Why an area has nothing to show, an error of the engine; whether it is that
// there is no read-out of its device.
const char *dump_reason(int err);
bool dump_is_missing(const struct dump_image *found);

// STATUS_BAD when neither a bootloader, an image nor a record was found: this
// is no read-out of such a board.
enum status dump_verdict(const struct dump *dump);

void dump_print_text(const struct dump *dump);
void dump_print_json(const struct dump *dump);

#endif
