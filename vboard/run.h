// SPDX-License-Identifier: MIT

#ifndef VBOARD_RUN_H
#define VBOARD_RUN_H

#include "options.h"

// "vboard run": one run of the board, from power-on to its end.
enum exit_status run(const struct options *options);

#endif
