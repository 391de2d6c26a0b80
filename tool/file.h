// SPDX-License-Identifier: MIT
//
// Whole files in memory.

#ifndef FILE_H
#define FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "tool.h"

// Bytes that the holder frees with blob_free. All zero: empty.
struct blob {
    uint8_t *data;
    size_t size;
    size_t capacity; // bytes allocated
};

void blob_append(struct blob *blob, const void *data, size_t size);
void blob_free(struct blob *blob);

// Reads a whole file that is not empty. STATUS_OK, or what is wrong has been
// said and the blob is empty.
enum status file_read(const char *path, struct blob *blob);

// Writes a file completely or not at all: to a temporary name beside it, then
// renamed. A device or pipe is written as it is.
enum status file_write(const char *path, const void *data, size_t size);

// A file that is to be written.
struct output {
    const char *path;
    const void *data;
    size_t size;
};

// The same for up to OUTPUTS_MAX files: when one cannot be written, none is.
#define OUTPUTS_MAX 2
enum status file_write_all(const struct output *outputs, size_t count);

// Whether a path ends in this extension, in upper or lower case (".hex").
bool file_has_extension(const char *path, const char *extension);

#endif
