// SPDX-License-Identifier: MIT

#include <string.h>

#include "ota/bytes.h"
#include "ota/crc32.h"
#include "ota/journal.h"

// Offsets of a record's fields: SPEC.md, Journal.
enum {
    AT_FLAG = 0,
    AT_MAGIC = 4,
    AT_SIZE = 8,
    AT_CRC = 12,
    AT_VERSION = 16,
    AT_SEQUENCE = 20,
    AT_FORMAT = 24,
    AT_STATE = 25,
    AT_SOURCE = 26,
    AT_ATTEMPTS = 27,
    AT_ROLES = 28,
    AT_INSTALLS = 29,
    AT_STEP = 30,
    AT_FLAGS = 31,
    AT_RESULT = 32,
    AT_TRIED_VERSION = 36,
    AT_SECURITY_FLOOR = 40,
    AT_INSTALLED = 44,
    AT_TRIED = 52,
    AT_RECORD_CRC = 60,
};

void ota_record_encode(const struct ota_record *record,
                       uint8_t raw[OTA_RECORD_SIZE])
{
    store_le32(raw + AT_FLAG, record->ota_flag);
    store_le32(raw + AT_MAGIC, record->magic);
    store_le32(raw + AT_SIZE, record->size);
    store_le32(raw + AT_CRC, record->crc);
    store_le32(raw + AT_VERSION, record->version);
    store_le32(raw + AT_SEQUENCE, record->sequence);
    raw[AT_FORMAT] = OTA_JOURNAL_FORMAT;
    raw[AT_STATE] = record->state;
    raw[AT_SOURCE] = record->source;
    raw[AT_ATTEMPTS] = record->attempts;
    raw[AT_ROLES] = (uint8_t)(record->backup | record->staged << 4);
    raw[AT_INSTALLS] = record->installs;
    raw[AT_STEP] = record->step;
    raw[AT_FLAGS] = record->flags;
    store_le32(raw + AT_RESULT, (uint32_t)record->result);
    store_le32(raw + AT_TRIED_VERSION, record->tried_version);
    store_le32(raw + AT_SECURITY_FLOOR, record->security_floor);
    memcpy(raw + AT_INSTALLED, record->installed, sizeof record->installed);
    memcpy(raw + AT_TRIED, record->tried, sizeof record->tried);
    store_le32(raw + AT_RECORD_CRC, ota_crc32(0, raw, AT_RECORD_CRC));
}

// A slot that does not exist plays no role: the number chooses an area.
static uint8_t slot_of(unsigned number)
{
    return number <= OTA_SLOT_B ? (uint8_t)number : OTA_SLOT_NONE;
}

int ota_record_decode(struct ota_record *record,
                      const uint8_t raw[OTA_RECORD_SIZE])
{
    if (load_le32(raw + AT_RECORD_CRC) != ota_crc32(0, raw, AT_RECORD_CRC)) {
        return OTA_ERR_CRC;
    }
    if (raw[AT_FORMAT] != OTA_JOURNAL_FORMAT) {
        return OTA_ERR_FORMAT;
    }
    record->ota_flag = load_le32(raw + AT_FLAG);
    record->magic = load_le32(raw + AT_MAGIC);
    record->size = load_le32(raw + AT_SIZE);
    record->crc = load_le32(raw + AT_CRC);
    record->version = load_le32(raw + AT_VERSION);
    record->sequence = load_le32(raw + AT_SEQUENCE);
    record->state = raw[AT_STATE];
    record->source = raw[AT_SOURCE];
    record->attempts = raw[AT_ATTEMPTS];
    record->backup = slot_of(raw[AT_ROLES] & 15);
    record->staged = slot_of(raw[AT_ROLES] >> 4);
    record->installs = raw[AT_INSTALLS];
    record->step = raw[AT_STEP];
    record->flags = raw[AT_FLAGS];
    record->result = (int32_t)load_le32(raw + AT_RESULT);
    record->tried_version = load_le32(raw + AT_TRIED_VERSION);
    record->security_floor = load_le32(raw + AT_SECURITY_FLOOR);
    memcpy(record->installed, raw + AT_INSTALLED, sizeof record->installed);
    memcpy(record->tried, raw + AT_TRIED, sizeof record->tried);
    return 0;
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

const char *ota_step_name(enum ota_step step)
{
    static const char *const names[] = {
        [OTA_STEP_NONE] = "none",       [OTA_STEP_OPEN] = "open",
        [OTA_STEP_HEADER] = "header",   [OTA_STEP_CHECK] = "check",
        [OTA_STEP_BEGIN] = "begin",     [OTA_STEP_ERASE] = "erase",
        [OTA_STEP_PROGRAM] = "program", [OTA_STEP_VERIFY] = "verify",
        [OTA_STEP_FINISH] = "finish",   [OTA_STEP_DONE] = "done",
        [OTA_STEP_STAGE] = "stage",     [OTA_STEP_BACKUP] = "backup",
        [OTA_STEP_TRIAL] = "trial",     [OTA_STEP_RESTORE] = "restore",
    };
    unsigned i = (unsigned)step;
    return i < sizeof names / sizeof names[0] ? names[i] : "unknown";
}
