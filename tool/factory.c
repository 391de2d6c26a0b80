// SPDX-License-Identifier: MIT

#include "factory.h"

#include <inttypes.h>

#include "boards.h"
#include "ota/info.h"
#include "ota/journal.h"
#include "program.h"
#include "view.h"

const struct factory_area factory_areas[FACTORY_AREAS] = {
    [FACTORY_SLOT_A] = {"slot A", "slot A", "--slot A"},
    [FACTORY_SLOT_B] = {"slot B", "slot B", "--slot B"},
    [FACTORY_ARRAY] = {"C array", "the C array", "--array"},
};

const struct ota_area *factory_area(const struct ota_layout *layout,
                                    unsigned index)
{
    const struct ota_area *area = index == FACTORY_ARRAY
                                      ? &layout->array
                                      : &layout->slot[index - FACTORY_SLOT_A];
    return area->flash ? area : NULL;
}

// Whether this bootloader belongs to the layout and installs the image.
static enum status check_info(const struct factory_parts *parts,
                              const uint8_t *raw)
{
    const struct ota_layout *layout = parts->layout;
    struct ota_info info;
    int err = ota_info_decode(&info, raw);
    if (err) {
        return fail(STATUS_BAD,
                    "%s: no info block that this otatool knows at +0x%X: is "
                    "it a Sureboot bootloader, and of this version?",
                    parts->boot, OTA_INFO_OFFSET);
    }
    if (info.target != layout->target || info.layout_digest != layout->digest) {
        return fail(STATUS_BAD,
                    "%s: built for another layout than %s (target 0x%08" PRIX32
                    ", wanted 0x%08" PRIX32
                    "): build the bootloader for this one",
                    parts->boot, layout->name, info.target, layout->target);
    }
    if (!(info.image_formats & OTA_FORMAT_PLAIN)) {
        return fail(STATUS_BAD,
                    "%s: installs no plain images: build a bootloader that "
                    "does",
                    parts->boot);
    }
    return STATUS_OK;
}

static enum status check_boot(const struct factory_parts *parts,
                              const struct memory *boot)
{
    const struct ota_layout *layout = parts->layout;
    uint32_t start = layout->flash_base + layout->boot.offset;
    uint64_t size = memory_end(boot) - memory_start(boot);
    if (memory_start(boot) != start) {
        return fail(STATUS_BAD,
                    "%s: linked for 0x%08" PRIX32
                    ", but the bootloader of %s begins at 0x%08" PRIX32,
                    parts->boot, memory_start(boot), layout->name, start);
    }
    if (size > layout->boot.size) {
        return fail(STATUS_BAD,
                    "%s: too large: %" PRIu64 " bytes, the bootloader of %s "
                    "has %" PRIu32,
                    parts->boot, size, layout->name, layout->boot.size);
    }
    struct blob flat = memory_flatten(boot, memory_start(boot));
    enum status status;
    if (flat.size < OTA_INFO_OFFSET + OTA_INFO_SIZE) {
        status = fail(STATUS_BAD, "%s: too short to be a bootloader: %zu bytes",
                      parts->boot, flat.size);
    } else {
        status = check_info(parts, flat.data + OTA_INFO_OFFSET);
    }
    blob_free(&flat);
    return status;
}

// The app slot as the bootloader leaves it: the image's own header, then after
// the header space the application.
static enum status add_image(struct factory *factory,
                             const struct factory_parts *parts)
{
    const struct ota_layout *layout = parts->layout;
    struct blob file;
    struct view view = {0};
    enum status status = view_read(parts->image, layout, &file, &view);
    if (status == STATUS_OK) {
        memory_add(&factory->flash, layout->flash_base + layout->app.offset,
                   file.data, view.image.header_size);
        memory_add(&factory->flash, ota_layout_vectors(layout), view.app,
                   view.image.size);
        factory->version = view.image.version;
    }
    blob_free(&file);
    return status;
}

static enum status check_size(const struct factory_parts *parts, unsigned index,
                              const struct ota_image *image)
{
    uint32_t room =
        factory_area(parts->layout, index)->size - image->header_size;
    if (image->size <= room) {
        return STATUS_OK;
    }
    return fail(STATUS_BAD,
                "%s: too large: %" PRIu32
                " bytes of application, %s of %s takes %" PRIu32
                ": make the application smaller, or leave out %s",
                parts->files[index], image->size, factory_areas[index].place,
                parts->layout->name, room, factory_areas[index].option);
}

// An image file as it is at the beginning of an area.
static enum status add_file(struct factory *factory,
                            const struct factory_parts *parts, unsigned index)
{
    const struct ota_layout *layout = parts->layout;
    const struct ota_area *area = factory_area(layout, index);
    struct blob file;
    struct view view = {0};
    enum status status = view_read(parts->files[index], layout, &file, &view);
    if (status == STATUS_OK) {
        status = check_size(parts, index, &view.image);
    }
    if (status == STATUS_OK) {
        bool external = boards_is_external(layout, area);
        memory_add(external ? &factory->w25q : &factory->flash,
                   area->offset + (external ? 0 : layout->flash_base),
                   file.data, view.image.header_size + view.image.size);
        factory->versions[index] = view.image.version;
    }
    blob_free(&file);
    return status;
}

static enum status add_all(struct factory *factory,
                           const struct factory_parts *parts)
{
    enum status status = add_image(factory, parts);
    for (unsigned i = 0; i < FACTORY_AREAS && status == STATUS_OK; i++) {
        if (parts->files[i]) {
            status = add_file(factory, parts, i);
        }
    }
    return status;
}

enum status factory_make(struct factory *factory,
                         const struct factory_parts *parts)
{
    const struct ota_layout *layout = parts->layout;
    *factory = (struct factory){0};
    enum status status = program_read(
        parts->boot, layout->flash_base + layout->boot.offset, &factory->flash);
    if (status == STATUS_OK) {
        status = check_boot(parts, &factory->flash);
    }
    if (status == STATUS_OK) {
        status = add_all(factory, parts);
    }
    // areas do not ascend in every layout
    if (status == STATUS_OK) {
        status = memory_sort(&factory->flash, parts->boot);
    }
    if (status == STATUS_OK && factory->w25q.count > 0) {
        status = memory_sort(&factory->w25q, "the W25Q");
    }
    return status;
}

void factory_free(struct factory *factory)
{
    memory_free(&factory->flash);
    memory_free(&factory->w25q);
}
