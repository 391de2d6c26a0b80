// SPDX-License-Identifier: MIT

#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "ota/bytes.h"
#include "ota/image.h"
#include "ota/journal.h"

const char *const part_names[PART_COUNT] = {
    "F446", "F103", "L4", "U5", "H7", "F103-W25Q", "F446-W25Q"};
const char *const kind_names[KIND_COUNT] = {"internal", "one-slot", "single"};

/// Parts and layouts ///

// Erase sizes, write units and error correction: RM0390, PM0075, RM0351,
// RM0456, RM0433. As many units as the layouts need.
static const struct ota_geometry geometries[PART_COUNT] = {
    [PART_F446] = {.size = 512 * 1024,
                   .write_unit = 4,
                   .erased = 0xFF,
                   .run_count = 3,
                   .run = (const struct ota_erase_run[]){{4, 16384},
                                                         {1, 65536},
                                                         {3, 131072}}},
    [PART_F103] = {.size = 28 * 1024,
                   .write_unit = 2,
                   .erased = 0xFF,
                   .run_count = 1,
                   .run = (const struct ota_erase_run[]){{28, 1024}}},
    [PART_L4] = {.size = 40 * 1024,
                 .write_unit = 8,
                 .erased = 0xFF,
                 .run_count = 1,
                 .run = (const struct ota_erase_run[]){{20, 2048}}},
    [PART_U5] = {.size = 144 * 1024,
                 .write_unit = 16,
                 .erased = 0xFF,
                 .run_count = 1,
                 .run = (const struct ota_erase_run[]){{18, 8192}}},
    [PART_H7] = {.size = 768 * 1024,
                 .write_unit = 32,
                 .erased = 0xFF,
                 .run_count = 1,
                 .run = (const struct ota_erase_run[]){{6, 131072}}},
    [PART_F103_W25Q] = {.size = 16 * 1024,
                        .write_unit = 2,
                        .erased = 0xFF,
                        .run_count = 1,
                        .run = (const struct ota_erase_run[]){{16, 1024}}},
    [PART_F446_W25Q] = {.size = 256 * 1024,
                        .write_unit = 4,
                        .erased = 0xFF,
                        .run_count = 3,
                        .run = (const struct ota_erase_run[]){{4, 16384},
                                                              {1, 65536},
                                                              {1, 131072}}},
};

// A W25Q64 (units of 4 KiB, blocks of 64 KiB, pages of 256 bytes) on a scale on
// which a file of 5 KB has blocks, units and many pages.
static const struct ota_geometry w25q_geometry = {
    .size = 32 * 1024,
    .write_unit = 1,
    .erased = 0xFF,
    .run_count = 1,
    .run = (const struct ota_erase_run[]){{64, 512}},
    .block = 2048,
};
#define W25Q_PAGE 32

// Offset and size of each area.
struct shape {
    uint32_t journal[2], journal_size;
    uint32_t app, app_size;
    uint32_t slot[2], slot_size;
};

#define K 1024u
static const struct shape shapes[PART_COUNT] = {
    [PART_F446] = {{32 * K, 48 * K},
                   16 * K,
                   128 * K,
                   128 * K,
                   {256 * K, 384 * K},
                   128 * K},
    [PART_F103] = {{2 * K, 3 * K}, K, 4 * K, 6 * K, {12 * K, 20 * K}, 6 * K},
    [PART_L4] =
        {{2 * K, 4 * K}, 2 * K, 6 * K, 10 * K, {18 * K, 28 * K}, 10 * K},
    [PART_U5] =
        {{8 * K, 16 * K}, 8 * K, 24 * K, 32 * K, {64 * K, 104 * K}, 40 * K},
    [PART_H7] = {{128 * K, 256 * K},
                 128 * K,
                 384 * K,
                 128 * K,
                 {512 * K, 640 * K},
                 128 * K},
    [PART_F103_W25Q] = {{2 * K, 3 * K}, K, 4 * K, 8 * K, {0, 16 * K}, 16 * K},
    [PART_F446_W25Q] =
        {{32 * K, 48 * K}, 16 * K, 128 * K, 128 * K, {0, 16 * K}, 16 * K},
};

