// SPDX-License-Identifier: MIT

#include "core_board.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void copy(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text);
}

static void on_event(void *context, const struct vboard_event *event)
{
    struct seen *seen = context;
    switch (event->kind) {
    case VBOARD_EVENT_RESET:
        seen->resets++;
        seen->reset_cause = event->value;
        break;
    case VBOARD_EVENT_FAULT:
        seen->faults++;
        copy(seen->fault, sizeof(seen->fault), event->text);
        break;
    case VBOARD_EVENT_VIOLATION:
        seen->violations++;
        copy(seen->violation, sizeof(seen->violation), event->text);
        break;
    case VBOARD_EVENT_HANDOVER:
        seen->handovers++;
        seen->handover_value = event->value;
        copy(seen->handover, sizeof(seen->handover), event->text);
        break;
    default:
        break;
    }
}

void core_start_with(struct core_board *core, uint32_t number, uint32_t skip,
                     const struct vboard_config *config)
{
    core->seen = (struct seen){0};
    core->config = *config;
    core->config.mcu = "stm32f446re";
    core->config.event = on_event;
    core->config.context = &core->seen;
    core->config.log = tmpfile(); // a violation that is meant is no news
    assert_non_null(core->config.log);
    core->board = vboard_new(&core->config);
    assert_non_null(core->board);
    assert_int_equal(vboard_load(core->board, FIRMWARE_DIR "/core.elf", 0), 0);
    vboard_power_on(core->board);
    struct mailbox box = {.number = number, .skip = skip};
    assert_int_equal(vboard_poke(core->board, MAILBOX, &box, sizeof(box)), 0);
}

void core_start(struct core_board *core, uint32_t number, uint32_t skip)
{
    core_start_with(core, number, skip, &(struct vboard_config){.seed = 1});
}

void core_end(struct core_board *core)
{
    vboard_free(core->board);
    fclose(core->config.log);
}

struct mailbox core_mailbox(struct core_board *core)
{
    struct mailbox box;
    assert_int_equal(vboard_peek(core->board, MAILBOX, &box, sizeof(box)), 0);
    return box;
}
