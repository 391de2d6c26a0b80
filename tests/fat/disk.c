// SPDX-License-Identifier: MIT

#include "disk.h"

#include <stdlib.h>
#include <string.h>

#include "ota/bytes.h"

enum { MAX_CALLS = 300000 };

static FILE *open_file(const char *name, char path[300])
{
    snprintf(path, 300, "%s/%s", FAT_IMAGES, name);
    return fopen(path, "rb");
}

uint8_t *disk_bpb(struct disk *disk)
{
    return image_blocks_change(&disk->image, disk->start);
}

uint8_t *disk_entry(struct disk *disk)
{
    return image_blocks_change(&disk->image, disk->entry_block) +
           disk->entry_offset;
}

// Where the bit lies in the first FAT.
static uint8_t *fat_byte(struct disk *disk, uint32_t bit)
{
    return image_blocks_change(&disk->image, disk->start + disk->reserved +
                                                 bit / 8 / OTA_BLOCK_SIZE) +
           bit / 8 % OTA_BLOCK_SIZE;
}

// by half bytes, of which FAT12 has three
uint32_t disk_fat_get(struct disk *disk, uint32_t cluster)
{
    uint32_t value = 0;
    for (uint32_t i = disk->bits; i > 0; i -= 4) {
        uint32_t bit = cluster * disk->bits + i - 4;
        value = value << 4 | (*fat_byte(disk, bit) >> bit % 8 & 0xF);
    }
    return value;
}

void disk_fat_set(struct disk *disk, uint32_t cluster, uint32_t value)
{
    for (uint32_t i = 0; i < disk->bits; i += 4) {
        uint32_t bit = cluster * disk->bits + i;
        uint8_t *byte = fat_byte(disk, bit);
        *byte = (uint8_t)((*byte & ~(0xF << bit % 8)) | (value >> i & 0xF)
                                                            << bit % 8);
    }
}

// The FAT is taken to be good; the name is looked for in every block, as no
// other block of these images holds the like.
static void find_entry(struct disk *disk, uint32_t blocks)
{
    for (uint32_t block = disk->data - 33; block < blocks; block++) {
        uint32_t changes = disk->image.changes;
        const uint8_t *data = image_blocks_change(&disk->image, block);
        for (uint32_t at = 0; at < OTA_BLOCK_SIZE; at += 32) {
            if (memcmp(data + at, "FIRMWAREBIN", 11) == 0 &&
                data[at + 11] == 0x20) { // archive
                disk->entry_block = block;
                disk->entry_offset = at;
                return;
            }
        }
        disk->image.changes = changes;
    }
    abort();
}

static void take_bpb(struct disk *disk)
{
    const uint8_t *bpb = disk_bpb(disk);
    uint32_t total = load_le16(bpb + 19);
    uint32_t root_blocks = load_le16(bpb + 17) / 16;
    total = total ? total : load_le32(bpb + 32);
    disk->reserved = load_le16(bpb + 14);
    disk->fats = bpb[16];
    disk->fat_size = load_le16(bpb + 22);
    if (disk->fat_size == 0) {
        disk->fat_size = load_le32(bpb + 36);
    }
    assert_int_equal(bpb[13], 1);
    disk->data = disk->start + disk->reserved + disk->fats * disk->fat_size +
                 root_blocks;
    disk->clusters = disk->start + total - disk->data;
    find_entry(disk, disk->data + disk->clusters);
}

void disk_open(struct disk *disk, const char *name)
{
    char path[300];
    FILE *content = open_file("firmware.bin", path);
    assert_non_null(content);
    assert_int_equal(fread(disk->content, 1, FIRMWARE_SIZE, content),
                     FIRMWARE_SIZE);
    fclose(content);
    fclose(open_file(name, path));
    assert_true(image_blocks_open(&disk->image, path));
    disk->bits = strcmp(name, "fat12") == 0   ? 12
                 : strcmp(name, "fat32") == 0 ? 32
                                              : 16;
    disk->start = strcmp(name, "parted") == 0 ? 64 : 0;
    take_bpb(disk);
    const uint8_t *entry = disk_entry(disk);
    uint32_t end = disk->bits == 32 ? 0x0FFFFFF8 : (1u << disk->bits) - 8;
    uint32_t cluster = load_le16(entry + 26) | load_le16(entry + 20) << 16;
    for (disk->length = 0; cluster < end; disk->length++) {
        disk->chain[disk->length] = cluster;
        cluster = disk_fat_get(disk, cluster);
    }
    assert_int_equal(disk->length, (FIRMWARE_SIZE + CLUSTER - 1) / CLUSTER);
    disk->image.reads = 0;
    ota_fat_file_init(&disk->file, &disk->image.blocks, "FIRMWARE.BIN");
}

void disk_close(struct disk *disk)
{
    image_blocks_close(&disk->image);
}

void disk_on_each(struct disk *disk, void (*test)(void))
{
    static const char *const names[] = {"fat12", "fat16", "fat32", "parted"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        print_message("  %s\n", names[i]);
        disk_open(disk, names[i]);
        test();
        disk_close(disk);
    }
}

int disk_drain(struct ota_source *source, const uint8_t *expected,
               uint32_t *total)
{
    *total = 0;
    for (uint32_t calls = 0; calls < MAX_CALLS; calls++) {
        uint8_t data[700];
        int n = source->read(source, data, 1 + *total % sizeof data);
        if (n < 0) {
            return n;
        }
        assert_true(*total + (uint32_t)n <= FIRMWARE_SIZE);
        assert_memory_equal(data, expected + *total, (size_t)n);
        *total += (uint32_t)n;
    }
    fail_msg("never gets done");
    return 0;
}

int disk_read(struct disk *disk)
{
    uint32_t total;
    int err = ota_source_open(&disk->file.source);
    if (err) {
        return err;
    }
    err = disk_drain(&disk->file.source, disk->content, &total);
    return err == OTA_ERR_SOURCE_END && total == FIRMWARE_SIZE ? 0 : err;
}
