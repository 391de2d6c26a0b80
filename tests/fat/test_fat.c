// SPDX-License-Identifier: MIT
//
// The FAT reader as a source, on volumes of each type with a fragmented file,
// and on a device that gets ready late, or fails.

#include "disk.h"

#include <string.h>

static struct disk disk;

static int read_byte(uint8_t *byte)
{
    int n;
    do {
        n = disk.file.source.read(&disk.file.source, byte, 1);
    } while (n == 0);
    return n;
}

static void check_byte_at(uint32_t offset)
{
    uint8_t byte;
    assert_int_equal(disk.file.source.seek(&disk.file.source, offset), 0);
    assert_int_equal(read_byte(&byte), 1);
    assert_int_equal(byte, disk.content[offset]);
}

static void whole_file_twice(void)
{
    assert_int_equal(disk_read(&disk), 0);
    uint8_t byte;
    assert_int_equal(read_byte(&byte), OTA_ERR_SOURCE_END);
    assert_int_equal(disk_read(&disk), 0);
}

static void reads(void **state)
{
    (void)state;
    disk_on_each(&disk, whole_file_twice);
}

static void to_and_fro(void)
{
    const uint32_t offsets[] = {0,     16,    600,   512,  511, 41099,
                                41088, 40960, 40959, 3071, 3072};
    uint8_t byte;
    // before anything is read, too
    assert_int_equal(ota_source_open(&disk.file.source), 0);
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        check_byte_at(offsets[i]);
        assert_int_equal(ota_source_open(&disk.file.source), 0);
        check_byte_at(offsets[i]);
        for (size_t j = 0; j < sizeof offsets / sizeof *offsets; j++) {
            check_byte_at(offsets[j]);
            check_byte_at(offsets[i]);
        }
    }
    disk.file.source.seek(&disk.file.source, FIRMWARE_SIZE);
    assert_int_equal(read_byte(&byte), OTA_ERR_SOURCE_END);
    disk.file.source.seek(&disk.file.source, UINT32_MAX);
    assert_int_equal(read_byte(&byte), OTA_ERR_SOURCE_END);
    check_byte_at(1);
}

static void seeks(void **state)
{
    (void)state;
    disk_on_each(&disk, to_and_fro);
}

static void small_steps(void)
{
    assert_int_equal(ota_source_open(&disk.file.source), 0);
    uint8_t data[4096];
    for (int calls = 0; calls < 1000; calls++) {
        uint32_t before = disk.image.reads;
        size_t len = calls % 2 ? sizeof data : 300;
        int n = disk.file.source.read(&disk.file.source, data, len);
        // the file and its FAT; an entry of FAT12 may lie in two blocks
        assert_in_range(disk.image.reads - before, 0, disk.bits == 12 ? 3 : 2);
        if (n < 0) {
            assert_int_equal(n, OTA_ERR_SOURCE_END);
            return;
        }
        // once it is found there is something at each call
        assert_true(n > 0 || disk.file.position == 0);
    }
    fail_msg("too many calls");
}

static void bounded_work(void **state)
{
    (void)state;
    disk_on_each(&disk, small_steps);
}

// The device says when it is ready, and whether it ever will be.
static void late_device(void **state)
{
    (void)state;
    uint8_t byte;
    disk_open(&disk, "fat16");
    assert_int_equal(ota_source_open(&disk.file.source), 0);
    assert_int_equal(disk.file.source.read(&disk.file.source, &byte, 1), 0);
    assert_int_equal(disk.file.source.read(&disk.file.source, &byte, 1), 0);
    assert_int_equal(disk.image.reads, 0);
    assert_int_equal(disk.file.source.read(&disk.file.source, &byte, 1), 0);
    assert_true(disk.image.reads > 0);

    disk.image.ready_error = OTA_ERR_SOURCE_OPEN;
    assert_int_equal(disk_read(&disk), OTA_ERR_SOURCE_OPEN);
    disk.image.ready_error = 0;
    disk.image.start_error = OTA_ERR_SOURCE_OPEN;
    assert_int_equal(ota_source_open(&disk.file.source), OTA_ERR_SOURCE_OPEN);
    disk.image.start_error = 0;
    assert_int_equal(disk_read(&disk), 0);
    disk_close(&disk);
}

static int read_named(const char *name)
{
    uint32_t total;
    ota_fat_file_init(&disk.file, &disk.image.blocks, name);
    assert_int_equal(ota_source_open(&disk.file.source), 0);
    int err = disk_drain(&disk.file.source, disk.content, &total);
    assert_int_equal(total, 0);
    return err;
}

static void other_names(void)
{
    assert_int_equal(read_named("FIRMWARE.BI"), OTA_ERR_SOURCE_FILE);
    assert_int_equal(read_named("FIRMWAR.BIN"), OTA_ERR_SOURCE_FILE);
    assert_int_equal(read_named("FIRMWARE"), OTA_ERR_SOURCE_FILE);
    assert_int_equal(read_named("EMPTY.DIR"), OTA_ERR_SOURCE_FILE);
    assert_int_equal(read_named("EMPTY.BIN"), OTA_ERR_SOURCE_END);
    assert_int_equal(read_named(""), OTA_ERR_SOURCE_FILE);
    // a name that has no place in a directory stays inside its field
    assert_int_equal(read_named("A.B.C.D.TOO.LONG"), OTA_ERR_SOURCE_FILE);
}

static void names(void **state)
{
    (void)state;
    disk_on_each(&disk, other_names);
}

// Every read that the whole makes fails once. The error is told, and asked
// again the reader goes on where it was.
static void device_fails(void)
{
    assert_int_equal(disk_read(&disk), 0);
    uint32_t reads = disk.image.reads;
    assert_true(reads > 2 * disk.length);
    for (uint32_t n = 1; n <= reads; n++) {
        uint32_t total;
        struct ota_source *source = &disk.file.source;
        assert_int_equal(ota_source_open(source), 0);
        disk.image.fail_at = disk.image.reads + n;
        assert_int_equal(disk_drain(source, disk.content, &total),
                         OTA_ERR_SOURCE_READ);
        disk.image.fail_at = 0;
        uint32_t more;
        assert_int_equal(disk_drain(source, disk.content + total, &more),
                         OTA_ERR_SOURCE_END);
        assert_int_equal(total + more, FIRMWARE_SIZE);
    }
}

static void every_read_fails(void **state)
{
    (void)state;
    disk_on_each(&disk, device_fails);
}

// A card that is swapped for another between two openings: nothing of the first
// is remembered.
static void another_card(void **state)
{
    (void)state;
    static struct disk second;
    disk_open(&disk, "fat12");
    disk_open(&second, "fat32");
    assert_int_equal(disk_read(&disk), 0);
    disk.file.volume.blocks = &second.image.blocks;
    assert_int_equal(disk_read(&disk), 0);
    disk.file.volume.blocks = &disk.image.blocks;
    assert_int_equal(disk_read(&disk), 0);
    disk_close(&second);
    disk_close(&disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),        cmocka_unit_test(seeks),
        cmocka_unit_test(bounded_work), cmocka_unit_test(late_device),
        cmocka_unit_test(names),        cmocka_unit_test(every_read_fails),
        cmocka_unit_test(another_card),
    };
    return cmocka_run_group_tests_name("fat", tests, NULL, NULL);
}
