// SPDX-License-Identifier: MIT

#include "ota/error.h"

#include <stddef.h>
#include <stdint.h>

static const struct {
    int8_t error;
    const char *text;
} texts[] = {
    {OTA_OK, "ok"},
    {OTA_ERR_ARGUMENT, "bad argument"},
    {OTA_ERR_RANGE, "outside the area"},
    {OTA_ERR_ALIGN, "not aligned"},
    {OTA_ERR_BUSY, "busy"},
    {OTA_ERR_FLASH_READ, "flash read error"},
    {OTA_ERR_FLASH_ERASE, "flash erase error"},
    {OTA_ERR_FLASH_PROGRAM, "flash program error"},
    {OTA_ERR_FLASH_VERIFY, "flash does not read back"},
    {OTA_ERR_FLASH_PROTECTED, "flash write-protected"},
    {OTA_ERR_FLASH_LOCKED, "flash does not unlock"},
    {OTA_ERR_FLASH_TIMEOUT, "flash timeout"},
    {OTA_ERR_POWER, "supply too low"},
    {OTA_ERR_MAGIC, "bad magic"},
    {OTA_ERR_FORMAT, "unknown format"},
    {OTA_ERR_SIZE_ZERO, "size 0"},
    {OTA_ERR_TOO_LARGE, "too large"},
    {OTA_ERR_TRUNCATED, "truncated"},
    {OTA_ERR_CRC, "bad CRC"},
    {OTA_ERR_STACK_POINTER, "bad stack pointer"},
    {OTA_ERR_RESET_VECTOR, "bad reset vector"},
    {OTA_ERR_TARGET, "made for another board"},
    {OTA_ERR_UNSIGNED, "not signed"},
    {OTA_ERR_SOURCE_OPEN, "source does not answer"},
    {OTA_ERR_SOURCE_READ, "source read error"},
    {OTA_ERR_SOURCE_SEEK, "source seek error"},
    {OTA_ERR_SOURCE_END, "source ends early"},
    {OTA_ERR_JOURNAL_FULL, "journal full"},
    {OTA_ERR_JOURNAL_EMPTY, "journal empty"},
    {OTA_ERR_JOURNAL_WRITE, "journal cannot be written"},
    {OTA_ERR_NO_BOOTLOADER, "no bootloader"},
    {OTA_ERR_LAYOUT, "bootloader has another layout"},
    {OTA_ERR_NO_APP, "no valid application"},
    {OTA_ERR_NO_SLOT, "no slot"},
    {OTA_ERR_NOT_STAGED, "nothing staged"},
    {OTA_ERR_ON_TRIAL, "on trial"},
    {OTA_ERR_NO_TRIAL, "not on trial"},
    {OTA_ERR_UNCONFIRMED, "not confirmed"},
};

const char *ota_error_text(int error)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].error == error) {
            return texts[i].text;
        }
    }
    return "unknown error";
}
