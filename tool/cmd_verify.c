// SPDX-License-Identifier: MIT
//
// otatool verify: every check that the bootloader makes, and one more.

#include <inttypes.h>
#include <stdio.h>

#include "boards.h"
#include "names.h"
#include "options.h"
#include "tool.h"
#include "view.h"

struct arguments {
    const char *image;
    const struct ota_layout *layout;
};

static const struct argp_option options[] = {
    OPTION_BOARD,
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    if (key == KEY_BOARD) {
        arguments->layout = options_board(state, arg);
        return 0;
    }
    return options_one_file(key, arg, state, &arguments->image);
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "IMAGE",
    .doc = "Checks an image as the bootloader of a board does; without "
           "--board it must fit one of the boards that otatool knows.\vBytes "
           "of 0xFF after the image are what the rest of a flash sector holds "
           "and are ignored; other bytes after it are refused: the bootloader "
           "would ignore them too, but something is wrong with the file.",
};

// Whether some board takes the image.
static bool fits_somewhere(const struct view *view)
{
    for (size_t i = 0; boards[i]; i++) {
        if (view_check(view, boards[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void print_fitting_boards(const struct view *view)
{
    const char *comma = "";
    for (size_t i = 0; boards[i]; i++) {
        if (view_check(view, boards[i]) == 0) {
            printf("%s%s", comma, boards[i]->name);
            comma = ", ";
        }
    }
}

static enum status refuse_everywhere(const char *path, const struct view *view)
{
    for (size_t i = 0; boards[i]; i++) {
        (void)view_refuse(path, view, boards[i], view_check(view, boards[i]));
    }
    return fail(STATUS_BAD, "%s fits no board that otatool knows", path);
}

static enum status verify(const struct arguments *arguments,
                          const struct view *view)
{
    const char *path = arguments->image;
    const struct ota_layout *layout = arguments->layout;
    if (!layout && !fits_somewhere(view)) {
        return refuse_everywhere(path, view);
    }
    enum status status = view_refuse_trailing(path, view);
    if (status != STATUS_OK) {
        return status;
    }
    printf("%s: ok: version %s for ", path,
           version_text(view->image.version).s);
    if (layout) {
        fputs(layout->name, stdout);
    } else {
        print_fitting_boards(view);
    }
    printf(", %" PRIu32 " bytes", view->image.size);
    size_t trailing = view_trailing(view);
    if (trailing > 0) {
        printf("; %zu bytes of erased flash after it ignored", trailing);
    }
    putchar('\n');
    return STATUS_OK;
}

enum status cmd_verify(int argc, char **argv)
{
    struct arguments arguments = {0};
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) {
        return STATUS_USAGE;
    }
    struct blob file;
    struct view view;
    enum status status =
        view_read(arguments.image, arguments.layout, &file, &view);
    if (status == STATUS_OK) {
        status = verify(&arguments, &view);
    }
    blob_free(&file);
    return status;
}
