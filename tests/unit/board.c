// SPDX-License-Identifier: MIT

#include "board.h"

#include <stdlib.h>

#include "geometry.h"
#include "ota/bytes.h"
#include "ota/crc32.h"

extern const struct ota_layout nucleo_f446re_single;

struct shape {
    struct ota_geometry geometry;
    uint32_t journal; // offset; two erase units from there
    uint32_t app;     // offset
    uint32_t app_size;
};

// hardware-facts of each family: RM0390, PM0075, RM0351, RM0456, RM0433
static const struct shape shapes[LAYOUT_COUNT] = {
    [LAYOUT_F103] = {{.size = 64 * 1024,
                      .write_unit = 2,
                      .erased = 0xFF,
                      .run_count = 1,
                      .run = {{64, 1024}}},
                     16 * 1024,
                     18 * 1024,
                     46 * 1024},
    [LAYOUT_L4] = {{.size = 64 * 1024,
                    .write_unit = 8,
                    .erased = 0xFF,
                    .run_count = 1,
                    .run = {{32, 2048}}},
                   16 * 1024,
                   20 * 1024,
                   44 * 1024},
    [LAYOUT_U5] = {{.size = 128 * 1024,
                    .write_unit = 16,
                    .erased = 0xFF,
                    .run_count = 1,
                    .run = {{16, 8192}}},
                   16 * 1024,
                   32 * 1024,
                   96 * 1024},
    [LAYOUT_H7] = {{.size = 1024 * 1024,
                    .write_unit = 32,
                    .erased = 0xFF,
                    .run_count = 1,
                    .run = {{8, 128 * 1024}}},
                   128 * 1024,
                   384 * 1024,
                   640 * 1024},
};

static struct ota_layout make_layout(const struct shape *shape)
{
    uint32_t unit = shape->geometry.run[0].size;
    return (struct ota_layout){
        .name = "test",
        .target = 0xFFFFFF00,
        .flash_base = 0x08000000,
        .ram_base = 0x20000000,
        .ram_size = 0x5000,
        .allow_unsigned = true,
        .trial_boots = 3,
        .boot = {NULL, 0, shape->journal},
        .journal = {{NULL, shape->journal, unit},
                    {NULL, shape->journal + unit, unit}},
        .app = {NULL, shape->app, shape->app_size},
        .digest = 1,
    };
}

void board_init(struct board *board, enum test_layout layout, uint32_t seed)
{
    memset(board, 0, sizeof *board);
    const struct ota_geometry *geometry = &shapes[layout].geometry;
    if (layout == LAYOUT_F446) {
        board->layout = nucleo_f446re_single;
        geometry = &stm32f446_geometry;
    } else {
        board->layout = make_layout(&shapes[layout]);
    }
    board->ram = ram_flash_new(geometry, seed);
    struct ota_area *areas[] = {&board->layout.boot, &board->layout.journal[0],
                                &board->layout.journal[1], &board->layout.app};
    for (unsigned i = 0; i < sizeof areas / sizeof areas[0]; i++) {
        areas[i]->flash = &board->ram->flash;
    }
    memset(board->image, 0xFF, sizeof board->image);
    board->array_size = sizeof board->image;
    board->sources[0] =
        (struct ota_boot_source){OTA_SOURCE_C_ARRAY, &board->array.source};
    board->config = (struct ota_boot_config){
        .layout = &board->layout,
        .sources = board->sources,
        .source_count = 1,
    };
}

void board_free(struct board *board)
{
    ram_flash_free(board->ram);
}

uint32_t make_image(const struct board *board, uint8_t *out, uint32_t version,
                    uint32_t size)
{
    uint8_t *app = out + OTA_PLAIN_HEADER_SIZE;
    uint32_t random = version * 2654435761u | 1;
    for (uint32_t i = 0; i < size; i++) {
        random = random * 1664525u + 1013904223u;
        app[i] = (uint8_t)(random >> 24);
    }
    store_le32(app, board->layout.ram_base + board->layout.ram_size);
    store_le32(app + 4, ota_layout_vectors(&board->layout) + 9);
    struct ota_image image = {OTA_MAGIC_PLAIN, size, 0, version, 0};
    ota_image_encode(&image, out);
    fix_crc(out);
    return OTA_PLAIN_HEADER_SIZE + size;
}

void fix_crc(uint8_t *image)
{
    store_le32(image + 8, ota_crc32(0, image + OTA_PLAIN_HEADER_SIZE,
                                    load_le32(image + 4)));
}

void offer(struct board *board, uint32_t version, uint32_t size)
{
    memset(board->image, 0xFF, sizeof board->image);
    make_image(board, board->image, version, size);
}

void factory_app(struct board *board, uint32_t version, uint32_t size)
{
    uint8_t *image = malloc(OTA_PLAIN_HEADER_SIZE + size);
    assert_non_null(image);
    make_image(board, image, version, size);
    uint32_t app = board->layout.app.offset;
    ram_flash_load(board->ram, app, image, OTA_PLAIN_HEADER_SIZE);
    ram_flash_load(board->ram, app + OTA_HEADER_SPACE,
                   image + OTA_PLAIN_HEADER_SIZE, size);
    free(image);
}

int request(struct board *board)
{
    struct ota_journal journal;
    int err = ota_journal_scan(&journal, board->layout.journal);
    if (err) {
        return err;
    }
    struct ota_record record = journal.newest;
    record.ota_flag = OTA_FLAG_REQUEST;
    record.source = OTA_SOURCE_C_ARRAY;
    record.flags = 0;
    return ota_journal_append(&journal, &record);
}

int run_boot(struct board *board)
{
    ota_c_array_init(&board->array, board->image, board->array_size);
    ota_boot_begin(&board->boot, &board->config);
    return continue_boot(board);
}

int continue_boot(struct board *board)
{
    for (unsigned i = 0; i < 200000; i++) {
        enum ota_verdict verdict = ota_boot_step(&board->boot);
        if (board->ram->dead) {
            return -1;
        }
        if (verdict != OTA_BOOT_BUSY) {
            return (int)verdict;
        }
    }
    fail_msg("the bootloader does not come to a verdict");
    return -1;
}

// The app slot really holds this version, bit for bit.
static void assert_app_slot(struct board *board, uint32_t version)
{
    const struct ota_image *app = &board->boot.app;
    uint8_t *image = malloc(OTA_PLAIN_HEADER_SIZE + app->size);
    assert_non_null(image);
    make_image(board, image, version, app->size);
    const uint8_t *slot = board->ram->now + board->layout.app.offset;
    assert_memory_equal(slot, image, OTA_PLAIN_HEADER_SIZE);
    assert_memory_equal(slot + OTA_HEADER_SPACE, image + OTA_PLAIN_HEADER_SIZE,
                        app->size);
    free(image);
}

void assert_runs(struct board *board, uint32_t version)
{
    assert_int_equal(run_boot(board), OTA_BOOT_RUN);
    assert_int_equal(board->boot.app_error, 0);
    assert_int_equal(board->boot.app.version, version);
    assert_app_slot(board, version);
}

struct ota_record newest(struct board *board)
{
    struct ota_journal journal;
    assert_int_equal(ota_journal_scan(&journal, board->layout.journal), 0);
    return journal.newest;
}
