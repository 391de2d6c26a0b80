// SPDX-License-Identifier: MIT

#include "ota/error.h"

const char *ota_error_text(int error)
{
    switch ((enum ota_error)error) {
    case OTA_OK:
        return "ok";
    case OTA_ERR_ARGUMENT:
        return "bad argument";
    case OTA_ERR_RANGE:
        return "outside the area";
    case OTA_ERR_ALIGN:
        return "not aligned";
    case OTA_ERR_BUSY:
        return "busy";
    case OTA_ERR_FLASH_READ:
        return "flash read error";
    case OTA_ERR_FLASH_ERASE:
        return "flash erase error";
    case OTA_ERR_FLASH_PROGRAM:
        return "flash program error";
    case OTA_ERR_FLASH_VERIFY:
        return "flash does not read back";
    case OTA_ERR_FLASH_PROTECTED:
        return "flash write-protected";
    case OTA_ERR_FLASH_LOCKED:
        return "flash does not unlock";
    case OTA_ERR_FLASH_TIMEOUT:
        return "flash timeout";
    case OTA_ERR_POWER:
        return "supply too low";
    case OTA_ERR_MAGIC:
        return "bad magic";
    case OTA_ERR_FORMAT:
        return "unknown format";
    case OTA_ERR_SIZE_ZERO:
        return "size 0";
    case OTA_ERR_TOO_LARGE:
        return "too large";
    case OTA_ERR_TRUNCATED:
        return "truncated";
    case OTA_ERR_CRC:
        return "bad CRC";
    case OTA_ERR_STACK_POINTER:
        return "bad stack pointer";
    case OTA_ERR_RESET_VECTOR:
        return "bad reset vector";
    case OTA_ERR_TARGET:
        return "made for another board";
    case OTA_ERR_UNSIGNED:
        return "not signed";
    case OTA_ERR_SOURCE_OPEN:
        return "source does not answer";
    case OTA_ERR_SOURCE_READ:
        return "source read error";
    case OTA_ERR_SOURCE_SEEK:
        return "source seek error";
    case OTA_ERR_SOURCE_END:
        return "source ends early";
    case OTA_ERR_JOURNAL_FULL:
        return "journal full";
    case OTA_ERR_JOURNAL_EMPTY:
        return "journal empty";
    case OTA_ERR_JOURNAL_WRITE:
        return "journal cannot be written";
    case OTA_ERR_NO_BOOTLOADER:
        return "no bootloader";
    case OTA_ERR_LAYOUT:
        return "bootloader has another layout";
    case OTA_ERR_NO_APP:
        return "no valid application";
    }
    return "unknown error";
}
