// SPDX-License-Identifier: MIT
//
// The states of struct ota_boot, and what the files of the machine call of each
// other:
//
//   boot.c     which application runs
//   job.c      what is to be done about it, and what next when that fails
//   fetch.c    reading an image from where it is, and checking it there
//   copy.c     bringing an image into a slot
//   install.c  bringing an image into the app slot

#ifndef MACHINE_H
#define MACHINE_H

#include "ota/boot.h"
#include "ota/bytes.h"

// Numbered as the steps that they are, by which they are told.
enum state {
    STATE_SCAN = OTA_STEP_NONE, // read the journal
    // fetch.c
    STATE_OPEN = OTA_STEP_OPEN,     // the source
    STATE_HEADER = OTA_STEP_HEADER, // read and check the image's header
    STATE_CHECK = OTA_STEP_CHECK,   // verify it where it is, if it can be read
                                    // twice
    // install.c
    STATE_BEGIN = OTA_STEP_BEGIN, // record that the app slot is about to change
    STATE_ERASE = OTA_STEP_ERASE, // the app slot; then STATE_COPY into it
    STATE_VERIFY = OTA_STEP_VERIFY, // what the flash holds
    STATE_FINISH = OTA_STEP_FINISH, // program header and vectors, record it
    // copy.c
    STATE_COPY = OTA_STEP_PROGRAM,     // into a slot, or the app slot
    STATE_COPY_BEGIN = OTA_STEP_STAGE, // record that a slot is about to change
    // boot.c
    STATE_SETTLE = OTA_STEP_DONE, // leave the journal as an application wants
                                  // to find it
    STATE_DECIDE = STATE_COPY_BEGIN + 1, // run the application, or update?
    STATE_RUN,                           // final
    STATE_NO_APP, // final until the caller wants to look for an image
};

// What the machine is at, if not at booting. Each ends in the next or in an
// application to run.
enum job {
    JOB_CHECK_APP,    // is what the app slot holds valid?
    JOB_CHECK_BACKUP, // is there a copy of it beside the update?
    JOB_FETCH,   // from a source into a slot; without slots, into the app slot
    JOB_BACKUP,  // the running application into the slot beside the update's
    JOB_INSTALL, // from a slot into the app slot, for a trial
    JOB_RESTORE, // the same for an application that was confirmed before
};

// Each does one step, sets the next state and returns an enum ota_verdict; or
// an error, with which the job fails at this step: ota_boot_step sees to that.
int ota_fetch_open(struct ota_boot *boot);
int ota_fetch_header(struct ota_boot *boot);
int ota_fetch_check(struct ota_boot *boot);
int ota_copy_begin(struct ota_boot *boot);
int ota_copy_step(struct ota_boot *boot);
int ota_install_begin(struct ota_boot *boot);
int ota_install_erase(struct ota_boot *boot);
int ota_install_verify(struct ota_boot *boot);
int ota_install_finish(struct ota_boot *boot);

/// boot.c ///

static inline int ota_boot_go(struct ota_boot *boot, enum state state)
{
    boot->state = (uint8_t)state;
    return OTA_BOOT_BUSY;
}

// The same, and tells the caller that there is nothing to run yet.
static inline int ota_boot_wait(struct ota_boot *boot, enum state state)
{
    boot->state = (uint8_t)state;
    return OTA_BOOT_NO_APP;
}

// Whether it is the one that the journal has on trial.
bool ota_boot_app_on_trial(const struct ota_boot *boot);

// Whether the app slot holds an application that may be relied on: valid, and
// not in the middle of being replaced, when torn flash may read well by chance.
bool ota_boot_app_stands(const struct ota_boot *boot);

// Each returns boot->record, made to be changed and written. This one is the
// newest record as it is.
struct ota_record *ota_boot_newest(struct ota_boot *boot);

// With what this boot knows of the application put in: for one that is going to
// run because nothing better is left, even if it does not stand.
struct ota_record *ota_boot_adopt(struct ota_boot *boot);

// The same, but only if it stands: the basis of every record before work on
// flash.
struct ota_record *ota_boot_record(struct ota_boot *boot);

// Writes boot->record, marked settled; keeps its error in boot->journal_error.
void ota_boot_write(struct ota_boot *boot);

// The same before work on flash that must not begin without a record; but
// without an application there is nothing that a lost record could lose.
OTA_CHECKED int ota_boot_write_first(struct ota_boot *boot);

// What the machine is at, as it is told.
enum ota_step ota_boot_step_of(const struct ota_boot *boot);

/// install.c ///

// Programs what the buffer holds into the app slot, except the vectors: an
// install that was cut off must not look like a development build, whatever
// the journal says by then (it may be dead).
OTA_CHECKED int ota_install_write(struct ota_boot *boot);

/// job.c ///

// These return an enum ota_verdict, too; ota_job_checked an error as well.

// Begins what a request, or a half done install, asks for.
int ota_job_requested(struct ota_boot *boot);
int ota_job_interrupted(struct ota_boot *boot);

int ota_job_check_app(struct ota_boot *boot);

// Begins to read, for this job, enum ota_slot slot.
int ota_job_from_slot(struct ota_boot *boot, enum job job, uint8_t slot);

// Installs what is staged in a slot.
int ota_job_update(struct ota_boot *boot, uint8_t slot);

// The image that the job reads is good; or is it not, for the job?
OTA_CHECKED int ota_job_checked(struct ota_boot *boot);

// Asks all sources, from the first one on, because there is nothing to run.
int ota_job_fetch_any(struct ota_boot *boot);

// Nothing valid in the app slot: from the backup, or any other slot.
int ota_job_rescue(struct ota_boot *boot);

// A trial has used up its boots: back to the backup.
int ota_job_revert(struct ota_boot *boot);

// The job cannot go on.
int ota_job_fail(struct ota_boot *boot, enum ota_step step, int err);

// The image of the update under way, into a record: what was tried.
void ota_job_set_tried(struct ota_record *record, const struct ota_boot *boot);
bool ota_job_was_tried(const struct ota_record *record,
                       const struct ota_boot *boot);

// The slot beside slot, as the backup of an update from there; none where the
// application before is not known to be in it.
uint8_t ota_job_backup(const struct ota_boot *boot);

// Whether what is fetched goes to a slot first.
OTA_INLINE bool ota_job_stages(const struct ota_boot *boot)
{
    return boot->job == JOB_FETCH && boot->layout->slot[0].flash &&
           !boot->slots_fail;
}

/// fetch.c ///

// Reads what the source has of the wanted bytes, or of the OTA_CHUNK first of
// them, into the buffer. 1: it holds them all, 0: not yet, or an error.
OTA_CHECKED int ota_fetch_fill(struct ota_boot *boot, uint32_t wanted);

// Takes what the buffer holds into the image's CRC. 1: that was the last of it,
// and the CRC is right, 0: not yet, or OTA_ERR_CRC.
OTA_CHECKED int ota_fetch_sum(struct ota_boot *boot);

#endif
