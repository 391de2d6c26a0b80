// SPDX-License-Identifier: MIT
//
// Who sends an image over the console of the rig, by XMODEM-1K. (The judges of
// the receiver are sx and sb, in test_recovery.py; this one is for what has to
// happen at a certain moment.)

#ifndef SENDER_H
#define SENDER_H

#include "rig.h"

// Waits until it is asked, and sends all; fails when it is not taken.
void sender_send(struct rig *rig, const void *data, size_t len);

// The same for a file of make_images.
void sender_send_file(struct rig *rig, const char *name);

// Sends one block and does not wait for the answer.
void sender_send_first(struct rig *rig, const void *data, size_t len);

// Sends the first so many blocks of 1 KiB, each acknowledged, and goes.
void sender_send_blocks(struct rig *rig, const void *data, unsigned blocks);

#endif
