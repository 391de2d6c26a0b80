// SPDX-License-Identifier: MIT
//
// otatool merge: what a programmer writes into a new device, in one file.

#include <inttypes.h>
#include <stdio.h>

#include "boards.h"
#include "names.h"
#include "options.h"
#include "ota/info.h"
#include "ota/journal.h"
#include "program.h"
#include "tool.h"
#include "view.h"

// Areas that take an image file from byte 0, where a layout has them.
enum { SLOT_A, SLOT_B, ARRAY, AREA_COUNT };

static const struct {
    const char *name;
    const char *place; // the same, in a sentence
    const char *option;
} areas[AREA_COUNT] = {
    [SLOT_A] = {"slot A", "slot A", "--slot A"},
    [SLOT_B] = {"slot B", "slot B", "--slot B"},
    [ARRAY] = {"C array", "the C array", "--array"},
};

struct arguments {
    const char *boot;
    const char *image;
    const char *files[AREA_COUNT]; // NULL: the area stays erased
    const char *output;
    const struct ota_layout *layout;
};

// NULL: the flash of the factory file has no such area.
static const struct ota_area *area_of(const struct ota_layout *layout,
                                      unsigned index)
{
    const struct ota_area *area =
        index == ARRAY ? &layout->array : &layout->slot[index - SLOT_A];
    return area->flash == layout->app.flash ? area : NULL;
}

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
    {.name = "slot",
     .key = KEY_SLOT,
     .arg = "SLOT=FILE",
     .doc = "Put this image into slot A (A=FILE) or slot B (B=FILE)"},
    {.name = "array",
     .key = KEY_ARRAY,
     .arg = "FILE",
     .doc = "Put this image into the area of the C array"},
    {.name = "output",
     .key = 'o',
     .arg = "FILE",
     .doc = "File to write: .hex without the gaps, .bin from the start of the "
            "flash with 0xFF in the gaps"},
    {0},
};

static void set_file(struct argp_state *state, struct arguments *arguments,
                     unsigned index, const char *file)
{
    if (arguments->files[index]) {
        argp_error(state, "two files for %s, '%s' and '%s': name one",
                   areas[index].option, arguments->files[index], file);
    }
    arguments->files[index] = file;
}

static void set_slot(struct argp_state *state, struct arguments *arguments,
                     const char *arg)
{
    bool known = arg[0] == 'A' || arg[0] == 'B';
    if (!known || arg[1] != '=' || arg[2] == '\0') {
        argp_error(state, "slot '%s': write A=FILE or B=FILE", arg);
    }
    set_file(state, arguments, arg[0] == 'A' ? SLOT_A : SLOT_B, arg + 2);
}

// Files for areas that the layout lacks.
static void check_areas(struct argp_state *state,
                        const struct arguments *arguments)
{
    for (unsigned i = 0; i < AREA_COUNT; i++) {
        if (!arguments->files[i] || area_of(arguments->layout, i)) {
            continue;
        }
        size_t other = 0;
        while (boards[other] && !area_of(boards[other], i)) {
            other++;
        }
        argp_error(state, "%s has no %s: leave out %s%s%s",
                   arguments->layout->name, areas[i].name, areas[i].option,
                   boards[other] ? ", or take a layout that has one, such as "
                                 : "",
                   boards[other] ? boards[other]->name : "");
    }
}

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
    case KEY_SLOT:
        set_slot(state, arguments, arg);
        return 0;
    case KEY_ARRAY:
        set_file(state, arguments, ARRAY, arg);
        return 0;
    case 'o':
        arguments->output = arg;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s': name the files with --boot and --image", arg);
        return EINVAL;
    case ARGP_KEY_END:
        check_complete(state, arguments);
        check_areas(state, arguments);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .doc = "Joins a bootloader and an image to one file, with which a new "
           "device is programmed: it boots into that application.\vMore "
           "images may wait in slots A and B or in the C array's area, where "
           "the layout has them. Nothing is requested by that: the device "
           "boots into --image.",
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

// An image file as it is at the beginning of an area.
static enum status add_file(const struct arguments *arguments, unsigned index,
                            struct memory *factory, struct view *view)
{
    const struct ota_layout *layout = arguments->layout;
    const struct ota_area *area = area_of(layout, index);
    const char *path = arguments->files[index];
    struct blob file;
    enum status status = view_read(path, layout, &file, view);
    uint32_t header_size = view->image.header_size;
    if (status == STATUS_OK && view->image.size > area->size - header_size) {
        status = fail(STATUS_BAD,
                      "%s: too large: %" PRIu32
                      " bytes of application, %s of %s takes %" PRIu32
                      ": make the application smaller, or leave out %s",
                      path, view->image.size, areas[index].place, layout->name,
                      area->size - header_size, areas[index].option);
    }
    if (status == STATUS_OK) {
        memory_add(factory, layout->flash_base + area->offset, file.data,
                   header_size + view->image.size);
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

// versions[AREA_COUNT] is that of --image.
static enum status add_all(const struct arguments *arguments,
                           struct memory *factory,
                           uint32_t versions[AREA_COUNT + 1])
{
    struct view view = {0};
    enum status status = add_image(arguments, factory, &view);
    versions[AREA_COUNT] = view.image.version;
    for (unsigned i = 0; i < AREA_COUNT && status == STATUS_OK; i++) {
        if (arguments->files[i]) {
            status = add_file(arguments, i, factory, &view);
            versions[i] = view.image.version;
        }
    }
    // areas do not ascend in every layout
    return status == STATUS_OK ? memory_sort(factory, arguments->output)
                               : status;
}

static void print_factory(const struct arguments *arguments,
                          const uint32_t versions[AREA_COUNT + 1])
{
    printf("%s: bootloader and version %s for %s", arguments->output,
           version_text(versions[AREA_COUNT]).s, arguments->layout->name);
    for (unsigned i = 0; i < AREA_COUNT; i++) {
        if (arguments->files[i]) {
            printf("; version %s in %s", version_text(versions[i]).s,
                   areas[i].place);
        }
    }
    putchar('\n');
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
    uint32_t versions[AREA_COUNT + 1] = {0};
    if (status == STATUS_OK) {
        status = add_all(arguments, factory, versions);
    }
    if (status == STATUS_OK) {
        status = write_factory(arguments, factory);
    }
    if (status == STATUS_OK) {
        print_factory(arguments, versions);
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
