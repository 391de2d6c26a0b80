// SPDX-License-Identifier: MIT

#include "board.h"

#include <stdlib.h>

#include "geometry.h"
#include "ota/bytes.h"
#include "ota/crc32.h"

extern const struct ota_layout nucleo_f446re_single;
extern const struct ota_layout nucleo_f446re_internal;
extern const struct ota_layout nucleo_f446re_one_slot;

struct shape {
    struct ota_geometry geometry;
    uint32_t journal; // offset; two erase units from there
    uint32_t app;     // offset
    uint32_t app_size;
    uint32_t slot_size; // slot A follows the app slot, slot B slot A
    unsigned slots;
    bool external; // slot A begins at 0 of the W25Q
};

#define F103_GEOMETRY                                                          \
    {                                                                          \
        .size = 64 * 1024, .write_unit = 2, .erased = 0xFF, .run_count = 1,    \
        .run = (const struct ota_erase_run[])                                  \
        {                                                                      \
            {                                                                  \
                64, 1024                                                       \
            }                                                                  \
        }                                                                      \
    }
// the unit of the H7 on sectors that a test can afford many of
#define SMALL_H7_GEOMETRY                                                      \
    {                                                                          \
        .size = 192 * 1024, .write_unit = 32, .erased = 0xFF, .run_count = 1,  \
        .run = (const struct ota_erase_run[])                                  \
        {                                                                      \
            {                                                                  \
                24, 8192                                                       \
            }                                                                  \
        }                                                                      \
    }

// the units and pages of a W25Q64 (data sheet, 8.2.13 and 8.2.15), with smaller
// blocks, of which even a small slot has two
static const struct ota_geometry w25q_geometry = {
    .size = 32 * 1024,
    .write_unit = 1,
    .erased = 0xFF,
    .run_count = 1,
    .run = (const struct ota_erase_run[]){{8, 4096}},
    .block = 8192,
};

// hardware-facts of each family: RM0390, PM0075, RM0351, RM0456, RM0433
static const struct shape shapes[BOARD_COUNT] = {
    [LAYOUT_F103] = {.geometry = F103_GEOMETRY,
                     .journal = 16 * 1024,
                     .app = 18 * 1024,
                     .app_size = 46 * 1024},
    [LAYOUT_L4] = {.geometry = {.size = 64 * 1024,
                                .write_unit = 8,
                                .erased = 0xFF,
                                .run_count = 1,
                                .run =
                                    (const struct ota_erase_run[]){{32, 2048}}},
                   .journal = 16 * 1024,
                   .app = 20 * 1024,
                   .app_size = 44 * 1024},
    [LAYOUT_U5] = {.geometry = {.size = 128 * 1024,
                                .write_unit = 16,
                                .erased = 0xFF,
                                .run_count = 1,
                                .run =
                                    (const struct ota_erase_run[]){{16, 8192}}},
                   .journal = 16 * 1024,
                   .app = 32 * 1024,
                   .app_size = 96 * 1024},
    [LAYOUT_H7] = {.geometry = {.size = 1024 * 1024,
                                .write_unit = 32,
                                .erased = 0xFF,
                                .run_count = 1,
                                .run =
                                    (const struct ota_erase_run[]){
                                        {8, 128 * 1024}}},
                   .journal = 128 * 1024,
                   .app = 384 * 1024,
                   .app_size = 640 * 1024},
    [SLOTS_F103] = {.geometry = F103_GEOMETRY,
                    .journal = 16 * 1024,
                    .app = 18 * 1024,
                    .app_size = 14 * 1024,
                    .slot_size = 16 * 1024,
                    .slots = 2},
    [SLOTS_H7] = {.geometry = SMALL_H7_GEOMETRY,
                  .journal = 16 * 1024,
                  .app = 32 * 1024,
                  .app_size = 48 * 1024,
                  .slot_size = 56 * 1024,
                  .slots = 2},
    [ONE_SLOT_F103] = {.geometry = F103_GEOMETRY,
                       .journal = 16 * 1024,
                       .app = 18 * 1024,
                       .app_size = 26 * 1024,
                       .slot_size = 20 * 1024,
                       .slots = 1},
    [ONE_SLOT_H7] = {.geometry = SMALL_H7_GEOMETRY,
                     .journal = 16 * 1024,
                     .app = 32 * 1024,
                     .app_size = 80 * 1024,
                     .slot_size = 80 * 1024,
                     .slots = 1},
    [SLOTS_W25Q] = {.geometry = F103_GEOMETRY,
                    .journal = 16 * 1024,
                    .app = 18 * 1024,
                    .app_size = 14 * 1024,
                    .slot_size = 16 * 1024,
                    .slots = 2,
                    .external = true},
    [ONE_SLOT_W25Q] = {.geometry = F103_GEOMETRY,
                       .journal = 16 * 1024,
                       .app = 18 * 1024,
                       .app_size = 14 * 1024,
                       .slot_size = 32 * 1024,
                       .slots = 1,
                       .external = true},
};

