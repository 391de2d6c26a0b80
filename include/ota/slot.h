// SPDX-License-Identifier: MIT
//
// Slots A and B: an image file from byte 0, header first. A slot says nothing
// of itself but by its contents: whoever uses one verifies all of it.

#ifndef OTA_SLOT_H
#define OTA_SLOT_H

#include <stddef.h>
#include <stdint.h>

#include "ota/error.h"
#include "ota/flash.h"
#include "ota/image.h"
#include "ota/journal.h"
#include "ota/layout.h"
#include "ota/source.h"

/// An area as a source ///

// An image in an area of a flash device, read through its driver: a slot, or
// the app slot, where the application does not follow the header directly.
// Seekable.
struct ota_area_source {
    struct ota_source source;
    const struct ota_area *area;
    uint32_t header_size; // bytes before the gap
    uint32_t gap;         // bytes of the area between header and application
    uint32_t position;    // of the next read, in the file
};

// area must outlive the source. gap 0: the file lies there byte for byte.
void ota_area_source_init(struct ota_area_source *source,
                          const struct ota_area *area, uint32_t header_size,
                          uint32_t gap);

/// Writing a slot ///

// Takes a file in pieces of any size and programs whole write units; erases
// one span ahead (an erase unit, or a block: ota_area_span), so that behind
// what is written there is always a blank span, by which ota_slot_frontier
// finds out how far it came.
struct ota_slot_writer {
    const struct ota_area *area;
    uint32_t total;    // bytes of the file
    uint32_t position; // bytes taken
    uint32_t begun;    // end of the span that is being programmed
    uint32_t erased;   // end of what has been erased
    uint8_t pending[OTA_MAX_WRITE_UNIT]; // the tail of position that is no
                                         // whole write unit yet
};

// Starts a file of total bytes at offset from (0, or what ota_slot_frontier
// said). Touches no flash.
void ota_slot_begin(struct ota_slot_writer *writer, const struct ota_area *area,
                    uint32_t total, uint32_t from);

// Begins the next span: erases it if that has not been done, and the one behind
// it. ota_slot_write does so itself when it comes to one. 0 or an error.
OTA_CHECKED int ota_slot_blank(struct ota_slot_writer *writer);

// Takes len bytes. 0, OTA_ERR_RANGE when that is more than total, or an error
// of the flash.
OTA_CHECKED int ota_slot_write(struct ota_slot_writer *writer, const void *data,
                               size_t len);

// The offset from which an interrupted file of total bytes can be continued:
// the beginning of the span before the first blank one. Never mind what
// cannot be read. Negative: the area is smaller than total.
OTA_CHECKED int32_t ota_slot_frontier(const struct ota_area *area,
                                      uint32_t total);

/// Which slot ///

// The area of enum ota_slot slot.
static inline const struct ota_area *
ota_slot_area(const struct ota_layout *layout, uint8_t slot)
{
    return &layout->slot[slot - 1];
}

// The slot that an update may be staged in: not the backup, if there are two.
// OTA_SLOT_NONE: the layout has none.
uint8_t ota_slot_free(const struct ota_layout *layout,
                      const struct ota_record *record);

// The slot is about to change, or has been changed by others: it plays no role
// in the record any more.
void ota_slot_forget(struct ota_record *record, uint8_t slot);

// The slot beside enum ota_slot slot, or OTA_SLOT_NONE where it is alone.
static inline uint8_t ota_slot_other(const struct ota_layout *layout,
                                     uint8_t slot)
{
    return layout->slot[1].flash ? (uint8_t)(OTA_SLOT_A + OTA_SLOT_B - slot)
                                 : OTA_SLOT_NONE;
}

#endif
