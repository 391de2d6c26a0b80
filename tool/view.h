// SPDX-License-Identifier: MIT
//
// An image with its application in memory, and the checks that the bootloader
// makes before it runs or installs it.

#ifndef VIEW_H
#define VIEW_H

#include "file.h"
#include "ota/image.h"

struct view {
    struct ota_image image;
    const uint8_t *app; // where the application's bytes are
    size_t available;   // bytes there; the image may need fewer
};

// The area of a layout that limits the size of an application.
struct view_limit {
    const char *area;  // "the app slot", "slot A", "slot B"
    uint32_t app_size; // bytes of application that it takes at most
};

// An image must fit the app slot, and each slot that it may be staged in with
// its header of header_size bytes.
struct view_limit view_limit(const struct ota_layout *layout,
                             uint32_t header_size);

// Decodes the header of an image file. 0, or an error of ota_image_decode, or
// OTA_ERR_TRUNCATED when the file is shorter than a header; the view holds
// what could be read in any case.
int view_file(struct view *view, const struct blob *file);

// Checks what ota_image_decode has taken, as the bootloader of this layout
// does; without a layout (NULL) all that does not depend on a board. 0 or an
// OTA_ERR_*.
int view_check(const struct view *view, const struct ota_layout *layout);

// Bytes after the image; whether all of them are erased flash (0xFF).
size_t view_trailing(const struct view *view);
bool view_trailing_is_erased(const struct view *view);

// Refuses an image file that goes on with anything but erased flash.
enum status view_refuse_trailing(const char *name, const struct view *view);

// The CRC-32 of the application; all of it is available.
uint32_t view_crc(const struct view *view);

// Says why an image is refused and what to do about it; returns STATUS_BAD.
// name is the file's, err what was returned above.
enum status view_refuse(const char *name, const struct view *view,
                        const struct ota_layout *layout, int err);

// Reads an image file and refuses what view_check refuses. On STATUS_OK the
// view points into the file, which the caller frees in any case.
enum status view_read(const char *path, const struct ota_layout *layout,
                      struct blob *file, struct view *view);

#endif
