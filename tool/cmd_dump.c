// SPDX-License-Identifier: MIT
//
// otatool dump: what a device's flash says about its updates.

#include <inttypes.h>

#include "boards.h"
#include "dump.h"
#include "names.h"
#include "options.h"
#include "tool.h"

struct arguments {
    const char *readout;
    const char *w25q; // NULL: not given
    const struct ota_layout *layout;
    uint32_t base;
    bool has_base;
    bool json;
};

static const struct argp_option options[] = {
    OPTION_BOARD,
    {.name = "base",
     .key = KEY_BASE,
     .arg = "ADDRESS",
     .doc = "Address of the first byte of the file (default: start of the "
            "flash)"},
    {.name = "w25q",
     .key = KEY_W25Q,
     .arg = "FILE",
     .doc = "Read-out of the W25Q, which holds slots A and B of the layouts "
            "\"external\": from its byte 0 as far as it is used; what follows "
            "counts as erased"},
    {.name = "json", .key = KEY_JSON, .doc = "Print JSON"},
    {0},
};

static void check_options(struct argp_state *state,
                          const struct arguments *arguments)
{
    if (!arguments->layout) {
        argp_error(state, "--board is needed");
    }
    if (arguments->w25q && !boards_has_external(arguments->layout)) {
        argp_error(state, "%s has no slots on a W25Q: leave out --w25q",
                   arguments->layout->name);
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case KEY_BOARD:
        arguments->layout = options_board(state, arg);
        return 0;
    case KEY_BASE:
        if (!number_parse(arg, UINT32_MAX, &arguments->base)) {
            argp_error(state, "base '%s' is no address like 0x08008000", arg);
        }
        arguments->has_base = true;
        return 0;
    case KEY_W25Q:
        arguments->w25q = arg;
        return 0;
    case KEY_JSON:
        arguments->json = true;
        return 0;
    case ARGP_KEY_END:
        check_options(state, arguments);
        return 0;
    default:
        return options_one_file(key, arg, state, &arguments->readout);
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "READOUT",
    .doc = "Explains a read-out of a device's flash: the bootloader, the "
           "application and its version, slots A and B and their roles, what "
           "the last update did, and every record of the journal."
           "\vThe read-out is a plain binary file, of the whole flash or, "
           "with --base, of a part. \"version\" of a record is that of the "
           "app slot, \"tried\", \"step\" and \"result\" tell how the last "
           "update ended, \"fail\" how many installs of it failed, \"boots\" "
           "how often an application on trial was started.",
};

// Whether the file lies inside the flash; *offset is where it begins in it.
static enum status check_place(const struct arguments *arguments,
                               const struct blob *file, uint32_t *offset)
{
    const struct ota_layout *layout = arguments->layout;
    uint32_t size = layout->app.flash->geometry->size;
    uint32_t base = arguments->has_base ? arguments->base : layout->flash_base;
    *offset = base - layout->flash_base; // wraps to a large one if before it
    if (*offset > size || file->size > size - *offset) {
        return fail(STATUS_BAD,
                    "%s: %zu bytes at 0x%08" PRIX32
                    " do not lie in the flash of %s (0x%08" PRIX32 ", %" PRIu32
                    " bytes): check --board and --base",
                    arguments->readout, file->size, base, layout->name,
                    layout->flash_base, size);
    }
    return STATUS_OK;
}

// Reads the W25Q's file, if there is one.
static enum status read_w25q(const struct arguments *arguments,
                             struct blob *w25q)
{
    *w25q = (struct blob){0};
    if (!arguments->w25q) {
        return STATUS_OK;
    }
    uint32_t size = arguments->layout->slot[0].flash->geometry->size;
    enum status status = file_read(arguments->w25q, w25q);
    if (status == STATUS_OK && w25q->size > size) {
        status = fail(STATUS_BAD,
                      "%s: %zu bytes, but a W25Q64 has %" PRIu32
                      ": is it its read-out?",
                      arguments->w25q, w25q->size, size);
    }
    return status;
}

static enum status dump(const struct arguments *arguments,
                        const struct blob *file, const struct blob *w25q)
{
    uint32_t offset;
    enum status status = check_place(arguments, file, &offset);
    if (status != STATUS_OK) {
        return status;
    }
    struct dump dump;
    dump_collect(&dump, arguments->layout, file, offset,
                 arguments->w25q ? w25q : NULL);
    if (arguments->json) {
        dump_print_json(&dump);
    } else {
        dump_print_text(&dump);
    }
    status = dump_verdict(&dump);
    dump_free(&dump);
    return status;
}

enum status cmd_dump(int argc, char **argv)
{
    struct arguments arguments = {0};
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) {
        return STATUS_USAGE;
    }
    struct blob file, w25q;
    enum status status = file_read(arguments.readout, &file);
    if (status == STATUS_OK) {
        status = read_w25q(&arguments, &w25q);
        if (status == STATUS_OK) {
            status = dump(&arguments, &file, &w25q);
        }
        blob_free(&w25q);
    }
    blob_free(&file);
    return status;
}
