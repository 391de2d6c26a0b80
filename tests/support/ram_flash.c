// SPDX-License-Identifier: MIT

#include "ram_flash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum unit_state { ERASED, PROGRAMMED, TORN, BROKEN };

static void broken_promise(const struct ram_flash *ram, const char *what,
                           uint32_t offset)
{
    if (ram->broken) {
        ram->broken(what, offset);
    }
    fprintf(stderr, "the engine broke its promise: %s at offset 0x%x\n", what,
            (unsigned)offset);
    abort();
}

static uint32_t draw(struct ram_flash *ram)
{
    // xorshift32, Marsaglia 2003
    ram->random ^= ram->random << 13;
    ram->random ^= ram->random >> 17;
    ram->random ^= ram->random << 5;
    return ram->random;
}

static struct ram_flash *of(const struct ota_flash *flash)
{
    return flash->context;
}

static void *must(void *memory)
{
    if (!memory) {
        perror("ram_flash");
        abort();
    }
    return memory;
}

// Counts a fault down; true when it is due.
static bool due(uint32_t *countdown, bool sticky)
{
    if (*countdown == 0) {
        return false;
    }
    if (*countdown > 1) {
        (*countdown)--;
        return false;
    }
    *countdown = sticky ? 1 : 0;
    return true;
}

uint32_t ram_flash_unit(const struct ota_geometry *geometry, uint32_t offset,
                        uint32_t *start, uint32_t *size)
{
    uint32_t at = 0, number = 0;
    for (unsigned r = 0; r < geometry->run_count; r++) {
        const struct ota_erase_run *run = &geometry->run[r];
        if (offset - at < run->count * run->size) {
            uint32_t i = (offset - at) / run->size;
            *start = at + i * run->size;
            *size = run->size;
            return number + i;
        }
        at += run->count * run->size;
        number += run->count;
    }
    abort(); // callers have checked the range
}

/// Going back ///

// Stands behind the contents that it is about: now, then and unit, of as many
// bytes as saved says.
struct undo {
    uint32_t offset;
    uint32_t saved;
    uint32_t number; // of the erase unit
    uint32_t extent; // of it, before
    bool erase;
};

static void push(struct ram_flash *ram, const void *data, size_t len)
{
    if (len == 0) {
        return;
    }
    if (ram->log_used + len > ram->log_size) {
        ram->log_size = 2 * ram->log_size + len;
        ram->log = must(realloc(ram->log, ram->log_size));
    }
    memcpy(ram->log + ram->log_used, data, len);
    ram->log_used += len;
}

static void pop(struct ram_flash *ram, void *data, size_t len)
{
    if (len == 0) {
        return;
    }
    ram->log_used -= len;
    memcpy(data, ram->log + ram->log_used, len);
}

static void save(struct ram_flash *ram, const struct undo *undo)
{
    if (ram->marks == 0) {
        return;
    }
    uint32_t write = ram->flash.geometry->write_unit;
    push(ram, ram->now + undo->offset, undo->saved);
    push(ram, ram->then + undo->offset, undo->saved);
    push(ram, ram->unit + undo->offset / write, undo->saved / write);
    push(ram, undo, sizeof *undo);
}

// Makes len bytes from an erase unit's start as good as new.
static void clear(struct ram_flash *ram, uint32_t start, uint32_t len)
{
    const struct ota_geometry *geometry = ram->flash.geometry;
    memset(ram->now + start, geometry->erased, len);
    memset(ram->then + start, geometry->erased, len);
    memset(ram->unit + start / geometry->write_unit, ERASED,
           len / geometry->write_unit);
}

static void undo_one(struct ram_flash *ram)
{
    struct undo undo;
    pop(ram, &undo, sizeof undo);
    uint32_t write = ram->flash.geometry->write_unit;
    if (undo.erase) {
        clear(ram, undo.offset, ram->extent[undo.number]);
        ram->erases[undo.number]--;
    } else {
        ram->programmed[undo.number] -= undo.saved / write;
    }
    ram->extent[undo.number] = undo.extent;
    pop(ram, ram->unit + undo.offset / write, undo.saved / write);
    pop(ram, ram->then + undo.offset, undo.saved);
    pop(ram, ram->now + undo.offset, undo.saved);
}

struct ram_mark ram_flash_mark(struct ram_flash *ram)
{
    ram->marks++;
    return (struct ram_mark){
        .log_used = ram->log_used,
        .mood = ram->mood,
        .dead = ram->dead,
        .ops = ram->ops,
        .cut_at = ram->cut_at,
        .random = ram->random,
        .programs = ram->programs,
        .faults = ram->faults,
    };
}

