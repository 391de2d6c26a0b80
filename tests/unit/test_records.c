// SPDX-License-Identifier: MIT
//
// Records that no version of ours would have written, but with a valid CRC: in
// every state and role, over flash that holds what it likes. Nothing unverified
// may run, what can be run must be found, and all of it in bounded time and
// wear.
//   test_records FIRST COUNT      replays cases of every_record_on_any_flash

#include "board.h"

#include <stdlib.h>

#include <zlib.h>

#include "ota/bytes.h"

#define V1 OTA_VERSION(1, 0, 0)
#define V2 OTA_VERSION(1, 1, 0)
#define V3 OTA_VERSION(1, 2, 0)

#define SIZE 300

// Contents of the flash that every record meets.
#define DRAWS 2

static struct board board;

static uint32_t random_state;

static uint32_t draw(uint32_t n)
{
    // xorshift32, Marsaglia 2003
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % n;
}

/// The oracle, which looks at the bytes itself ///

static bool is_good(const uint8_t *header, const uint8_t *app, uint32_t room)
{
    uint32_t size = load_le32(header + 4);
    return load_le32(header) == OTA_MAGIC_PLAIN && size == SIZE &&
           size <= room && crc32(0, app, size) == load_le32(header + 8);
}

static bool app_is_good(void)
{
    const uint8_t *app = board.ram->now + board.layout.app.offset;
    return is_good(app, app + OTA_HEADER_SPACE, board.layout.app.size);
}

static bool slot_is_good(unsigned i)
{
    const struct ota_area *area = &board.layout.slot[i];
    const uint8_t *slot = board.ram->now + area->offset;
    return area->flash &&
           is_good(slot, slot + OTA_PLAIN_HEADER_SIZE, area->size);
}

/// What the flash holds ///

enum content { BLANK, GOOD_V1, GOOD_V2, ROTTEN, DEVELOPMENT };

static void fill_app(enum content content)
{
    uint8_t image[16 + SIZE];
    uint32_t app = board.layout.app.offset;
    make_image(&board, image, content == GOOD_V2 ? V2 : V1, SIZE);
    if (content == ROTTEN) {
        image[16 + draw(SIZE)] ^= 8;
    }
    if (content == BLANK) {
        return;
    }
    ram_flash_load(board.ram, app + OTA_HEADER_SPACE, image + 16, SIZE);
    if (content != DEVELOPMENT) {
        ram_flash_load(board.ram, app, image, 16);
    }
}

static void fill_slot(uint8_t slot, enum content content)
{
    const struct ota_area *area = ota_slot_area(&board.layout, slot);
    if (content == BLANK || !area->flash) {
        return;
    }
    put_in_slot(&board, slot, content == GOOD_V1 ? V1 : V2, SIZE);
    if (content == ROTTEN) {
        board.ram->now[area->offset + 16 + draw(SIZE)] ^= 8;
    }
}

static void load_record(const uint8_t raw[OTA_RECORD_SIZE])
{
    uint32_t at = board.layout.journal[0].offset;
    ram_flash_load(board.ram, at, raw, OTA_RECORD_SIZE);
}

/// One boot ///

static uint32_t number; // of the case

static void check(bool condition, const char *what)
{
    if (!condition) {
        fail_msg("case %u: %s (app error %d, error %d, step %d)",
                 (unsigned)number, what, board.boot.app_error, board.boot.error,
                 board.boot.step);
    }
}

static enum ota_verdict steps(void)
{
    for (unsigned i = 0; i < 500; i++) {
        enum ota_verdict verdict = ota_boot_step(&board.boot);
        if (verdict != OTA_BOOT_BUSY) {
            return verdict;
        }
    }
    check(false, "no verdict");
    return OTA_BOOT_BUSY;
}

static void check_wear(void)
{
    const struct ota_geometry *geometry = board.ram->flash.geometry;
    for (uint32_t i = 0; i < geometry->run[0].count; i++) {
        check(board.ram->erases[i] <= 3, "a unit is worn");
    }
}

// In layout single a trial that is over is not run, though it is good.
static bool trial_is_over(void)
{
    const struct ota_record *newest = &board.boot.journal.newest;
    return !board.layout.slot[0].flash && newest->state == OTA_STATE_TRIAL &&
           newest->attempts >= board.layout.trial_boots;
}

static void check_verdict(enum ota_verdict verdict)
{
    if (verdict == OTA_BOOT_RUN) {
        check(board.boot.development || app_is_good(), "runs what is bad");
        check(board.boot.app_error == 0, "runs what it thinks is bad");
        return;
    }
    check(verdict == OTA_BOOT_NO_APP, "a verdict of another kind");
    check(!slot_is_good(0) && !slot_is_good(1), "does not find what there is");
    check(!app_is_good() || trial_is_over(), "does not run what is good");
}

static void boot(void)
{
    ota_c_array_init(&board.array, board.image, board.array_size);
    ota_boot_begin(&board.boot, &board.config);
    enum ota_verdict verdict = steps();
    check_verdict(verdict);
    for (int i = 0; i < 3 && verdict == OTA_BOOT_NO_APP; i++) {
        verdict = steps();
        check_verdict(verdict);
    }
}

static void one_case(enum test_layout layout, const struct ota_record *record)
{
    random_state = (number + 1) * 2654435761u | 1;
    board_init(&board, layout, number + 1);
    fill_app((enum content)draw(5));
    fill_slot(OTA_SLOT_A, (enum content)draw(4));
    fill_slot(OTA_SLOT_B, (enum content)draw(4));
    if (draw(4) == 0) {
        offer(&board, V3, SIZE);
    }
    uint8_t raw[OTA_RECORD_SIZE];
    ota_record_encode(record, raw);
    load_record(raw);
    boot();
    check_wear();
    // and the next boots go on from there
    for (int i = 0; i < 3; i++) {
        boot();
    }
    board_free(&board);
}

