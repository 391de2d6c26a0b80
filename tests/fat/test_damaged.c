// SPDX-License-Identifier: MIT
//
// Volumes that are damaged, made to deceive, or none: the reader says so, in a
// bounded number of calls, and gives no byte that is not the file's.

#include "disk.h"

#include <string.h>

#include "ota/bytes.h"

static struct disk disk;

static void store_byte(uint8_t *p, int x)
{
    *p = (uint8_t)x;
}

static void store_le16(uint8_t *p, uint32_t x)
{
    p[0] = (uint8_t)x;
    p[1] = (uint8_t)(x >> 8);
}

/// Chains ///

// Every entry of the chain in turn gets every value that it must not have.
static void bad_chains(void)
{
    uint32_t mask = disk.bits == 32 ? 0x0FFFFFFF : (1u << disk.bits) - 1;
    for (uint32_t i = 0; i < disk.length; i++) {
        uint32_t cluster = disk.chain[i];
        uint32_t good = disk_fat_get(&disk, cluster);
        const uint32_t bad[] = {
            0,                              // free
            1,                              // no such cluster
            disk.clusters + 2,              // the first beyond the volume
            mask - 8,                       // bad
            mask - 9,                       // reserved
            i + 1 < disk.length ? mask : 2, // too short, or too long
            i + 1 < disk.length ? mask - 7 : disk.chain[i / 2],
        };
        for (size_t j = 0; j < sizeof bad / sizeof *bad; j++) {
            disk_fat_set(&disk, cluster, bad[j]);
            assert_int_equal(disk_read(&disk), OTA_ERR_SOURCE_FORMAT);
        }
        disk_fat_set(&disk, cluster, good);
    }
    // eight values end a chain
    for (uint32_t end = mask - 7; end <= mask; end++) {
        disk_fat_set(&disk, disk.chain[disk.length - 1], end);
        assert_int_equal(disk_read(&disk), 0);
    }
}

static void chains(void **state)
{
    (void)state;
    disk_on_each(&disk, bad_chains);
}

// A chain that comes back to where it was gives wrong bytes (which the check
// sum of the image tells), then an error: all clusters are read that the size
// needs, no more.
static void loops(void)
{
    for (uint32_t from = 0; from < disk.length; from += 7) {
        for (uint32_t to = 0; to <= from; to += 5) {
            uint32_t good = disk_fat_get(&disk, disk.chain[from]);
            disk_fat_set(&disk, disk.chain[from], disk.chain[to]);
            assert_int_equal(ota_source_open(&disk.file.source), 0);
            uint32_t total = 0;
            int n, calls = 0;
            uint8_t data[CLUSTER];
            do {
                n = disk.file.source.read(&disk.file.source, data, CLUSTER);
                total += n > 0 ? (uint32_t)n : 0;
                assert_true(++calls < 2 * MAX_CHAIN);
            } while (n >= 0);
            assert_int_equal(n, OTA_ERR_SOURCE_FORMAT);
            assert_int_equal(total, (disk.length - 1) * CLUSTER);
            disk_fat_set(&disk, disk.chain[from], good);
        }
    }
}

static void looping_chains(void **state)
{
    (void)state;
    disk_on_each(&disk, loops);
}

// Upper bits of an entry of FAT32 are reserved: "must be ignored".
static void reserved_bits(void **state)
{
    (void)state;
    disk_open(&disk, "fat32");
    for (uint32_t i = 0; i < disk.length; i++) {
        uint32_t good = disk_fat_get(&disk, disk.chain[i]);
        disk_fat_set(&disk, disk.chain[i], good | 0xA0000000);
    }
    assert_int_equal(disk_read(&disk), 0);
    disk_close(&disk);
}

// One of these entries lies across two blocks.
static void across_blocks(void **state)
{
    (void)state;
    disk_open(&disk, "fat12");
    bool found = false;
    for (uint32_t i = 0; i < disk.length; i++) {
        found |= disk.chain[i] * 3 / 2 % OTA_BLOCK_SIZE == 511;
    }
    assert_true(found); // or the images are not what these tests need
    disk_close(&disk);
}

/// The directory entry ///

