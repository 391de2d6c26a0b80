// SPDX-License-Identifier: MIT
//
// otatool pack: an application with a header in front of it.

#include <inttypes.h>
#include <stdio.h>

#include "names.h"
#include "options.h"
#include "ota/bytes.h"
#include "program.h"
#include "tool.h"
#include "view.h"

struct arguments {
    const char *input;
    const char *output;
    const struct ota_layout *layout;
    uint32_t version; // 0: not given
};

static const struct argp_option options[] = {
    OPTION_BOARD,
    {.name = "version",
     .key = KEY_VERSION,
     .arg = "VERSION",
     .doc = "Version of the application: 1.2.3, or a plain number"},
    {.name = "output",
     .key = 'o',
     .arg = "FILE",
     .doc = "Image to write (default: ota_image.bin)"},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case KEY_BOARD:
        arguments->layout = options_board(state, arg);
        return 0;
    case KEY_VERSION:
        if (!version_parse(arg, &arguments->version)) {
            argp_error(state,
                       "version '%s' is neither like 1.2.3 (at most "
                       "255.255.65535) nor a number of 32 bits",
                       arg);
        }
        if (arguments->version == 0) {
            argp_error(state, "version 0 means that there is no application: "
                              "begin with 0.0.1");
        }
        return 0;
    case 'o':
        arguments->output = arg;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->layout || arguments->version == 0) {
            argp_error(state, "both --board and --version are needed");
        }
        return 0;
    default:
        return options_one_file(key, arg, state, &arguments->input);
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "APPLICATION",
    .doc = "Makes an image from a linked application: an ELF, Intel HEX or "
           "plain binary file.\vThe application must be linked for the app "
           "slot of the board, and is refused here if the bootloader would "
           "refuse it.",
};

// Whether the program lies where the app slot wants it.
static enum status check_place(const struct arguments *arguments,
                               const struct memory *program)
{
    const struct ota_layout *layout = arguments->layout;
    uint32_t start = ota_layout_vectors(layout);
    if (memory_start(program) != start) {
        return fail(STATUS_BAD,
                    "%s: linked for 0x%08" PRIX32
                    ", but the app slot of %s begins at 0x%08" PRIX32
                    ": set the FLASH origin in the linker script",
                    arguments->input, memory_start(program), layout->name,
                    start);
    }
    uint64_t size = memory_end(program) - start;
    struct view_limit limit = view_limit(layout, OTA_PLAIN_HEADER_SIZE);
    if (size > limit.app_size) {
        return fail(STATUS_BAD,
                    "%s: too large: it reaches from 0x%08" PRIX32
                    " over %" PRIu64 " bytes, %s of %s takes %" PRIu32
                    ": make it smaller, or leave out (objcopy -R) what lies "
                    "elsewhere",
                    arguments->input, start, size, limit.area, layout->name,
                    limit.app_size);
    }
    return STATUS_OK;
}

static enum status write_image(const struct arguments *arguments,
                               const struct view *view)
{
    uint8_t header[OTA_PLAIN_HEADER_SIZE];
    ota_image_encode(&view->image, header);
    struct blob out = {0};
    blob_append(&out, header, sizeof header);
    blob_append(&out, view->app, view->image.size);
    enum status status = file_write(arguments->output, out.data, out.size);
    blob_free(&out);
    if (status != STATUS_OK) {
        return status;
    }
    printf("%s: version %s for %s, %" PRIu32
           " bytes of application, CRC-32 0x%08" PRIX32 "\n",
           arguments->output, version_text(view->image.version).s,
           arguments->layout->name, view->image.size, view->image.crc);
    return STATUS_OK;
}

// Makes the header of an application and checks both as the bootloader will.
static enum status pack_application(const struct arguments *arguments,
                                    const struct blob *app)
{
    struct view view = {
        .image = {.magic = OTA_MAGIC_PLAIN,
                  .size = (uint32_t)app->size,
                  .version = arguments->version,
                  .header_size = OTA_PLAIN_HEADER_SIZE},
        .app = app->data,
        .available = app->size,
    };
    view.image.crc = view_crc(&view);
    if (app->size >= 4 && load_le32(app->data) == OTA_MAGIC_PLAIN) {
        return fail(STATUS_BAD,
                    "%s is an image already: pack the application it was "
                    "made from",
                    arguments->input);
    }
    int err = view_check(&view, arguments->layout);
    if (err) {
        return view_refuse(arguments->input, &view, arguments->layout, err);
    }
    return write_image(arguments, &view);
}

enum status cmd_pack(int argc, char **argv)
{
    struct arguments arguments = {.output = "ota_image.bin"};
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) {
        return STATUS_USAGE;
    }
    struct memory program;
    enum status status = program_read(
        arguments.input, ota_layout_vectors(arguments.layout), &program);
    if (status == STATUS_OK) {
        status = check_place(&arguments, &program);
    }
    if (status == STATUS_OK) {
        struct blob app = memory_flatten(&program, memory_start(&program));
        status = pack_application(&arguments, &app);
        blob_free(&app);
    }
    memory_free(&program);
    return status;
}
