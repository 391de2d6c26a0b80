// SPDX-License-Identifier: MIT
//
// A volume made by make_images, opened up: where its FAT and its directory are,
// and firmware.bin in them, so that a test can spoil what it likes. A second
// hand that reads FATs, for volumes known to be good.

#ifndef DISK_H
#define DISK_H

#include "image_blocks.h"
#include "ota/fat.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

enum { MAX_CHAIN = 128, FIRMWARE_SIZE = 41100, CLUSTER = 512 };

struct disk {
    struct image_blocks image;
    struct ota_fat_file file; // firmware.bin
    uint32_t start;           // block of the BPB
    uint32_t bits;
    uint32_t reserved;
    uint32_t fats;
    uint32_t fat_size;
    uint32_t data; // block of cluster 2
    uint32_t clusters;
    uint32_t entry_block; // of firmware.bin
    uint32_t entry_offset;
    uint32_t chain[MAX_CHAIN]; // its clusters, in order
    uint32_t length;
    uint8_t content[FIRMWARE_SIZE];
};

// Opens the image again, as it was made.
void disk_open(struct disk *disk, const char *name);
void disk_close(struct disk *disk);

// Runs a test on each of the images.
void disk_on_each(struct disk *disk, void (*test)(void));

uint8_t *disk_bpb(struct disk *disk);
uint8_t *disk_entry(struct disk *disk); // of firmware.bin in the directory
uint32_t disk_fat_get(struct disk *disk, uint32_t cluster);
void disk_fat_set(struct disk *disk, uint32_t cluster, uint32_t value);

// Opens the file and reads it to the end: 0 when it reads as firmware.bin, or
// the error it ends with. In any case it fails the test if what was read before
// is not how firmware.bin begins, or if it takes too many calls.
int disk_read(struct disk *disk);

// The same for any file: what its last read returned. *total: bytes read.
int disk_drain(struct ota_source *source, const uint8_t *expected,
               uint32_t *total);

#endif
