// SPDX-License-Identifier: MIT

#ifndef BENCH_SENDER_H
#define BENCH_SENDER_H

#include "image.h"

// Sends an image over the console by XMODEM-1K, to a board that is switched on
// and asks for one. Ends the program when it is not taken.
void sender_send(struct stand *stand, const struct bench_image *image);

#endif
