// SPDX-License-Identifier: MIT

#include <stddef.h>
#include <string.h>

#include "ota/bytes.h"
#include "ota/crc32.h"
#include "ota/journal.h"

// Offsets of a record's fields: SPEC.md, Journal. Of all others that of the
// member in struct ota_record.
enum {
    AT_FORMAT = 24,
    AT_ROLES = 28,
    AT_RESULT = 32,
    AT_INSTALLED = 44,
    AT_RECORD_CRC = 60,
};

_Static_assert(offsetof(struct ota_record, sequence) == 20 &&
                   offsetof(struct ota_record, backup) == AT_FORMAT &&
                   offsetof(struct ota_record, staged) == AT_ROLES &&
                   offsetof(struct ota_record, flags) == 31 &&
                   offsetof(struct ota_record, result) == AT_RESULT &&
                   offsetof(struct ota_record, installed) == AT_INSTALLED &&
                   sizeof(struct ota_record) == AT_RECORD_CRC &&
                   offsetof(struct ota_record, version) -
                           offsetof(struct ota_record, magic) ==
                       offsetof(struct ota_image, version),
               "members lie as the record's bytes");

// Not inlined: each copy by itself would take three times the code.
__attribute__((noinline)) void ota_record_copy(void *to, const void *from)
{
    memcpy(to, from, sizeof(struct ota_record));
}

// Turns the words of a record from the host's byte order to little-endian, or
// back. Nothing to do where it is the same.
static void convert(uint8_t raw[OTA_RECORD_SIZE])
{
    for (unsigned at = 0; !OTA_HOST_IS_LITTLE && at < AT_INSTALLED; at += 4) {
        if (at < AT_FORMAT || at >= AT_RESULT) {
            uint32_t word = load_le32(raw + at);
            memcpy(raw + at, &word, sizeof word);
        }
    }
}

void ota_record_encode(const struct ota_record *record,
                       uint8_t raw[OTA_RECORD_SIZE])
{
    ota_record_copy(raw, record);
    convert(raw);
    raw[AT_FORMAT] = OTA_JOURNAL_FORMAT;
    raw[AT_ROLES] = (uint8_t)(record->backup | record->staged << 4);
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
    ota_record_copy(record, raw);
    convert((uint8_t *)record);
    record->backup = slot_of(raw[AT_ROLES] & 15);
    record->staged = slot_of(raw[AT_ROLES] >> 4);
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
    // the four words follow each other in both
    const uint8_t *its =
        (const uint8_t *)record + offsetof(struct ota_record, magic);
    return memcmp(its, image, offsetof(struct ota_image, header_size)) == 0;
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
