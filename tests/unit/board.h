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

#include "ota/app.h"
#include "ota/boot.h"
#include "ota/stage.h"
#include "ram_flash.h"

// The layouts of the tests, each on its own geometry.
enum test_layout {
    LAYOUT_F446, // nucleo_f446re-single
    LAYOUT_F103, // 1 KiB pages, 2-byte units
    LAYOUT_L4,   // 2 KiB pages, 8-byte units, ECC
    LAYOUT_U5,   // 8 KiB pages, 16-byte units, ECC
    LAYOUT_H7,   // 128 KiB sectors, 32-byte units, ECC
    LAYOUT_COUNT,
    // with slots; the made-up ones are small, so that a slot has many units
    SLOTS_F446 = LAYOUT_COUNT, // nucleo_f446re-internal
    SLOTS_F103,                // app slot of 14 KiB, smaller than the slots
    SLOTS_H7,                  // 8 KiB sectors with the H7's 32-byte units
    ONE_SLOT_F446,             // nucleo_f446re-one-slot
    ONE_SLOT_F103,             // slot of 20 KiB, smaller than the app slot
    ONE_SLOT_H7,
    SLOTS_W25Q,    // like SLOTS_F103, slots on a flash of their own
    ONE_SLOT_W25Q, // with pages, units and blocks
    BOARD_COUNT
};

// A part of the device that is watched, and may have gone bad.
struct watch {
    const struct ota_area *area;
    int read_error, prog_error, erase_error; // 0: works
    uint32_t spare;      // so many bad reads pass before read_error
    bool once;           // read_error comes only once
    uint32_t reads;      // calls
    uint32_t programmed; // bytes
    uint32_t erased;     // bytes
};

#define WATCHES 6 // of board->ram

struct board {
    struct ota_layout layout;
    struct ram_flash *ram;
    struct ram_flash *w25q; // that the slots lie on, or NULL
    struct ota_c_array array;
    struct ota_boot_source sources[1];
    struct ota_boot_config config;
    struct ota_boot boot;
    uint8_t image[40 * 1024]; // what the C array holds
    uint32_t array_size;      // how much of it can be read
    struct watch watch[WATCHES];
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
int request_from(struct board *board, enum ota_source_id source);

/// Slots ///

// Puts an image file into a slot, as a programmer would; and whether the slot
// holds exactly that file.
void put_in_slot(struct board *board, uint8_t slot, uint32_t version,
                 uint32_t size);
bool slot_holds(const struct board *board, uint8_t slot, uint32_t version,
                uint32_t size);

// Erases a whole area.
void wipe_area(const struct ota_area *area);

// The application's view, with the info block of this board's bootloader.
void make_info(const struct board *board, uint8_t info[OTA_INFO_SIZE]);
void open_app(struct board *board, struct ota_app *app);

// Stages an image file through ota_stage_*, in pieces of this many bytes. 0 or
// an error.
int stage_pieces(struct board *board, const uint8_t *file, uint32_t len,
                 uint32_t piece);
int stage_image(struct board *board, uint32_t version, uint32_t size);

// The application that runs says that it is well. 0 or an error.
int confirm_app(struct board *board);

// A whole update: staged, requested, installed, confirmed.
void full_update(struct board *board, uint32_t version, uint32_t size);

// Watches an area, from now on; the result's errors may be set.
struct watch *watch_area(struct board *board, const struct ota_area *area);

// Appends a record as it is, whoever would have written it.
void append_record(struct board *board, struct ota_record record);

// The journal says that the slot holds a copy of what runs.
void name_backup(struct board *board, uint8_t slot);

/// Booting ///

// Boots to a verdict, or to the power cut that was asked for (returns -1).
int run_boot(struct board *board);

// The same after OTA_BOOT_NO_APP: looks for an image once more.
int continue_boot(struct board *board);

// run_boot, and the application that it wants to run is the right one.
void assert_runs(struct board *board, uint32_t version);

// The app slot holds this version, bit for bit, whatever the machine says.
bool app_holds(const struct board *board, uint32_t version, uint32_t size);

// The newest record, as an application would find it.
struct ota_record newest(struct board *board);

#endif
