// SPDX-License-Identifier: MIT

#include "view.h"

#include <inttypes.h>

#include "ota/bytes.h"
#include "ota/crc32.h"

struct view_limit view_limit(const struct ota_layout *layout,
                             uint32_t header_size)
{
    static const char *const names[] = {"slot A", "slot B"};
    struct view_limit limit = {"the app slot", ota_image_max_size(layout)};
    for (size_t i = 0; i < 2; i++) {
        const struct ota_area *slot = &layout->slot[i];
        if (slot->flash && slot->size - header_size < limit.app_size) {
            limit = (struct view_limit){names[i], slot->size - header_size};
        }
    }
    return limit;
}

int view_file(struct view *view, const struct blob *file)
{
    *view = (struct view){0};
    if (file->size >= 4) {
        view->image.magic = load_le32(file->data);
    }
    if (file->size < OTA_PLAIN_HEADER_SIZE) {
        // a wrong magic says more about a short file than its length
        return file->size < 4 || view->image.magic == OTA_MAGIC_PLAIN
                   ? OTA_ERR_TRUNCATED
                   : OTA_ERR_MAGIC;
    }
    int err = ota_image_decode(&view->image, file->data);
    view->app = file->data + view->image.header_size;
    view->available = file->size - view->image.header_size;
    return err;
}

uint32_t view_crc(const struct view *view)
{
    return ota_crc32(0, view->app, view->image.size);
}

int view_check(const struct view *view, const struct ota_layout *layout)
{
    int err = layout ? ota_image_check_header(&view->image, layout) : 0;
    if (err) {
        return err;
    }
    if (view->available < view->image.size ||
        view->image.size < OTA_VECTORS_SIZE) {
        return OTA_ERR_TRUNCATED;
    }
    if (layout) {
        err = ota_image_check_vectors(view->image.size, layout, view->app);
        if (err) {
            return err;
        }
    }
    return view_crc(view) == view->image.crc ? 0 : OTA_ERR_CRC;
}

size_t view_trailing(const struct view *view)
{
    return view->available > view->image.size
               ? view->available - view->image.size
               : 0;
}

bool view_trailing_is_erased(const struct view *view)
{
    for (size_t i = view->image.size; i < view->available; i++) {
        if (view->app[i] != 0xFF) {
            return false;
        }
    }
    return true;
}

enum status view_refuse_trailing(const char *name, const struct view *view)
{
    if (view_trailing_is_erased(view)) {
        return STATUS_OK;
    }
    return fail(STATUS_BAD,
                "%s: %zu bytes follow the image that are not part of it: cut "
                "the file to %" PRIu32 " bytes, or pack it again",
                name, view_trailing(view),
                view->image.header_size + view->image.size);
}

static enum status refuse_truncated(const char *name, const struct view *view)
{
    if (!view->app) {
        return fail(STATUS_BAD,
                    "%s: truncated: shorter than an image header (%d bytes): "
                    "copy it again",
                    name, OTA_PLAIN_HEADER_SIZE);
    }
    if (view->image.size < OTA_VECTORS_SIZE) {
        return fail(STATUS_BAD,
                    "%s: an application of %" PRIu32
                    " bytes has no room for its vector table: is it the "
                    "linked firmware?",
                    name, view->image.size);
    }
    return fail(STATUS_BAD,
                "%s: truncated: the header says %" PRIu32
                " bytes of application, %zu are there: copy it again",
                name, view->image.size, view->available);
}

static enum status refuse_too_large(const char *name, const struct view *view,
                                    const struct ota_layout *layout)
{
    struct view_limit limit = view_limit(layout, view->image.header_size);
    return fail(STATUS_BAD,
                "%s: too large: %" PRIu32
                " bytes of application, %s of %s takes %" PRIu32
                ": make the application smaller",
                name, view->image.size, limit.area, layout->name,
                limit.app_size);
}

static enum status refuse_reset(const char *name, const struct view *view,
                                const struct ota_layout *layout)
{
    uint32_t reset = load_le32(view->app + 4);
    uint32_t start = ota_layout_vectors(layout);
    if (reset % 2 == 0) {
        return fail(STATUS_BAD,
                    "%s: bad reset vector: 0x%08" PRIX32
                    " is even, Cortex-M starts only odd (Thumb) addresses: "
                    "does the vector table come first?",
                    name, reset);
    }
    return fail(STATUS_BAD,
                "%s: bad reset vector: 0x%08" PRIX32
                " is outside the application, which for %s lies at 0x%08" PRIX32
                " to 0x%08" PRIX32
                ": set the FLASH origin in the linker script to 0x%08" PRIX32,
                name, reset, layout->name, start, start + view->image.size - 1,
                start);
}

static enum status refuse_stack(const char *name, const struct view *view,
                                const struct ota_layout *layout)
{
    return fail(STATUS_BAD,
                "%s: bad stack pointer: 0x%08" PRIX32
                " is not in the RAM of %s (0x%08" PRIX32 " to 0x%08" PRIX32
                "): does the vector table come first?",
                name, load_le32(view->app), layout->name, layout->ram_base,
                layout->ram_base + layout->ram_size);
}

enum status view_refuse(const char *name, const struct view *view,
                        const struct ota_layout *layout, int err)
{
    const struct ota_image *image = &view->image;
    switch (err) {
    case OTA_ERR_MAGIC:
        return fail(STATUS_BAD,
                    "%s: bad magic: begins with 0x%08" PRIX32 " and not with "
                    "0x%08X: make an image of it with otatool pack",
                    name, image->magic, OTA_MAGIC_PLAIN);
    case OTA_ERR_FORMAT:
        return fail(STATUS_BAD,
                    "%s: a signed image, which this version cannot check: use "
                    "a newer otatool",
                    name);
    case OTA_ERR_TRUNCATED:
        return refuse_truncated(name, view);
    case OTA_ERR_TOO_LARGE:
        return refuse_too_large(name, view, layout);
    case OTA_ERR_CRC:
        return fail(STATUS_BAD,
                    "%s: bad CRC: the header says 0x%08" PRIX32
                    ", the application has 0x%08" PRIX32
                    ": damaged, copy or pack it again",
                    name, image->crc, view_crc(view));
    case OTA_ERR_STACK_POINTER:
        return refuse_stack(name, view, layout);
    case OTA_ERR_RESET_VECTOR:
        return refuse_reset(name, view, layout);
    default:
        return fail(STATUS_BAD, "%s: %s: pack it again", name,
                    ota_error_text(err));
    }
}

enum status view_read(const char *path, const struct ota_layout *layout,
                      struct blob *file, struct view *view)
{
    enum status status = file_read(path, file);
    if (status != STATUS_OK) {
        return status;
    }
    int err = view_file(view, file);
    if (!err) {
        err = view_check(view, layout);
    }
    return err ? view_refuse(path, view, layout, err) : STATUS_OK;
}
