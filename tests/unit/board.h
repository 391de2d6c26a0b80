// SPDX-License-Identifier: MIT
//
// A whole board for engine tests: a layout on a RAM flash, images, a boot.

#ifndef TEST_BOARD_H
#define TEST_BOARD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ota/boot.h"
#include "ram_flash.h"

// The layouts of the tests, each on its own geometry.
enum test_layout {
    LAYOUT_F446, // nucleo_f446re-single
    LAYOUT_F103, // 1 KiB pages, 2-byte units
    LAYOUT_L4,   // 2 KiB pages, 8-byte units, ECC
    LAYOUT_U5,   // 8 KiB pages, 16-byte units, ECC
    LAYOUT_H7,   // 128 KiB sectors, 32-byte units, ECC
    LAYOUT_COUNT
};

struct board {
    struct ota_layout layout;
    struct ram_flash *ram;
    struct ota_c_array array;
    struct ota_boot_source sources[1];
    struct ota_boot_config config;
    struct ota_boot boot;
    uint8_t image[40 * 1024]; // what the C array holds
    uint32_t array_size;      // how much of it can be read
};

void board_init(struct board *board, enum test_layout layout, uint32_t seed);
void board_free(struct board *board);

// Builds an image for the board into out (16 + size bytes): plausible vectors,
// contents that depend on the version, correct CRC. Returns its length.
uint32_t make_image(const struct board *board, uint8_t *out, uint32_t version,
                    uint32_t size);

// Corrects the CRC after a test has changed an image.
void fix_crc(uint8_t *image);

// Puts an image into the C array.
void offer(struct board *board, uint32_t version, uint32_t size);

// Puts an application into the app slot, header first, as otatool merge does.
void factory_app(struct board *board, uint32_t version, uint32_t size);

// Requests an update as the application would. 0 or an error.
int request(struct board *board);

// Boots to a verdict, or to the power cut that was asked for (returns -1).
int run_boot(struct board *board);

// The same after OTA_BOOT_NO_APP: looks for an image once more.
int continue_boot(struct board *board);

// run_boot, and the application that it wants to run is the right one.
void assert_runs(struct board *board, uint32_t version);

// The newest record, as an application would find it.
struct ota_record newest(struct board *board);

#endif