static void bad_entries(void)
{
    uint8_t *entry = disk_entry(&disk);
    uint8_t good[32];
    memcpy(good, entry, 32);
    const uint32_t sizes[] = {FIRMWARE_SIZE + CLUSTER, 1, 40960, UINT32_MAX,
                              0x80000000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        store_le32(entry + 28, sizes[i]);
        assert_int_equal(disk_read(&disk), OTA_ERR_SOURCE_FORMAT);
    }
    memcpy(entry, good, 32);
    const uint32_t firsts[] = {0, 1, disk.clusters + 2, 0xFFFF};
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
        store_le16(entry + 26, firsts[i]);
        if (disk.bits == 32 && firsts[i] > 1) {
            store_le16(entry + 20, firsts[i] >> 16 | 0x1000);
        }
        assert_int_equal(disk_read(&disk), OTA_ERR_SOURCE_FORMAT);
    }
    memcpy(entry, good, 32);
    // OS/2 kept something else in the upper half of FAT12 and FAT16
    store_le16(entry + 20, 0x1234);
    assert_int_equal(disk_read(&disk),
                     disk.bits == 32 ? OTA_ERR_SOURCE_FORMAT : 0);
    memcpy(entry, good, 32);
    entry[11] = 0x10; // a directory
    assert_int_equal(disk_read(&disk), OTA_ERR_SOURCE_FILE);
    entry[11] = 0x0F; // part of a long name
    assert_int_equal(disk_read(&disk), OTA_ERR_SOURCE_FILE);
    entry[11] = 0x27; // archive, system, hidden, read-only
    assert_int_equal(disk_read(&disk), 0);
    entry[0] = 0xE5; // deleted
    assert_int_equal(disk_read(&disk), OTA_ERR_SOURCE_FILE);
    memcpy(entry, good, 32);
    // behind the end of the directory
    assert_true(disk.entry_offset > 0);
    store_byte(image_blocks_change(&disk.image, disk.entry_block), 0);
    assert_int_equal(disk_read(&disk), OTA_ERR_SOURCE_FILE);
}

static void entries(void **state)
{
    (void)state;
    disk_on_each(&disk, bad_entries);
}

// FAT32: a directory that never ends ends at the size that the specification
// allows, 65536 entries; one that has no end mark ends with its chain.
static void endless_directory(void **state)
{
    (void)state;
    disk_open(&disk, "fat32");
    store_byte(disk_entry(&disk), 'G');
    uint32_t cluster = load_le32(disk_bpb(&disk) + 44);
    uint32_t next;
    while ((next = disk_fat_get(&disk, cluster)) < 0x0FFFFFF8) {
        cluster = next;
    }
    uint8_t *last = image_blocks_change(&disk.image, disk.data + cluster - 2);
    for (int at = 0; at < OTA_BLOCK_SIZE; at += 32) {
        last[at] |= last[at] == 0 ? 0xE5 : 0;
    }
    assert_int_equal(disk_read(&disk), OTA_ERR_SOURCE_FILE);
    disk_fat_set(&disk, cluster, cluster);
    disk.image.reads = 0;
    assert_int_equal(disk_read(&disk), OTA_ERR_SOURCE_FORMAT);
    assert_true(disk.image.reads < 3 * 65536 * 32 / OTA_BLOCK_SIZE);
    disk_close(&disk);
}

// FAT12 and FAT16: as many entries as the BPB says, with or without end mark.
static void full_directory(void **state)
{
    (void)state;
    disk_open(&disk, "fat16");
    store_byte(disk_entry(&disk), 'G');
    uint8_t *bpb = disk_bpb(&disk);
    uint32_t root = disk.reserved + disk.fats * disk.fat_size;
    for (uint32_t i = 0; i < 32; i++) {
        uint8_t *block = image_blocks_change(&disk.image, root + i);
        for (int at = 0; at < OTA_BLOCK_SIZE; at += 32) {
            block[at] |= block[at] == 0 ? 0xE5 : 0;
        }
    }
    assert_int_equal(load_le16(bpb + 17), 512);
    uint8_t *last = image_blocks_change(&disk.image, root + 31) + 480;
    disk.image.reads = 0;
    assert_int_equal(disk_read(&disk), OTA_ERR_SOURCE_FILE);
    assert_int_equal(disk.image.reads, 33);
    memcpy(last, disk_entry(&disk), 32);
    last[0] = 'F';
    assert_int_equal(disk_read(&disk), 0);
    disk_close(&disk);
}

/// The boot sector ///

