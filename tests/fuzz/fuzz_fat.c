// SPDX-License-Identifier: MIT
//
// Any device of blocks as a FAT volume: the reader ends, stays inside its
// buffers and inside the volume, and gives of each byte what the FAT says that
// the file has there (a second, simple reader tells).
//
// Input: a byte how it is read, then what the device holds where it is not
// zero: pieces of { block u32, offset u16, length u8, bytes }.

#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

#include "ota/bytes.h"
#include "ota/fat.h"

enum {
    MAX_BLOCKS = 64, // of the device that are not zero
    MAX_CALLS = 600, // of interest; a chain may be much longer
    MAX_READS = 4,   // of the device in one call
    FOUND = 2,       // a state of sources/fat_file.c
};

struct device {
    struct ota_blocks blocks;
    uint32_t reads;
    uint32_t fail_at;
    uint32_t used;
    uint32_t numbers[MAX_BLOCKS];
    uint8_t data[MAX_BLOCKS][OTA_BLOCK_SIZE];
};

static struct device device;
static struct ota_fat_file file;

static const uint8_t *find(uint32_t block)
{
    static const uint8_t zero[OTA_BLOCK_SIZE];
    for (uint32_t i = 0; i < device.used; i++) {
        if (device.numbers[i] == block) {
            return device.data[i];
        }
    }
    return zero;
}

static int start(struct ota_blocks *blocks)
{
    (void)blocks;
    return 0;
}

static int ready(struct ota_blocks *blocks)
{
    (void)blocks;
    return 1;
}

static int read_block(struct ota_blocks *blocks, uint32_t block,
                      uint8_t data[OTA_BLOCK_SIZE])
{
    (void)blocks;
    if (++device.reads == device.fail_at) {
        memset(data, 0xFF, OTA_BLOCK_SIZE);
        return OTA_ERR_SOURCE_READ;
    }
    memcpy(data, find(block), OTA_BLOCK_SIZE);
    return 0;
}

static void load(struct input *input)
{
    device.used = 0;
    while (input->left > 0) {
        uint32_t block = take_le(input, 4);
        uint32_t offset = take_le(input, 2) % OTA_BLOCK_SIZE;
        uint32_t len = take(input);
        uint8_t *data = (uint8_t *)find(block);
        if (device.used == 0 || data < device.data[0] ||
            data > device.data[MAX_BLOCKS - 1]) {
            if (device.used == MAX_BLOCKS) {
                return;
            }
            device.numbers[device.used] = block;
            data = device.data[device.used++];
            memset(data, 0, OTA_BLOCK_SIZE);
        }
        for (; len > 0 && offset < OTA_BLOCK_SIZE && input->left > 0; len--) {
            data[offset++] = (uint8_t)take(input);
        }
    }
}

/// The second reader ///

static uint32_t fat_byte(uint32_t offset)
{
    const struct ota_fat_volume *volume = &file.volume;
    return find(volume->fat + offset / 512)[offset % 512];
}

static uint32_t successor(uint32_t cluster)
{
    switch (file.volume.last) {
    case 0xFFF: {
        uint32_t at = cluster * 3 / 2;
        uint32_t pair = fat_byte(at) | fat_byte(at + 1) << 8;
        return cluster % 2 ? pair >> 4 : pair & 0xFFF;
    }
    case 0xFFFF:
        return fat_byte(cluster * 2) | fat_byte(cluster * 2 + 1) << 8;
    default:
        return fat_byte(cluster * 4) | fat_byte(cluster * 4 + 1) << 8 |
               fat_byte(cluster * 4 + 2) << 16 |
               (fat_byte(cluster * 4 + 3) & 0xF) << 24;
    }
}

// The chain, as far as it was followed: clusters from the first on.
static uint32_t walked, walker;

