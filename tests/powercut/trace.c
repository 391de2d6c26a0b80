// SPDX-License-Identifier: MIT

#include "trace.h"

#include <stdarg.h>
#include <string.h>

FILE *trace_to;

// Programs that follow each other are told as one.
static struct {
    const struct ram_flash *ram;
    const char *area;
    uint32_t base; // of the area
    uint32_t start, end;
    uint32_t first, last; // numbers
} run;

static void flush_run(void)
{
    if (run.ram && trace_to) {
        fprintf(trace_to, "  %4u..%-4u program %s +0x%x..+0x%x\n",
                (unsigned)run.first, (unsigned)run.last, run.area,
                (unsigned)(run.start - run.base),
                (unsigned)(run.end - run.base));
    }
    run.ram = NULL;
}

static const char *name_of(const struct world *world,
                           const struct ram_flash *ram, uint32_t offset,
                           uint32_t *base)
{
    const struct ota_layout *layout = &world->layout;
    const struct {
        const char *name;
        const struct ota_area *area;
    } areas[] = {
        {"journal 0", &layout->journal[0]}, {"journal 1", &layout->journal[1]},
        {"app slot", &layout->app},         {"slot A", &layout->slot[0]},
        {"slot B", &layout->slot[1]},
    };
    for (unsigned i = 0; i < sizeof areas / sizeof areas[0]; i++) {
        const struct ota_area *area = areas[i].area;
        if (area->flash == &ram->flash && offset - area->offset < area->size) {
            *base = area->offset;
            return areas[i].name;
        }
    }
    *base = 0;
    return "elsewhere";
}

void trace_op(const struct world *world, uint32_t number,
              const struct ram_flash *ram, const struct ram_op *op)
{
    if (!trace_to) {
        return;
    }
    if (!op->erase && run.ram == ram && run.end == op->offset &&
        run.last + 1 == number) {
        run.end += op->len;
        run.last = number;
        return;
    }
    flush_run();
    uint32_t base;
    const char *area = name_of(world, ram, op->offset, &base);
    if (op->erase) {
        fprintf(trace_to, "  %4u       erase %s +0x%x\n", (unsigned)number,
                area, (unsigned)(op->offset - base));
        return;
    }
    run.ram = ram;
    run.area = area;
    run.base = base;
    run.start = op->offset;
    run.end = op->offset + op->len;
    run.first = number;
    run.last = number;
}

void trace_say(const char *format, ...)
{
    if (!trace_to) {
        return;
    }
    flush_run();
    va_list args;
    va_start(args, format);
    vfprintf(trace_to, format, args);
    va_end(args);
    fputc('\n', trace_to);
}

void trace_record(const struct world *world)
{
    static char last[200];
    if (!trace_to) {
        return;
    }
    char text[200];
    world_describe_record(world_newest(world), text, sizeof text);
    if (strcmp(text, last) != 0) {
        trace_say("    record %s", text);
        memcpy(last, text, sizeof last);
    }
}
