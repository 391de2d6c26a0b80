// SPDX-License-Identifier: MIT

#include "dump.h"

#include <stdlib.h>

#include "boards.h"

// Where an area of the internal flash begins in the address space.
static uint32_t address_of(const struct dump *dump, const struct ota_area *area)
{
    return dump->readout.layout.flash_base + area->offset;
}

static void locate(struct dump_image *found, const struct dump *dump,
                   const struct ota_area *area)
{
    found->external = boards_is_external(&dump->readout.layout, area);
    found->address = found->external ? area->offset : address_of(dump, area);
}

static void read_info(struct dump *dump)
{
    uint8_t raw[OTA_INFO_SIZE];
    dump->info_err = ota_area_read(&dump->readout.layout.boot, OTA_INFO_OFFSET,
                                   raw, sizeof raw);
    if (!dump->info_err) {
        dump->info_err = ota_info_decode(&dump->info, raw);
    }
}

// Reads the application of a decoded header, as far as the area goes.
static int read_app(struct dump_image *found, const struct ota_area *area,
                    uint32_t app_offset)
{
    uint32_t room = area->size - app_offset;
    uint32_t size =
        found->view.image.size < room ? found->view.image.size : room;
    found->bytes = (struct blob){must_realloc(NULL, size), size, size};
    found->view.app = found->bytes.data;
    found->view.available = size;
    return ota_area_read(area, app_offset, found->bytes.data, size);
}

// An image whose header begins the area and whose application begins at
// app_offset. Returns 0 if it is one that the bootloader takes.
static int read_image(struct dump_image *found, const struct dump *dump,
                      const struct ota_area *area, uint32_t app_offset)
{
    uint8_t raw[OTA_PLAIN_HEADER_SIZE];
    int err = ota_area_read(area, 0, raw, sizeof raw);
    if (err) {
        return err;
    }
    found->blank = ota_area_is_blank(area, 0, sizeof raw) == 1;
    err = ota_image_decode(&found->view.image, raw);
    if (err) {
        return err;
    }
    found->has_header = true;
    err = read_app(found, area, app_offset);
    return err ? err : view_check(&found->view, &dump->readout.layout);
}

static void find_image(struct dump_image *found, const struct dump *dump,
                       const struct ota_area *area, uint32_t app_offset)
{
    if (area->flash) {
        locate(found, dump, area);
        found->err = read_image(found, dump, area, app_offset);
    }
}

// Whether a record's sequence names the place where it was found: a stray copy
// is none (SPEC.md, Journal).
static bool is_in_place(const struct ota_record *record, uint32_t capacity,
                        uint32_t unit, uint32_t at)
{
    return record->sequence % capacity == at &&
           record->sequence / capacity % 2 == unit;
}

// Whether a debugger may have put an application there: the same look as that
// of an install that was cut off.
static bool has_vectors(const struct ota_layout *layout)
{
    uint8_t vectors[OTA_VECTORS_SIZE];
    if (ota_area_is_blank(&layout->app, 0, OTA_HEADER_SPACE) != 1 ||
        ota_area_read(&layout->app, OTA_HEADER_SPACE, vectors,
                      sizeof vectors) != 0) {
        return false;
    }
    return ota_image_check_vectors(ota_image_max_size(layout), layout,
                                   vectors) == 0;
}

static enum position_kind read_position(const struct ota_area *unit,
                                        uint32_t at, struct ota_record *record)
{
    uint8_t raw[OTA_RECORD_SIZE];
    uint32_t offset = at * OTA_RECORD_SIZE;
    int blank = ota_area_is_blank(unit, offset, OTA_RECORD_SIZE);
    if (blank < 0 || ota_area_read(unit, offset, raw, sizeof raw) != 0) {
        return POSITION_UNREADABLE;
    }
    if (blank) {
        return POSITION_BLANK;
    }
    int err = ota_record_decode(record, raw);
    if (err) {
        return err == OTA_ERR_FORMAT ? POSITION_NEWER : POSITION_BAD;
    }
    return POSITION_RECORD;
}

static void read_unit(struct dump *dump, uint32_t index, uint32_t capacity)
{
    const struct ota_area *area = &dump->readout.layout.journal[index];
    struct dump_unit *unit = &dump->units[index];
    unit->address = address_of(dump, area);
    unit->count = capacity;
    unit->positions = must_realloc(NULL, capacity * sizeof unit->positions[0]);
    for (uint32_t at = 0; at < capacity; at++) {
        struct position *position = &unit->positions[at];
        position->kind = read_position(area, at, &position->record);
        if (position->kind == POSITION_RECORD &&
            !is_in_place(&position->record, capacity, index, at)) {
            position->kind = POSITION_MISPLACED;
        }
    }
}