static void make_layout(struct world *world)
{
    const struct shape *shape = &shapes[world->part];
    const struct ota_flash *flash = &world->device[0]->flash;
    const struct ota_flash *slots =
        world->device[1] ? &world->device[1]->flash : flash;
    world->layout = (struct ota_layout){
        .name = "proof",
        .target = 0xFFFFFF00u | (uint32_t)world->kind,
        .flash_base = 0x08000000,
        .ram_base = 0x20000000,
        .ram_size = 0x5000,
        .allow_unsigned = true,
        .trial_boots = 3,
        .boot = {flash, 0, shape->journal[0]},
        .journal = {{flash, shape->journal[0], shape->journal_size},
                    {flash, shape->journal[1], shape->journal_size}},
        .app = {flash, shape->app, shape->app_size},
        .digest = 0x0123456789ABCDEF,
    };
    for (unsigned i = 0; i < 2u - (unsigned)world->kind; i++) {
        world->layout.slot[i] =
            (struct ota_area){slots, shape->slot[i], shape->slot_size};
    }
}

// The info block as SPEC.md draws it.
static void make_info(struct world *world)
{
    uint8_t *info = world->info;
    memcpy(info, "INFO", 4);
    store_le32(info + 4, OTA_VERSION(0, 1, 0));
    info[8] = OTA_INFO_FORMAT;
    info[9] = OTA_JOURNAL_FORMAT;
    info[10] = OTA_FORMAT_PLAIN;
    store_le32(info + 12, OTA_FEATURE_SLOT_A);
    store_le32(info + 16, world->layout.target);
    store_le32(info + 24, (uint32_t)world->layout.digest);
    store_le32(info + 28, (uint32_t)(world->layout.digest >> 32));
}

static bool has_w25q(enum part part)
{
    return part == PART_F103_W25Q || part == PART_F446_W25Q;
}

bool world_exists(enum part part, enum kind kind)
{
    return !has_w25q(part) || kind != KIND_SINGLE; // nothing would lie on it
}

struct world *world_new(enum part part, enum kind kind)
{
    if (!world_exists(part, kind)) {
        return NULL;
    }
    struct world *world = calloc(1, sizeof *world);
    if (!world) {
        abort();
    }
    world->part = part;
    world->kind = kind;
    world->device[0] = ram_flash_new(&geometries[part], 1);
    if (has_w25q(part)) {
        world->device[1] = ram_flash_new(&w25q_geometry, 2);
        world->device[1]->page = W25Q_PAGE;
        world->device[1]->supply = world->device[0];
    }
    make_layout(world);
    make_info(world);
    return world;
}

void world_free(struct world *world)
{
    for (unsigned i = 0; i < world->image_count; i++) {
        free(world->images[i].bytes);
    }
    for (unsigned i = 0; i < 2 && world->device[i]; i++) {
        ram_flash_free(world->device[i]);
    }
    free(world);
}

/// Images ///

static void make_image(const struct world *world, struct image_file *image,
                       uint32_t size)
{
    uint8_t *app = image->bytes + OTA_PLAIN_HEADER_SIZE;
    uint32_t random = image->version * 2654435761u | 1;
    for (uint32_t i = 0; i < size; i++) {
        random = random * 1664525u + 1013904223u;
        app[i] = (uint8_t)(random >> 24);
    }
    store_le32(app, world->layout.ram_base + world->layout.ram_size);
    store_le32(app + 4, ota_layout_vectors(&world->layout) + 9);
    store_le32(image->bytes, OTA_MAGIC_PLAIN);
    store_le32(image->bytes + 4, size);
    store_le32(image->bytes + 8, (uint32_t)crc32(0, app, size));
    store_le32(image->bytes + 12, image->version);
}

struct image_file *world_image(struct world *world, uint32_t version,
                               uint32_t size)
{
    for (unsigned i = 0; i < world->image_count; i++) {
        if (world->images[i].version == version) {
            return &world->images[i];
        }
    }
    if (world->image_count == MAX_IMAGES) {
        abort();
    }
    struct image_file *image = &world->images[world->image_count++];
    image->version = version;
    image->len = OTA_PLAIN_HEADER_SIZE + size;
    image->bytes = malloc(image->len);
    if (!image->bytes) {
        abort();
    }
    make_image(world, image, size);
    return image;
}

