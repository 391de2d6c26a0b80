// SPDX-License-Identifier: MIT
//
// A source: where an image comes from. The engine knows no more of it than
// these functions, so that an array, a UART and a server look the same.

#ifndef OTA_SOURCE_H
#define OTA_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "ota/error.h"

// Who offers an update; stored in the journal with a request.
enum ota_source_id {
    OTA_SOURCE_ANY = 0,     // whichever the bootloader finds first
    OTA_SOURCE_C_ARRAY = 1, // an image linked or programmed as a C array
    OTA_SOURCE_STAGED = 2,  // the image that waits in slot A or B
    OTA_SOURCE_UART = 3,    // XMODEM-1K or YMODEM on the console
    OTA_SOURCE_SLOT_A = 4,  // an image that somebody has put into slot A, at
                            // its byte 0, by other means than ota/stage.h; it
                            // may have been the backup, so ask at once
    OTA_SOURCE_SD = 5,      // the file firmware.bin of an SD card
};

// Embed this as the first member of your own source and fill in the functions.
// read and set_total_size are the reference system's stream with an instance
// argument. Functions marked optional may be NULL.
//
// Nothing blocks: a source that has to wait returns 0 from read, and keeps its
// own time: one that has been silent for too long returns OTA_ERR_SOURCE_READ.
struct ota_source {
    // Gives 1..len bytes and returns how many; 0: nothing yet, call again;
    // OTA_ERR_SOURCE_END: no more; other negative: an error.
    int (*read)(struct ota_source *source, void *data, size_t len);

    // Tells the source how many bytes the image has, header included, once the
    // header has been read. Optional.
    void (*set_total_size)(struct ota_source *source, uint32_t total);

    // Makes the source ready at byte 0. 0 or an error. Optional.
    int (*open)(struct ota_source *source);

    // Goes to a byte offset. 0 or OTA_ERR_SOURCE_SEEK. Optional: a source that
    // has it is verified completely before anything is erased.
    int (*seek)(struct ota_source *source, uint32_t offset);

    // The engine is done with it. Optional.
    void (*close)(struct ota_source *source);
};

// Opens (where the source can be opened) and returns 0 or its error.
OTA_CHECKED int ota_source_open(struct ota_source *source);
void ota_source_close(struct ota_source *source);

// The reference system's read: exactly len bytes or an error. Asks again when
// the source has nothing yet, at most idle_limit times in a row, then returns
// OTA_ERR_SOURCE_READ; a source that ends early gives OTA_ERR_SOURCE_END.
OTA_CHECKED int ota_source_read_exact(struct ota_source *source, void *data,
                                      size_t len, uint32_t idle_limit);

/// An image in memory ///

// The C array of the reference system (otatool c-array), or anything else the
// CPU can read. Seekable.
struct ota_c_array {
    struct ota_source source;
    const uint8_t *data;
    uint32_t size;     // bytes that may be read from data
    uint32_t position; // of the next read
};

// data must stay valid as long as the source is used. size may be larger than
// the image: a whole flash sector, of which the header says how much counts.
void ota_c_array_init(struct ota_c_array *array, const void *data,
                      uint32_t size);

#endif