/// All of them ///

static const enum test_layout layouts[] = {SLOTS_F103, ONE_SLOT_F103,
                                           LAYOUT_F103};
static const uint8_t states[] = {0, 1, 2, 3, 4, 77};
static const uint8_t roles[] = {0, 1, 2};
static const uint32_t ota_flags[] = {0, 1, 0xFFFFFFFF};
static const uint8_t sources[] = {0, 1, 2, 3, 99};
static const uint8_t attempts[] = {0, 3, 255};
static const uint8_t installs[] = {0, 3};
static const uint8_t settled[] = {0, 1};

#define COUNT(array) (sizeof array / sizeof array[0])
#define PICK(array)  array[pick(&rest, COUNT(array))]

static size_t pick(uint32_t *rest, size_t count)
{
    size_t i = *rest % count;
    *rest /= (uint32_t)count;
    return i;
}

#define COMBINATIONS                                                           \
    (COUNT(layouts) * COUNT(states) * COUNT(roles) * COUNT(roles) *            \
     COUNT(ota_flags) * COUNT(sources) * COUNT(attempts) * COUNT(installs) *   \
     COUNT(settled))

// Each number below COMBINATIONS is another record; above, on other flash.
static void numbered_case(uint32_t n)
{
    number = n;
    uint32_t rest = n;
    enum test_layout layout = PICK(layouts);
    struct ota_record record = {
        .state = PICK(states),
        .backup = PICK(roles),
        .staged = PICK(roles),
        .ota_flag = PICK(ota_flags),
        .source = PICK(sources),
        .attempts = PICK(attempts),
        .installs = PICK(installs),
        .flags = PICK(settled),
        .result = n % 3 ? 0 : OTA_ERR_UNCONFIRMED,
        .step = (uint8_t)(n % 17),
    };
    // the image that it speaks of: one of those that may be there, or none
    board_init(&board, layout, 1);
    uint8_t image[16 + SIZE];
    make_image(&board, image, n % 5 < 2 ? V1 : V2, SIZE);
    board_free(&board);
    struct ota_image decoded;
    assert_int_equal(ota_image_decode(&decoded, image), 0);
    if (n % 5 < 4) {
        ota_record_set_image(&record, &decoded);
    }
    store_le32(record.tried, n % 7 ? decoded.crc : 0);
    store_le32(record.tried + 4, decoded.size);
    one_case(layout, &record);
}

static void every_record_on_any_flash(void **state)
{
    (void)state;
    uint32_t count = DRAWS * (uint32_t)COMBINATIONS;
    for (uint32_t i = 0; i < count; i++) {
        numbered_case(i);
    }
}

/// Bytes that are no numbers of ours ///

static void load_raw(uint8_t raw[OTA_RECORD_SIZE])
{
    store_le32(raw + 60, (uint32_t)crc32(0, raw, 60));
    load_record(raw);
}

// Roles from 3 on name no slot: they choose an area of an array.
static void roles_that_are_no_slot(void **state)
{
    (void)state;
    for (uint32_t role = 0; role < 256; role++) {
        for (uint8_t which = 0; which < 6; which++) {
            number = role * 6 + which;
            random_state = number * 2654435761u | 1;
            board_init(&board, layouts[role % 3], 1);
            fill_app((enum content)draw(5));
            fill_slot(OTA_SLOT_A, (enum content)draw(4));
            fill_slot(OTA_SLOT_B, (enum content)draw(4));
            struct ota_record record = {.state = which,
                                        .ota_flag = which % 2,
                                        .source = OTA_SOURCE_STAGED};
            uint8_t raw[OTA_RECORD_SIZE];
            ota_record_encode(&record, raw);
            raw[28] = (uint8_t)role;
            load_raw(raw);
            boot();
            boot();
            board_free(&board);
        }
    }
}

// Every byte of a record takes every value.
static void every_byte_of_a_record(void **state)
{
    (void)state;
    for (uint32_t at = 0; at < 60; at++) {
        for (uint32_t value = 0; value < 256; value += 1 + at % 3) {
            number = at * 256 + value;
            random_state = number * 2654435761u | 1;
            board_init(&board, layouts[draw(3)], 1);
            fill_app((enum content)draw(5));
            fill_slot(OTA_SLOT_A, (enum content)draw(4));
            fill_slot(OTA_SLOT_B, (enum content)draw(4));
            struct ota_record record = {.state = (uint8_t)draw(5),
                                        .ota_flag = draw(2),
                                        .source = (uint8_t)draw(4),
                                        .backup = (uint8_t)draw(3),
                                        .staged = (uint8_t)draw(3)};
            uint8_t raw[OTA_RECORD_SIZE];
            ota_record_encode(&record, raw);
            raw[at] = (uint8_t)value;
            load_raw(raw);
            boot();
            boot();
            board_free(&board);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc > 2) {
        uint32_t first = (uint32_t)strtoul(argv[1], NULL, 0);
        uint32_t count = (uint32_t)strtoul(argv[2], NULL, 0);
        for (uint32_t i = 0; i < count; i++) {
            numbered_case(first + i);
        }
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_record_on_any_flash),
        cmocka_unit_test(roles_that_are_no_slot),
        cmocka_unit_test(every_byte_of_a_record),
    };
    return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
