// SPDX-License-Identifier: MIT
//
// The SD card driver, and the FAT reader on top of it, against the virtual
// board's card: an image file of mkfs.vfat comes out as firmware.bin.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "ota/fat.h"
#include "ota/sd.h"
#include "sd_bench.h"

enum { FIRMWARE_SIZE = 41100 };

static struct card card;
static struct vboard_bus fast;
static struct ota_sd sd;
static struct ota_fat_file file;
static uint8_t expected[FIRMWARE_SIZE], content[FIRMWARE_SIZE];

static void *load(const char *path, size_t *size)
{
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    fseek(in, 0, SEEK_END);
    *size = (size_t)ftell(in);
    rewind(in);
    void *data = malloc(*size);
    assert_int_equal(fread(data, 1, *size, in), *size);
    fclose(in);
    return data;
}

// A card with a volume of make_images.
static void insert(const char *path, uint64_t size, enum vboard_timing timing)
{
    size_t len;
    void *image = load(path, &len);
    card_open(&card, size > len ? size : len, timing);
    file_write(&card, 0, image, len);
    free(image);
    vboard_bus_open(&fast, card.board, &sd_slave, 25000000);
    ota_sd_init(&sd, &card.bus.bus, &fast.bus, vboard_bus_millis);
    ota_fat_file_init(&file, &sd.blocks, "FIRMWARE.BIN");
}

// Reads the file: bytes, or the error. Every call is short.
static int read_file(void)
{
    struct ota_source *source = &file.source;
    uint32_t total = 0;
    uint64_t begin = vboard_time(card.board);
    int n = ota_source_open(source);
    assert_in_range(vboard_time(card.board) - begin, 0, 50 * VBOARD_MS);
    while (n >= 0) {
        uint64_t before = vboard_time(card.board);
        uint8_t data[1000];
        n = source->read(source, data, sizeof data);
        assert_in_range(vboard_time(card.board) - before, 0, 900 * VBOARD_MS);
        for (int i = 0; i < n; i++) {
            assert_true(total < FIRMWARE_SIZE);
            content[total++] = data[i];
        }
    }
    assert_false(card.bus.selected || fast.selected);
    return n == OTA_ERR_SOURCE_END ? (int)total : n;
}

static void check_reads(const char *path, uint64_t size,
                        enum vboard_timing timing, bool version1)
{
    insert(path, size, timing);
    if (version1) {
        vboard_sd_fault(card.board, VBOARD_SD_VERSION_1, 0);
    }
    // a second time, as after a reset of the processor alone
    for (int i = 0; i < 2; i++) {
        assert_int_equal(read_file(), FIRMWARE_SIZE);
        assert_memory_equal(content, expected, FIRMWARE_SIZE);
    }
    assert_int_equal(sd.block_addressed, size > 2 * GIB);
    expect_legal(&card);
    card_close(&card);
}

static void reads(void **state)
{
    (void)state;
    check_reads(FAT_IMAGES "/fat12", 0, VBOARD_TYPICAL, false);
    check_reads(FAT_IMAGES "/fat12", 0, VBOARD_TYPICAL, true);
    check_reads(FAT_IMAGES "/fat16", 2 * GIB, VBOARD_MAXIMUM, false);
    check_reads(FAT_IMAGES "/parted", 0, VBOARD_MAXIMUM, true);
    check_reads(FAT_IMAGES "/fat32", 4 * GIB, VBOARD_MAXIMUM, false);
    check_reads(FAT_IMAGES "/fat32", 40 * GIB, VBOARD_TYPICAL, false);
}

static void expect_fault(enum vboard_spi_fault fault, int error)
{
    insert(FAT_IMAGES "/fat16", 0, VBOARD_TYPICAL);
    vboard_sd_fault(card.board, fault, 0);
    uint64_t begin = vboard_time(card.board);
    assert_int_equal(read_file(), error);
    assert_in_range(vboard_time(card.board) - begin, 0, 2 * VBOARD_S);
    // and well again, without the supply having been off
    vboard_sd_fault(card.board, VBOARD_SPI_GOOD, 0);
    assert_int_equal(read_file(), FIRMWARE_SIZE);
    expect_legal(&card);
    card_close(&card);
}

static void faults(void **state)
{
    (void)state;
    expect_fault(VBOARD_SPI_MISO_HIGH, OTA_ERR_SOURCE_OPEN);
    expect_fault(VBOARD_SPI_MISO_LOW, OTA_ERR_SOURCE_OPEN);
    expect_fault(VBOARD_SD_NEVER_READY, OTA_ERR_SOURCE_OPEN);
    expect_fault(VBOARD_SD_BAD_CRC, OTA_ERR_SOURCE_READ);
}

// Pulled out before each block in turn, until it is read to the end.
static void removed(void **state)
{
    (void)state;
    int result = 0;
    uint64_t blocks = 0;
    for (; result != FIRMWARE_SIZE; blocks++) {
        assert_true(blocks < 1000);
        insert(FAT_IMAGES "/fat12", 0, VBOARD_TYPICAL);
        vboard_sd_fault(card.board, VBOARD_SD_REMOVED, blocks);
        result = read_file();
        assert_true(result == FIRMWARE_SIZE || result == OTA_ERR_SOURCE_READ);
        expect_legal(&card);
        card_close(&card);
    }
    assert_true(blocks > FIRMWARE_SIZE / 512);
    assert_memory_equal(content, expected, FIRMWARE_SIZE);
}

static void other_contents(void **state)
{
    (void)state;
    card_open(&card, MIB, VBOARD_TYPICAL); // all zero
    vboard_bus_open(&fast, card.board, &sd_slave, 25000000);
    ota_sd_init(&sd, &card.bus.bus, &fast.bus, vboard_bus_millis);
    ota_fat_file_init(&file, &sd.blocks, "FIRMWARE.BIN");
    assert_int_equal(read_file(), OTA_ERR_SOURCE_FORMAT);
    assert_int_equal(vboard_insert_sd(card.board, NULL, NULL), 0);
    assert_int_equal(read_file(), OTA_ERR_SOURCE_OPEN);
    card_close(&card);
    insert(FAT_IMAGES "/fat12", 0, VBOARD_TYPICAL);
    ota_fat_file_init(&file, &sd.blocks, "OTHER.BIN");
    assert_int_equal(read_file(), OTA_ERR_SOURCE_FILE);
    expect_legal(&card);
    card_close(&card);
}

static int set_up(void **state)
{
    (void)state;
    size_t size;
    uint8_t *data = load(FAT_IMAGES "/firmware.bin", &size);
    assert_int_equal(size, FIRMWARE_SIZE);
    for (size_t i = 0; i < size; i++) {
        expected[i] = data[i];
    }
    free(data);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(faults),
        cmocka_unit_test(removed),
        cmocka_unit_test(other_contents),
    };
    return cmocka_run_group_tests_name("sd_model", tests, set_up, NULL);
}
