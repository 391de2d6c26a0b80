// SPDX-License-Identifier: MIT
//
// Reads files out of a FAT image as the bootloader does, in pieces of all
// sizes; then looks again at places all over each file.
//   fat_read IMAGE DIRECTORY NAME...     each into DIRECTORY/NAME
// Exit status: 0 all read, 1 not, with the reason on stderr.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image_blocks.h"
#include "ota/fat.h"

enum {
    MOST_BLOCKS = 4, // that one call may read: two for an entry of FAT12, one
                     // of the file; two in a mount
    LOOKS = 40,
};

static struct image_blocks image;
static struct ota_fat_file file;
static uint32_t state = 1;

// 0 .. n - 1; xorshift32, Marsaglia 2003
static uint32_t draw(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % n;
}

_Noreturn static void fail(const char *what, const char *name, int err)
{
    fprintf(stderr, "fat_read: %s: %s: %s\n", name, what, ota_error_text(err));
    exit(1);
}

// One call that does not answer "not yet".
static int read_some(const char *name, uint8_t *data, size_t len)
{
    for (uint32_t calls = 0; calls < 20000000; calls++) {
        uint32_t before = image.reads;
        int n = file.source.read(&file.source, data, len);
        if (image.reads - before > MOST_BLOCKS) {
            fail("too much work in one call", name, 0);
        }
        if (n > (int)len) {
            fail("gave more than there was room for", name, 0);
        }
        if (n != 0) {
            return n;
        }
    }
    fail("never gets done", name, 0);
}

static void read_all(const char *name, FILE *out)
{
    uint8_t data[2000];
    int n;
    while ((n = read_some(name, data, 1 + draw(sizeof data))) > 0) {
        fwrite(data, (size_t)n, 1, out);
    }
    if (n != OTA_ERR_SOURCE_END) {
        fail("cannot be read", name, n);
    }
}

// What is read after a seek is what was read before.
static void look_around(const char *name, FILE *out, uint32_t size)
{
    for (int i = 0; i < LOOKS && size > 0; i++) {
        uint8_t there[64], before[64];
        uint32_t offset = draw(size);
        file.source.seek(&file.source, offset);
        int n = read_some(name, there, 1 + draw(sizeof there));
        if (n < 0) {
            fail("cannot be read after a seek", name, n);
        }
        if (fseek(out, (long)offset, SEEK_SET) != 0 ||
            fread(before, (size_t)n, 1, out) != 1 ||
            memcmp(there, before, (size_t)n) != 0) {
            fail("reads differently after a seek", name, 0);
        }
    }
}

static void read_file(const char *directory, const char *name)
{
    char path[1000];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *out = fopen(path, "w+b");
    if (!out) {
        fail("cannot be written", path, 0);
    }
    ota_fat_file_init(&file, &image.blocks, name);
    int err = ota_source_open(&file.source);
    if (err) {
        fail("does not open", name, err);
    }
    read_all(name, out);
    look_around(name, out, file.size);
    fclose(out);
    ota_source_close(&file.source);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: fat_read IMAGE DIRECTORY NAME...\n");
        return 2;
    }
    if (!image_blocks_open(&image, argv[1])) {
        fail("cannot be opened", argv[1], 0);
    }
    for (int i = 3; i < argc; i++) {
        read_file(argv[2], argv[i]);
    }
    image_blocks_close(&image);
    return 0;
}