struct field {
    const char *name;
    uint32_t offset;
    uint32_t bytes;
};

static const struct field fields[] = {
    {"BytsPerSec", 11, 2}, {"SecPerClus", 13, 1}, {"RsvdSecCnt", 14, 2},
    {"NumFATs", 16, 1},    {"RootEntCnt", 17, 2}, {"TotSec16", 19, 2},
    {"FATSz16", 22, 2},    {"TotSec32", 32, 4},   {"FATSz32", 36, 4},
    {"ExtFlags", 40, 2},   {"FSVer", 42, 2},      {"RootClus", 44, 4},
    {"Signature", 510, 2},
};

static void set_field(uint8_t *bpb, const struct field *field, uint32_t value)
{
    for (uint32_t i = 0; i < field->bytes; i++) {
        bpb[field->offset + i] = (uint8_t)(value >> 8 * i);
    }
}

// What can be said of any boot sector: an error or an end, in bounded time,
// without reading much. (What is read of a wrong place is not firmware.bin.)
static void read_anything(void)
{
    uint8_t data[CLUSTER];
    int n, calls = 0;
    assert_int_equal(ota_source_open(&disk.file.source), 0);
    do {
        n = disk.file.source.read(&disk.file.source, data, sizeof data);
        assert_true(n <= (int)sizeof data);
        assert_true(++calls < 3 * 65536 * 32 / OTA_BLOCK_SIZE);
    } while (n >= 0);
    assert_true(n == OTA_ERR_SOURCE_FORMAT || n == OTA_ERR_SOURCE_FILE ||
                n == OTA_ERR_SOURCE_READ || n == OTA_ERR_SOURCE_END);
}

static const uint32_t extremes[] = {
    0,          1,          2,          3,          5,          15,
    16,         0x7F,       0x80,       0xFF,       0x100,      0x200,
    0x1FF,      0x400,      0x1000,     0x7FFF,     0x8000,     0xFFF0,
    0xFFFE,     0xFFFF,     0x10000,    0x7FFFFFFF, 0x80000000, 0x0FFFFFF5,
    0x0FFFFFF8, 0xFFFFFF00, 0xFFFFFFFE, 0xFFFFFFFF, 0x01000000, 0x00800000,
};

enum {
    FIELDS = sizeof fields / sizeof *fields,
    EXTREMES = sizeof extremes / sizeof *extremes
};

// every pair of fields
static void extreme_fields(void)
{
    uint8_t *bpb = disk_bpb(&disk);
    uint8_t good[OTA_BLOCK_SIZE];
    memcpy(good, bpb, sizeof good);
    for (int i = 0; i < FIELDS * EXTREMES; i++) {
        for (int j = i; j < FIELDS * EXTREMES; j += 17) {
            set_field(bpb, &fields[i / EXTREMES], extremes[i % EXTREMES]);
            set_field(bpb, &fields[j / EXTREMES], extremes[j % EXTREMES]);
            read_anything();
            memcpy(bpb, good, sizeof good);
        }
    }
    assert_int_equal(disk_read(&disk), 0);
}

static void extreme_boot_sectors(void **state)
{
    (void)state;
    disk_on_each(&disk, extreme_fields);
}

static void refused(uint32_t offset, uint32_t bytes, uint32_t value)
{
    struct field field = {"", offset, bytes};
    uint8_t *bpb = disk_bpb(&disk);
    uint8_t good[OTA_BLOCK_SIZE];
    memcpy(good, bpb, sizeof good);
    set_field(bpb, &field, value);
    assert_int_equal(disk_read(&disk), OTA_ERR_SOURCE_FORMAT);
    memcpy(bpb, good, sizeof good);
}