static struct ota_layout make_layout(const struct shape *shape)
{
    uint32_t unit = shape->geometry.run[0].size;
    struct ota_layout layout = {
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
    uint32_t at = shape->external ? 0 : shape->app + shape->app_size;
    for (unsigned i = 0; i < shape->slots; i++) {
        layout.slot[i] = (struct ota_area){NULL, at + i * shape->slot_size,
                                           shape->slot_size};
    }
    return layout;
}

static const struct ota_layout *real_layout(enum test_layout layout)
{
    switch (layout) {
    case LAYOUT_F446:
        return &nucleo_f446re_single;
    case SLOTS_F446:
        return &nucleo_f446re_internal;
    case ONE_SLOT_F446:
        return &nucleo_f446re_one_slot;
    default:
        return NULL;
    }
}

// Puts the board's devices into every area that there is.
static void connect(struct ota_layout *layout, const struct ota_flash *flash,
                    const struct ota_flash *slots)
{
    struct ota_area *areas[] = {&layout->boot,       &layout->journal[0],
                                &layout->journal[1], &layout->app,
                                &layout->slot[0],    &layout->slot[1],
                                &layout->array};
    for (unsigned i = 0; i < sizeof areas / sizeof areas[0]; i++) {
        areas[i]->flash = areas[i]->size > 0 ? flash : NULL;
    }
    for (unsigned i = 0; i < 2 && layout->slot[i].flash; i++) {
        layout->slot[i].flash = slots;
    }
}

void board_init(struct board *board, enum test_layout layout, uint32_t seed)
{
    memset(board, 0, sizeof *board);
    const struct ota_geometry *geometry = &shapes[layout].geometry;
    if (real_layout(layout)) {
        board->layout = *real_layout(layout);
        geometry = &stm32f446_geometry;
    } else {
        board->layout = make_layout(&shapes[layout]);
    }
    board->ram = ram_flash_new(geometry, seed);
    const struct ota_flash *slots = &board->ram->flash;
    if (shapes[layout].external) {
        board->w25q = ram_flash_new(&w25q_geometry, seed + 1);
        board->w25q->page = 256;
        board->w25q->supply = board->ram;
        slots = &board->w25q->flash;
    }
    connect(&board->layout, &board->ram->flash, slots);
    memset(board->image, 0xFF, sizeof board->image);
    board->array_size = sizeof board->image;
    board->sources[0] = (struct ota_boot_source){OTA_SOURCE_C_ARRAY,
                                                 &board->array.source, false};
    board->config = (struct ota_boot_config){
        .layout = &board->layout,
        .sources = board->sources,
        .source_count = 1,
    };
}

void board_free(struct board *board)
{
    ram_flash_free(board->ram);
    if (board->w25q) {
        ram_flash_free(board->w25q);
    }
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
    return request_from(board, OTA_SOURCE_C_ARRAY);
}

int request_from(struct board *board, enum ota_source_id source)
{
    struct ota_journal journal;
    int err = ota_journal_scan(&journal, board->layout.journal);
    if (err) {
        return err;
    }
    struct ota_record record = journal.newest;
    record.ota_flag = OTA_FLAG_REQUEST;
    record.source = (uint8_t)source;
    record.flags = 0;
    return ota_journal_append(&journal, &record);
}

/// Slots ///

static uint8_t *make_file(const struct board *board, uint32_t version,
                          uint32_t size)
{
    uint8_t *file = malloc(OTA_PLAIN_HEADER_SIZE + size);
    assert_non_null(file);
    make_image(board, file, version, size);
    return file;
}

void put_in_slot(struct board *board, uint8_t slot, uint32_t version,
                 uint32_t size)
{
    uint8_t *file = make_file(board, version, size);
    const struct ota_area *area = ota_slot_area(&board->layout, slot);
    ram_flash_load(area->flash->context, area->offset, file,
                   OTA_PLAIN_HEADER_SIZE + size);
    free(file);
}

bool slot_holds(const struct board *board, uint8_t slot, uint32_t version,
                uint32_t size)
{
    uint8_t *file = make_file(board, version, size);
    const struct ota_area *area = ota_slot_area(&board->layout, slot);
    const struct ram_flash *ram = area->flash->context;
    bool same = memcmp(ram->now + area->offset, file,
                       OTA_PLAIN_HEADER_SIZE + size) == 0;
    free(file);
    return same;
}

bool app_holds(const struct board *board, uint32_t version, uint32_t size)
{
    const uint8_t *app = board->ram->now + board->layout.app.offset;
    uint8_t *file = make_file(board, version, size);
    bool same =
        memcmp(app, file, OTA_PLAIN_HEADER_SIZE) == 0 &&
        memcmp(app + OTA_HEADER_SPACE, file + OTA_PLAIN_HEADER_SIZE, size) == 0;
    free(file);
    return same;
}

void wipe_area(const struct ota_area *area)
{
    for (uint32_t at = 0; at < area->size;) {
        int32_t size = ota_area_unit_size(area, at);
        assert_true(size > 0);
        assert_int_equal(ota_area_erase(area, at), 0);
        at += (uint32_t)size;
    }
}

// as SPEC.md draws it
void make_info(const struct board *board, uint8_t info[OTA_INFO_SIZE])
{
    memset(info, 0, OTA_INFO_SIZE);
    memcpy(info, "INFO", 4);
    store_le32(info + 4, OTA_VERSION(0, 1, 0));
    info[8] = 1;
    info[9] = 1;
    info[10] = 1;
    store_le32(info + 12, OTA_FEATURE_C_ARRAY | OTA_FEATURE_SLOT_A);
    store_le32(info + 16, board->layout.target);
    store_le32(info + 24, (uint32_t)board->layout.digest);
    store_le32(info + 28, (uint32_t)(board->layout.digest >> 32));
}

void open_app(struct board *board, struct ota_app *app)
{
    uint8_t info[OTA_INFO_SIZE];
    make_info(board, info);
    assert_int_equal(ota_app_open(app, &board->layout, info), 0);
}

int stage_pieces(struct board *board, const uint8_t *file, uint32_t len,
                 uint32_t piece)
{
    struct ota_app app;
    struct ota_stage stage;
    open_app(board, &app);
    int err = ota_stage_begin(&stage, &app, file, len);
    for (uint32_t at = 0; err == 0 && at < len; at += piece) {
        uint32_t left = len - at;
        err = ota_stage_write(&stage, file + at, left < piece ? left : piece);
    }
    return err ? err : ota_stage_finish(&stage);
}

int stage_image(struct board *board, uint32_t version, uint32_t size)
{
    uint8_t *file = make_file(board, version, size);
    int err = stage_pieces(board, file, OTA_PLAIN_HEADER_SIZE + size, 100);
    free(file);
    return err;
}

int confirm_app(struct board *board)
{
    struct ota_app app;
    open_app(board, &app);
    return ota_app_confirm(&app);
}

void full_update(struct board *board, uint32_t version, uint32_t size)
{
    assert_int_equal(stage_image(board, version, size), 0);
    assert_int_equal(request_from(board, OTA_SOURCE_STAGED), 0);
    assert_runs(board, version);
    assert_true(board->boot.trial);
    assert_int_equal(confirm_app(board), 0);
}

void append_record(struct board *board, struct ota_record record)
{
    struct ota_journal journal;
    if (ota_journal_scan(&journal, board->layout.journal)) {
        assert_int_equal(ota_journal_write(&journal, &record), 0);
    } else {
        assert_int_equal(ota_journal_append(&journal, &record), 0);
    }
}

void name_backup(struct board *board, uint8_t slot)
{
    struct ota_record record = newest(board);
    record.backup = slot;
    append_record(board, record);
}

/// Watching ///

// the drivers get nothing but their device: one board is watched at a time
static struct board *watched;
static struct ota_flash device; // its own functions

static struct watch *watch_at(uint32_t offset, uint32_t len)
{
    for (unsigned i = 0; i < WATCHES; i++) {
        const struct ota_area *area = watched->watch[i].area;
        if (area && offset < area->offset + area->size &&
            offset + len > area->offset) {
            return &watched->watch[i];
        }
    }
    return NULL;
}

static int watched_read(const struct ota_flash *flash, uint32_t offset,
                        void *data, size_t len)
{
    struct watch *watch = watch_at(offset, (uint32_t)len);
    if (watch) {
        watch->reads++;
    }
    if (watch && watch->read_error && watch->reads > watch->spare) {
        int err = watch->read_error;
        watch->read_error = watch->once ? 0 : err;
        return err;
    }
    return device.read(flash, offset, data, len);
}

static int watched_prog(const struct ota_flash *flash, uint32_t offset,
                        const void *data, size_t len)
{
    struct watch *watch = watch_at(offset, (uint32_t)len);
    if (watch && watch->prog_error) {
        return watch->prog_error;
    }
    if (watch) {
        watch->programmed += (uint32_t)len;
    }
    return device.prog(flash, offset, data, len);
}

static int watched_erase(const struct ota_flash *flash, uint32_t offset,
                         uint32_t size)
{
    struct watch *watch = watch_at(offset, 1);
    if (watch) {
        watch->erased += size;
    }
    if (watch && watch->erase_error) {
        return watch->erase_error;
    }
    return device.erase(flash, offset, size);
}

struct watch *watch_area(struct board *board, const struct ota_area *area)
{
    struct ota_flash *flash = &board->ram->flash;
    if (flash->read != watched_read) {
        device = *flash;
        flash->read = watched_read;
        flash->prog = watched_prog;
        flash->erase = watched_erase;
    }
    watched = board;
    for (unsigned i = 0; i < WATCHES; i++) {
        struct watch *watch = &board->watch[i];
        if (!watch->area || watch->area == area) {
            *watch = (struct watch){.area = area};
            return watch;
        }
    }
    fail_msg("too many watches");
    return NULL;
}

/// Booting ///

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
