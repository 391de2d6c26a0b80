// SPDX-License-Identifier: MIT

#include <inttypes.h>

#include "dump.h"
#include "json.h"
#include "names.h"

static void print_info(struct json *json, const struct dump *dump)
{
    json_object(json, "bootloader");
    json_bool(json, "found", dump->info_err == 0);
    if (dump->info_err) {
        json_string(json, "error", dump_reason(dump->info_err));
    } else {
        const struct ota_info *info = &dump->info;
        char digest[17];
        snprintf(digest, sizeof digest, "%016" PRIx64, info->layout_digest);
        json_string(json, "version", version_text(info->version).s);
        json_number(json, "info_format", info->info_format);
        json_number(json, "journal_format", info->journal_format);
        json_number(json, "image_formats", info->image_formats);
        json_number(json, "features", info->features);
        json_number(json, "target", info->target);
        json_string(json, "layout_digest", digest);
        json_bool(json, "matches_board", dump_boot_matches(dump));
    }
    json_object_end(json);
}

static void print_image_members(struct json *json,
                                const struct dump_image *found)
{
    const struct ota_image *image = &found->view.image;
    json_number(json, found->external ? "w25q_offset" : "address",
                found->address);
    json_bool(json, "valid", found->err == 0);
    json_bool(json, "erased", found->blank);
    json_bool(json, "vectors_only", found->vectors);
    json_string(json, "error", found->err ? dump_reason(found->err) : "");
    if (found->has_header) {
        json_number(json, "magic", image->magic);
        json_number(json, "size", image->size);
        json_number(json, "crc", image->crc);
        json_string(json, "version", version_text(image->version).s);
        json_number(json, "version_number", image->version);
    }
}

static void print_image(struct json *json, const char *key,
                        const struct dump_image *found)
{
    json_object(json, key);
    print_image_members(json, found);
    json_object_end(json);
}

static void print_slots(struct json *json, const struct dump *dump)
{
    json_array(json, "slots");
    for (unsigned i = 0; i < 2; i++) {
        if (dump_has_slot(dump, i)) {
            json_object(json, NULL);
            json_string(json, "slot", slot_text(OTA_SLOT_A + i).s);
            json_string(json, "role", dump_role(dump, i));
            print_image_members(json, &dump->slots[i]);
            json_object_end(json);
        }
    }
    json_array_end(json);
}

static void print_summary(struct json *json, const struct dump *dump)
{
    struct dump_summary summary;
    dump_summarize(dump, &summary);
    json_array(json, "summary");
    for (unsigned i = 0; i < summary.count; i++) {
        json_string(json, NULL, summary.lines[i]);
    }
    json_array_end(json);
}

static void print_digest(struct json *json, const char *key,
                         const uint8_t digest[8])
{
    char text[17];
    for (size_t i = 0; i < 8; i++) {
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    }
    json_string(json, key, text);
}

static void print_record(struct json *json, const struct dump *dump,
                         uint32_t at, const struct position *position)
{
    const struct ota_record *record = &position->record;
    json_object(json, NULL);
    json_number(json, "position", at);
    json_number(json, "sequence", record->sequence);
    json_bool(json, "newest", dump_is_newest(dump, position));
    json_string(json, "flag", flag_text(record->ota_flag).s);
    json_number(json, "magic", record->magic);
    json_number(json, "size", record->size);
    json_number(json, "crc", record->crc);
    json_string(json, "version", version_text(record->version).s);
    json_number(json, "version_number", record->version);
    json_string(json, "state", state_text(record->state).s);
    json_string(json, "source", source_text(record->source).s);
    json_number(json, "attempts", record->attempts);
    json_string(json, "backup", slot_text(record->backup).s);
    json_string(json, "staged", slot_text(record->staged).s);
    json_number(json, "installs", record->installs);
    json_string(json, "step", ota_step_name(record->step));
    json_number(json, "flags", record->flags);
    json_bool(json, "settled", record->flags & OTA_RECORD_SETTLED);
    json_number(json, "result", record->result);
    json_string(json, "result_text", ota_error_text(record->result));
    json_string(json, "tried_version", version_text(record->tried_version).s);
    json_number(json, "security_floor", record->security_floor);
    print_digest(json, "installed", record->installed);
    print_digest(json, "tried", record->tried);
    json_object_end(json);
}

static void print_positions(struct json *json, const struct dump_unit *unit,
                            const char *key, enum position_kind kind)
{
    json_array(json, key);
    for (uint32_t at = 0; at < unit->count; at++) {
        if (unit->positions[at].kind == kind) {
            json_number(json, NULL, at);
        }
    }
    json_array_end(json);
}

static void print_unit(struct json *json, const struct dump *dump,
                       const struct dump_unit *unit)
{
    json_object(json, NULL);
    json_number(json, "address", unit->address);
    json_number(json, "positions", unit->count);
    json_number(json, "blank", dump_count(unit, POSITION_BLANK));
    print_positions(json, unit, "bad", POSITION_BAD);
    print_positions(json, unit, "misplaced", POSITION_MISPLACED);
    print_positions(json, unit, "newer", POSITION_NEWER);
    print_positions(json, unit, "unreadable", POSITION_UNREADABLE);
    json_array(json, "records");
    for (uint32_t at = 0; at < unit->count; at++) {
        if (unit->positions[at].kind == POSITION_RECORD) {
            print_record(json, dump, at, &unit->positions[at]);
        }
    }
    json_array_end(json);
    json_object_end(json);
}

void dump_print_json(const struct dump *dump)
{
    struct json json = {.out = stdout};
    json_object(&json, NULL);
    json_string(&json, "board", dump->readout.layout.name);
    print_info(&json, dump);
    print_image(&json, "app", &dump->app);
    print_slots(&json, dump);
    if (dump->readout.layout.array.flash) {
        print_image(&json, "array", &dump->array);
    }
    print_summary(&json, dump);
    json_array(&json, "journal");
    print_unit(&json, dump, &dump->units[0]);
    print_unit(&json, dump, &dump->units[1]);
    json_array_end(&json);
    json_object_end(&json);
}
