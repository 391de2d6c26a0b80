// SPDX-License-Identifier: MIT
//
// otatool merge: what a programmer writes into a new device, in one file.

#include <stdio.h>
#include <string.h>

#include "boards.h"
#include "factory.h"
#include "names.h"
#include "options.h"
#include "program.h"
#include "tool.h"

struct arguments {
    struct factory_parts parts;
    const char *output;
    const char *w25q; // the second output, or NULL
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
    {.name = "w25q",
     .key = KEY_W25Q,
     .arg = "FILE",
     .doc =
         "Second file to write, for the layouts \"external\": a plain binary "
         "file of the W25Q, from its byte 0 to the end of the last slot "
         "that is filled"},
    {0},
};

static void set_file(struct argp_state *state, struct arguments *arguments,
                     unsigned index, const char *file)
{
    if (arguments->parts.files[index]) {
        argp_error(state, "two files for %s, '%s' and '%s': name one",
                   factory_areas[index].option, arguments->parts.files[index],
                   file);
    }
    arguments->parts.files[index] = file;
}

static void set_slot(struct argp_state *state, struct arguments *arguments,
                     const char *arg)
{
    bool known = arg[0] == 'A' || arg[0] == 'B';
    if (!known || arg[1] != '=' || arg[2] == '\0') {
        argp_error(state, "slot '%s': write A=FILE or B=FILE", arg);
    }
    set_file(state, arguments, arg[0] == 'A' ? FACTORY_SLOT_A : FACTORY_SLOT_B,
             arg + 2);
}

// Files for areas that the layout lacks.
static void check_areas(struct argp_state *state,
                        const struct arguments *arguments)
{
    for (unsigned i = 0; i < FACTORY_AREAS; i++) {
        if (!arguments->parts.files[i] ||
            factory_area(arguments->parts.layout, i)) {
            continue;
        }
        size_t other = 0;
        while (boards[other] && !factory_area(boards[other], i)) {
            other++;
        }
        argp_error(state, "%s has no %s: leave out %s%s%s",
                   arguments->parts.layout->name, factory_areas[i].name,
                   factory_areas[i].option,
                   boards[other] ? ", or take a layout that has one, such as "
                                 : "",
                   boards[other] ? boards[other]->name : "");
    }
}

// Files for the W25Q, and one to put them into.
static void check_w25q(struct argp_state *state,
                       const struct arguments *arguments)
{
    const struct factory_parts *parts = &arguments->parts;
    bool slots = parts->files[FACTORY_SLOT_A] || parts->files[FACTORY_SLOT_B];
    if (!boards_has_external(parts->layout)) {
        if (arguments->w25q) {
            argp_error(state, "%s has no slots on a W25Q: leave out --w25q",
                       parts->layout->name);
        }
        return;
    }
    if (slots && !arguments->w25q) {
        argp_error(state,
                   "slots A and B of %s are on the W25Q, not in the flash that "
                   "-o is for: add --w25q FILE, which they are written to",
                   parts->layout->name);
    }
    if (!slots && arguments->w25q) {
        argp_error(state,
                   "nothing to write to %s: add --slot A=FILE, or leave "
                   "out --w25q",
                   arguments->w25q);
    }
    if (slots && file_has_extension(arguments->w25q, ".hex")) {
        argp_error(state,
                   "--w25q %s: it becomes a plain binary file: end the "
                   "name in .bin",
                   arguments->w25q);
    }
    if (slots && strcmp(arguments->w25q, arguments->output) == 0) {
        argp_error(state, "-o and --w25q are both %s: name two files",
                   arguments->w25q);
    }
}

static void check_complete(struct argp_state *state,
                           const struct arguments *arguments)
{
    if (!arguments->parts.layout || !arguments->parts.boot ||
        !arguments->parts.image || !arguments->output) {
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
        arguments->parts.layout = options_board(state, arg);
        return 0;
    case KEY_BOOT:
        arguments->parts.boot = arg;
        return 0;
    case KEY_IMAGE:
        arguments->parts.image = arg;
        return 0;
    case KEY_SLOT:
        set_slot(state, arguments, arg);
        return 0;
    case KEY_ARRAY:
        set_file(state, arguments, FACTORY_ARRAY, arg);
        return 0;
    case 'o':
        arguments->output = arg;
        return 0;
    case KEY_W25Q:
        arguments->w25q = arg;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s': name the files with --boot and --image", arg);
        return EINVAL;
    case ARGP_KEY_END:
        check_complete(state, arguments);
        check_areas(state, arguments);
        check_w25q(state, arguments);
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

// Both files or none.
static enum status write_files(const struct arguments *arguments,
                               const struct factory *factory)
{
    const struct memory *flash = &factory->flash;
    bool hex = file_has_extension(arguments->output, ".hex");
    struct blob main =
        hex ? hex_write(flash) : memory_flatten(flash, memory_start(flash));
    struct blob w25q = {0};
    if (arguments->w25q) {
        w25q = memory_flatten(&factory->w25q, 0);
    }
    const struct output outputs[] = {
        {arguments->output, main.data, main.size},
        {arguments->w25q, w25q.data, w25q.size},
    };
    enum status status = file_write_all(outputs, arguments->w25q ? 2 : 1);
    blob_free(&main);
    blob_free(&w25q);
    return status;
}

static void print_areas(const struct arguments *arguments,
                        const struct factory *factory, bool external,
                        const char *separator)
{
    const struct factory_parts *parts = &arguments->parts;
    for (unsigned i = 0; i < FACTORY_AREAS; i++) {
        const struct ota_area *area = factory_area(parts->layout, i);
        if (parts->files[i] &&
            boards_is_external(parts->layout, area) == external) {
            printf("%sversion %s in %s", separator,
                   version_text(factory->versions[i]).s,
                   factory_areas[i].place);
            separator = "; ";
        }
    }
    putchar('\n');
}

static void print_factory(const struct arguments *arguments,
                          const struct factory *factory)
{
    const char *layout = arguments->parts.layout->name;
    printf("%s: bootloader and version %s for %s", arguments->output,
           version_text(factory->version).s, layout);
    print_areas(arguments, factory, false, "; ");
    if (arguments->w25q) {
        printf("%s: ", arguments->w25q);
        print_areas(arguments, factory, true, "");
    }
}

enum status cmd_merge(int argc, char **argv)
{
    struct arguments arguments = {0};
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) {
        return STATUS_USAGE;
    }
    struct factory factory;
    enum status status = factory_make(&factory, &arguments.parts);
    if (status == STATUS_OK) {
        status = write_files(&arguments, &factory);
    }
    if (status == STATUS_OK) {
        print_factory(&arguments, &factory);
    }
    factory_free(&factory);
    return status;
}
