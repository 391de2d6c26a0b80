// SPDX-License-Identifier: MIT

#include "program.h"

#include <string.h>

static enum status read_format(const char *path, const struct blob *file,
                               uint32_t bin_address, struct memory *memory)
{
    bool elf = file->size >= 4 && memcmp(file->data,
                                         "\x7f"
                                         "ELF",
                                         4) == 0;
    if (elf || file_has_extension(path, ".elf")) {
        return elf_read(path, file, memory);
    }
    // no binary begins with ':': a stack pointer is a multiple of 4
    if (file->data[0] == ':' || file_has_extension(path, ".hex")) {
        return hex_read(path, file, memory);
    }
    memory_add(memory, bin_address, file->data, file->size);
    return STATUS_OK;
}

enum status program_read(const char *path, uint32_t bin_address,
                         struct memory *memory)
{
    *memory = (struct memory){0};
    struct blob file;
    enum status status = file_read(path, &file);
    if (status != STATUS_OK) {
        return status;
    }
    status = read_format(path, &file, bin_address, memory);
    blob_free(&file);
    return status == STATUS_OK ? memory_sort(memory, path) : status;
}
