// SPDX-License-Identifier: MIT
//
// Staging: bringing an image into the free one of slots A and B while the
// application runs, in pieces of any size, from wherever it comes.
//
//     err = ota_stage_begin(&stage, &app, head, head_len);
//     while (err == 0 && (n = more_of_the_file(data)) > 0) {
//         err = ota_stage_write(&stage, data, n); // from byte 0 of the file
//     }
//     if (err == 0) { err = ota_stage_finish(&stage); }
//     if (err == 0) { err = ota_app_request(&app, OTA_SOURCE_STAGED); }
//
// The running application, and the backup of it, are never touched.
//
// Each call may erase and program. Fetches from the same flash stall meanwhile,
// up to 2 s for the erase of a 128 KiB sector (RM0390 3.5); slots on a W25Q
// stall nothing, but a call returns when it is done: up to 2 s for each block,
// and as long again for a chip that somebody has left busy. Where a write
// begins, two units or blocks are erased, and one more for each that its bytes
// go into. A watchdog must outlast that: write in small pieces, and feed it
// between them.

#ifndef OTA_STAGE_H
#define OTA_STAGE_H

#include <stddef.h>
#include <stdint.h>

#include "ota/app.h"
#include "ota/error.h"
#include "ota/image.h"
#include "ota/slot.h"

// Bytes of the image file that begin and resume want to see: header and
// vectors.
#define OTA_STAGE_HEAD (OTA_PLAIN_HEADER_SIZE + OTA_VECTORS_SIZE)

// Caller-owned; private to stage.c, but for writer.position and
// writer.total: bytes of the file taken so far, and in all.
struct ota_stage {
    struct ota_app *app;
    struct ota_image image; // as offered
    struct ota_slot_writer writer;
    uint8_t slot; // enum ota_slot
};

// Begins an image. head are its first len bytes, OTA_STAGE_HEAD at least; they
// are checked by the rules of the bootloader before anything is touched (the
// errors of ota_image_decode, _check_header and _check_vectors;
// OTA_ERR_TRUNCATED when head is too short). Withdraws what was staged or
// requested before, by a record. Then write from byte 0 of the file.
//
// Also OTA_ERR_NO_SLOT, OTA_ERR_JOURNAL_EMPTY, OTA_ERR_ON_TRIAL (confirm
// first), OTA_ERR_BUSY (the bootloader could not record the end of the last
// update: reset first) and errors of ota_journal_append.
OTA_CHECKED int ota_stage_begin(struct ota_stage *stage, struct ota_app *app,
                                const void *head, size_t len);

// Goes on with an image after a reset: head is offered again, and compared with
// what the slot holds. Returns the file offset from which to write (the
// beginning of an erase unit; 0: from the start), or an error as
// ota_stage_begin. A unit, or a block where the device has them, counts as
// complete once a later one has been begun, so at most two are written again; a
// slot of one erase unit begins at 0.
OTA_CHECKED int32_t ota_stage_resume(struct ota_stage *stage,
                                     struct ota_app *app, const void *head,
                                     size_t len);

// Takes the next len bytes of the file. Returns 0, OTA_ERR_RANGE when they are
// more than the header said, or an error of the flash: nothing can be written
// after that; begin or resume.
OTA_CHECKED int ota_stage_write(struct ota_stage *stage, const void *data,
                                size_t len);

// Verifies what the slot holds, from flash, and records that it is staged.
// Returns 0 once that is durable; OTA_ERR_TRUNCATED when bytes are missing;
// OTA_ERR_CRC or an error of the flash when it does not verify: the slot is
// invalidated then, so that ota_stage_resume begins at 0; or an error of
// ota_journal_append.
OTA_CHECKED int ota_stage_finish(struct ota_stage *stage);

#endif
