// SPDX-License-Identifier: MIT
//
// The newest record in sentences: what runs, what waits, how the last update
// ended.

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dump.h"
#include "names.h"
#include "ota/source.h"

static void say(struct dump_summary *summary, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct dump_summary *summary, const char *format, ...)
{
    char *line = summary->lines[summary->count++];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof summary->lines[0], format, args);
    va_end(args);
}

/// What runs ///

static void say_installing(struct dump_summary *summary,
                           const struct ota_record *newest)
{
    struct text version = version_text(newest->version);
    if (newest->installs == 0) {
        say(summary, "install of %s was interrupted", version.s);
    } else {
        say(summary, "install of %s was interrupted; %u of it failed before",
            version.s, newest->installs);
    }
}

static void say_state(struct dump_summary *summary, const struct dump *dump)
{
    const struct ota_record *newest = &dump->newest;
    struct text version = version_text(newest->version);
    switch (newest->state) {
    case 0: // written before there was an application
        say(summary, "no application is known");
        break;
    case OTA_STATE_CONFIRMED:
        if (newest->magic == 0) {
            say(summary, "the application was put there by a debugger");
        } else {
            say(summary, "%s is confirmed", version.s);
        }
        break;
    case OTA_STATE_INSTALLING:
        say_installing(summary, newest);
        break;
    case OTA_STATE_TRIAL:
        say(summary, "%s is on trial: %u of %u boots used", version.s,
            newest->attempts, dump->readout.layout.trial_boots);
        break;
    case OTA_STATE_REVERTING:
        say(summary, "going back to %s was interrupted", version.s);
        break;
    default:
        say(summary, "state %u: a newer otatool knows it", newest->state);
        break;
    }
}

/// What waits ///

// What a slot of this number holds, or NULL.
static const struct dump_image *slot_image(const struct dump *dump,
                                           uint8_t slot)
{
    bool known = slot == OTA_SLOT_A || slot == OTA_SLOT_B;
    if (!known || !dump_has_slot(dump, slot - OTA_SLOT_A)) {
        return NULL;
    }
    return &dump->slots[slot - OTA_SLOT_A];
}

// The start of a sentence about an update of which the image may be known.
struct subject {
    char s[48];
};

static struct subject an_update(const struct dump_image *found)
{
    struct subject subject = {"an update"};
    if (found && found->has_header) {
        snprintf(subject.s, sizeof subject.s, "an update to %s",
                 version_text(found->view.image.version).s);
    }
    return subject;
}

// What the sentence about an update in a slot ends in.
struct ending {
    char s[64];
};

static struct ending slot_ending(const struct dump_image *found)
{
    struct ending ending = {""};
    if (!found) {
        return (struct ending){"; not valid: there is no such slot"};
    }
    if (dump_is_missing(found)) {
        return (struct ending){"; the slot is not given"};
    }
    if (found->err) {
        snprintf(ending.s, sizeof ending.s, "; not valid: %s",
                 dump_reason(found->err));
    }
    return ending;
}

static void say_staged(struct dump_summary *summary, const struct dump *dump,
                       bool requested)
{
    uint8_t slot = dump->newest.staged;
    if (slot == OTA_SLOT_NONE) {
        if (requested) {
            say(summary, "a staged update is requested, but none is staged");
        }
        return;
    }
    const struct dump_image *found = slot_image(dump, slot);
    say(summary, "%s is staged in slot %s and %s%s", an_update(found).s,
        slot_text(slot).s, requested ? "requested" : "not requested",
        slot_ending(found).s);
}

static void say_requested(struct dump_summary *summary, const struct dump *dump)
{
    uint8_t source = dump->newest.source;
    const struct dump_image *found;
    switch (source) {
    case OTA_SOURCE_ANY:
        say(summary, "an update from any source is requested");
        break;
    case OTA_SOURCE_C_ARRAY:
        say(summary, "%s from the C array is requested",
            an_update(&dump->array).s);
        break;
    case OTA_SOURCE_UART:
        say(summary, "an update over the UART is requested");
        break;
    case OTA_SOURCE_SLOT_A:
        found = slot_image(dump, OTA_SLOT_A);
        say(summary, "%s that was put into slot A is requested%s",
            an_update(found).s, slot_ending(found).s);
        break;
    case OTA_SOURCE_SD:
        say(summary, "an update from the SD card is requested");
        break;
    default:
        say(summary, "an update from source %u is requested", source);
        break;
    }
}

static void say_waiting(struct dump_summary *summary, const struct dump *dump)
{
    const struct ota_record *newest = &dump->newest;
    if (newest->state == OTA_STATE_INSTALLING ||
        newest->state == OTA_STATE_TRIAL ||
        newest->state == OTA_STATE_REVERTING) {
        return; // the update that was staged or requested is under way
    }
    bool requested = newest->ota_flag == OTA_FLAG_REQUEST;
    bool staged = newest->source == OTA_SOURCE_STAGED;
    say_staged(summary, dump, requested && staged);
    if (requested && !staged) {
        say_requested(summary, dump);
    }
}

/// What was ///

// Whether the app slot is meant to hold what the last update brought.
static bool runs_tried(const struct ota_record *newest)
{
    return memcmp(newest->installed, newest->tried, sizeof newest->tried) == 0;
}

// How it ended, in front of the error.
static const char *outcome(const struct ota_record *newest)
{
    switch (newest->result) {
    case OTA_OK:
        return "installed";
    case OTA_ERR_UNCONFIRMED:
        // the record that it did not confirm may come before it is replaced
        return newest->state == OTA_STATE_CONFIRMED && !runs_tried(newest)
                   ? "reverted: "
                   : "";
    default:
        return newest->step == OTA_STEP_HEADER || newest->step == OTA_STEP_CHECK
                   ? "refused: "
                   : "failed: ";
    }
}

static void say_update(struct dump_summary *summary,
                       const struct ota_record *newest, const char *why)
{
    char to[32] = ""; // what was no image has no version
    if (newest->tried_version != 0) {
        snprintf(to, sizeof to, "to %s, ",
                 version_text(newest->tried_version).s);
    }
    if (newest->result == OTA_OK) {
        say(summary, "last update: %s%s", to, outcome(newest));
    } else {
        say(summary, "last update: %s%s%s (%s)", to, outcome(newest), why,
            ota_step_name(newest->step));
    }
}

// A rotten application, and whether its backup has replaced it by now.
static void say_restore(struct dump_summary *summary,
                        const struct ota_record *newest, const char *why)
{
    bool why_known = newest->result != OTA_OK;
    bool done = newest->state == OTA_STATE_CONFIRMED;
    say(summary, "the application had rotted%s%s%s%s", why_known ? " (" : "",
        why_known ? why : "", why_known ? ")" : "",
        done ? " and was restored from its backup" : "");
}

static void say_last(struct dump_summary *summary,
                     const struct ota_record *newest)
{
    const char *why = ota_error_text(newest->result);
    switch (newest->step) {
    case OTA_STEP_NONE:
        say(summary, "no update so far");
        break;
    case OTA_STEP_BEGIN:
        if (newest->result == OTA_OK) {
            break; // it has not ended: the state says all
        }
        say_update(summary, newest, why);
        break;
    case OTA_STEP_RESTORE:
        say_restore(summary, newest, why);
        break;
    default:
        say_update(summary, newest, why);
        break;
    }
}

void dump_summarize(const struct dump *dump, struct dump_summary *summary)
{
    *summary = (struct dump_summary){0};
    if (!dump->has_newest) {
        return;
    }
    say_state(summary, dump);
    say_waiting(summary, dump);
    say_last(summary, &dump->newest);
}