void ram_flash_rollback(struct ram_flash *ram, const struct ram_mark *mark)
{
    while (ram->log_used > mark->log_used) {
        undo_one(ram);
    }
    ram->mood = mark->mood;
    ram->dead = mark->dead;
    ram->ops = mark->ops;
    ram->cut_at = mark->cut_at;
    ram->random = mark->random;
    ram->programs = mark->programs;
    ram->faults = mark->faults;
    ram->marks--;
}

/// Reading ///

// A torn unit at offset at, of which out gets the n bytes from skip on.
static int read_torn(struct ram_flash *ram, uint32_t at, uint32_t skip,
                     uint8_t *out, uint32_t n)
{
    const uint8_t *now = ram->now + at + skip;
    const uint8_t *then = ram->then + at + skip;
    enum ram_mood mood = ram->mood;
    if (mood == MOOD_MIXED || mood == MOOD_BAD) {
        if (ram->ecc && (mood == MOOD_BAD || draw(ram) % 2 == 0)) {
            return OTA_ERR_FLASH_READ;
        }
        mood = (enum ram_mood)(draw(ram) >> 8) % (MOOD_NEW + 1);
    }
    for (uint32_t i = 0; i < n; i++) {
        uint8_t mask = mood == MOOD_OLD   ? 0
                       : mood == MOOD_NEW ? 0xFF
                                          : (uint8_t)(draw(ram) >> 8);
        out[i] = (uint8_t)((now[i] & mask) | (then[i] & ~mask));
    }
    return 0;
}

static int ram_read(const struct ota_flash *flash, uint32_t offset, void *data,
                    size_t len)
{
    struct ram_flash *ram = of(flash);
    if (offset > flash->geometry->size ||
        len > flash->geometry->size - offset) {
        broken_promise(ram, "read outside the device", offset);
    }
    if (due(&ram->faults.gone_at, true)) {
        return ram->faults.gone_error;
    }
    if (ram->supply->dead || due(&ram->faults.read_at, ram->faults.sticky)) {
        return OTA_ERR_FLASH_READ;
    }
    memcpy(data, ram->now + offset, len);
    if (!ram_flash_is_torn(ram, offset, (uint32_t)len)) {
        return 0;
    }
    uint32_t size = flash->geometry->write_unit;
    uint32_t end = offset + (uint32_t)len;
    for (uint32_t at = offset - offset % size; at < end; at += size) {
        if (ram->unit[at / size] == BROKEN) {
            return OTA_ERR_FLASH_READ;
        }
        if (ram->unit[at / size] != TORN) {
            continue;
        }
        uint32_t from = at < offset ? offset : at;
        uint32_t to = at + size < end ? at + size : end;
        int err = read_torn(ram, at, from - at,
                            (uint8_t *)data + (from - offset), to - from);
        if (err) {
            return err;
        }
    }
    return 0;
}

/// Programming and erasing ///

static void tear(struct ram_flash *ram, uint32_t offset, uint32_t len)
{
    uint32_t write = ram->flash.geometry->write_unit;
    memset(ram->unit + offset / write, TORN, len / write);
}

// Of what an operation does in parts, where power failed: those before first
// are done, those from end on have not been begun.
struct tear {
    uint32_t first, end;
};

static struct tear where_torn(struct ram_flash *ram, uint32_t parts)
{
    struct tear tear = {0, parts};
    if (parts > 1) { // often enough all of them
        tear.first = draw(ram) % 2 ? draw(ram) % parts : 0;
        tear.end = tear.first + 1 + draw(ram) % (parts - tear.first);
    }
    return tear;
}

// Programs len bytes of one erase unit, all of them torn or none.
static void prog_some(struct ram_flash *ram, const struct ram_op *op,
                      uint32_t from, uint32_t len, bool torn)
{
    uint32_t start, size, offset = op->offset + from;
    uint32_t write = ram->flash.geometry->write_unit;
    uint32_t number =
        ram_flash_unit(ram->flash.geometry, offset, &start, &size);
    save(ram, &(struct undo){.offset = offset,
                             .saved = len,
                             .number = number,
                             .extent = ram->extent[number]});
    memcpy(ram->then + offset, ram->now + offset, len);
    memcpy(ram->now + offset, op->data + from, len);
    memset(ram->unit + offset / write, torn ? TORN : PROGRAMMED, len / write);
    if (ram->extent[number] < offset + len - start) {
        ram->extent[number] = offset + len - start;
    }
    ram->programmed[number] += len / write;
    ram->programs += len / write;
}

static void apply_prog(struct ram_flash *ram, const struct ram_op *op,
                       bool torn)
{
    uint32_t write = ram->flash.geometry->write_unit;
    struct tear tear = {op->len / write, op->len / write};
    if (torn) {
        tear = where_torn(ram, op->len / write);
    }
    if (tear.first > 0) {
        prog_some(ram, op, 0, tear.first * write, false);
    }
    if (tear.end > tear.first) {
        prog_some(ram, op, tear.first * write, (tear.end - tear.first) * write,
                  true);
    }
}

