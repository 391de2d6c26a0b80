// SPDX-License-Identifier: MIT
//
// Numbers as the words that people use for them.

#ifndef NAMES_H
#define NAMES_H

#include <stdbool.h>
#include <stdint.h>

struct text {
    char s[24];
};

// "1.2.3".
struct text version_text(uint32_t version);

// Reads "1.2.3", or a plain number as in the reference system ("4").
bool version_parse(const char *text, uint32_t *version);

// Reads a number of digits only (0x: hexadecimal) that is at most max.
bool number_parse(const char *text, uint32_t max, uint32_t *number);

// Of enum ota_state, enum ota_source_id, enum ota_slot and ota_flag.
struct text state_text(uint8_t state);
struct text source_text(uint8_t source);
struct text slot_text(uint8_t slot);
struct text flag_text(uint32_t flag);

#endif
