// SPDX-License-Identifier: MIT
//
// otatool c-array: an image as C source.

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "names.h"
#include "options.h"
#include "tool.h"
#include "view.h"

#define BYTES_PER_LINE 12

struct arguments {
    const char *image;
    const char *output;
    const char *section;
    bool header; // a header to include, not a source file to compile
};

static const struct argp_option options[] = {
    {.name = "output",
     .key = 'o',
     .arg = "FILE",
     .doc = "File to write: .h to be included, .c to be compiled and linked "
            "(default: ota_image.h)"},
    {.name = "section",
     .key = KEY_SECTION,
     .arg = "NAME",
     .doc = "Put the array into this linker section, such as .ota_image; KEEP "
            "it in the linker script"},
    {0},
};

// Whether a name can stand in the attribute without escapes.
static bool is_section_name(const char *name)
{
    size_t n = 0;
    while ((name[n] >= 'a' && name[n] <= 'z') ||
           (name[n] >= 'A' && name[n] <= 'Z') ||
           (name[n] >= '0' && name[n] <= '9') || name[n] == '.' ||
           name[n] == '_') {
        n++;
    }
    return n > 0 && name[n] == '\0';
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'o':
        arguments->output = arg;
        return 0;
    case KEY_SECTION:
        if (!is_section_name(arg)) {
            argp_error(state, "section '%s': letters, digits, '.' and '_' only",
                       arg);
        }
        arguments->section = arg;
        return 0;
    case ARGP_KEY_END:
        arguments->header = file_has_extension(arguments->output, ".h");
        if (!arguments->header &&
            !file_has_extension(arguments->output, ".c")) {
            argp_error(state, "-o %s: end the name in .h or .c",
                       arguments->output);
        }
        return 0;
    default:
        return options_one_file(key, arg, state, &arguments->image);
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "IMAGE",
    .doc = "Writes an image as the C array ota_image_bin, with its length "
           "ota_image_bin_len.",
};

static void print_declaration(FILE *out, const struct arguments *arguments,
                              size_t size)
{
    fprintf(out, "enum { ota_image_bin_len = %zu };\n\n", size);
    if (arguments->header) {
        fputs("static ", out);
    } else {
        fputs("extern const unsigned char ota_image_bin[ota_image_bin_len];"
              "\n\n",
              out);
    }
    fputs("const unsigned char ota_image_bin[ota_image_bin_len]", out);
    if (arguments->section) {
        fprintf(out, "\n    __attribute__((section(\"%s\"), used))",
                arguments->section);
    }
    fputs(" = {", out);
}

static void print_source(FILE *out, const struct arguments *arguments,
                         const struct blob *image, const struct view *view)
{
    fprintf(out,
            "// Made by otatool c-array. Version %s, CRC-32 0x%08" PRIX32
            ".\n\n",
            version_text(view->image.version).s, view->image.crc);
    if (arguments->header) {
        // not OTA_IMAGE_H: that is the guard of ota/image.h
        fputs("#ifndef OTA_IMAGE_BIN_H\n#define OTA_IMAGE_BIN_H\n\n", out);
    }
    size_t size = view->image.header_size + view->image.size;
    print_declaration(out, arguments, size);
    for (size_t i = 0; i < size; i++) {
        fprintf(out, "%s0x%02x,", i % BYTES_PER_LINE == 0 ? "\n    " : " ",
                image->data[i]);
    }
    fputs("\n};\n", out);
    if (arguments->header) {
        fputs("\n#endif\n", out);
    }
}

static enum status write_source(const struct arguments *arguments,
                                const struct blob *image,
                                const struct view *view)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) {
        return fail(STATUS_USAGE, "out of memory");
    }
    print_source(out, arguments, image, view);
    enum status status;
    if (fclose(out) != 0) {
        status = fail(STATUS_USAGE, "out of memory");
    } else {
        status = file_write(arguments->output, text, size);
    }
    free(text);
    return status;
}

enum status cmd_c_array(int argc, char **argv)
{
    struct arguments arguments = {.output = "ota_image.h"};
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) {
        return STATUS_USAGE;
    }
    struct blob file;
    struct view view;
    enum status status = view_read(arguments.image, NULL, &file, &view);
    if (status == STATUS_OK) {
        status = write_source(&arguments, &file, &view);
    }
    if (status == STATUS_OK) {
        printf("%s: ota_image_bin, %" PRIu32 " bytes\n", arguments.output,
               view.image.header_size + view.image.size);
    }
    blob_free(&file);
    return status;
}
