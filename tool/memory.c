// SPDX-License-Identifier: MIT

#include "memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static uint64_t segment_end(const struct segment *segment)
{
    return (uint64_t)segment->address + segment->bytes.size;
}

void memory_add(struct memory *memory, uint32_t address, const void *data,
                size_t size)
{
    if (size == 0) {
        return;
    }
    // hex files come in pieces of 16 bytes, nearly always in order
    if (memory->count > 0) {
        struct segment *last = &memory->segments[memory->count - 1];
        if (segment_end(last) == address) {
            blob_append(&last->bytes, data, size);
            return;
        }
    }
    memory->segments = must_realloc(
        memory->segments, (memory->count + 1) * sizeof memory->segments[0]);
    struct segment *added = &memory->segments[memory->count++];
    *added = (struct segment){.address = address};
    blob_append(&added->bytes, data, size);
}

static int by_address(const void *a, const void *b)
{
    uint32_t left = ((const struct segment *)a)->address;
    uint32_t right = ((const struct segment *)b)->address;
    return (left > right) - (left < right);
}

enum status memory_sort(struct memory *memory, const char *path)
{
    if (memory->count == 0) {
        return fail(STATUS_BAD,
                    "%s holds no bytes to be programmed: is it the linked "
                    "firmware?",
                    path);
    }
    qsort(memory->segments, memory->count, sizeof memory->segments[0],
          by_address);
    for (size_t i = 1; i < memory->count; i++) {
        uint32_t address = memory->segments[i].address;
        if (segment_end(&memory->segments[i - 1]) > address) {
            return fail(STATUS_BAD,
                        "%s holds two values for address 0x%08" PRIX32
                        ": do two files or sections overlap?",
                        path, address);
        }
    }
    return STATUS_OK;
}

uint32_t memory_start(const struct memory *memory)
{
    return memory->segments[0].address;
}

uint64_t memory_end(const struct memory *memory)
{
    return segment_end(&memory->segments[memory->count - 1]);
}

struct blob memory_flatten(const struct memory *memory, uint32_t start)
{
    size_t size = (size_t)(memory_end(memory) - start);
    struct blob flat = {must_realloc(NULL, size), size, size};
    memset(flat.data, 0xFF, flat.size);
    for (size_t i = 0; i < memory->count; i++) {
        const struct segment *segment = &memory->segments[i];
        memcpy(flat.data + (segment->address - start), segment->bytes.data,
               segment->bytes.size);
    }
    return flat;
}

void memory_free(struct memory *memory)
{
    for (size_t i = 0; i < memory->count; i++) {
        blob_free(&memory->segments[i].bytes);
    }
    free(memory->segments);
    *memory = (struct memory){0};
}
