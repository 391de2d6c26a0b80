// SPDX-License-Identifier: MIT

#include <inttypes.h>
#include <stdio.h>

#include "dump.h"
#include "names.h"

static void print_info(const struct dump *dump)
{
    const struct ota_layout *layout = &dump->readout.layout;
    printf("bootloader at 0x%08" PRIX32 ": ",
           layout->flash_base + layout->boot.offset);
    if (dump->info_err) {
        printf("none (%s)\n", dump_reason(dump->info_err));
        return;
    }
    const struct ota_info *info = &dump->info;
    printf("version %s, journal format %u, image formats 0x%02X, features "
           "0x%08" PRIX32 ", target 0x%08" PRIX32 "\n",
           version_text(info->version).s, info->journal_format,
           info->image_formats, info->features, info->target);
    if (!dump_boot_matches(dump)) {
        printf("  WARNING: built for another layout than %s\n", layout->name);
    }
}

// What stands behind the address of an area.
static void print_image(const struct dump_image *found)
{
    const struct ota_image *image = &found->view.image;
    if (found->has_header) {
        printf("version %s, %" PRIu32 " bytes, CRC-32 0x%08" PRIX32 ": %s\n",
               version_text(image->version).s, image->size, image->crc,
               found->err ? dump_reason(found->err) : "valid");
    } else if (found->vectors) {
        puts("no header, but a vector table: flashed by a debugger, or an "
             "install that was cut off");
    } else if (found->blank) {
        printf("no header (erased)\n");
    } else if (dump_is_missing(found)) {
        puts("not given (--w25q)");
    } else {
        printf("no image (%s)\n", dump_reason(found->err));
    }
}

// "slot A at 0x08040000", "slot A at W25Q 0x080000".
static void print_place(const char *what, const struct dump_image *found)
{
    if (found->external) {
        printf("%s at W25Q 0x%06" PRIX32, what, found->address);
    } else {
        printf("%s at 0x%08" PRIX32, what, found->address);
    }
}

static void print_area(const char *what, const struct dump_image *found)
{
    print_place(what, found);
    fputs(": ", stdout);
    print_image(found);
}

static void print_slots(const struct dump *dump)
{
    for (unsigned i = 0; i < 2; i++) {
        if (dump_has_slot(dump, i)) {
            print_place(i == 0 ? "slot A" : "slot B", &dump->slots[i]);
            printf(" (%s): ", dump_role(dump, i));
            print_image(&dump->slots[i]);
        }
    }
}

static void print_summary(const struct dump *dump)
{
    struct dump_summary summary;
    dump_summarize(dump, &summary);
    if (summary.count > 0) {
        puts("the newest record says:");
    }
    for (unsigned i = 0; i < summary.count; i++) {
        printf("  %s\n", summary.lines[i]);
    }
}

// One line for each run of positions of a kind: "torn or corrupt: 3 (4, 7-8)".
static void print_positions(const struct dump_unit *unit,
                            enum position_kind kind)
{
    uint32_t count = dump_count(unit, kind);
    if (count == 0) {
        return;
    }
    printf("  %s: %" PRIu32 " (", dump_kind_name(kind), count);
    const char *comma = "";
    for (uint32_t at = 0; at < unit->count; at++) {
        uint32_t first = at;
        while (at < unit->count && unit->positions[at].kind == kind) {
            at++;
        }
        if (at == first + 1) {
            printf("%s%" PRIu32, comma, first);
        } else if (at > first) {
            printf("%s%" PRIu32 "-%" PRIu32, comma, first, at - 1);
        }
        comma = at > first ? ", " : comma;
    }
    puts(")");
}

static struct text version_or_none(uint32_t version)
{
    if (version == 0) {
        return (struct text){"-"};
    }
    return version_text(version);
}

// The columns of backup and staged slot, where there are slots.
static void print_roles(const struct dump *dump, const char *backup,
                        const char *staged)
{
    if (dump_has_slot(dump, 0)) {
        printf("%-6s %-6s ", backup, staged);
    }
}

static struct text slot_or_none(uint8_t slot)
{
    if (slot == OTA_SLOT_NONE) {
        return (struct text){"-"};
    }
    return slot_text(slot);
}

static void print_record(const struct dump *dump, uint32_t at,
                         const struct position *position)
{
    const struct ota_record *record = &position->record;
    printf("  %3" PRIu32 " %6" PRIu32 " %-10s %-7s %-7s %-11s %-7s %-9s "
           "%-9s %4u %5u ",
           at, record->sequence, state_text(record->state).s,
           flag_text(record->ota_flag).s, source_text(record->source).s,
           record->flags & OTA_RECORD_SETTLED ? "bootloader" : "application",
           ota_step_name(record->step), version_or_none(record->version).s,
           version_or_none(record->tried_version).s, record->installs,
           record->attempts);
    print_roles(dump, slot_or_none(record->backup).s,
                slot_or_none(record->staged).s);
    printf("%s%s\n", ota_error_text(record->result),
           dump_is_newest(dump, position) ? "  <- newest" : "");
}

static void print_unit(const struct dump *dump, const struct dump_unit *unit)
{
    uint32_t records = dump_count(unit, POSITION_RECORD);
    printf("journal at 0x%08" PRIX32 ": %" PRIu32 " of %" PRIu32
           " positions hold records\n",
           unit->address, records, unit->count);
    if (records > 0) {
        printf("  %3s %6s %-10s %-7s %-7s %-11s %-7s %-9s %-9s %4s %5s ", "pos",
               "seq", "state", "flag", "source", "written by", "step",
               "version", "tried", "fail", "boots");
        print_roles(dump, "backup", "staged");
        puts("result");
    }
    for (uint32_t at = 0; at < unit->count; at++) {
        if (unit->positions[at].kind == POSITION_RECORD) {
            print_record(dump, at, &unit->positions[at]);
        }
    }
    for (unsigned kind = 0; kind < POSITION_KINDS; kind++) {
        if (kind != POSITION_RECORD) {
            print_positions(unit, kind);
        }
    }
}

void dump_print_text(const struct dump *dump)
{
    printf("read-out of %s\n", dump->readout.layout.name);
    print_info(dump);
    print_area("app slot", &dump->app);
    print_slots(dump);
    if (dump->readout.layout.array.flash) {
        print_area("C array", &dump->array);
    }
    print_summary(dump);
    print_unit(dump, &dump->units[0]);
    print_unit(dump, &dump->units[1]);
    if (!dump->has_newest) {
        puts("journal: no valid record");
    }
}
