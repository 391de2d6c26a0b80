// SPDX-License-Identifier: MIT

#include "wear.h"

void wear_reset(struct wear *wear, const struct ota_layout *layout)
{
    *wear = (struct wear){.layout = layout};
}

struct unit {
    unsigned index;
    uint32_t size;
};

// The erase unit that an offset lies in.
static struct unit unit_at(const struct ota_geometry *geometry, uint32_t offset)
{
    const struct ota_erase_run *run = geometry->run;
    unsigned index = 0;
    while (offset >= run->count * run->size) {
        offset -= run->count * run->size;
        index += run->count;
        run++;
    }
    return (struct unit){index + offset / run->size, run->size};
}

static const struct ota_geometry *geometry_of(const struct wear *wear,
                                              bool external)
{
    const struct ota_area *area =
        external ? &wear->layout->slot[0] : &wear->layout->app;
    return area->flash->geometry;
}

void wear_see(struct wear *wear, const struct vboard_event *event)
{
    bool external = event->unit == 1;
    struct wear_device *device = external ? &wear->w25q : &wear->internal;
    const struct ota_geometry *geometry = geometry_of(wear, external);
    uint32_t at = event->address - (external ? 0 : wear->layout->flash_base);
    struct unit unit = unit_at(geometry, at);
    if (event->op == VBOARD_PROGRAM) {
        device->bytes[unit.index] += event->size; // a page lies in one unit
        return;
    }
    for (uint32_t done = 0; done < event->size; done += unit.size) {
        unit = unit_at(geometry, at + done);
        device->erases[unit.index]++;
    }
}

struct wear_figures wear_of(const struct wear *wear,
                            const struct ota_area *area)
{
    bool external = area->flash != wear->layout->app.flash;
    const struct wear_device *device = external ? &wear->w25q : &wear->internal;
    struct wear_figures figures = {0};
    for (uint32_t at = area->offset; at < area->offset + area->size;) {
        struct unit unit = unit_at(area->flash->geometry, at);
        uint32_t erases = device->erases[unit.index];
        figures.touched += erases > 0 || device->bytes[unit.index] > 0;
        figures.most = erases > figures.most ? erases : figures.most;
        figures.bytes += device->bytes[unit.index];
        at += unit.size;
    }
    return figures;
}
