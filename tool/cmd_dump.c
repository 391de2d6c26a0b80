// SPDX-License-Identifier: MIT
//
// otatool dump: what a device's flash says about its updates.

#include <inttypes.h>

#include "dump.h"
#include "names.h"
#include "options.h"
#include "tool.h"

struct arguments {
    const char *readout;
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
    {.name = "json", .key = KEY_JSON, .doc = "Print JSON"},
    {0},
};

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
    case KEY_JSON:
        arguments->json = true;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->layout) {
            argp_error(state, "--board is needed");
        }
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

static enum status dump(const struct arguments *arguments,
                        const struct blob *file)
{
    uint32_t offset;
    enum status status = check_place(arguments, file, &offset);
    if (status != STATUS_OK) {
        return status;
    }
    struct dump dump;
    dump_collect(&dump, arguments->layout, file, offset);
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
    struct blob file;
    enum status status = file_read(arguments.readout, &file);
    if (status == STATUS_OK) {
        status = dump(&arguments, &file);
    }
    blob_free(&file);
    return status;
}
