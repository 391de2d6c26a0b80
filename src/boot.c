// SPDX-License-Identifier: MIT
//
// Which application runs. The install itself is in install.c.
//
//   SCAN > APP_HEADER > APP_CHECK > DECIDE > SETTLE > RUN
//                                      |        ^
//                                      v        |
//                              OPEN ... FINISH -+--> NO_APP > OPEN ...

#include "machine.h"

#include <string.h>

#include "ota/bytes.h"
#include "ota/crc32.h"

// Reads of an application that fail are done again, so often.
#define REREADS 2

/// Helpers shared with install.c ///

enum ota_verdict ota_boot_go(struct ota_boot *boot, enum state state)
{
    boot->state = (uint8_t)state;
    boot->position = 0;
    boot->crc = 0;
    return OTA_BOOT_BUSY;
}

int ota_boot_crc_app(struct ota_boot *boot, uint32_t size)
{
    const struct ota_area *app = &boot->config->layout->app;
    uint32_t left = size - boot->position;
    uint32_t n = left < OTA_CHUNK ? left : OTA_CHUNK;
    int err =
        ota_area_read(app, OTA_HEADER_SPACE + boot->position, boot->buffer, n);
    if (err) {
        return err;
    }
    boot->crc = ota_crc32(boot->crc, boot->buffer, n);
    boot->position += n;
    return boot->position == size;
}

void ota_boot_progress(const struct ota_boot *boot, enum ota_step step,
                       uint32_t done, uint32_t total)
{
    const struct ota_boot_config *config = boot->config;
    if (config->progress) {
        // app slots are far below the 42 MB at which this would overflow
        config->progress(config->context, step, done * 100 / total);
    }
}

void ota_record_set_image(struct ota_record *record,
                          const struct ota_image *image)
{
    record->magic = image->magic;
    record->size = image->size;
    record->crc = image->crc;
    record->version = image->version;
    store_le32(record->installed, image->crc);
    store_le32(record->installed + 4, image->size);
}

bool ota_record_has_image(const struct ota_record *record,
                          const struct ota_image *image)
{
    return record->magic == image->magic && record->size == image->size &&
           record->crc == image->crc && record->version == image->version;
}

struct ota_record ota_boot_record(const struct ota_boot *boot)
{
    struct ota_record record = boot->journal.newest;
    if (boot->app_error == 0) {
        record.state = OTA_STATE_CONFIRMED;
        ota_record_set_image(&record, &boot->app);
    }
    return record;
}

int ota_boot_write(struct ota_boot *boot, struct ota_record *record)
{
    record->flags |= OTA_RECORD_SETTLED;
    boot->journal_error = ota_journal_write(&boot->journal, record);
    return boot->journal_error;
}

/// The states ///

static enum ota_verdict scan(struct ota_boot *boot)
{
    int err = ota_journal_scan(&boot->journal, boot->config->layout->journal);
    // a blank journal is no error: every board begins with one
    boot->journal_error = err == OTA_ERR_JOURNAL_EMPTY ? 0 : err;
    return ota_boot_go(boot, STATE_APP_HEADER);
}

static int read_app_header(struct ota_boot *boot)
{
    const struct ota_layout *layout = boot->config->layout;
    uint8_t raw[OTA_PLAIN_HEADER_SIZE];
    int err = ota_area_read(&layout->app, 0, raw, sizeof raw);
    if (err) {
        return err;
    }
    err = ota_image_decode(&boot->app, raw);
    if (err) {
        return err;
    }
    err = ota_image_check_header(&boot->app, layout);
    if (err) {
        return err;
    }
    uint8_t vectors[OTA_VECTORS_SIZE];
    err =
        ota_area_read(&layout->app, OTA_HEADER_SPACE, vectors, sizeof vectors);
    if (err) {
        return err;
    }
    return ota_image_check_vectors(&boot->app, layout, vectors);
}

// An application that a debugger put there: blank header space, but a vector
// table that makes sense. An install that was cut off looks the same, so it
// counts only if the journal knows of none.
static bool is_development(const struct ota_boot *boot)
{
    const struct ota_layout *layout = boot->config->layout;
    const struct ota_journal *journal = &boot->journal;
    bool quiet = journal->valid ? journal->newest.state == OTA_STATE_CONFIRMED
                                : journal->blank;
    if (!quiet || !layout->allow_unsigned ||
        ota_area_is_blank(&layout->app, 0, OTA_HEADER_SPACE) != 1) {
        return false;
    }
    uint8_t vectors[OTA_VECTORS_SIZE];
    if (ota_area_read(&layout->app, OTA_HEADER_SPACE, vectors,
                      sizeof vectors)) {
        return false;
    }
    struct ota_image any = {.size = ota_image_max_size(layout)};
    return ota_image_check_vectors(&any, layout, vectors) == 0;
}

