// SPDX-License-Identifier: MIT
//
// A file of a FAT volume as a source:
//
//   WAITING (for the device) > SEARCHING (the root directory) > FOUND
//
// A read does one step of these, or one cluster of a chain, or gives bytes of
// one block.

#include "fat_volume.h"

#include <string.h>

#include "ota/bytes.h"

enum { WAITING, SEARCHING, FOUND };

// A directory entry (FAT Directory Structure).
enum {
    ENTRY_SIZE = 32,
    DIR_Attr = 11,
    DIR_FstClusHI = 20,
    DIR_FstClusLO = 26,
    DIR_FileSize = 28,
    ATTR_VOLUME_ID = 0x08, // a long name has it too
    ATTR_DIRECTORY = 0x10,
};

// Before the first cluster of a chain: farther than any.
#define NOWHERE (UINT32_MAX - 1)

static void begin(struct ota_fat_file *file, uint8_t state, uint32_t first,
                  uint32_t size)
{
    file->state = state;
    file->first = first;
    file->size = size;
    file->index = NOWHERE;
}

// Follows the chain by one cluster, or from its start when it is too far. 1: it
// is at the wanted one, 0: call again, negative: an error.
static int follow(struct ota_fat_file *file, uint32_t wanted)
{
    struct ota_fat_volume *volume = &file->volume;
    if (file->index == wanted) {
        return 1;
    }
    uint32_t index = file->index + 1;
    uint32_t cluster = file->next;
    if (index > wanted) {
        index = 0;
        cluster = file->first;
    }
    uint32_t next;
    int err = ota_fat_next(volume, cluster, &next);
    if (err) {
        return err;
    }
    bool end = ota_fat_is_end(volume, next);
    if (end && file->state == SEARCHING) {
        file->size = (index + 1) * volume->cluster_size; // directories say none
    }
    if (end != (index == (file->size - 1) / volume->cluster_size)) {
        return OTA_ERR_SOURCE_FORMAT;
    }
    file->index = index;
    file->cluster = cluster;
    file->next = next;
    return index == wanted;
}

// Has the block in the buffer that holds a byte of the file or directory, which
// is not beyond its end. 1, 0: call again, or an error.
static int load(struct ota_fat_file *file, uint32_t position)
{
    struct ota_fat_volume *volume = &file->volume;
    uint32_t block;
    if (file->state == SEARCHING && !ota_fat_is_32(volume)) {
        block = volume->root + position / OTA_BLOCK_SIZE;
    } else {
        int there = follow(file, position / volume->cluster_size);
        if (there <= 0) {
            return there;
        }
        block = volume->data +
                (file->cluster - 2) * (volume->cluster_size / OTA_BLOCK_SIZE) +
                position % volume->cluster_size / OTA_BLOCK_SIZE;
    }
    int err = ota_fat_load(volume, block);
    return err ? err : 1;
}

static int get_ready(struct ota_fat_file *file)
{
    struct ota_fat_volume *volume = &file->volume;
    int ready = volume->blocks->ready(volume->blocks);
    if (ready <= 0) {
        return ready;
    }
    int err = ota_fat_mount(volume);
    if (err) {
        return err;
    }
    begin(file, SEARCHING, volume->root, volume->root_size);
    return 0;
}

// Looks through one block of the directory.
static int search(struct ota_fat_file *file)
{
    struct ota_fat_volume *volume = &file->volume;
    if (file->searched >= file->size) {
        return OTA_ERR_SOURCE_FILE;
    }
    int there = load(file, file->searched);
    if (there <= 0) {
        return there;
    }
    for (uint32_t at = 0; at < OTA_BLOCK_SIZE; at += ENTRY_SIZE) {
        const uint8_t *entry = volume->buffer + at;
        if (entry[0] == 0) {
            return OTA_ERR_SOURCE_FILE; // the rest was never used
        }
        if (memcmp(entry, file->name, sizeof file->name) == 0 &&
            (entry[DIR_Attr] & (ATTR_VOLUME_ID | ATTR_DIRECTORY)) == 0) {
            uint32_t first = load_le16(entry + DIR_FstClusLO);
            if (ota_fat_is_32(volume)) {
                first |= load_le16(entry + DIR_FstClusHI) << 16;
            }
            begin(file, FOUND, first, load_le32(entry + DIR_FileSize));
            return 0;
        }
    }
    file->searched += OTA_BLOCK_SIZE;
    return 0;
}

/// The source ///

static int fat_open(struct ota_source *source)
{
    struct ota_fat_file *file = (struct ota_fat_file *)source;
    file->state = WAITING;
    file->position = 0;
    file->searched = 0;
    return file->volume.blocks->start(file->volume.blocks);
}

static int fat_seek(struct ota_source *source, uint32_t offset)
{
    ((struct ota_fat_file *)source)->position = offset;
    return 0;
}

static int fat_read(struct ota_source *source, void *data, size_t len)
{
    struct ota_fat_file *file = (struct ota_fat_file *)source;
    if (file->state == WAITING) {
        return get_ready(file);
    }
    if (file->state == SEARCHING) {
        return search(file);
    }
    if (file->position >= file->size) {
        return OTA_ERR_SOURCE_END;
    }
    int there = load(file, file->position);
    if (there <= 0) {
        return there;
    }
    uint32_t in_block = file->position % OTA_BLOCK_SIZE;
    uint32_t n = OTA_BLOCK_SIZE - in_block;
    uint32_t left = file->size - file->position;
    n = n < left ? n : left;
    n = n < len ? n : (uint32_t)len;
    memcpy(data, file->volume.buffer + in_block, n);
    file->position += n;
    return (int)n;
}

void ota_fat_file_init(struct ota_fat_file *file, struct ota_blocks *blocks,
                       const char *name)
{
    file->source = (struct ota_source){
        .read = fat_read, .open = fat_open, .seek = fat_seek};
    file->volume.blocks = blocks;
    memset(file->name, ' ', sizeof file->name);
    for (uint32_t i = 0; *name && i < sizeof file->name; name++) {
        if (*name == '.') {
            i = 8;
        } else {
            file->name[i++] = (uint8_t)*name;
        }
    }
}
