// SPDX-License-Identifier: MIT
//
// The bootloader's decisions and its install, as a machine that does one
// bounded piece of work at a call: at most two erases (of a unit, or of a block
// where the device has them), one chunk of OTA_CHUNK bytes, or one journal
// record (which may erase a unit of the journal). The caller feeds its
// watchdog, blinks and prints between the calls, and acts on the verdict; the
// engine never waits, logs, jumps or resets.
//
//     struct ota_boot boot;
//     ota_boot_begin(&boot, &config);
//     do {
//         feed_watchdog();
//         verdict = ota_boot_step(&boot);
//     } while (verdict == OTA_BOOT_BUSY);

#ifndef OTA_BOOT_H
#define OTA_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ota/error.h"
#include "ota/image.h"
#include "ota/journal.h"
#include "ota/layout.h"
#include "ota/slot.h"
#include "ota/source.h"

// Bytes read, programmed or checked in one step. A multiple of
// OTA_MAX_WRITE_UNIT.
#define OTA_CHUNK 1024

// In one boot an install is tried this often; a flash that fails is not worn
// out by a bootloader that never gives up.
#define OTA_INSTALL_TRIES 3

enum ota_verdict {
    OTA_BOOT_BUSY = 0,   // call again
    OTA_BOOT_RUN = 1,    // run the application: it is verified
    OTA_BOOT_NO_APP = 2, // nothing to run; call again to look for an image
};

// One place that an update may come from. Slots A and B are not listed: the
// machine knows them.
struct ota_boot_source {
    enum ota_source_id id;
    struct ota_source *source;
    bool by_hand; // somebody brings it (a sender on a line, an SD card): asked
                  // while the button is held, as the others are not
};

// Constant; must outlive the machine.
struct ota_boot_config {
    const struct ota_layout *layout;
    const struct ota_boot_source *sources; // asked in this order
    size_t source_count;

    // Somebody holds the button: wait for an image from a source that is
    // by_hand before running a valid application. Ends with
    // ota_boot_end_recovery. What the journal asks for is done after that. A
    // source that can seek does not bring what runs already once more.
    bool recovery;

    // Told as the work goes on: percent 0..100 of the step. May be NULL.
    void (*progress)(void *context, enum ota_step step, unsigned percent);
    void *context;
};

// State of the machine; owned by the caller. Read-only outside: journal, app,
// app_error, development, trial, image, error, step, journal_error. The rest
// is private.
//
// Small members come first: a Cortex-M reaches a byte up to offset 31, and a
// word up to 124, by a short instruction.
struct ota_boot {
    uint8_t state;
    uint8_t job;
    uint8_t slot;       // enum ota_slot that the job reads, or stages in
    enum ota_step step; // at which the last update failed; DONE: installed
    bool touched;       // the app slot is being replaced
    bool requested;     // by the journal, not for want of an application
    bool recovery;      // the button asks for an image
    bool from_any;      // any source will do
    bool backed_up;     // in this boot
    bool backup_stands; // the slot beside the update's is proved to hold app
    bool slots_fail;    // and nothing is lost without them: not staged in
    bool begun;         // so it says in the journal, by a record of this boot
    bool polled;        // all sources have been asked
    bool development;   // flashed by a debugger: no header, not checked
    bool trial;         // this boot of the application is one of its trial
    uint8_t failures;   // installs that failed in this boot
    uint8_t looked;     // slots that a rescue has looked into, by bit
    uint8_t rereads;    // of an application that could not be read
    uint8_t broken;     // lines that broke off

    const struct ota_boot_config *config;
    const struct ota_layout *layout;
    int app_error;     // 0: the application is valid; else why not
    int error;         // of the last update in this boot, 0: none failed
    int journal_error; // of the last attempt to write a record
    const struct ota_boot_source *listed; // that is asked, of config->sources
    struct ota_source *source; // that is read: listed, a slot or the app slot
    uint32_t position;         // bytes of the current step that are done
    uint32_t buffered;         // bytes in buffer
    uint32_t crc;              // running
    struct ota_image image;    // the update under way, or tried last
    struct ota_image app;      // what the app slot holds
    struct ota_journal journal;
    struct ota_record record;          // the one that is written next
    struct ota_image update;           // while the backup is looked at
    struct ota_slot_writer writer;     // the slot that is written
    struct ota_area_source area;       // the slot or app slot that is read
    uint8_t first[OTA_MAX_WRITE_UNIT]; // of the application: programmed last
    uint8_t buffer[OTA_CHUNK];
};

// Prepares the machine; touches no flash.
void ota_boot_begin(struct ota_boot *boot,
                    const struct ota_boot_config *config);

// Does one piece of work and returns a verdict; never negative: what goes wrong
// is recorded in the journal and in boot->error.
//
// After OTA_BOOT_RUN the application's vector table is at
// ota_layout_vectors(). After OTA_BOOT_NO_APP the caller may go on calling, at
// once or after a pause: the sources are asked again and the slots looked into,
// or the supply is looked at again. Looking wears no flash.
OTA_CHECKED enum ota_verdict ota_boot_step(struct ota_boot *boot);

// After OTA_BOOT_NO_APP, if the button brought it about: nobody sends anything,
// so go on with the application, if there is a valid one.
void ota_boot_end_recovery(struct ota_boot *boot);

// The source that is asked for its bytes from the next step on, or NULL:
// whoever shares a line with it keeps quiet.
const struct ota_boot_source *ota_boot_fetching(const struct ota_boot *boot);

// After OTA_BOOT_NO_APP: whether an update was begun and could not be finished
// (the reference system's slow blinking), rather than no application ever
// having been there (the fast one).
bool ota_boot_update_failed(const struct ota_boot *boot);

// The machine's own call of config->progress: done of total bytes of the step.
// A program that wants none may define this function itself, empty, and saves
// the code of all the calls.
void ota_boot_progress(const struct ota_boot *boot, uint32_t done,
                       uint32_t total);

#endif
