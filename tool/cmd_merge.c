// SPDX-License-Identifier: MIT
//
// otatool merge: what a programmer writes into a new device, in one file.

#include <inttypes.h>
#include <stdio.h>

#include "names.h"
#include "options.h"
#include "ota/info.h"
#include "ota/journal.h"
#include "program.h"
#include "tool.h"
#include "view.h"

struct arguments {
    const char *boot;
    const char *image;
    const char *output;
    const struct ota_layout *layout;
};

static const struct argp_option options[] = {
    OPTION_BOARD,
    {.name = "boot",
     .key = KEY_BOOT,
     .arg = "FILE",
     .doc = "Bootloader: .elf, .hex or .bin"},
    {.name = "image",
     .key = KEY_IMAGE,
     .arg = "FILE",
     .doc = "Image to install, made by otatool pack"},
    {.name = "output",
     .key = 'o',
     .arg = "FILE",
     .doc = "File to write: .hex without the gaps, .bin from the start of the "
            "flash with 0xFF in the gaps"},
    {0},
};

static void check_complete(struct argp_state *state,
                           const struct arguments *arguments)
{
    if (!arguments->layout || !arguments->boot || !arguments->image ||
        !arguments->output) {
        argp_error(state, "--board, --boot, --image and -o are needed");
    }
    if (!file_has_extension(arguments->output, ".hex") &&
        !file_has_extension(arguments->output, ".bin")) {
        argp_error(state, "-o %s: end the name in .hex or .bin",
                   arguments->output);
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case KEY_BOARD:
        arguments->layout = options_board(state, arg);
        return 0;
    case KEY_BOOT:
        arguments->boot = arg;
        return 0;
    case KEY_IMAGE:
        arguments->image = arg;
        return 0;
    case 'o':
        arguments->output = arg;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s': name the files with --boot and --image", arg);
        return EINVAL;
    case ARGP_KEY_END:
        check_complete(state, arguments);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .doc = "Joins a bootloader and an image to one file, with which a new "
           "device is programmed: it boots into that application.",
};

// Whether this bootloader belongs to the layout and installs the image.
static enum status check_info(const struct arguments *arguments,
                              const uint8_t *raw)
{
    const struct ota_layout *layout = arguments->layout;
    struct ota_info info;
    int err = ota_info_decode(&info, raw);
    if (err) {
        return fail(STATUS_BAD,
                    "%s: no info block that this otatool knows at +0x%X: is "
                    "it a Sureboot bootloader, and of this version?",
                    arguments->boot, OTA_INFO_OFFSET);
    }
    if (info.target != layout->target || info.layout_digest != layout->digest) {
        return fail(STATUS_BAD,
                    "%s: built for another layout than %s (target 0x%08" PRIX32
                    ", wanted 0x%08" PRIX32
                    "): build the bootloader for this one",
                    arguments->boot, layout->name, info.target, layout->target);
    }
    if (!(info.image_formats & OTA_FORMAT_PLAIN)) {
        return fail(STATUS_BAD,
                    "%s: installs no plain images: build a bootloader that "
                    "does",
                    arguments->boot);
    }
    return STATUS_OK;
}

static enum status check_boot(const struct arguments *arguments,
                              const struct memory *boot)
{
    const struct ota_layout *layout = arguments->layout;
    uint32_t start = layout->flash_base + layout->boot.offset;
    uint64_t size = memory_end(boot) - memory_start(boot);
    if (memory_start(boot) != start) {
        return fail(STATUS_BAD,
                    "%s: linked for 0x%08" PRIX32
                    ", but the bootloader of %s begins at 0x%08" PRIX32,
                    arguments->boot, memory_start(boot), layout->name, start);
    }
    if (size > layout->boot.size) {
        return fail(STATUS_BAD,
                    "%s: too large: %" PRIu64 " bytes, the bootloader of %s "
                    "has %" PRIu32,
                    arguments->boot, size, layout->name, layout->boot.size);
    }
    struct blob flat = memory_flatten(boot);
    enum status status;
    if (flat.size < OTA_INFO_OFFSET + OTA_INFO_SIZE) {
        status = fail(STATUS_BAD, "%s: too short to be a bootloader: %zu bytes",
                      arguments->boot, flat.size);
    } else {
        status = check_info(arguments, flat.data + OTA_INFO_OFFSET);
    }
    blob_free(&flat);
    return status;
}

// The app slot as the bootloader leaves it: the image's own header, then after
// the header space the application.
static enum status add_image(const struct arguments *arguments,
                             struct memory *factory, struct view *view)
{
    const struct ota_layout *layout = arguments->layout;
    struct blob file;
    enum status status = view_read(arguments->image, layout, &file, view);
    if (status == STATUS_OK) {
        memory_add(factory, layout->flash_base + layout->app.offset, file.data,
                   view->image.header_size);
        memory_add(factory, ota_layout_vectors(layout), view->app,
                   view->image.size);
    }
    blob_free(&file);
    return status;
}

static enum status write_factory(const struct arguments *arguments,
                                 const struct memory *factory)
{
    bool hex = file_has_extension(arguments->output, ".hex");
    struct blob out = hex ? hex_write(factory) : memory_flatten(factory);
    enum status status = file_write(arguments->output, out.data, out.size);
    blob_free(&out);
    return status;
}

static enum status merge(const struct arguments *arguments,
                         struct memory *factory)
{
    const struct ota_layout *layout = arguments->layout;
    enum status status = program_read(
        arguments->boot, layout->flash_base + layout->boot.offset, factory);
    if (status == STATUS_OK) {
        status = check_boot(arguments, factory);
    }
    struct view view = {0};
    if (status == STATUS_OK) {
        status = add_image(arguments, factory, &view);
    }
    if (status == STATUS_OK) {
        status = write_factory(arguments, factory);
    }
    if (status == STATUS_OK) {
        printf("%s: bootloader and version %s for %s\n", arguments->output,
               version_text(view.image.version).s, layout->name);
    }
    return status;
}

enum status cmd_merge(int argc, char **argv)
{
    struct arguments arguments = {0};
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) {
        return STATUS_USAGE;
    }
    struct memory factory = {0};
    enum status status = merge(&arguments, &factory);
    memory_free(&factory);
    return status;
}
