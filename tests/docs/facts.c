// SPDX-License-Identifier: MIT
//
// Prints what SPEC.md says in tables, as the code has it:
//   field TABLE NAME OFFSET SIZE     step NUMBER NAME     number NAME VALUE
// Where a field lies is found out: it is changed, and the bytes that change are
// its own.

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "ota/crc32.h"
#include "ota/image.h"
#include "ota/info.h"
#include "ota/journal.h"
#include "ota/source.h"

#include LAYOUT_HEADER

// the devices that the layout names; twice the same is one (C11 6.9.2)
const struct ota_flash FLASH_DEVICE;
const struct ota_flash SLOT_DEVICE;
extern const struct ota_layout board_layout;

static void print_change(const char *table, const char *name, const uint8_t *a,
                         const uint8_t *b, size_t len)
{
    size_t first = 0, end = len;
    while (first < len && a[first] == b[first]) {
        first++;
    }
    while (end > first && a[end - 1] == b[end - 1]) {
        end--;
    }
    printf("field %s %s %zu %zu\n", table, name, first, end - first);
}

// the CRC of the record changes with every field: it is left out
#define AT_CRC 60

static void print_record_field(const char *name, size_t at, size_t size)
{
    struct ota_record record = {0};
    uint8_t zero[OTA_RECORD_SIZE], set[OTA_RECORD_SIZE];
    ota_record_encode(&record, zero);
    memset((uint8_t *)&record + at, 0xFF, size);
    ota_record_encode(&record, set);
    print_change("record", name, zero, set, AT_CRC);
}

#define RECORD_FIELD(name)                                                     \
    print_record_field(#name, offsetof(struct ota_record, name),               \
                       sizeof((struct ota_record){0}.name))

static void print_record(void)
{
    RECORD_FIELD(ota_flag);
    RECORD_FIELD(magic);
    RECORD_FIELD(size);
    RECORD_FIELD(crc);
    RECORD_FIELD(version);
    RECORD_FIELD(sequence);
    RECORD_FIELD(state);
    RECORD_FIELD(source);
    RECORD_FIELD(attempts);
    RECORD_FIELD(backup);
    RECORD_FIELD(staged);
    RECORD_FIELD(installs);
    RECORD_FIELD(step);
    RECORD_FIELD(flags);
    RECORD_FIELD(result);
    RECORD_FIELD(tried_version);
    RECORD_FIELD(security_floor);
    RECORD_FIELD(installed);
    RECORD_FIELD(tried);

    // backup and staged share a byte
    uint8_t roles[OTA_RECORD_SIZE];
    ota_record_encode(
        &(struct ota_record){.backup = OTA_SLOT_A, .staged = OTA_SLOT_B},
        roles);
    printf("number roles %u\n", roles[28]);

    // of an empty record only the format and the CRC are not zero
    const uint8_t blank[OTA_RECORD_SIZE] = {0};
    uint8_t raw[OTA_RECORD_SIZE];
    ota_record_encode(&(struct ota_record){0}, raw);
    print_change("record", "format", blank, raw, AT_CRC);
    printf("raw ");
    for (size_t i = 0; i < sizeof raw; i++) {
        printf("%02x", raw[i]);
    }
    putchar('\n');
}

static void print_image_field(const char *name, size_t at)
{
    struct ota_image image = {0};
    uint8_t zero[OTA_PLAIN_HEADER_SIZE], set[OTA_PLAIN_HEADER_SIZE];
    ota_image_encode(&image, zero);
    memset((uint8_t *)&image + at, 0xFF, sizeof(uint32_t));
    ota_image_encode(&image, set);
    print_change("image", name, zero, set, sizeof zero);
}

static void print_image(void)
{
    print_image_field("magic", offsetof(struct ota_image, magic));
    print_image_field("image_size", offsetof(struct ota_image, size));
    print_image_field("crc32", offsetof(struct ota_image, crc));
    print_image_field("version", offsetof(struct ota_image, version));
}

#define INFO_FIELD(name)                                                       \
    printf("field info " #name " %zu %zu\n", offsetof(struct ota_info, name),  \
           sizeof((struct ota_info){0}.name))

static void print_info(void)
{
    INFO_FIELD(magic);
    INFO_FIELD(version);
    INFO_FIELD(info_format);
    INFO_FIELD(journal_format);
    INFO_FIELD(image_formats);
    INFO_FIELD(reserved0);
    INFO_FIELD(features);
    INFO_FIELD(target);
    INFO_FIELD(reserved1);
    INFO_FIELD(layout_digest);
    INFO_FIELD(reserved2);
}

#define NUMBER(name) printf("number " #name " %" PRIu64 "\n", (uint64_t)(name))

static void print_numbers(void)
{
    NUMBER(OTA_MAGIC_PLAIN);
    NUMBER(OTA_MAGIC_SIGNED);
    NUMBER(OTA_INFO_MAGIC);
    NUMBER(OTA_INFO_OFFSET);
    NUMBER(OTA_INFO_SIZE);
    NUMBER(OTA_INFO_FORMAT);
    NUMBER(OTA_JOURNAL_FORMAT);
    NUMBER(OTA_RECORD_SIZE);
    NUMBER(OTA_RECORD_SETTLED);
    NUMBER(OTA_HEADER_SPACE);
    NUMBER(OTA_PLAIN_HEADER_SIZE);
    NUMBER(OTA_STATE_CONFIRMED);
    NUMBER(OTA_STATE_INSTALLING);
    NUMBER(OTA_STATE_TRIAL);
    NUMBER(OTA_STATE_REVERTING);
    NUMBER(OTA_SLOT_NONE);
    NUMBER(OTA_SLOT_A);
    NUMBER(OTA_SLOT_B);
    NUMBER(OTA_SOURCE_ANY);
    NUMBER(OTA_SOURCE_C_ARRAY);
    NUMBER(OTA_SOURCE_STAGED);
    NUMBER(OTA_SOURCE_UART);
    NUMBER(OTA_SOURCE_SLOT_A);
    NUMBER(OTA_SOURCE_SD);
    NUMBER(OTA_FEATURE_C_ARRAY);
    NUMBER(OTA_FEATURE_UART);
    NUMBER(OTA_FEATURE_TRIAL);
    NUMBER(OTA_FEATURE_SD);
    NUMBER(OTA_FEATURE_SLOT_A);
    NUMBER(OTA_FORMAT_PLAIN);
    NUMBER(OTA_VERSION(1, 2, 3));
    NUMBER(ota_crc32(0, "123456789", 9));
    NUMBER(board_layout.target);
    NUMBER(board_layout.digest);
}

static void print_steps(void)
{
    for (int i = 0; strcmp(ota_step_name((enum ota_step)i), "unknown"); i++) {
        printf("step %d %s\n", i, ota_step_name((enum ota_step)i));
    }
}

int main(void)
{
    print_record();
    print_image();
    print_info();
    print_numbers();
    print_steps();
    return 0;
}
