// SPDX-License-Identifier: MIT
//
// Linked programs: .elf, .hex and .bin files as bytes at flash addresses.

#ifndef PROGRAM_H
#define PROGRAM_H

#include "memory.h"

// Reads a linked program by what it is: ELF, Intel HEX, else plain binary. A
// plain binary has no address of its own: it is put at bin_address. On
// STATUS_OK the memory is sorted and not empty; free it in any case.
enum status program_read(const char *path, uint32_t bin_address,
                         struct memory *memory);

// One reader per format, over the whole file; *memory is empty before, and not
// yet sorted after.
enum status elf_read(const char *path, const struct blob *file,
                     struct memory *memory);
enum status hex_read(const char *path, const struct blob *file,
                     struct memory *memory);

// A sorted memory as an Intel HEX file.
struct blob hex_write(const struct memory *memory);

#endif
