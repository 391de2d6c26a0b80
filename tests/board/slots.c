// SPDX-License-Identifier: MIT

#include "slots.h"

#include <stdio.h>
#include <stdlib.h>

#define HEADER       16
#define HEADER_SPACE 512

uint32_t slots_get32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

void slots_put32(uint8_t *p, uint32_t x)
{
    for (unsigned i = 0; i < 4; i++) {
        p[i] = (uint8_t)(x >> 8 * i);
    }
}

uint8_t *slots_at(struct rig *rig, uint32_t offset)
{
    return vboard_flash(rig->board, NULL) + offset;
}

void slots_assert_clean(const struct rig *rig)
{
    assert_int_equal(rig->violations, 0);
    assert_int_equal(rig->handover_differences, 0);
    assert_true(rig->handovers > 0);
    assert_true(rig->low_write >= FLASH_BASE + JOURNAL0_OFFSET);
}

void slots_forget(struct rig *rig)
{
    rig->len = rig->from = 0;
    rig->text[0] = '\0';
}

size_t slots_size(const char *image)
{
    size_t size;
    free(rig_file(image, &size));
    return size;
}

#if ARRAY_SIZE > 0
void slots_request(struct rig *rig, const char *image)
{
    memset(slots_at(rig, ARRAY_OFFSET), 0xFF, ARRAY_SIZE);
    rig_program(rig, image, ARRAY_OFFSET);
    assert_true(slots_size(image) <= ARRAY_SIZE);
    rig_press(rig);
    rig_expect(rig, "update requested, resetting", UPDATE_TIME);
}

void slots_update(struct rig *rig, const char *image, const char *version)
{
    slots_request(rig, image);
    rig_expect(rig, "reset by software", BOOT_TIME);
    slots_expect_confirmed(rig, version);
}
#endif

void slots_expect_confirmed(struct rig *rig, const char *version)
{
    char line[100];
    snprintf(line, sizeof line, "installed %s", version);
    rig_expect(rig, line, UPDATE_TIME);
    snprintf(line, sizeof line, "running %s on trial, boot 1 of 3", version);
    rig_expect(rig, line, BOOT_TIME);
    snprintf(line, sizeof line,
             "app %s: running; last update: to %s: ok (done)", version,
             version);
    rig_expect(rig, line, BOOT_TIME);
    rig_expect(rig, "confirmed: ok", BOOT_TIME);
}

void slots_assert_slot(struct rig *rig, uint32_t offset, const char *image)
{
    size_t size;
    uint8_t *file = rig_file(image, &size);
    assert_memory_equal(slots_at(rig, offset), file, size);
    free(file);
}

void slots_assert_app(struct rig *rig, const char *image)
{
    size_t size;
    uint8_t *file = rig_file(image, &size);
    const uint8_t *app = slots_at(rig, APP_OFFSET);
    assert_memory_equal(app, file, HEADER);
    assert_memory_equal(app + HEADER_SPACE, file + HEADER, size - HEADER);
    free(file);
}

unsigned slots_sector(uint32_t offset)
{
    return offset == 0x10000 ? 4 : 4 + offset / 0x20000;
}

struct slots_wear slots_wear(struct rig *rig)
{
    struct slots_wear wear;
    for (unsigned i = 0; i < 8; i++) {
        wear.sector[i] = vboard_wear(rig->board, i);
    }
    return wear;
}

static void assert_worn(struct rig *rig, const struct slots_wear *before,
                        uint32_t offset, uint64_t erases, uint64_t programs)
{
    unsigned sector = slots_sector(offset);
    struct vboard_wear now = vboard_wear(rig->board, sector);
    assert_int_equal(now.erases - before->sector[sector].erases, erases);
    assert_int_equal(now.programs - before->sector[sector].programs, programs);
}

void slots_assert_written_once(struct rig *rig, const struct slots_wear *before,
                               uint32_t offset, size_t size)
{
    assert_worn(rig, before, offset, 1, (size + 3) / 4);
}

void slots_assert_untouched(struct rig *rig, const struct slots_wear *before,
                            uint32_t offset)
{
    assert_worn(rig, before, offset, 0, 0);
}
