// SPDX-License-Identifier: MIT
//
// Bytes at addresses, with gaps: what an ELF or Intel HEX file describes.

#ifndef MEMORY_H
#define MEMORY_H

#include <stdint.h>

#include "file.h"

struct segment {
    uint32_t address;
    struct blob bytes;
};

// All zero: empty. After memory_sort the segments ascend and do not overlap.
struct memory {
    struct segment *segments;
    size_t count;
};

// Adds bytes; the caller has checked that they end at or below 4 GiB.
void memory_add(struct memory *memory, uint32_t address, const void *data,
                size_t size);

// Sorts the segments. STATUS_BAD when two of them hold the same address, or
// when there is none; path names the file that they come from.
enum status memory_sort(struct memory *memory, const char *path);

// The first address, and the one after the last, of a sorted memory.
uint32_t memory_start(const struct memory *memory);
uint64_t memory_end(const struct memory *memory);

// All bytes of a sorted memory from an address at or before its start to its
// end, gaps as 0xFF: the erased value of flash.
struct blob memory_flatten(const struct memory *memory, uint32_t start);

void memory_free(struct memory *memory);

#endif
