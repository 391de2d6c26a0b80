// SPDX-License-Identifier: MIT
//
// otatool info: what an image holds, for people and for scripts.

#include <inttypes.h>
#include <stdio.h>

#include "boards.h"
#include "json.h"
#include "names.h"
#include "options.h"
#include "ota/bytes.h"
#include "tool.h"
#include "view.h"

struct arguments {
    const char *image;
    const struct ota_layout *layout; // NULL: all that are known
    bool json;
};

static const struct argp_option options[] = {
    OPTION_BOARD,
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
    case KEY_JSON:
        arguments->json = true;
        return 0;
    default:
        return options_one_file(key, arg, state, &arguments->image);
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "IMAGE",
    .doc = "Shows what an image holds and which boards it fits.\vAn image "
           "that is damaged is shown as far as it can be read; the exit "
           "status is 1 then, and with --board also if it does not fit that "
           "board.",
};

// Whether the user wants to hear of this board.
static bool is_asked(const struct arguments *arguments,
                     const struct ota_layout *layout)
{
    return !arguments->layout || arguments->layout == layout;
}

// An image without errors has vectors that can be shown.
static void print_json(const struct arguments *arguments,
                       const struct view *view, int err)
{
    const struct ota_image *image = &view->image;
    struct json json = {.out = stdout};
    json_object(&json, NULL);
    json_bool(&json, "valid", err == 0);
    json_string(&json, "error", err ? ota_error_text(err) : "");
    json_number(&json, "magic", image->magic);
    if (view->app) {
        json_string(&json, "kind",
                    image->magic == OTA_MAGIC_PLAIN    ? "plain"
                    : image->magic == OTA_MAGIC_SIGNED ? "signed"
                                                       : "unknown");
        json_number(&json, "size", image->size);
        json_number(&json, "crc", image->crc);
        json_string(&json, "version", version_text(image->version).s);
        json_number(&json, "version_number", image->version);
        json_number(&json, "header_size", image->header_size);
        json_number(&json, "trailing_bytes", (int64_t)view_trailing(view));
    }
    if (!err) {
        json_number(&json, "stack_pointer", load_le32(view->app));
        json_number(&json, "reset_vector", load_le32(view->app + 4));
    }
    json_array(&json, "boards");
    for (size_t i = 0; !err && boards[i]; i++) {
        if (is_asked(arguments, boards[i]) &&
            view_check(view, boards[i]) == 0) {
            json_string(&json, NULL, boards[i]->name);
        }
    }
    json_array_end(&json);
    json_object_end(&json);
}

static void print_boards(const struct arguments *arguments,
                         const struct view *view)
{
    for (size_t i = 0; boards[i]; i++) {
        if (!is_asked(arguments, boards[i])) {
            continue;
        }
        int err = view_check(view, boards[i]);
        printf("  %-8s %s%s%s\n", err ? "not for" : "fits", boards[i]->name,
               err ? ": " : "", err ? ota_error_text(err) : "");
    }
}

static void print_text(const struct arguments *arguments,
                       const struct view *view, int err)
{
    const struct ota_image *image = &view->image;
    printf("%s: plain image\n", arguments->image);
    printf("  magic    0x%08" PRIX32 "\n", image->magic);
    printf("  version  %s (%" PRIu32 ")\n", version_text(image->version).s,
           image->version);
    printf("  size     %" PRIu32 " bytes, after a header of %" PRIu32 "\n",
           image->size, image->header_size);
    printf("  CRC-32   0x%08" PRIX32 "%s\n", image->crc,
           err ? "" : " (matches)");
    if (view_trailing(view) > 0) {
        printf("  followed by %zu bytes that are not part of it\n",
               view_trailing(view));
    }
    if (err) {
        return;
    }
    printf("  stack    0x%08" PRIX32 "\n", load_le32(view->app));
    printf("  reset    0x%08" PRIX32 "\n", load_le32(view->app + 4));
    print_boards(arguments, view);
}

enum status cmd_info(int argc, char **argv)
{
    struct arguments arguments = {0};
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) {
        return STATUS_USAGE;
    }
    struct blob file;
    enum status status = file_read(arguments.image, &file);
    if (status != STATUS_OK) {
        return status;
    }
    struct view view;
    int decode_err = view_file(&view, &file);
    int err = decode_err ? decode_err : view_check(&view, NULL);
    if (arguments.json) {
        print_json(&arguments, &view, err);
    } else if (!decode_err || decode_err == OTA_ERR_SIZE_ZERO) {
        print_text(&arguments, &view, err);
    }
    const struct ota_layout *layout = NULL;
    if (!err && arguments.layout) {
        layout = arguments.layout;
        err = view_check(&view, layout);
    }
    if (err) {
        status = view_refuse(arguments.image, &view, layout, err);
    }
    blob_free(&file);
    return status;
}
