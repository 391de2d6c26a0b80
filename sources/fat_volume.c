// SPDX-License-Identifier: MIT
//
// Names and numbers of fields: Microsoft, FAT: General Overview of On-Disk
// Format, 1.03, sections "Boot Sector and BPB" and "FAT Data Structure".

#include "fat_volume.h"

#include "ota/bytes.h"

// offsets in the first block of a volume
enum {
    BPB_BytsPerSec = 11,
    BPB_SecPerClus = 13,
    BPB_RsvdSecCnt = 14,
    BPB_NumFATs = 16,
    BPB_RootEntCnt = 17,
    BPB_TotSec16 = 19,
    BPB_FATSz16 = 22,
    BPB_TotSec32 = 32,
    BPB_FATSz32 = 36,
    BPB_ExtFlags = 40,
    BPB_FSVer = 42,
    BPB_RootClus = 44,
    SIGNATURE = 510,
};

// offsets in an MBR
enum {
    PARTITIONS = 446,
    PARTITION_SIZE = 16,
    TYPE = 4,
    FIRST = 8,
};

// types of partition: FAT12, FAT16 (three), FAT32 (two)
#define FAT_TYPES                                                              \
    (1u << 0x01 | 1u << 0x04 | 1u << 0x06 | 1u << 0x0E | 1u << 0x0B |          \
     1u << 0x0C)

enum {
    MAX_CLUSTERS_12 = 4084,
    MAX_CLUSTERS_16 = 65524,
    MAX_CLUSTERS_32 = 0x0FFFFFF5, // then come the marks of bad and last
    MAX_DIRECTORY = 65536 * 32,   // bytes
};

// Nobody's: the blocks of a volume end before it.
#define NO_BLOCK UINT32_MAX

int ota_fat_load(struct ota_fat_volume *volume, uint32_t block)
{
    if (block == volume->cached) {
        return 0;
    }
    volume->cached = NO_BLOCK;
    int err = volume->blocks->read(volume->blocks, block, volume->buffer);
    if (err) {
        return err;
    }
    volume->cached = block;
    return 0;
}

/// The boot sector ///

// The parts that only FAT32 has. A volume may keep one FAT alone up to date.
static bool take_fat32(struct ota_fat_volume *volume, const uint8_t *bpb)
{
    uint32_t flags = load_le16(bpb + BPB_ExtFlags);
    uint32_t active = flags & 0x80 ? flags & 0xF : 0;
    if (active >= bpb[BPB_NumFATs] || load_le16(bpb + BPB_FSVer) != 0) {
        return false;
    }
    volume->fat += active * load_le32(bpb + BPB_FATSz32);
    volume->root = load_le32(bpb + BPB_RootClus);
    volume->root_size = MAX_DIRECTORY;
    volume->last = 0x0FFFFFFF;
    return volume->clusters <= MAX_CLUSTERS_32;
}

static bool take_fat16(struct ota_fat_volume *volume, const uint8_t *bpb)
{
    volume->root_size = load_le16(bpb + BPB_RootEntCnt) * 32;
    volume->last = volume->clusters > MAX_CLUSTERS_12 ? 0xFFFF : 0xFFF;
    return volume->clusters <= MAX_CLUSTERS_16;
}

// Bytes of the FAT before the entry of a cluster.
static uint32_t entry_offset(const struct ota_fat_volume *volume,
                             uint32_t cluster)
{
    if (ota_fat_is_32(volume)) {
        return cluster * 4;
    }
    return volume->last == 0xFFF ? cluster + cluster / 2 : cluster * 2;
}

// Fills in the volume that begins at block first, from that block in the
// buffer; false: none begins there.
static bool take_bpb(struct ota_fat_volume *volume, uint32_t first)
{
    const uint8_t *bpb = volume->buffer;
    uint32_t per_cluster = bpb[BPB_SecPerClus];
    uint32_t reserved = load_le16(bpb + BPB_RsvdSecCnt);
    uint32_t total = load_le16(bpb + BPB_TotSec16);
    uint32_t fat_size = load_le16(bpb + BPB_FATSz16);
    uint32_t root_blocks = (load_le16(bpb + BPB_RootEntCnt) + 15) / 16;
    // Windows and Linux decide so as well; by the number of clusters alone
    // small volumes of mkfs.vfat -F 32 could not be read
    bool is_32 = fat_size == 0;
    if (is_32) {
        fat_size = load_le32(bpb + BPB_FATSz32);
    }
    if (total == 0) {
        total = load_le32(bpb + BPB_TotSec32);
    }
    uint64_t fats = (uint64_t)bpb[BPB_NumFATs] * fat_size;
    if (load_le16(bpb + BPB_BytsPerSec) != OTA_BLOCK_SIZE || fats == 0 ||
        per_cluster == 0 || (per_cluster & (per_cluster - 1)) != 0 ||
        total > UINT32_MAX - first || fats + reserved + root_blocks > total) {
        return false;
    }
    volume->fat = first + reserved;
    volume->root = volume->fat + (uint32_t)fats;
    volume->data = volume->root + root_blocks;
    volume->clusters = (first + total - volume->data) / per_cluster;
    volume->cluster_size = per_cluster * OTA_BLOCK_SIZE;
    return (is_32 ? take_fat32(volume, bpb) : take_fat16(volume, bpb)) &&
           entry_offset(volume, volume->clusters + 1) / OTA_BLOCK_SIZE <
               fat_size;
}

// Boot sectors and MBRs have it in the same place.
static bool has_signature(const uint8_t *block)
{
    return load_le16(block + SIGNATURE) == 0xAA55;
}

// The first block of the first FAT partition, or 0.
static uint32_t find_partition(const uint8_t *mbr)
{
    for (int i = 0; i < 4 && has_signature(mbr); i++) {
        const uint8_t *entry = mbr + PARTITIONS + i * PARTITION_SIZE;
        if (entry[TYPE] < 32 && FAT_TYPES >> entry[TYPE] & 1) {
            return load_le32(entry + FIRST);
        }
    }
    return 0;
}

static int try_volume(struct ota_fat_volume *volume, uint32_t first)
{
    int err = ota_fat_load(volume, first);
    if (err) {
        return err;
    }
    return has_signature(volume->buffer) && take_bpb(volume, first)
               ? 0
               : OTA_ERR_SOURCE_FORMAT;
}

int ota_fat_mount(struct ota_fat_volume *volume)
{
    volume->cached = NO_BLOCK;
    int err = try_volume(volume, 0);
    if (err == OTA_ERR_SOURCE_FORMAT) {
        err = try_volume(volume, find_partition(volume->buffer));
    }
    return err;
}

/// The FAT ///

int ota_fat_next(struct ota_fat_volume *volume, uint32_t cluster,
                 uint32_t *next)
{
    if (cluster - 2 >= volume->clusters) {
        return OTA_ERR_SOURCE_FORMAT;
    }
    // byte by byte, as an entry of FAT12 may lie across two blocks
    uint32_t offset = entry_offset(volume, cluster);
    uint32_t entry = 0;
    for (uint32_t i = 0; i < (ota_fat_is_32(volume) ? 4 : 2); i++) {
        uint32_t at = offset + i;
        int err = ota_fat_load(volume, volume->fat + at / OTA_BLOCK_SIZE);
        if (err) {
            return err;
        }
        entry |= (uint32_t)volume->buffer[at % OTA_BLOCK_SIZE] << 8 * i;
    }
    if (volume->last == 0xFFF && cluster & 1) {
        entry >>= 4;
    }
    *next = entry & volume->last;
    return 0;
}
