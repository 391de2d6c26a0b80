// SPDX-License-Identifier: MIT
//
// The states of struct ota_boot and what boot.c (which application runs) and
// install.c (bringing a new one) call of each other.

#ifndef MACHINE_H
#define MACHINE_H

#include "ota/boot.h"

enum state {
    // boot.c
    STATE_SCAN,       // read the journal
    STATE_APP_HEADER, // what does the app slot say it holds?
    STATE_APP_CHECK,  // is it true?
    STATE_DECIDE,     // run it, or update?
    STATE_SETTLE,     // leave the journal as an application wants to find it
    STATE_RUN,        // final
    STATE_NO_APP,     // final until the caller wants to look for an image
    // install.c
    STATE_OPEN,    // the next source
    STATE_HEADER,  // read and check its header
    STATE_CHECK,   // verify it where it is, if it can be read twice
    STATE_BEGIN,   // record that the app slot is about to change
    STATE_ERASE,   // the app slot
    STATE_PROGRAM, // the application but for its vectors
    STATE_VERIFY,  // what the flash holds
    STATE_FINISH,  // program header and vectors, record the success
    STATE_COUNT
};

// Each does one step, sets the next state and returns a verdict.
enum ota_verdict ota_install_open(struct ota_boot *boot);
enum ota_verdict ota_install_header(struct ota_boot *boot);
enum ota_verdict ota_install_check(struct ota_boot *boot);
enum ota_verdict ota_install_begin(struct ota_boot *boot);
enum ota_verdict ota_install_erase(struct ota_boot *boot);
enum ota_verdict ota_install_program(struct ota_boot *boot);
enum ota_verdict ota_install_verify(struct ota_boot *boot);
enum ota_verdict ota_install_finish(struct ota_boot *boot);

// Goes to a state with position and crc at 0.
enum ota_verdict ota_boot_go(struct ota_boot *boot, enum state state);

// Adds the next chunk of the app slot's application to boot->crc, of size
// bytes in all. 1: all done, 0: more to come, or a read error.
OTA_CHECKED int ota_boot_crc_app(struct ota_boot *boot, uint32_t size);

// The newest record with what this boot knows of the app slot put in: the
// basis of every record that the bootloader writes.
struct ota_record ota_boot_record(const struct ota_boot *boot);

// Writes a record, marked settled; keeps its error in boot->journal_error.
int ota_boot_write(struct ota_boot *boot, struct ota_record *record);

void ota_boot_progress(const struct ota_boot *boot, enum ota_step step,
                       uint32_t done, uint32_t total);

// The application's place in the journal's header words.
void ota_record_set_image(struct ota_record *record,
                          const struct ota_image *image);
bool ota_record_has_image(const struct ota_record *record,
                          const struct ota_image *image);

#endif