void world_factory(struct world *world, const struct image_file *image)
{
    uint32_t app = world->layout.app.offset;
    ram_flash_load(world->device[0], app, image->bytes, OTA_PLAIN_HEADER_SIZE);
    ram_flash_load(world->device[0], app + OTA_HEADER_SPACE,
                   image->bytes + OTA_PLAIN_HEADER_SIZE,
                   image->len - OTA_PLAIN_HEADER_SIZE);
}

void world_rot(const struct ota_area *area, uint32_t offset, uint8_t mask)
{
    struct ram_flash *ram = ram_of(area);
    uint8_t byte = ram->now[area->offset + offset] ^ mask;
    ram_flash_load(ram, area->offset + offset, &byte, 1);
}

/// The flash of both devices ///

struct world_mark world_mark(struct world *world)
{
    struct world_mark mark = {0};
    for (unsigned i = 0; i < 2 && world->device[i]; i++) {
        mark.device[i] = ram_flash_mark(world->device[i]);
    }
    return mark;
}

void world_rollback(struct world *world, const struct world_mark *mark)
{
    for (unsigned i = 0; i < 2 && world->device[i]; i++) {
        ram_flash_rollback(world->device[i], &mark->device[i]);
    }
}

void world_seed(struct world *world, uint32_t seed)
{
    for (unsigned i = 0; i < 2 && world->device[i]; i++) {
        ram_flash_seed(world->device[i], seed + i * 0x9E3779B9u);
    }
}

void world_turn_on(struct world *world)
{
    for (unsigned i = 0; i < 2 && world->device[i]; i++) {
        ram_flash_power_on(world->device[i]);
    }
}

uint32_t world_ops(const struct world *world)
{
    return world->device[0]->ops; // the second one's supply
}

/// Other eyes ///

const struct ota_area *world_place(const struct world *world, enum place place)
{
    const struct ota_area *area = place == PLACE_APP
                                      ? &world->layout.app
                                      : &world->layout.slot[place - PLACE_A];
    return area->flash ? area : NULL;
}

static uint32_t skip_of(enum place place)
{
    return place == PLACE_APP ? OTA_HEADER_SPACE : OTA_PLAIN_HEADER_SIZE;
}

static const uint8_t *bytes_of(const struct ota_area *area)
{
    return ram_of(area)->now + area->offset;
}

uint32_t world_version_at(const struct world *world, enum place place)
{
    const struct ota_area *area = world_place(world, place);
    if (!area) {
        return 0;
    }
    const uint8_t *header = bytes_of(area);
    uint32_t skip = skip_of(place);
    uint32_t size = load_le32(header + 4);
    if (load_le32(header) != 0xABCDEFAB || size < 8 ||
        size > area->size - skip ||
        ram_flash_is_torn(ram_of(area), area->offset, 16) ||
        ram_flash_is_torn(ram_of(area), area->offset + skip, size) ||
        crc32(0, header + skip, size) != load_le32(header + 8)) {
        return 0;
    }
    return load_le32(header + 12);
}

static bool overlap(uint32_t a, uint32_t a_len, uint32_t b, uint32_t b_len)
{
    return a < b + b_len && b < a + a_len;
}

bool world_hits(const struct world *world, enum place place,
                const struct ram_flash *ram, const struct ram_op *op)
{
    const struct ota_area *area = world_place(world, place);
    if (!area || ram_of(area) != ram) {
        return false;
    }
    uint32_t size = load_le32(bytes_of(area) + 4);
    return overlap(op->offset, op->len, area->offset, 16) ||
           overlap(op->offset, op->len, area->offset + skip_of(place), size);
}

/// Wear ///

// The i-th erase unit of a place: its number in the device, its size.
static bool unit_of(const struct ota_area *area, unsigned i, uint32_t *number,
                    uint32_t *at, uint32_t *size)
{
    uint32_t offset = area->offset, start;
    for (unsigned n = 0; offset < area->offset + area->size; n++) {
        *number = ram_flash_unit(area->flash->geometry, offset, &start, size);
        if (n == i) {
            *at = offset - area->offset;
            return true;
        }
        offset += *size;
    }
    return false;
}

