// SPDX-License-Identifier: MIT
//
// The application's side: which bootloader is this, what did the last update
// do, I am well, and: please update me.
//
//     struct ota_app app;
//     int err = ota_app_open(&app, &board_layout, info_block);
//     if (err == 0 && self_test_passed()) {
//         err = ota_app_confirm(&app);
//     }
//     ...
//     if (err == 0 && button_was_let_go()) { // held at a reset: recovery
//         err = ota_app_request(&app, OTA_SOURCE_STAGED);
//         if (err == 0) { reset(); }
//     }
//
// How an image gets into a slot is in ota/stage.h.
//
// Call from one thread, never from an interrupt handler: these functions
// program flash, which stalls every fetch from it for up to 2 ms.

#ifndef OTA_APP_H
#define OTA_APP_H

#include <stdbool.h>
#include <stdint.h>

#include "ota/error.h"
#include "ota/info.h"
#include "ota/journal.h"
#include "ota/layout.h"
#include "ota/source.h"

// Caller-owned; read-only outside app.c and stage.c.
struct ota_app {
    const struct ota_layout *layout;
    struct ota_info bootloader;
    struct ota_journal journal;
    bool asked; // a request has been written since ota_app_open
};

struct ota_status {
    uint32_t version;       // of the image in the app slot; 0: none (debugger)
    uint32_t boot_version;  // of the bootloader
    bool requested;         // an update is requested for the next reset
    bool staged;            // a complete image waits in a slot
    bool trial;             // what runs has not confirmed yet
    uint8_t boots_left;     // more boots that a trial has, this one not counted
    uint32_t tried_version; // what the last update tried; 0: no update yet, or
                            // what the source held was no image
    int result;             // how it ended: 0 or an OTA_ERR_*
    enum ota_step step;     // where it ended; OTA_STEP_DONE: installed
};

// Opens the application's view: checks that the bootloader's info block (64
// bytes, at flash_base + OTA_INFO_OFFSET) has this very layout and the journal
// format that this library writes, then scans the journal. Returns 0,
// OTA_ERR_NO_BOOTLOADER, OTA_ERR_FORMAT, OTA_ERR_LAYOUT, or
// OTA_ERR_JOURNAL_EMPTY when the bootloader could not leave a record (the app
// runs on, ota_app_status works, a request will be refused).
OTA_CHECKED int ota_app_open(struct ota_app *app,
                             const struct ota_layout *layout,
                             const void *info_block);

// What is running and what the last update did. Returns 0, or a read error of
// the app slot's header; *status is filled in either case.
OTA_CHECKED int ota_app_status(const struct ota_app *app,
                               struct ota_status *status);

// "I am well": ends the trial of the application that calls it, so that it is
// not reverted. Call it once the self-test has passed; calling it again, or
// where nothing is on trial, writes nothing and returns 0. Returns 0 once the
// confirmation is durable, OTA_ERR_NO_TRIAL when another application than the
// one that runs is on trial, OTA_ERR_JOURNAL_EMPTY, a read error of the app
// slot's header, or an error of ota_journal_append; try again then.
OTA_CHECKED int ota_app_confirm(struct ota_app *app);

// Asks the bootloader to update from a source at the next reset: appends one
// record, in which only flag and source differ from the newest (and, with
// OTA_SOURCE_SLOT_A, slot A has lost its role: the bootloader makes a backup of
// what runs in slot B first, if none is there). Asking twice for the same
// source after one ota_app_open appends once. Returns 0 once the request is
// durable, else OTA_ERR_JOURNAL_EMPTY, OTA_ERR_ON_TRIAL (confirm first),
// OTA_ERR_NOT_STAGED (source OTA_SOURCE_STAGED without ota_stage_finish),
// OTA_ERR_NO_SLOT (source OTA_SOURCE_SLOT_A in a layout without slots, or with
// a bootloader that lacks OTA_FEATURE_SLOT_A),
// OTA_ERR_BUSY (the same while the bootloader could not record the end of the
// last update: reset first) or an error of ota_journal_append; nothing is lost
// then.
OTA_CHECKED int ota_app_request(struct ota_app *app, enum ota_source_id source);

#endif