// What the file has at a position that the reader has been at.
static uint8_t byte_at(uint32_t position)
{
    const struct ota_fat_volume *volume = &file.volume;
    uint32_t index = position / volume->cluster_size;
    if (walked > index) {
        walked = 0;
    }
    walker = walked == 0 ? file.first : walker;
    for (; walked < index; walked++) {
        CHECK(walker >= 2 && walker < volume->clusters + 2);
        walker = successor(walker);
    }
    uint32_t cluster = walker;
    CHECK(cluster >= 2 && cluster < volume->clusters + 2);
    uint64_t block = volume->data +
                     (uint64_t)(cluster - 2) * volume->cluster_size / 512 +
                     position % volume->cluster_size / 512;
    CHECK(block <= UINT32_MAX);
    return find((uint32_t)block)[position % 512];
}

// Whether the chain is that of a file of this size; one that is too long to be
// followed here is taken for bad.
static bool is_good_chain(void)
{
    const struct ota_fat_volume *volume = &file.volume;
    uint32_t cluster = file.first;
    uint32_t count =
        file.size == 0 ? 0 : (file.size - 1) / volume->cluster_size + 1;
    for (uint32_t i = 0; i < count && i < MAX_CALLS; i++) {
        if (cluster < 2 || cluster >= volume->clusters + 2) {
            return false;
        }
        cluster = successor(cluster);
    }
    return count <= MAX_CALLS && (count == 0 || cluster >= volume->last - 7);
}

/// The reader ///

static int read_once(uint8_t *data, uint32_t len)
{
    uint32_t before = device.reads;
    uint32_t position = file.position;
    memset(data, 0xA5, len + 1);
    int n = file.source.read(&file.source, data, len);
    CHECK(device.reads - before <= MAX_READS);
    CHECK(n <= (int)len && data[len] == 0xA5);
    CHECK(n >= 0 || n == OTA_ERR_SOURCE_READ || n == OTA_ERR_SOURCE_END ||
          n == OTA_ERR_SOURCE_FILE || n == OTA_ERR_SOURCE_FORMAT);
    CHECK(n != OTA_ERR_SOURCE_READ || device.reads >= device.fail_at);
    CHECK(file.position == position + (n > 0 ? (uint32_t)n : 0));
    if (n > 0) {
        CHECK(file.state == FOUND && file.position <= file.size);
        CHECK(data[0] == byte_at(position));
        CHECK(data[n - 1] == byte_at(file.position - 1));
    }
    if (n == OTA_ERR_SOURCE_END) {
        CHECK(file.state == FOUND && position >= file.size);
    }
    return n;
}

static int read_all(uint32_t len)
{
    uint8_t data[OTA_BLOCK_SIZE * 2 + 1];
    int n = 0;
    for (int calls = 0; n >= 0 && calls < MAX_CALLS; calls++) {
        n = read_once(data, len);
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint32_t how = take(&input);
    load(&input);
    device.blocks = (struct ota_blocks){start, ready, read_block};
    device.reads = walked = 0;
    device.fail_at = how & 0x80 ? 1 + (how & 0x1F) : UINT32_MAX;
    ota_fat_file_init(&file, &device.blocks, "FIRMWARE.BIN");
    CHECK(file.source.open(&file.source) == 0);
    uint32_t len = 1 + (how & 0x7F) * 8;
    int first = read_all(len);
    if (file.state == FOUND) {
        CHECK(first != OTA_ERR_SOURCE_END || is_good_chain());
        CHECK(first != OTA_ERR_SOURCE_FORMAT || !is_good_chain());
        // back and forth: the same again
        uint32_t seeks[] = {0, file.size / 2, file.size - 1, 1, file.size};
        for (size_t i = 0; i < sizeof seeks / sizeof *seeks; i++) {
            CHECK(file.source.seek(&file.source, seeks[i]) == 0);
            int n = read_all(len);
            CHECK(first != OTA_ERR_SOURCE_END || n == first ||
                  device.fail_at != UINT32_MAX);
        }
    }
    // an error stays, unless it was the device's
    CHECK(file.source.open(&file.source) == 0);
    int second = read_all(len);
    CHECK(first == OTA_ERR_SOURCE_READ || first >= 0 || second == first ||
          device.fail_at != UINT32_MAX);
    return 0;
}