static enum ota_verdict app_header(struct ota_boot *boot)
{
    boot->app_error = read_app_header(boot);
    if (boot->app_error == 0) {
        return ota_boot_go(boot, STATE_APP_CHECK);
    }
    boot->app = (struct ota_image){0};
    boot->development = is_development(boot);
    if (boot->development) {
        boot->app_error = 0;
    }
    return ota_boot_go(boot, STATE_DECIDE);
}

static enum ota_verdict app_check(struct ota_boot *boot)
{
    int done = ota_boot_crc_app(boot, boot->app.size);
    if (done == 0) {
        return OTA_BOOT_BUSY;
    }
    if (done < 0) {
        boot->app_error = done;
    } else if (boot->crc != boot->app.crc) {
        boot->app_error = OTA_ERR_CRC;
    }
    return ota_boot_go(boot, STATE_DECIDE);
}

static enum ota_verdict decide(struct ota_boot *boot)
{
    if (boot->app_error == OTA_ERR_FLASH_READ && boot->rereads < REREADS) {
        boot->rereads++; // one bad read is no reason to replace it
        return ota_boot_go(boot, STATE_APP_HEADER);
    }
    const struct ota_record *newest = &boot->journal.newest;
    boot->requested = newest->state == OTA_STATE_INSTALLING ||
                      newest->ota_flag == OTA_FLAG_REQUEST;
    if (!boot->requested && boot->app_error == 0) {
        return ota_boot_go(boot, STATE_SETTLE);
    }
    boot->from_any = !boot->requested || newest->source == OTA_SOURCE_ANY;
    boot->source_index = 0;
    return ota_boot_go(boot, STATE_OPEN);
}

// Whatever fails here never stops a valid application.
static enum ota_verdict settle(struct ota_boot *boot)
{
    const struct ota_journal *journal = &boot->journal;
    struct ota_record record = ota_boot_record(boot);
    if (!journal->valid || !(journal->newest.flags & OTA_RECORD_SETTLED) ||
        journal->newest.state != record.state ||
        !ota_record_has_image(&journal->newest, &boot->app)) {
        ota_boot_write(boot, &record);
    }
    int err = ota_journal_make_room(&boot->journal);
    if (err && boot->journal_error == 0) {
        boot->journal_error = err;
    }
    return ota_boot_go(boot, STATE_RUN);
}

static enum ota_verdict run(struct ota_boot *boot)
{
    (void)boot;
    return OTA_BOOT_RUN;
}

// The caller came back: ask all sources again, but do not wear out a flash
// that fails.
static enum ota_verdict no_app(struct ota_boot *boot)
{
    if (boot->failures >= OTA_INSTALL_TRIES) {
        return OTA_BOOT_NO_APP;
    }
    boot->requested = false;
    boot->from_any = true;
    boot->source_index = 0;
    return ota_boot_go(boot, STATE_OPEN);
}

/// The machine ///

void ota_boot_begin(struct ota_boot *boot, const struct ota_boot_config *config)
{
    memset(boot, 0, sizeof *boot);
    boot->config = config;
}

enum ota_verdict ota_boot_step(struct ota_boot *boot)
{
    static enum ota_verdict (*const states[STATE_COUNT])(struct ota_boot *) = {
        [STATE_SCAN] = scan,
        [STATE_APP_HEADER] = app_header,
        [STATE_APP_CHECK] = app_check,
        [STATE_DECIDE] = decide,
        [STATE_SETTLE] = settle,
        [STATE_RUN] = run,
        [STATE_NO_APP] = no_app,
        [STATE_OPEN] = ota_install_open,
        [STATE_HEADER] = ota_install_header,
        [STATE_CHECK] = ota_install_check,
        [STATE_BEGIN] = ota_install_begin,
        [STATE_ERASE] = ota_install_erase,
        [STATE_PROGRAM] = ota_install_program,
        [STATE_VERIFY] = ota_install_verify,
        [STATE_FINISH] = ota_install_finish,
    };
    return states[boot->state](boot);
}

bool ota_boot_update_failed(const struct ota_boot *boot)
{
    return boot->failures > 0 ||
           boot->journal.newest.state == OTA_STATE_INSTALLING;
}