void world_wear(const struct world *world, struct wear *wear)
{
    memset(wear, 0, sizeof *wear);
    for (int place = 0; place < PLACE_COUNT; place++) {
        const struct ota_area *area = world_place(world, (enum place)place);
        uint32_t number, at, size;
        for (unsigned i = 0;
             i < WEAR_UNITS && area && unit_of(area, i, &number, &at, &size);
             i++) {
            wear->erases[place][i] = ram_of(area)->erases[number];
            wear->programs[place][i] = ram_of(area)->programmed[number];
        }
    }
}

// Write units that an image of len bytes takes between two offsets of a place.
static uint32_t units_between(enum place place, uint32_t len, uint32_t write,
                              uint32_t from, uint32_t to)
{
    uint32_t count = 0;
    for (uint32_t at = from; at < to; at += write) {
        bool used = at < len;
        if (place == PLACE_APP) {
            uint32_t end = OTA_HEADER_SPACE + len - OTA_PLAIN_HEADER_SIZE;
            used = at < OTA_PLAIN_HEADER_SIZE ||
                   (at >= OTA_HEADER_SPACE && at < end);
        }
        count += used;
    }
    return count;
}

const char *world_check_wear(const struct world *world, enum place place,
                             const struct wear *before,
                             const struct wear *after, uint32_t want_len)
{
    const struct ota_area *area = world_place(world, place);
    uint32_t number, at, size;
    for (unsigned i = 0;
         i < WEAR_UNITS && area && unit_of(area, i, &number, &at, &size); i++) {
        uint32_t write = area->flash->geometry->write_unit;
        uint32_t units = 0, erases = 0;
        if (want_len > 0) {
            units = units_between(place, want_len, write, at, at + size);
            uint32_t end = want_len;
            if (place == PLACE_APP) {
                end += OTA_HEADER_SPACE - OTA_PLAIN_HEADER_SIZE;
            }
            erases = at < end;
        }
        if (after->erases[place][i] - before->erases[place][i] != erases) {
            return "erase units are not erased exactly once";
        }
        if (after->programs[place][i] - before->programs[place][i] != units) {
            return "bytes are not programmed exactly once";
        }
    }
    return NULL;
}

/// The journal ///

const uint8_t *world_newest(const struct world *world)
{
    const struct ota_area *units = world->layout.journal;
    uint32_t capacity = units[0].size / OTA_RECORD_SIZE;
    const uint8_t *newest = NULL;
    for (uint32_t i = 0; i < 2 * capacity; i++) {
        const struct ota_area *area = &units[i / capacity];
        uint32_t offset = i % capacity * OTA_RECORD_SIZE;
        const uint8_t *raw = bytes_of(area) + offset;
        uint32_t sequence = load_le32(raw + 20);
        if (raw[24] == 0xFF || sequence % (2 * capacity) != i ||
            ram_flash_is_torn(ram_of(area), area->offset + offset, 64) ||
            crc32(0, raw, 60) != load_le32(raw + 60)) {
            continue;
        }
        if (!newest || sequence > load_le32(newest + 20)) {
            newest = raw;
        }
    }
    return newest;
}

void world_describe_record(const uint8_t *raw, char *text, size_t size)
{
    static const char *const states[] = {"?", "CONFIRMED", "INSTALLING",
                                         "TRIAL", "REVERTING"};
    static const char slots[] = "-AB?";
    if (!raw) {
        snprintf(text, size, "no record");
        return;
    }
    uint32_t version = load_le32(raw + 16), tried = load_le32(raw + 36);
    snprintf(
        text, size,
        "#%u %s %u.%u%s%s attempts %u backup %c staged %c installs %u"
        " tried %u.%u: %s at %s",
        (unsigned)load_le32(raw + 20), states[raw[25] <= 4 ? raw[25] : 0],
        (unsigned)OTA_VERSION_MAJOR(version),
        (unsigned)OTA_VERSION_MINOR(version),
        load_le32(raw) == 1 ? " request" : "", raw[31] & 1 ? " settled" : "",
        raw[27], slots[raw[28] & 3], slots[raw[28] >> 4 & 3], raw[29],
        (unsigned)OTA_VERSION_MAJOR(tried), (unsigned)OTA_VERSION_MINOR(tried),
        ota_error_text((int)load_le32(raw + 32)),
        ota_step_name((enum ota_step)raw[30]));
}
