// SPDX-License-Identifier: MIT
//
// Everything at once, at random: power cuts in requests, updates and
// recoveries, flash that fails to read, program and erase, spoiled images, on
// every geometry. Never may anything run that is not verified; and once the
// trouble is over, a device that has a good application anywhere runs it, and
// takes the next two updates.
//   test_soak [FIRST_SEED [COUNT]]      a failure names its seed

#include "board.h"

#include <stdio.h>
#include <stdlib.h>

#include <zlib.h>

#include "ota/bytes.h"

#define ROUNDS 12

static uint32_t first_seed = 1;
static uint32_t seed_count = 1000;

struct soak {
    struct board board;
    uint32_t seed;
    uint32_t random;
    uint32_t version; // of the newest image that was made
};

static unsigned boots, cuts;

// 0 .. n - 1
static uint32_t draw(struct soak *soak, uint32_t n)
{
    // xorshift32, Marsaglia 2003
    soak->random ^= soak->random << 13;
    soak->random ^= soak->random >> 17;
    soak->random ^= soak->random << 5;
    return soak->random % n;
}

/// The oracle, which looks at the bytes itself ///

static bool image_is_good(const uint8_t *header, const uint8_t *app,
                          uint32_t room)
{
    uint32_t size = load_le32(header + 4);
    return load_le32(header) == OTA_MAGIC_PLAIN && size >= OTA_VECTORS_SIZE &&
           size <= room && crc32(0, app, size) == load_le32(header + 8);
}

static bool app_is_good(const struct board *board)
{
    const struct ota_area *app = &board->layout.app;
    const uint8_t *slot = board->ram->now + app->offset;
    return image_is_good(slot, slot + OTA_HEADER_SPACE,
                         app->size - OTA_HEADER_SPACE);
}

// Good, and will be tomorrow.
static bool app_will_hold(const struct board *board)
{
    const struct ota_area *app = &board->layout.app;
    return app_is_good(board) &&
           !ram_flash_is_torn(board->ram, app->offset,
                              OTA_HEADER_SPACE +
                                  load_le32(board->ram->now + app->offset + 4));
}

static bool array_is_good(const struct board *board)
{
    return image_is_good(board->image, board->image + OTA_PLAIN_HEADER_SIZE,
                         sizeof board->image - OTA_PLAIN_HEADER_SIZE);
}

/// Trouble ///

static void spoil_image(struct soak *soak)
{
    switch (draw(soak, 4)) {
    case 0:
        offer(&soak->board, ++soak->version, 100 + draw(soak, 2500));
        break;
    case 1:
        soak->board.image[draw(soak, 400)] ^= (uint8_t)(1 << draw(soak, 8));
        break;
    default:
        break;
    }
}

static void cut_within(struct soak *soak, uint32_t operations)
{
    soak->board.ram->cut_at = 1 + draw(soak, operations);
    soak->board.ram->cut = (enum ram_cut)draw(soak, 3);
}

static void break_flash(struct soak *soak)
{
    static const int prog[] = {OTA_OK, OTA_ERR_POWER, OTA_ERR_FLASH_PROGRAM,
                               OTA_ERR_FLASH_TIMEOUT, OTA_ERR_FLASH_PROTECTED};
    static const int erase[] = {OTA_ERR_POWER, OTA_ERR_FLASH_ERASE,
                                OTA_ERR_FLASH_PROTECTED};
    struct ram_faults *faults = &soak->board.ram->faults;
    faults->prog_at = draw(soak, 2) ? 1 + draw(soak, 600) : 0;
    faults->prog_error = prog[draw(soak, 5)];
    faults->erase_at = draw(soak, 2) ? 1 + draw(soak, 6) : 0;
    faults->erase_error = erase[draw(soak, 3)];
    faults->read_at = draw(soak, 3) ? 0 : 1 + draw(soak, 800);
    faults->sticky = draw(soak, 4) == 0;
}

static void calm(struct board *board)
{
    ram_flash_power_on(board->ram);
    board->ram->cut_at = 0;
    board->ram->faults = (struct ram_faults){0};
}

/// A device's life ///

// Boots until it runs, is cut off, or has looked for an image in vain a few
// times. True when it runs something.
static bool boots_up(struct soak *soak)
{
    struct board *board = &soak->board;
    int verdict = run_boot(board);
    for (int i = 0; i < 5 && verdict == OTA_BOOT_NO_APP; i++) {
        verdict = continue_boot(board);
    }
    boots++;
    cuts += verdict < 0;
    if (verdict == OTA_BOOT_RUN &&
        (board->boot.development || !app_is_good(board))) {
        fail_msg("seed %u: runs what is not verified", (unsigned)soak->seed);
    }
    return verdict == OTA_BOOT_RUN;
}

static void one_round(struct soak *soak)
{
    struct board *board = &soak->board;
    spoil_image(soak);
    if (draw(soak, 2)) {
        if (draw(soak, 3) == 0) {
            cut_within(soak, 16);
        }
        (void)request(board); // there may be no journal yet, or no power
        ram_flash_power_on(board->ram);
    }
    if (draw(soak, 4)) {
        cut_within(soak, draw(soak, 2) ? 60 : 900);
    }
    if (draw(soak, 2)) {
        break_flash(soak);
    }
    (void)boots_up(soak);
    calm(board);
}

static void two_more_updates(struct soak *soak)
{
    for (int i = 0; i < 2; i++) {
        offer(&soak->board, ++soak->version, 500);
        int err = request(&soak->board);
        if (err || !boots_up(soak) ||
            soak->board.boot.app.version != soak->version) {
            fail_msg("seed %u: the next update fails", (unsigned)soak->seed);
        }
    }
}

static void one_life(uint32_t seed)
{
    static struct soak soak; // large
    soak = (struct soak){.seed = seed, .random = seed * 2654435761u | 1};
    soak.version = 1;
    enum test_layout layout = (enum test_layout)draw(&soak, LAYOUT_COUNT);
    board_init(&soak.board, layout, seed + 1);
    if (draw(&soak, 3) == 0) {
        factory_app(&soak.board, soak.version, 100 + draw(&soak, 900));
    }
    for (int i = 0; i < ROUNDS; i++) {
        one_round(&soak);
    }
    bool good = app_will_hold(&soak.board) || array_is_good(&soak.board);
    bool runs = boots_up(&soak);
    if (good && !runs) {
        fail_msg("seed %u: a dead end", (unsigned)seed);
    }
    if (runs) {
        two_more_updates(&soak);
    }
    board_free(&soak.board);
}

static void many_lives(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < seed_count; i++) {
        one_life(first_seed + i);
    }
    print_message("soak: %u lives, %u boots, %u power cuts\n",
                  (unsigned)seed_count, boots, cuts);
    assert_true(boots > ROUNDS * seed_count);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        first_seed = (uint32_t)strtoul(argv[1], NULL, 0);
        seed_count = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 0) : 1;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(many_lives)};
    return cmocka_run_group_tests_name("soak", tests, NULL, NULL);
}
