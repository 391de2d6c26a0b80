// SPDX-License-Identifier: MIT

#include "ota/error.h"

#include <stdint.h>

// clang-format off
#define TEXTS(X)                                                               \
    X(OTA_OK, "ok")                                                            \
    X(OTA_ERR_ARGUMENT, "bad argument")                                        \
    X(OTA_ERR_RANGE, "outside the area")                                       \
    X(OTA_ERR_ALIGN, "not aligned")                                            \
    X(OTA_ERR_BUSY, "busy")                                                    \
    X(OTA_ERR_FLASH_READ, "flash read error")                                  \
    X(OTA_ERR_FLASH_ERASE, "flash erase error")                                \
    X(OTA_ERR_FLASH_PROGRAM, "flash program error")                            \
    X(OTA_ERR_FLASH_VERIFY, "flash does not read back")                        \
    X(OTA_ERR_FLASH_PROTECTED, "flash write-protected")                        \
    X(OTA_ERR_FLASH_LOCKED, "flash does not unlock")                           \
    X(OTA_ERR_FLASH_TIMEOUT, "flash timeout")                                  \
    X(OTA_ERR_POWER, "supply too low")                                         \
    X(OTA_ERR_FLASH_DEVICE, "external flash does not answer")                 \
    X(OTA_ERR_MAGIC, "bad magic")                                              \
    X(OTA_ERR_FORMAT, "unknown format")                                        \
    X(OTA_ERR_SIZE_ZERO, "size 0")                                             \
    X(OTA_ERR_TOO_LARGE, "too large")                                          \
    X(OTA_ERR_TRUNCATED, "truncated")                                          \
    X(OTA_ERR_CRC, "bad CRC")                                                  \
    X(OTA_ERR_STACK_POINTER, "bad stack pointer")                              \
    X(OTA_ERR_RESET_VECTOR, "bad reset vector")                                \
    X(OTA_ERR_TARGET, "made for another board")                                \
    X(OTA_ERR_UNSIGNED, "not signed")                                          \
    X(OTA_ERR_SOURCE_OPEN, "source does not answer")                           \
    X(OTA_ERR_SOURCE_READ, "source read error")                                \
    X(OTA_ERR_SOURCE_SEEK, "source seek error")                                \
    X(OTA_ERR_SOURCE_END, "source ends early")                                 \
    X(OTA_ERR_SOURCE_FORMAT, "no FAT file system")                             \
    X(OTA_ERR_SOURCE_FILE, "no such file")                                     \
    X(OTA_ERR_JOURNAL_FULL, "journal full")                                    \
    X(OTA_ERR_JOURNAL_EMPTY, "journal empty")                                  \
    X(OTA_ERR_JOURNAL_WRITE, "journal cannot be written")                      \
    X(OTA_ERR_NO_BOOTLOADER, "no bootloader")                                  \
    X(OTA_ERR_LAYOUT, "bootloader has another layout")                         \
    X(OTA_ERR_NO_APP, "no valid application")                                  \
    X(OTA_ERR_NO_SLOT, "no slot")                                              \
    X(OTA_ERR_NOT_STAGED, "nothing staged")                                    \
    X(OTA_ERR_ON_TRIAL, "on trial")                                            \
    X(OTA_ERR_NO_TRIAL, "not on trial")                                        \
    X(OTA_ERR_UNCONFIRMED, "not confirmed")                                    \
    X(OTA_ERR_INSTALLED, "installed already")
// clang-format on

// Number, text, number, text: half the size of a table of pointers. Nothing in
// it needs to be aligned, so nothing lies between.
#define MEMBER(error, words)                                                   \
    struct {                                                                   \
        int8_t number;                                                         \
        char text[sizeof words];                                               \
    } error##_;
#define VALUE(error, words) {error, words},

static const struct {
    TEXTS(MEMBER)
} texts = {TEXTS(VALUE)};

const char *ota_error_text(int error)
{
    const char *entry = (const char *)&texts;
    const char *end = entry + sizeof texts;
    while (entry < end) {
        const char *text = entry + 1;
        if ((int8_t)*entry == error) {
            return text;
        }
        entry = text;
        while (*entry++ != '\0') {
            // over the text
        }
    }
    return "unknown error";
}
