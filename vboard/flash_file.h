// SPDX-License-Identifier: MIT
//
// The contents of a flash in a file: a power cut is the end of one run and the
// start of the next.

#ifndef VBOARD_FLASH_FILE_H
#define VBOARD_FLASH_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flash_file {
    const char *option; // that named it, for messages: "--flash"
    const char *path;
    bool open_ended; // it may be short: what is missing is erased
};

// Reads the file, which must hold size bytes if it is not open-ended; a file
// that is missing is made, erased. 0, or -1 with a message on stderr.
int flash_file_read(const struct flash_file *file, uint8_t *data, size_t size);

// Replaces the file; an open-ended one ends behind the last 4 KiB that are not
// erased. It holds the old or the new contents at every instant, even if this
// process is killed. 0, or -1 with a message on stderr.
int flash_file_write(const struct flash_file *file, const uint8_t *data,
                     size_t size);

#endif
