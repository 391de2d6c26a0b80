// SPDX-License-Identifier: MIT
//
// The journal: an append-only log of application headers in two erase units
// that are used in turn. Each record is a complete snapshot, written once,
// never modified, valid by its own CRC; the newest valid one is the truth.
// Nothing that is needed is ever erased: a power cut at any instant leaves
// either the old snapshot or the new one as the newest. Bytes: SPEC.md.

#ifndef OTA_JOURNAL_H
#define OTA_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "ota/error.h"
#include "ota/flash.h"
#include "ota/image.h"

#define OTA_JOURNAL_FORMAT 1
#define OTA_RECORD_SIZE    64

// Before every jump the bootloader leaves at least this many free positions,
// so that an application never has to erase.
#define OTA_JOURNAL_RESERVE 4

// ota_flag, with the reference system's values.
#define OTA_FLAG_NONE    0u
#define OTA_FLAG_REQUEST 1u

// What the app slot is in the middle of. Numbers are part of the format.
enum ota_state {
    OTA_STATE_CONFIRMED = 1,  // it holds what the record's header says
    OTA_STATE_INSTALLING = 2, // being replaced by the staged image
    OTA_STATE_TRIAL = 3,      // a new application that has not confirmed yet
    OTA_STATE_REVERTING = 4,  // being replaced by the backup
};

// A slot in a record: which of the two plays a role.
enum ota_slot { OTA_SLOT_NONE = 0, OTA_SLOT_A = 1, OTA_SLOT_B = 2 };

// How far the last update came; the step at which it ended.
enum ota_step {
    OTA_STEP_NONE = 0,
    OTA_STEP_OPEN = 1,    // opening the source
    OTA_STEP_HEADER = 2,  // reading and checking the image header
    OTA_STEP_CHECK = 3,   // verifying the image where it comes from
    OTA_STEP_BEGIN = 4,   // recording that the install begins
    OTA_STEP_ERASE = 5,   // erasing the app slot
    OTA_STEP_PROGRAM = 6, // programming the application
    OTA_STEP_VERIFY = 7,  // verifying what the flash holds
    OTA_STEP_FINISH = 8,  // programming the header, clearing the request
    OTA_STEP_DONE = 9,
    OTA_STEP_STAGE = 10,   // copying the image into its slot
    OTA_STEP_BACKUP = 11,  // copying the running application into a slot
    OTA_STEP_TRIAL = 12,   // booting the new application until it confirms
    OTA_STEP_RESTORE = 13, // the confirmed one had rotted and was brought back
};

// A short name for a step ("erase"), never NULL.
const char *ota_step_name(enum ota_step step);

// Bits of ota_record.flags.
#define OTA_RECORD_SETTLED (1u << 0) // written by a bootloader

// A record, decoded. The members lie where SPEC.md has their bytes, but for the
// byte of format and the one of roles: backup and staged are there instead.
struct ota_record {
    // the reference system's application header: what the app slot is meant
    // to hold after this step
    uint32_t ota_flag;
    uint32_t magic;
    uint32_t size;
    uint32_t crc;
    uint32_t version;

    uint32_t sequence;       // set by ota_journal_append
    uint8_t backup;          // enum ota_slot: holds what runs if confirmed,
                             // else the confirmed application before
    uint8_t state;           // enum ota_state
    uint8_t source;          // enum ota_source_id of the request
    uint8_t attempts;        // boots of an unconfirmed application
    uint8_t staged;          // enum ota_slot: an update waits here, or is the
                             // copy of what is on trial
    uint8_t installs;        // installs of this update that failed
    uint8_t step;            // enum ota_step at which the last update ended
    uint8_t flags;           // OTA_RECORD_*
    int32_t result;          // of the last update: enum ota_error
    uint32_t tried_version;  // what it tried to install; 0: none yet, no image
    uint32_t security_floor; // lowest security counter accepted (0 for now)
    uint8_t installed[8]; // prefix of the running image's digest; plain: crc,
    uint8_t tried[8];     // size. The same of the image tried last.
};

// The five header words and the digest prefix of an image, into a record; and
// whether a record's header words are those of an image.
void ota_record_set_image(struct ota_record *record,
                          const struct ota_image *image);
bool ota_record_has_image(const struct ota_record *record,
                          const struct ota_image *image);

// Copies the members of a record as they are.
void ota_record_copy(void *to, const void *from);

// A record to and from its 64 bytes. decode returns 0, OTA_ERR_CRC (torn,
// corrupt or blank) or OTA_ERR_FORMAT (valid, but of a newer format).
void ota_record_encode(const struct ota_record *record,
                       uint8_t raw[OTA_RECORD_SIZE]);
OTA_CHECKED int ota_record_decode(struct ota_record *record,
                                  const uint8_t raw[OTA_RECORD_SIZE]);

// State of an open journal; owned by the caller, private to journal.c except
// for newest, valid, blank and torn.
struct ota_journal {
    const struct ota_area *units; // two areas
    struct ota_record newest;     // all zero while none is known
    bool valid;                   // newest was found or written
    bool blank;                   // the scan found both units erased
    bool torn; // what is no record stands behind the newest: it may read as one
               // another time
    uint32_t capacity; // records in one unit
    uint32_t turns;    // turn-overs; the unit in use is turns % 2
    uint32_t next;     // position of the next append
};

// Scans both units completely. units points to two areas that outlive the
// journal. Returns 0, OTA_ERR_JOURNAL_EMPTY when no valid record was found, or
// OTA_ERR_ARGUMENT for areas that cannot hold a journal (one erase unit each,
// more than OTA_JOURNAL_RESERVE records). Positions that cannot be read count
// as not there.
OTA_CHECKED int ota_journal_scan(struct ota_journal *journal,
                                 const struct ota_area *units);

// Records in one unit: that of the smaller one.
uint32_t ota_journal_capacity(const struct ota_journal *journal);

// Positions that can still be appended to without an erase.
uint32_t ota_journal_free(const struct ota_journal *journal);

// Appends a record after the last position that is not blank and reads it
// back; a position that does not take it is skipped. Gives the record its
// sequence and makes it journal->newest. Never erases: this is the
// application's way to write. Returns 0, OTA_ERR_JOURNAL_FULL,
// OTA_ERR_JOURNAL_WRITE, or the port's OTA_ERR_POWER, _PROTECTED, _LOCKED.
OTA_CHECKED int ota_journal_append(struct ota_journal *journal,
                                   struct ota_record *record);

// For the bootloader only: like append, but turns over to the other unit
// (erase, then append) when the current one has no room or does not take the
// record. The unit that holds the newest record is never erased.
OTA_CHECKED int ota_journal_write(struct ota_journal *journal,
                                  struct ota_record *record);

// For the bootloader, before every jump: turns over when fewer than
// OTA_JOURNAL_RESERVE positions are free. 0 or an error of ota_journal_write.
OTA_CHECKED int ota_journal_make_room(struct ota_journal *journal);

#endif
