// SPDX-License-Identifier: MIT

#include "names.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ota/image.h"
#include "ota/journal.h"
#include "ota/source.h"

struct text version_text(uint32_t version)
{
    struct text text;
    snprintf(text.s, sizeof text.s, "%" PRIu32 ".%" PRIu32 ".%" PRIu32,
             OTA_VERSION_MAJOR(version), OTA_VERSION_MINOR(version),
             OTA_VERSION_PATCH(version));
    return text;
}

bool number_parse(const char *text, uint32_t max, uint32_t *number)
{
    if (!isdigit((unsigned char)text[0])) {
        return false; // strtoull would take spaces and signs
    }
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    char *end;
    // a number too large for it becomes the largest, which is over max
    unsigned long long value = strtoull(text, &end, hex ? 16 : 10);
    if (*end != '\0' || value > max) {
        return false;
    }
    *number = (uint32_t)value;
    return true;
}

bool version_parse(const char *text, uint32_t *version)
{
    if (!strchr(text, '.')) {
        return number_parse(text, UINT32_MAX, version);
    }
    char copy[24];
    if (strlen(text) >= sizeof copy) {
        return false;
    }
    strcpy(copy, text);
    char *minor = strchr(copy, '.');
    char *patch = strchr(minor + 1, '.');
    if (!patch) {
        return false;
    }
    *minor++ = '\0';
    *patch++ = '\0';
    uint32_t numbers[3];
    if (!number_parse(copy, 255, &numbers[0]) ||
        !number_parse(minor, 255, &numbers[1]) ||
        !number_parse(patch, 65535, &numbers[2])) {
        return false;
    }
    *version = OTA_VERSION(numbers[0], numbers[1], numbers[2]);
    return true;
}

// A number's name from a table, or the number itself: a later version may have
// written it.
static struct text name_of(const char *const *names, size_t count,
                           uint32_t number)
{
    struct text text;
    if (number < count && names[number]) {
        snprintf(text.s, sizeof text.s, "%s", names[number]);
    } else {
        snprintf(text.s, sizeof text.s, "%" PRIu32, number);
    }
    return text;
}

struct text state_text(uint8_t state)
{
    static const char *const names[] = {
        [OTA_STATE_CONFIRMED] = "confirmed",
        [OTA_STATE_INSTALLING] = "installing",
        [OTA_STATE_TRIAL] = "trial",
        [OTA_STATE_REVERTING] = "reverting",
    };
    return name_of(names, sizeof names / sizeof names[0], state);
}

struct text source_text(uint8_t source)
{
    static const char *const names[] = {
        [OTA_SOURCE_ANY] = "any",       [OTA_SOURCE_C_ARRAY] = "c-array",
        [OTA_SOURCE_STAGED] = "staged", [OTA_SOURCE_UART] = "uart",
        [OTA_SOURCE_SLOT_A] = "slot A", [OTA_SOURCE_SD] = "sd",
    };
    return name_of(names, sizeof names / sizeof names[0], source);
}

struct text slot_text(uint8_t slot)
{
    static const char *const names[] = {
        [OTA_SLOT_NONE] = "none",
        [OTA_SLOT_A] = "A",
        [OTA_SLOT_B] = "B",
    };
    return name_of(names, sizeof names / sizeof names[0], slot);
}

struct text flag_text(uint32_t flag)
{
    static const char *const names[] = {
        [OTA_FLAG_NONE] = "none",
        [OTA_FLAG_REQUEST] = "request",
    };
    return name_of(names, sizeof names / sizeof names[0], flag);
}