static void bad_fields(void)
{
    const uint32_t total = disk.data + disk.clusters - disk.start;
    const uint32_t sizes[] = {0, 128, 256, 511, 513, 1024, 2048, 4096};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        refused(11, 2, sizes[i]); // bytes per sector
    }
    refused(13, 1, 0);    // no cluster size
    refused(13, 1, 3);    // not a power of two
    refused(13, 1, 0xFF); //
    refused(16, 1, 0);    // no FAT
    if (255 * disk.fat_size > total) {
        refused(16, 1, 0xFF); // more FATs than there is room for
    }
    refused(510, 2, 0); // not bootable: no signature
    refused(510, 2, 0x55AA);
    if (total < 0xFFFF) {
        refused(14, 2, 0xFFFF); // begins behind its end
    }
    // the FAT is too small for the clusters by one block
    uint32_t at = disk.bits == 32 ? 36 : 22;
    uint32_t needed =
        ((disk.clusters + 2) * disk.bits / 8 + OTA_BLOCK_SIZE) / OTA_BLOCK_SIZE;
    refused(at, disk.bits == 32 ? 4 : 2, needed / 2);
    refused(at, disk.bits == 32 ? 4 : 2, total);
    if (disk.bits == 32) {
        refused(22, 2, disk.fat_size); // a FAT16, but with too many clusters
        refused(32, 4, disk.data + (1u << 30) - 1); // the same for FAT32: all
                                                    // FAT entries have no place
                                                    // in 32 bits of bytes
        refused(36, 4, 0);
        refused(36, 4, UINT32_MAX);
        refused(36, 4, 0x80000000 + disk.fat_size); // twice that overflows
        refused(42, 2, 1);                          // a later version
        refused(44, 4, 0);                          // root directory
        refused(44, 4, 1);
        refused(44, 4, disk.clusters + 2);
        refused(44, 4, UINT32_MAX);
        refused(40, 2, 0x82); // the third FAT of two is in use
    }
    if (disk.bits == 12) {
        refused(17, 2, 0xFFFF); // a directory that leaves no room
    }
}

static void bad_boot_sectors(void **state)
{
    (void)state;
    disk_on_each(&disk, bad_fields);
}

// 4084 clusters are the most that FAT12 has; one more makes a FAT16.
static void number_of_clusters(void **state)
{
    (void)state;
    disk_open(&disk, "fat16");
    store_le16(disk_bpb(&disk) + 19, disk.data + 4085);
    assert_int_equal(disk_read(&disk), 0);
    assert_int_equal(disk.file.volume.last, 0xFFFF);
    store_le16(disk_bpb(&disk) + 19, disk.data + 4084);
    read_anything();
    assert_int_equal(disk.file.volume.last, 0xFFF);
    // as many as the FAT has entries for
    assert_int_equal(disk.fat_size, 32);
    store_le16(disk_bpb(&disk) + 19, disk.data + 32 * 256 - 2);
    assert_int_equal(disk_read(&disk), 0);
    store_le16(disk_bpb(&disk) + 19, disk.data + 32 * 256 - 1);
    assert_int_equal(disk_read(&disk), OTA_ERR_SOURCE_FORMAT);
    disk_close(&disk);
}

// The data begins with a whole block.
static void odd_directory_size(void **state)
{
    (void)state;
    disk_open(&disk, "fat16");
    store_le16(disk_bpb(&disk) + 17, 500);
    assert_int_equal(disk_read(&disk), 0);
    disk_close(&disk);
}

// FAT32 may keep its second FAT up to date alone.
static void second_fat_in_use(void **state)
{
    (void)state;
    disk_open(&disk, "fat32");
    for (uint32_t i = 0; i < disk.length; i++) {
        disk_fat_set(&disk, disk.chain[i], 0); // in the first
    }
    assert_int_equal(disk_read(&disk), OTA_ERR_SOURCE_FORMAT);
    store_byte(disk_bpb(&disk) + 40, 0x81);
    assert_int_equal(disk_read(&disk), 0);
    store_byte(disk_bpb(&disk) + 40,
               0x01); // the number counts only with the flag
    assert_int_equal(disk_read(&disk), OTA_ERR_SOURCE_FORMAT);
    disk_close(&disk);
}

// mkfs.vfat -F 32 on a small device, as Windows and Linux read it.
static void small_fat32(void **state)
{
    (void)state;
    static struct image_blocks image;
    struct ota_fat_file file;
    assert_true(image_blocks_open(&image, FAT_IMAGES "/small32"));
    const uint8_t *bpb = image_blocks_change(&image, 0);
    uint32_t fat = load_le16(bpb + 14);
    uint32_t data = fat + bpb[16] * load_le32(bpb + 36);
    uint8_t *entry = image_blocks_change(&image, data);
    assert_memory_equal(entry + 32, (uint8_t[32]){0}, 32);
    memcpy(entry, "HELLO   TXT\x20", 12);
    store_le16(entry + 26, 9);
    store_le32(entry + 28, 5);
    memcpy(image_blocks_change(&image, data + 7), "hello", 5);
    store_le32(image_blocks_change(&image, fat) + 9 * 4, 0x0FFFFFFF);

    uint32_t total;
    ota_fat_file_init(&file, &image.blocks, "HELLO.TXT");
    assert_int_equal(ota_source_open(&file.source), 0);
    assert_int_equal(disk_drain(&file.source, (const uint8_t *)"hello", &total),
                     OTA_ERR_SOURCE_END);
    assert_int_equal(total, 5);
    image_blocks_close(&image);
}