static void erase_unit(struct ram_flash *ram, uint32_t start, uint32_t size,
                       uint32_t number, bool torn)
{
    uint32_t extent = ram->extent[number];
    save(ram, &(struct undo){.offset = start,
                             .saved = extent,
                             .number = number,
                             .extent = extent,
                             .erase = true});
    if (torn) {
        memcpy(ram->then + start, ram->now + start, extent);
        memset(ram->now + start, ram->flash.geometry->erased, extent);
        tear(ram, start, size);
        ram->extent[number] = size;
    } else {
        clear(ram, start, extent);
        ram->extent[number] = 0;
    }
    ram->erases[number]++;
}

// The units of a block are alike, so that they can be counted.
static void apply_erase(struct ram_flash *ram, const struct ram_op *op,
                        bool torn)
{
    uint32_t start, size;
    uint32_t number =
        ram_flash_unit(ram->flash.geometry, op->offset, &start, &size);
    uint32_t units = op->len / size;
    struct tear tear = {units, units};
    if (torn) {
        tear = where_torn(ram, units);
    }
    for (uint32_t i = 0; i < tear.end; i++) {
        erase_unit(ram, start + i * size, size, number + i, i >= tear.first);
    }
}

static bool has(const struct ram_flash *ram, const struct ram_op *op,
                enum unit_state state)
{
    uint32_t write = ram->flash.geometry->write_unit;
    return memchr(ram->unit + op->offset / write, state, op->len / write) !=
           NULL;
}

void ram_flash_apply(struct ram_flash *ram, const struct ram_op *op,
                     enum ram_cut how)
{
    if (how == CUT_BEFORE || (!op->erase && has(ram, op, TORN))) {
        return;
    }
    if (op->erase) {
        apply_erase(ram, op, how == CUT_TORN);
    } else {
        apply_prog(ram, op, how == CUT_TORN);
    }
}

// Counts an operation; true when the power goes at this one.
static bool power_goes(struct ram_flash *ram, const struct ram_op *op)
{
    if (ram->before) {
        ram->before(ram, op);
    }
    struct ram_flash *supply = ram->supply;
    supply->ops++;
    if (due(&supply->cut_at, false)) {
        supply->dead = true;
        return true;
    }
    return false;
}

static int prog_once(struct ram_flash *ram, const struct ram_op *op)
{
    if (has(ram, op, PROGRAMMED) || has(ram, op, BROKEN)) {
        broken_promise(ram, "program of a unit that is not erased", op->offset);
    }
    if (power_goes(ram, op)) {
        ram_flash_apply(ram, op, ram->supply->cut);
        return OTA_ERR_FLASH_PROGRAM;
    }
    if (has(ram, op, TORN)) {
        return OTA_ERR_FLASH_PROGRAM; // it may have read as blank
    }
    bool fault = due(&ram->faults.prog_at, ram->faults.sticky);
    if (fault && ram->faults.prog_error != OTA_OK) {
        return ram->faults.prog_error; // refused, nothing programmed
    }
    apply_prog(ram, op, false);
    if (fault) {
        ram->now[op->offset] ^= 0x10; // one cell does not hold
    }
    return 0;
}

// Bytes that go with the one at offset by one operation.
static uint32_t together(const struct ram_flash *ram, uint32_t offset,
                         uint32_t len)
{
    uint32_t most = ram->flash.geometry->write_unit;
    if (ram->page > 0) {
        most = ram->page - offset % ram->page;
    }
    return len < most ? len : most;
}

static int ram_prog(const struct ota_flash *flash, uint32_t offset,
                    const void *data, size_t len)
{
    struct ram_flash *ram = of(flash);
    uint32_t size = flash->geometry->write_unit;
    if (offset % size != 0 || len % size != 0 ||
        offset > flash->geometry->size ||
        len > flash->geometry->size - offset) {
        broken_promise(ram, "program not aligned or outside", offset);
    }
    if (due(&ram->faults.gone_at, true)) {
        return ram->faults.gone_error;
    }
    const uint8_t *from = data;
    while (len > 0) {
        if (ram->supply->dead) {
            return OTA_ERR_FLASH_PROGRAM;
        }
        const struct ram_op op = {false, offset,
                                  together(ram, offset, (uint32_t)len), from};
        int err = prog_once(ram, &op);
        if (err) {
            return err;
        }
        offset += op.len;
        from += op.len;
        len -= op.len;
    }
    return 0;
}

static bool can_erase(const struct ota_geometry *geometry, uint32_t offset,
                      uint32_t size)
{
    uint32_t start, unit;
    if (size == 0 || offset >= geometry->size ||
        size > geometry->size - offset) {
        return false;
    }
    ram_flash_unit(geometry, offset, &start, &unit);
    return start == offset &&
           (size == unit || (size == geometry->block && offset % size == 0));
}

