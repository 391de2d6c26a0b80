// SPDX-License-Identifier: MIT
//
// The contents of the internal flash in a file: a power cut is the end of one
// run and the start of the next.

#ifndef VBOARD_FLASH_FILE_H
#define VBOARD_FLASH_FILE_H

#include <stddef.h>
#include <stdint.h>

// Reads the file, which must hold size bytes; a file that is missing is made,
// erased. 0, or -1 with a message on stderr.
int flash_file_read(const char *path, uint8_t *data, size_t size);

// Replaces the file. It holds the old or the new contents at every instant,
// even if this process is killed. 0, or -1 with a message on stderr.
int flash_file_write(const char *path, const uint8_t *data, size_t size);

#endif
