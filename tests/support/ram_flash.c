// SPDX-License-Identifier: MIT

#include "ram_flash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum unit_state { ERASED, PROGRAMMED, TORN };

static void broken_promise(const char *what, uint32_t offset)
{
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

static int ram_read(const struct ota_flash *flash, uint32_t offset, void *data,
                    size_t len)
{
    struct ram_flash *ram = of(flash);
    uint32_t size = flash->geometry->write_unit;
    if (offset > flash->geometry->size ||
        len > flash->geometry->size - offset) {
        broken_promise("read outside the device", offset);
    }
    if (ram->dead || due(&ram->faults.read_at, ram->faults.sticky)) {
        return OTA_ERR_FLASH_READ;
    }
    uint8_t *out = data;
    for (uint32_t i = 0; i < len; i++) {
        uint32_t at = offset + i;
        out[i] = ram->now[at];
        if (ram->unit[at / size] == TORN) {
            if (ram->ecc && draw(ram) % 2 == 0) {
                return OTA_ERR_FLASH_READ;
            }
            uint8_t mask = (uint8_t)draw(ram);
            out[i] = (ram->now[at] & mask) | (ram->then[at] & (uint8_t)~mask);
        }
    }
    return 0;
}

// Counts an operation; true when the power goes at this one.
static bool power_goes(struct ram_flash *ram)
{
    ram->ops++;
    if (due(&ram->cut_at, false)) {
        ram->dead = true;
        return true;
    }
    return false;
}

static void tear(struct ram_flash *ram, uint32_t offset, uint32_t len)
{
    uint32_t size = ram->flash.geometry->write_unit;
    for (uint32_t i = 0; i < len; i += size) {
        ram->unit[(offset + i) / size] = TORN;
    }
}

static int prog_unit(struct ram_flash *ram, uint32_t offset,
                     const uint8_t *data)
{
    uint32_t size = ram->flash.geometry->write_unit;
    if (ram->unit[offset / size] != ERASED) {
        broken_promise("program of a unit that is not erased", offset);
    }
    bool cut = power_goes(ram);
    if (cut && ram->cut == CUT_BEFORE) {
        return OTA_ERR_FLASH_PROGRAM;
    }
    int err = 0;
    bool fault = due(&ram->faults.prog_at, ram->faults.sticky);
    if (fault) {
        err = ram->faults.prog_error;
        if (err != OTA_OK) {
            return err; // refused, nothing programmed
        }
    }
    memcpy(ram->then + offset, ram->now + offset, size);
    memcpy(ram->now + offset, data, size);
    ram->unit[offset / size] = PROGRAMMED;
    ram->programs++;
    if (fault) {
        ram->now[offset] ^= 0x10; // one cell does not hold
    }
    if (cut && ram->cut == CUT_TORN) {
        tear(ram, offset, size);
    }
    return cut ? OTA_ERR_FLASH_PROGRAM : 0;
}

static int ram_prog(const struct ota_flash *flash, uint32_t offset,
                    const void *data, size_t len)
{
    struct ram_flash *ram = of(flash);
    uint32_t size = flash->geometry->write_unit;
    if (offset % size != 0 || len % size != 0 ||
        offset > flash->geometry->size ||
        len > flash->geometry->size - offset) {
        broken_promise("program not aligned or outside", offset);
    }
    for (uint32_t i = 0; i < len; i += size) {
        if (ram->dead) {
            return OTA_ERR_FLASH_PROGRAM;
        }
        int err = prog_unit(ram, offset + i, (const uint8_t *)data + i);
        if (err) {
            return err;
        }
    }
    return 0;
}

// Finds the erase unit at offset: its size and number.
static uint32_t find_unit(const struct ota_geometry *geometry, uint32_t offset,
                          uint32_t *number)
{
    uint32_t at = 0;
    *number = 0;
    for (unsigned r = 0; r < geometry->run_count; r++) {
        for (uint32_t i = 0; i < geometry->run[r].count; i++) {
            if (at == offset) {
                return geometry->run[r].size;
            }
            at += geometry->run[r].size;
            (*number)++;
        }
    }
    broken_promise("erase does not begin at an erase unit", offset);
    return 0;
}

static int ram_erase(const struct ota_flash *flash, uint32_t offset)
{
    struct ram_flash *ram = of(flash);
    uint32_t number;
    uint32_t size = find_unit(flash->geometry, offset, &number);
    if (ram->dead) {
        return OTA_ERR_FLASH_ERASE;
    }
    bool cut = power_goes(ram);
    if (cut && ram->cut == CUT_BEFORE) {
        return OTA_ERR_FLASH_ERASE;
    }
    bool fault = due(&ram->faults.erase_at, ram->faults.sticky);
    if (fault && ota_flash_is_untouched(ram->faults.erase_error)) {
        return ram->faults.erase_error;
    }
    ram->erases[number]++;
    memcpy(ram->then + offset, ram->now + offset, size);
    memset(ram->now + offset, flash->geometry->erased, size);
    uint32_t write = flash->geometry->write_unit;
    memset(ram->unit + offset / write, ERASED, size / write);
    if (fault || (cut && ram->cut == CUT_TORN)) {
        tear(ram, offset, size);
    }
    if (fault) {
        return ram->faults.erase_error;
    }
    return cut ? OTA_ERR_FLASH_ERASE : 0;
}

static uint32_t erase_units(const struct ota_geometry *geometry)
{
    uint32_t count = 0;
    for (unsigned r = 0; r < geometry->run_count; r++) {
        count += geometry->run[r].count;
    }
    return count;
}

static void *must(void *memory)
{
    if (!memory) {
        perror("ram_flash");
        abort();
    }
    return memory;
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
    ram->erases = must(calloc(erase_units(geometry), sizeof *ram->erases));
    ram->ecc = geometry->write_unit >= 8;
    ram->random = seed ? seed : 1;
    return ram;
}

void ram_flash_free(struct ram_flash *ram)
{
    free(ram->now);
    free(ram->then);
    free(ram->unit);
    free(ram->erases);
    free(ram);
}

struct ram_flash *ram_flash_copy(const struct ram_flash *ram)
{
    const struct ota_geometry *geometry = ram->flash.geometry;
    struct ram_flash *copy = ram_flash_new(geometry, ram->random);
    memcpy(copy->now, ram->now, geometry->size);
    memcpy(copy->then, ram->then, geometry->size);
    memcpy(copy->unit, ram->unit, geometry->size / geometry->write_unit);
    memcpy(copy->erases, ram->erases,
           erase_units(geometry) * sizeof *ram->erases);
    copy->ecc = ram->ecc;
    copy->dead = ram->dead;
    copy->ops = ram->ops;
    copy->programs = ram->programs;
    copy->cut_at = ram->cut_at;
    copy->cut = ram->cut;
    copy->faults = ram->faults;
    return copy;
}

void ram_flash_load(struct ram_flash *ram, uint32_t offset, const void *data,
                    size_t len)
{
    uint32_t size = ram->flash.geometry->write_unit;
    memcpy(ram->now + offset, data, len);
    for (size_t i = 0; i < len; i++) {
        ram->unit[(offset + i) / size] = PROGRAMMED;
    }
}

bool ram_flash_is_torn(const struct ram_flash *ram, uint32_t offset,
                       uint32_t len)
{
    uint32_t size = ram->flash.geometry->write_unit;
    for (uint32_t i = 0; i < len; i += size) {
        if (ram->unit[(offset + i) / size] == TORN) {
            return true;
        }
    }
    return false;
}

void ram_flash_power_on(struct ram_flash *ram)
{
    ram->dead = false;
}
