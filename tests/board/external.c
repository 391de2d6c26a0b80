// SPDX-License-Identifier: MIT

#include "external.h"

#include <stdio.h>
#include <stdlib.h>

unsigned external_every(unsigned n)
{
    const char *samples = getenv("SAMPLES");
    return samples && strcmp(samples, "all") == 0 ? 1 : n;
}

struct rig *external_bench(const struct vboard_config *config)
{
    struct vboard_config mine = {0};
    if (config) {
        mine = *config;
    }
    mine.mcu = BOARD_MCU;
    mine.hse_hz = 8000000;
    struct rig *rig = rig_new(&mine);
    assert_int_equal(vboard_attach_w25q(rig->board, NULL), 0);
    return rig;
}

struct rig *external_factory(const struct vboard_config *config)
{
    struct rig *rig = external_bench(config);
    rig_program(rig, "factory.bin", 0);
    vboard_power_on(rig->board);
    external_expect_told(rig, "1.0.0", "none");
    return rig;
}

struct rig *external_without_app(const struct vboard_config *config)
{
    struct rig *rig = external_bench(config);
    rig_program(rig, "factory.bin", 0);
    memset(slots_at(rig, APP_OFFSET), 0xFF, APP_SIZE);
    return rig;
}

void external_end(struct rig *rig)
{
    slots_assert_clean(rig);
    rig_free(rig);
}

void external_put(struct rig *rig, const char *name, uint32_t offset)
{
    size_t size;
    uint8_t *data = rig_file(name, &size);
    memcpy(vboard_w25q(rig->board, NULL) + offset, data, size);
    free(data);
}

void external_assert_slot(struct rig *rig, const char *name, uint32_t offset)
{
    size_t size;
    uint8_t *data = rig_file(name, &size);
    assert_memory_equal(vboard_w25q(rig->board, NULL) + offset, data, size);
    free(data);
}

void external_press(struct rig *rig)
{
    rig_press(rig);
    rig_expect(rig, "update requested, resetting", UPDATE_TIME);
}

void external_key(struct rig *rig, char key)
{
    assert_int_equal(vboard_uart_send(rig->board, 1, &key, 1), 0);
    rig_expect(rig, "update requested, resetting", UPDATE_TIME);
}

void external_expect_confirmed(struct rig *rig, const char *version)
{
    char outcome[50];
    snprintf(outcome, sizeof outcome, "to %s: ok (done)", version);
    external_expect_told(rig, version, outcome);
    rig_expect(rig, "confirmed: ok", BOOT_TIME);
}

void external_expect_told(struct rig *rig, const char *version,
                          const char *outcome)
{
    char line[150];
    snprintf(line, sizeof line, "app %s: running; last update: %s\r\n", version,
             outcome);
    rig_expect(rig, line, 3 * UPDATE_TIME);
}

bool external_app_is(struct rig *rig, const char *name)
{
    size_t size;
    uint8_t *file = rig_file(name, &size);
    const uint8_t *app = slots_at(rig, APP_OFFSET);
    bool is = memcmp(app, file, 16) == 0 &&
              memcmp(app + 512, file + 16, size - 16) == 0;
    free(file);
    return is;
}

void external_recover(struct rig *rig, const char *name, const char *version)
{
    char line[50];
    sender_send_file(rig, name);
    snprintf(line, sizeof line, "app %s: running", version);
    rig_expect(rig, line, 3 * UPDATE_TIME);
    slots_assert_app(rig, name);
}

struct external_moment external_save(struct rig *rig)
{
    return (struct external_moment){vboard_save(rig->board), rig->len,
                                    rig->from};
}

void external_restore(struct rig *rig, const struct external_moment *moment)
{
    vboard_restore(rig->board, moment->board);
    rig->len = moment->len;
    rig->from = moment->from;
    rig->text[rig->len] = '\0';
}
