// SPDX-License-Identifier: MIT

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "device_rig.h"

static void on_event(void *context, const struct vboard_event *event)
{
    struct rig *rig = context;
    if (event->kind == VBOARD_EVENT_VIOLATION) {
        snprintf(rig->violation, sizeof(rig->violation), "%s", event->text);
        rig->violations++;
        return;
    }
    if (event->kind == VBOARD_EVENT_HANDOVER) {
        snprintf(rig->handover, sizeof(rig->handover), "%s", event->text);
    }
    if (rig->events == sizeof(rig->event) / sizeof(rig->event[0])) {
        return;
    }
    struct rig_event *kept = &rig->event[rig->events];
    *kept = (struct rig_event){
        .kind = event->kind,
        .time = event->time,
        .number = event->number,
        .value = event->value,
        .unit = event->unit,
        .address = event->address,
        .size = event->size,
        .op = event->op,
    };
    snprintf(kept->text, sizeof(kept->text), "%s",
             event->text ? event->text : "");
    rig->events++;
}

void rig_open(struct rig *rig, const struct vboard_config *config)
{
    memset(rig, 0, sizeof(*rig));
    struct vboard_config own = {.lenient = true};
    if (config) {
        own = *config;
    }
    rig->log = fopen("/dev/null", "w");
    assert_non_null(rig->log);
    own.mcu = own.mcu ? own.mcu : "stm32f446re";
    own.log = rig->log;
    own.event = on_event;
    own.context = rig;
    rig->board = vboard_new(&own);
    assert_non_null(rig->board);
    assert_int_equal(vboard_load(rig->board, FIRMWARE_DIR "/strict.elf", 0), 0);
}

void rig_close(struct rig *rig)
{
    vboard_free(rig->board);
    fclose(rig->log);
}

void rig_start(struct rig *rig, const struct step *script)
{
    vboard_power_on(rig->board);
    struct mailbox box = {.from_ram = rig->box.from_ram};
    memcpy(box.in_interrupt, rig->box.in_interrupt, sizeof(box.in_interrupt));
    for (unsigned i = 0; script[i].kind != STEP_END; i++) {
        assert_true(i + 1 < sizeof(box.script) / sizeof(box.script[0]));
        box.script[i] = script[i];
    }
    assert_int_equal(vboard_poke(rig->board, MAILBOX, &box, sizeof(box)), 0);
}

enum vboard_stop rig_run(struct rig *rig, uint64_t duration)
{
    enum vboard_stop why = vboard_run(rig->board, duration);
    assert_int_equal(
        vboard_peek(rig->board, MAILBOX, &rig->box, sizeof(rig->box)), 0);
    return why;
}

uint32_t rig_peek(struct rig *rig, uint32_t address)
{
    uint32_t value = 0;
    assert_int_equal(vboard_peek(rig->board, address, &value, 4), 0);
    return value;
}

const struct rig_event *rig_event(const struct rig *rig,
                                  enum vboard_event_kind kind, unsigned n)
{
    for (unsigned i = 0; i < rig->events; i++) {
        if (rig->event[i].kind == kind && n-- == 0) {
            return &rig->event[i];
        }
    }
    return NULL;
}

static void fail_rule(const struct rig *rig, const struct rule *rule,
                      const char *what)
{
    fail_msg("%s: %s (violations %u, last \"%s\"; faults %u, values %08x "
             "%08x %08x %08x)",
             rule->name, what, rig->violations, rig->violation, rig->box.faults,
             rig->box.value[0], rig->box.value[1], rig->box.value[2],
             rig->box.value[3]);
}

static void rule_check(const struct rule *rule,
                       const struct vboard_config *config)
{
    struct rig rig;
    rig_open(&rig, config);
    if (rule->w25q) {
        assert_int_equal(vboard_attach_w25q(rig.board, NULL), 0);
    }
    rig.box.from_ram = rule->from_ram;
    rig_start(&rig, rule->script);
    rig_run(&rig, 500 * VBOARD_MS);
    if (rule->fault != (rig.box.faults != 0)) {
        fail_rule(&rig, rule, "fault or no fault");
    }
    if (!rule->fault && !rig.box.done) {
        fail_rule(&rig, rule, "the script did not end");
    }
    if (!rule->violation && rig.violations) {
        fail_rule(&rig, rule, "legal use was refused");
    }
    if (rule->violation && !strstr(rig.violation, rule->violation)) {
        fail_rule(&rig, rule, "not reported, or as something else");
    }
    for (unsigned i = 0; i < rule->count; i++) {
        if (rig.box.value[i] != rule->values[i]) {
            fail_rule(&rig, rule, "a load gave something else");
        }
    }
    rig_close(&rig);
}

void rules_check(const struct rule *rules, unsigned count,
                 const struct vboard_config *config)
{
    for (unsigned i = 0; i < count; i++) {
        rule_check(&rules[i], config);
    }
}