/// Partitions ///

static uint8_t *partition(int i)
{
    return image_blocks_change(&disk.image, 0) + 446 + 16 * i;
}

static void partitions(void **state)
{
    (void)state;
    const uint8_t fat[] = {0x01, 0x04, 0x06, 0x0B, 0x0C, 0x0E};
    disk_open(&disk, "parted");
    store_le16(image_blocks_change(&disk.image, 0) + 510, 0);
    assert_int_equal(disk_read(&disk), OTA_ERR_SOURCE_FORMAT);
    store_le16(image_blocks_change(&disk.image, 0) + 510, 0xAA55);
    for (int i = 0; i < 4; i++) {
        memset(partition(0), 0, 64);
        store_le32(partition(i) + 8, 64);
        for (uint32_t type = 0; type < 256; type++) {
            partition(i)[4] = (uint8_t)type;
            bool is_fat = memchr(fat, (int)type, sizeof fat) != NULL;
            assert_int_equal(disk_read(&disk),
                             is_fat ? 0 : OTA_ERR_SOURCE_FORMAT);
        }
    }
    // the first with a FAT counts
    partition(3)[4] = 0x06;
    partition(0)[4] = 0x83; // Linux
    store_le32(partition(0) + 8, 1);
    assert_int_equal(disk_read(&disk), 0);
    partition(0)[4] = 0x0C;
    assert_int_equal(disk_read(&disk), OTA_ERR_SOURCE_FORMAT);
    store_le32(partition(0) + 8, UINT32_MAX);
    assert_int_equal(disk_read(&disk), OTA_ERR_SOURCE_READ);
    store_le32(partition(0) + 8, 0); // itself
    assert_int_equal(disk_read(&disk), OTA_ERR_SOURCE_FORMAT);
    disk_close(&disk);
}

// A volume that begins at a block so high that its end is none.
static void partition_at_the_end(void **state)
{
    (void)state;
    disk_open(&disk, "parted");
    store_le32(disk_bpb(&disk) + 32, UINT32_MAX - 64);
    store_le16(disk_bpb(&disk) + 19, 0);
    // too many clusters for FAT16, but the numbers fit
    assert_int_equal(disk_read(&disk), OTA_ERR_SOURCE_FORMAT);
    store_le32(disk_bpb(&disk) + 32, UINT32_MAX - 63);
    assert_int_equal(disk_read(&disk), OTA_ERR_SOURCE_FORMAT);
    disk_close(&disk);
}

static void no_volume(void **state)
{
    (void)state;
    disk_open(&disk, "parted");
    uint8_t *block = image_blocks_change(&disk.image, 0);
    for (int byte = 0; byte < 256; byte++) {
        memset(block, byte, OTA_BLOCK_SIZE);
        assert_int_equal(disk_read(&disk), OTA_ERR_SOURCE_FORMAT);
        store_le16(block + 510, 0xAA55);
        read_anything();
    }
    disk_close(&disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains),
        cmocka_unit_test(looping_chains),
        cmocka_unit_test(reserved_bits),
        cmocka_unit_test(across_blocks),
        cmocka_unit_test(entries),
        cmocka_unit_test(endless_directory),
        cmocka_unit_test(full_directory),
        cmocka_unit_test(extreme_boot_sectors),
        cmocka_unit_test(bad_boot_sectors),
        cmocka_unit_test(number_of_clusters),
        cmocka_unit_test(odd_directory_size),
        cmocka_unit_test(second_fat_in_use),
        cmocka_unit_test(small_fat32),
        cmocka_unit_test(partitions),
        cmocka_unit_test(partition_at_the_end),
        cmocka_unit_test(no_volume),
    };
    return cmocka_run_group_tests_name("damaged volumes", tests, NULL, NULL);
}
