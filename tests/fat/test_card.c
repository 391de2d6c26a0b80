// SPDX-License-Identifier: MIT
//
// The engine with firmware.bin of a FAT volume as its source: a good image is
// installed, everything else is refused and told, and the old one runs on.

#include "board.h"

#include "disk.h"
#include "ota/bytes.h"

#define V1 OTA_VERSION(1, 0, 0)
#define V2 OTA_VERSION(2, 0, 0)

enum { SIZE1 = 5000, SIZE2 = 9001, APP_SLOT = 14 * 1024 };

static struct board board;
static struct disk disk;
static struct ota_boot_source sources[] = {{OTA_SOURCE_SD, NULL, true}};

// The first len bytes of firmware.bin become those of the image that the board
// would have offered; what follows stays.
static void put_image(uint32_t version, uint32_t size)
{
    static uint8_t image[FIRMWARE_SIZE];
    uint32_t len = make_image(&board, image, version, size);
    for (uint32_t i = 0; i < disk.length && i * CLUSTER < len; i++) {
        uint32_t left = len - i * CLUSTER;
        memcpy(image_blocks_change(&disk.image, disk.data + disk.chain[i] - 2),
               image + i * CLUSTER, left < CLUSTER ? left : CLUSTER);
    }
}

static int set_up(void **state)
{
    (void)state;
    board_init(&board, SLOTS_W25Q, 1);
    disk_open(&disk, "fat12");
    sources[0].source = &disk.file.source;
    board.config.sources = sources;
    board.config.source_count = 1;
    factory_app(&board, V1, SIZE1);
    assert_runs(&board, V1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    disk_close(&disk);
    board_free(&board);
    return 0;
}

static void assert_refused(int error, enum ota_step step)
{
    assert_int_equal(request_from(&board, OTA_SOURCE_SD), 0);
    assert_runs(&board, V1);
    assert_int_equal(newest(&board).result, error);
    assert_int_equal(newest(&board).step, step);
    // not tried again
    uint32_t reads = disk.image.reads;
    assert_runs(&board, V1);
    assert_int_equal(disk.image.reads, reads);
}

static void installed(void **state)
{
    (void)state;
    put_image(V2, SIZE2); // and the file goes on behind it
    assert_int_equal(request_from(&board, OTA_SOURCE_SD), 0);
    assert_runs(&board, V2);
    assert_true(app_holds(&board, V2, SIZE2));
    assert_int_equal(confirm_app(&board), 0);
    assert_runs(&board, V2);
}

static void longer_than_the_slot(void **state)
{
    (void)state;
    assert_int_equal(board.layout.app.size, APP_SLOT);
    put_image(V2, APP_SLOT - OTA_HEADER_SPACE + 1);
    assert_refused(OTA_ERR_TOO_LARGE, OTA_STEP_HEADER);
}

static void not_there(void **state)
{
    (void)state;
    uint8_t *entry = disk_entry(&disk);
    store_le32(entry + 28, 0);
    assert_refused(OTA_ERR_TRUNCATED, OTA_STEP_HEADER);
    entry[11] = 0x10; // a directory
    assert_refused(OTA_ERR_SOURCE_FILE, OTA_STEP_HEADER);
    memset(disk_bpb(&disk), 0, OTA_BLOCK_SIZE);
    assert_refused(OTA_ERR_SOURCE_FORMAT, OTA_STEP_HEADER);
    disk.image.ready_error = OTA_ERR_SOURCE_OPEN;
    assert_refused(OTA_ERR_SOURCE_OPEN, OTA_STEP_HEADER);
    disk.image.start_error = OTA_ERR_SOURCE_OPEN;
    assert_refused(OTA_ERR_SOURCE_OPEN, OTA_STEP_OPEN);
}

static void damaged_in_the_middle(void **state)
{
    (void)state;
    put_image(V2, SIZE2);
    disk_fat_set(&disk, disk.chain[9], disk.chain[3]);
    // a chain that loops reads as something else, to the end of the image
    assert_refused(OTA_ERR_CRC, OTA_STEP_CHECK);
    disk_fat_set(&disk, disk.chain[9], 0);
    assert_refused(OTA_ERR_SOURCE_FORMAT, OTA_STEP_CHECK);
}

// Whichever read of the device fails: told, or the update is installed.
static void every_read_fails(void **state)
{
    for (uint32_t n = 1;; n++) {
        put_image(V2, SIZE2);
        assert_int_equal(request_from(&board, OTA_SOURCE_SD), 0);
        uint32_t before = disk.image.reads;
        disk.image.fail_at = before + n;
        assert_int_equal(run_boot(&board), OTA_BOOT_RUN);
        if (disk.image.reads < before + n) {
            assert_true(app_holds(&board, V2, SIZE2));
            assert_in_range(n, 2 * SIZE2 / CLUSTER, 1000);
            return;
        }
        assert_true(app_holds(&board, V1, SIZE1));
        assert_int_equal(newest(&board).result, OTA_ERR_SOURCE_READ);
        tear_down(state);
        set_up(state);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(installed),        TEST(longer_than_the_slot),
        TEST(not_there),        TEST(damaged_in_the_middle),
        TEST(every_read_fails),
    };
    return cmocka_run_group_tests_name("update from FAT", tests, NULL, NULL);
}