static int ram_erase(const struct ota_flash *flash, uint32_t offset,
                     uint32_t size)
{
    struct ram_flash *ram = of(flash);
    if (!can_erase(flash->geometry, offset, size)) {
        broken_promise(ram, "erase of what is no erase unit", offset);
    }
    if (due(&ram->faults.gone_at, true)) {
        return ram->faults.gone_error;
    }
    if (ram->supply->dead) {
        return OTA_ERR_FLASH_ERASE;
    }
    const struct ram_op op = {true, offset, size, NULL};
    if (power_goes(ram, &op)) {
        ram_flash_apply(ram, &op, ram->supply->cut);
        return OTA_ERR_FLASH_ERASE;
    }
    if (due(&ram->faults.erase_at, ram->faults.sticky)) {
        if (!ota_flash_is_untouched(ram->faults.erase_error)) {
            apply_erase(ram, &op, true);
        }
        return ram->faults.erase_error;
    }
    apply_erase(ram, &op, false);
    return 0;
}

/// The device ///

static uint32_t erase_units(const struct ota_geometry *geometry)
{
    uint32_t count = 0;
    for (unsigned r = 0; r < geometry->run_count; r++) {
        count += geometry->run[r].count;
    }
    return count;
}

struct ram_flash *ram_flash_new(const struct ota_geometry *geometry,
                                uint32_t seed)
{
    struct ram_flash *ram = must(calloc(1, sizeof *ram));
    ram->flash = (struct ota_flash){
        .geometry = geometry,
        .read = ram_read,
        .prog = ram_prog,
        .erase = ram_erase,
        .context = ram,
    };
    ram->now = must(malloc(geometry->size));
    ram->then = must(malloc(geometry->size));
    memset(ram->now, geometry->erased, geometry->size);
    memset(ram->then, geometry->erased, geometry->size);
    ram->unit = must(calloc(geometry->size / geometry->write_unit, 1));
    uint32_t units = erase_units(geometry);
    ram->erases = must(calloc(units, sizeof *ram->erases));
    ram->programmed = must(calloc(units, sizeof *ram->programmed));
    ram->extent = must(calloc(units, sizeof *ram->extent));
    ram->ecc = geometry->write_unit >= 8;
    ram->random = seed ? seed : 1;
    ram->supply = ram;
    return ram;
}

void ram_flash_free(struct ram_flash *ram)
{
    free(ram->now);
    free(ram->then);
    free(ram->unit);
    free(ram->erases);
    free(ram->programmed);
    free(ram->extent);
    free(ram->log);
    free(ram);
}

void ram_flash_load(struct ram_flash *ram, uint32_t offset, const void *data,
                    size_t len)
{
    if (ram->marks > 0) {
        abort();
    }
    uint32_t write = ram->flash.geometry->write_unit;
    memcpy(ram->now + offset, data, len);
    for (size_t i = 0; i < len; i++) {
        uint32_t at = offset + (uint32_t)i, start, size;
        uint32_t number =
            ram_flash_unit(ram->flash.geometry, at, &start, &size);
        uint32_t end = at / write * write + write - start;
        ram->unit[at / write] = PROGRAMMED;
        if (ram->extent[number] < end) {
            ram->extent[number] = end;
        }
    }
}

bool ram_flash_is_torn(const struct ram_flash *ram, uint32_t offset,
                       uint32_t len)
{
    if (len == 0) {
        return false;
    }
    uint32_t write = ram->flash.geometry->write_unit;
    uint32_t first = offset / write;
    uint32_t last = (offset + len - 1) / write;
    size_t count = last - first + 1;
    return memchr(ram->unit + first, TORN, count) != NULL ||
           (ram->has_broken &&
            memchr(ram->unit + first, BROKEN, count) != NULL);
}

void ram_flash_break(struct ram_flash *ram, uint32_t offset)
{
    const uint8_t byte = ram->now[offset];
    ram_flash_load(ram, offset, &byte, 1); // it counts as used
    ram->unit[offset / ram->flash.geometry->write_unit] = BROKEN;
    ram->has_broken = true;
}

void ram_flash_seed(struct ram_flash *ram, uint32_t seed)
{
    ram->random = seed ? seed : 1;
    for (int i = 0; i < 4; i++) {
        draw(ram); // small seeds begin alike
    }
    ram->mood = (enum ram_mood)((draw(ram) >> 8) % MOOD_COUNT);
}

void ram_flash_power_on(struct ram_flash *ram)
{
    ram->dead = false;
    ram->mood = (enum ram_mood)((draw(ram) >> 8) % MOOD_COUNT);
}
