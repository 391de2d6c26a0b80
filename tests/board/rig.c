// SPDX-License-Identifier: MIT

#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

static void see_pin(struct rig_pin *pin, uint64_t time)
{
    if (pin->edges > 0) {
        uint64_t gap = time - pin->last;
        pin->shortest = gap < pin->shortest ? gap : pin->shortest;
        pin->longest = gap > pin->longest ? gap : pin->longest;
    }
    pin->edges++;
    pin->last = time;
}

static void see_byte(struct rig *rig, char byte)
{
    if (rig->len + 1 < sizeof rig->text) {
        rig->text[rig->len++] = byte;
        rig->text[rig->len] = '\0';
    }
    if (rig->wanted && strstr(rig->text + rig->from, rig->wanted)) {
        vboard_stop(rig->board);
    }
}

static void see_flash(struct rig *rig, const struct vboard_event *event)
{
    rig->flash_ops++;
    if (rig->flash_ops == rig->stop_at) {
        vboard_stop(rig->board);
    }
    if (event->unit == 0 && event->address < rig->low_write) {
        rig->low_write = event->address;
    }
}

void rig_stop_at_op(struct rig *rig, uint64_t ops)
{
    rig->stop_at = rig->flash_ops + ops;
}

static void see(void *context, const struct vboard_event *event)
{
    struct rig *rig = context;
    switch (event->kind) {
    case VBOARD_EVENT_RESET:
        rig->resets++;
        rig->watchdog_resets += strstr(event->text, "IWDG") != NULL;
        break;
    case VBOARD_EVENT_PIN:
        if (strcmp(event->text, "PA4") == 0) {
            see_pin(&rig->red, event->time);
        } else if (strcmp(event->text, "PA1") == 0) {
            see_pin(&rig->app, event->time);
        }
        break;
    case VBOARD_EVENT_UART:
        if (event->unit == 1) {
            see_byte(rig, (char)event->value);
        }
        break;
    case VBOARD_EVENT_FLASH:
        see_flash(rig, event);
        break;
    case VBOARD_EVENT_VIOLATION:
        rig->violations++;
        break;
    case VBOARD_EVENT_HANDOVER:
        rig->handovers++;
        rig->handover_differences += event->value;
        if (event->value > 0) {
            fprintf(stderr, "hand-over: %s\n", event->text);
        }
        break;
    case VBOARD_EVENT_FAULT:
    case VBOARD_EVENT_POWER_CUT:
        break;
    }
}

struct rig *rig_new(const struct vboard_config *config)
{
    struct rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    struct vboard_config mine = {.mcu = "stm32f446re", .hse_hz = 8000000};
    if (config) {
        mine = *config;
    }
    mine.event = see;
    mine.context = rig;
    rig->low_write = UINT32_MAX;
    rig->board = vboard_new(&mine);
    assert_non_null(rig->board);
    return rig;
}

void rig_free(struct rig *rig)
{
    vboard_free(rig->board);
    free(rig);
}

uint8_t *rig_file(const char *name, size_t *size)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", IMAGE_DIR, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        fail_msg("%s is missing: the test board.images makes it", path);
    }
    uint8_t *data = malloc(512 * 1024);
    assert_non_null(data);
    *size = fread(data, 1, 512 * 1024, file);
    fclose(file);
    assert_true(*size > 0);
    return data;
}

void rig_program(struct rig *rig, const char *name, uint32_t offset)
{
    size_t size;
    uint8_t *data = rig_file(name, &size);
    size_t flash_size;
    uint8_t *flash = vboard_flash(rig->board, &flash_size);
    assert_true(offset + size <= flash_size);
    memcpy(flash + offset, data, size);
    free(data);
}

struct rig *rig_factory(const struct vboard_config *config, const char *image)
{
    struct rig *rig = rig_new(config);
    rig_program(rig, "factory.bin", 0);
    if (image) {
        rig_program(rig, image, ARRAY_OFFSET);
    }
    vboard_power_on(rig->board);
    return rig;
}

bool rig_wait(struct rig *rig, const char *text, uint64_t limit)
{
    rig->wanted = text;
    enum vboard_stop why = VBOARD_STOP_REQUEST;
    if (!strstr(rig->text + rig->from, text)) {
        why = vboard_run(rig->board, limit);
    }
    rig->wanted = NULL;
    char *found = strstr(rig->text + rig->from, text);
    if (found) {
        rig->from = (size_t)(found - rig->text) + strlen(text);
    } else if (why > VBOARD_STOP_POWER_CUT) {
        fprintf(stderr, "the board stopped: %d\n", why);
    }
    return found != NULL;
}

void rig_expect(struct rig *rig, const char *text, uint64_t limit)
{
    if (!rig_wait(rig, text, limit)) {
        fail_msg("\"%s\" was not printed, but:\n%s", text, rig->text);
    }
}

void rig_press(struct rig *rig)
{
    // the last press may still be on, or about to end: a new one needs a pause
    assert_int_equal(vboard_drive_pin(rig->board, "PA8", -1), 0);
    vboard_run(rig->board, 100 * VBOARD_MS);
    uint64_t now = vboard_time(rig->board);
    assert_int_equal(vboard_drive_pin(rig->board, "PA8", 0), 0);
    assert_int_equal(
        vboard_drive_pin_at(rig->board, "PA8", -1, now + 60 * VBOARD_MS), 0);
}

void rig_watch(struct rig *rig, uint64_t duration)
{
    const struct rig_pin fresh = {.shortest = UINT64_MAX};
    rig->red = fresh;
    rig->app = fresh;
    assert_int_equal(vboard_run(rig->board, duration), VBOARD_STOP_TIME);
}

void rig_assert_toggles(const struct rig_pin *pin, uint64_t period)
{
    assert_true(pin->edges >= 4);
    assert_true(pin->shortest > period / 100 * 95);
    assert_true(pin->longest < period / 100 * 105);
}

void rig_assert_dark(const struct rig_pin *pin)
{
    assert_int_equal(pin->edges, 0);
}
