// SPDX-License-Identifier: MIT

#include "ota/slot.h"

#include <string.h>

/// An area as a source ///

static int area_open(struct ota_source *source)
{
    ((struct ota_area_source *)source)->position = 0;
    return 0;
}

static int area_seek(struct ota_source *source, uint32_t offset)
{
    ((struct ota_area_source *)source)->position = offset;
    return 0;
}

static int area_read(struct ota_source *source, void *data, size_t len)
{
    struct ota_area_source *from = (struct ota_area_source *)source;
    uint32_t n = (uint32_t)len;
    uint32_t offset = from->position;
    if (offset >= from->header_size) {
        offset += from->gap;
    } else if (n > from->header_size - offset) {
        n = from->header_size - offset;
    }
    if (offset >= from->area->size) {
        return OTA_ERR_SOURCE_END;
    }
    if (n > from->area->size - offset) {
        n = from->area->size - offset;
    }
    int err = ota_area_read(from->area, offset, data, n);
    if (err) {
        return err;
    }
    from->position += n;
    return (int)n;
}

// Member by member, and not inlined: smaller so.
__attribute__((noinline)) void
ota_area_source_init(struct ota_area_source *source,
                     const struct ota_area *area, uint32_t header_size,
                     uint32_t gap)
{
    source->source.read = area_read;
    source->source.set_total_size = NULL;
    source->source.open = area_open;
    source->source.seek = area_seek;
    source->source.close = NULL;
    source->area = area;
    source->header_size = header_size;
    source->gap = gap;
    source->position = 0;
}

/// Writing a slot ///

void ota_slot_begin(struct ota_slot_writer *writer, const struct ota_area *area,
                    uint32_t total, uint32_t from)
{
    writer->area = area;
    writer->total = total;
    writer->position = from;
    writer->begun = from;
    writer->erased = from;
}

static int erase_next(struct ota_slot_writer *writer)
{
    int32_t size =
        ota_area_erase_span(writer->area, writer->erased, writer->total);
    if (size < 0) {
        return (int)size;
    }
    writer->erased += (uint32_t)size;
    return 0;
}

int ota_slot_blank(struct ota_slot_writer *writer)
{
    if (writer->erased == writer->begun) {
        int err = erase_next(writer); // the first one
        if (err) {
            return err;
        }
    }
    writer->begun = writer->erased;
    return writer->erased < writer->total ? erase_next(writer) : 0;
}

// Programs what is pending once it is a whole write unit, or the file's last.
static int program_pending(struct ota_slot_writer *writer, uint32_t have)
{
    const struct ota_geometry *geometry = writer->area->flash->geometry;
    uint32_t unit = geometry->write_unit;
    if (have < unit && writer->position < writer->total) {
        return 0;
    }
    memset(writer->pending + have, geometry->erased, unit - have);
    return ota_area_prog(writer->area, writer->position - have, writer->pending,
                         unit);
}

// Takes the n bytes, at most len, that one program can take: those that
// complete the pending write unit, or whole units.
static int32_t take(struct ota_slot_writer *writer, const uint8_t *data,
                    uint32_t n)
{
    // a power of 2
    uint32_t unit = writer->area->flash->geometry->write_unit;
    uint32_t have = writer->position & (unit - 1);
    uint32_t at = writer->position;
    int err;
    if (have > 0 || n < unit) {
        n = n < unit - have ? n : unit - have;
        memcpy(writer->pending + have, data, n);
        writer->position += n;
        err = program_pending(writer, have + n);
    } else {
        n &= ~(unit - 1);
        writer->position += n;
        err = ota_area_prog(writer->area, at, data, n);
    }
    return err ? err : (int32_t)n;
}

int ota_slot_write(struct ota_slot_writer *writer, const void *data, size_t len)
{
    if (len > writer->total - writer->position) {
        return OTA_ERR_RANGE;
    }
    const uint8_t *from = data;
    while (len > 0) {
        while (writer->position >= writer->begun) {
            int err = ota_slot_blank(writer);
            if (err) {
                return err;
            }
        }
        uint32_t n = writer->begun - writer->position;
        int32_t taken = take(writer, from, len < n ? (uint32_t)len : n);
        if (taken < 0) {
            return (int)taken;
        }
        from += taken;
        len -= (uint32_t)taken;
    }
    return 0;
}

int32_t ota_slot_frontier(const struct ota_area *area, uint32_t total)
{
    uint32_t span = 0, before = 0;
    while (span < total) {
        int32_t size = ota_area_span(area, span, total);
        if (size < 0) {
            return size;
        }
        // what cannot be read is not blank
        if (ota_area_is_blank(area, span, (uint32_t)size) == 1) {
            break;
        }
        before = span;
        span += (uint32_t)size;
    }
    return (int32_t)before;
}

/// Which slot ///

uint8_t ota_slot_free(const struct ota_layout *layout,
                      const struct ota_record *record)
{
    if (!layout->slot[0].flash) {
        return OTA_SLOT_NONE;
    }
    return record->backup == OTA_SLOT_A && layout->slot[1].flash ? OTA_SLOT_B
                                                                 : OTA_SLOT_A;
}

void ota_slot_forget(struct ota_record *record, uint8_t slot)
{
    if (record->backup == slot) {
        record->backup = OTA_SLOT_NONE;
    }
    if (record->staged == slot) {
        record->staged = OTA_SLOT_NONE;
    }
}
