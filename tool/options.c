// SPDX-License-Identifier: MIT

#include "options.h"

#include <stdio.h>
#include <stdlib.h>

#include "boards.h"

const struct ota_layout *options_board(struct argp_state *state,
                                       const char *arg)
{
    const struct ota_layout *layout = boards_find(arg);
    if (!layout) {
        char *known = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&known, &size);
        for (size_t i = 0; out && boards[i]; i++) {
            fprintf(out, " %s", boards[i]->name);
        }
        if (out) {
            fclose(out);
        }
        argp_error(state, "no board '%s'; there is:%s", arg,
                   known ? known : "");
    }
    return layout;
}

error_t options_one_file(int key, char *arg, struct argp_state *state,
                         const char **file)
{
    switch (key) {
    case ARGP_KEY_ARG:
        if (state->arg_num > 0) {
            argp_error(state, "one file only, not '%s' too", arg);
        }
        *file = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "name a file");
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}