static void read_journal(struct dump *dump)
{
    struct ota_journal journal;
    dump->has_newest =
        ota_journal_scan(&journal, dump->readout.layout.journal) == 0;
    dump->newest = journal.newest;
    read_unit(dump, 0, ota_journal_capacity(&journal));
    read_unit(dump, 1, ota_journal_capacity(&journal));
}

void dump_collect(struct dump *dump, const struct ota_layout *layout,
                  const struct blob *file, uint32_t offset,
                  const struct blob *w25q)
{
    *dump = (struct dump){0};
    readout_init(&dump->readout, layout, file, offset, w25q);
    const struct ota_layout *seen = &dump->readout.layout;
    read_info(dump);
    find_image(&dump->app, dump, &seen->app, OTA_HEADER_SPACE);
    dump->app.vectors = has_vectors(seen);
    for (unsigned i = 0; i < 2; i++) {
        find_image(&dump->slots[i], dump, &seen->slot[i],
                   OTA_PLAIN_HEADER_SIZE);
    }
    find_image(&dump->array, dump, &seen->array, OTA_PLAIN_HEADER_SIZE);
    read_journal(dump);
}

void dump_free(struct dump *dump)
{
    blob_free(&dump->app.bytes);
    blob_free(&dump->slots[0].bytes);
    blob_free(&dump->slots[1].bytes);
    blob_free(&dump->array.bytes);
    free(dump->units[0].positions);
    free(dump->units[1].positions);
}

bool dump_boot_matches(const struct dump *dump)
{
    return !dump->info_err &&
           dump->info.target == dump->readout.layout.target &&
           dump->info.layout_digest == dump->readout.layout.digest;
}

bool dump_has_slot(const struct dump *dump, unsigned index)
{
    return dump->readout.layout.slot[index].flash != NULL;
}

const char *dump_role(const struct dump *dump, unsigned index)
{
    const struct ota_record *newest = &dump->newest;
    unsigned slot = index + OTA_SLOT_A;
    if (!dump->has_newest) {
        return "unknown";
    }
    if (newest->staged == slot) {
        return newest->state == OTA_STATE_TRIAL ? "on trial" : "staged";
    }
    return newest->backup == slot ? "backup" : "free";
}

bool dump_is_newest(const struct dump *dump, const struct position *position)
{
    // a sequence is never used twice
    return position->kind == POSITION_RECORD && dump->has_newest &&
           position->record.sequence == dump->newest.sequence;
}

uint32_t dump_count(const struct dump_unit *unit, enum position_kind kind)
{
    uint32_t count = 0;
    for (uint32_t at = 0; at < unit->count; at++) {
        count += unit->positions[at].kind == kind;
    }
    return count;
}

const char *dump_kind_name(enum position_kind kind)
{
    static const char *const names[POSITION_KINDS] = {
        [POSITION_BLANK] = "blank",
        [POSITION_RECORD] = "record",
        [POSITION_BAD] = "torn or corrupt",
        [POSITION_MISPLACED] = "copied from another position",
        [POSITION_NEWER] = "of a newer format",
        [POSITION_UNREADABLE] = "not in the read-out",
    };
    return names[kind];
}

const char *dump_reason(int err)
{
    // the only ways in which reading a file in memory fails
    switch (err) {
    case OTA_ERR_FLASH_READ:
        return dump_kind_name(POSITION_UNREADABLE);
    case OTA_ERR_FLASH_DEVICE:
        return "not given";
    default:
        return ota_error_text(err);
    }
}

bool dump_is_missing(const struct dump_image *found)
{
    return found->err == OTA_ERR_FLASH_DEVICE;
}

enum status dump_verdict(const struct dump *dump)
{
    bool image = dump->app.has_header || dump->app.vectors ||
                 dump->slots[0].has_header || dump->slots[1].has_header ||
                 dump->array.has_header;
    if (dump->info_err && !image && !dump->has_newest) {
        return fail(STATUS_BAD,
                    "neither bootloader, image nor journal found: is it a "
                    "read-out of %s, and does it begin at --base?",
                    dump->readout.layout.name);
    }
    return STATUS_OK;
}
