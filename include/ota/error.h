// SPDX-License-Identifier: MIT
//
// Every function of Sureboot that can fail returns an int: negative is one of
// these errors, 0 is success, positive is a count or a verdict. The numbers are
// part of the journal format (SPEC.md): they are never reused.

#ifndef OTA_ERROR_H
#define OTA_ERROR_H

// On a declaration: a result that nobody looks at is a bug.
#define OTA_CHECKED __attribute__((warn_unused_result))

enum ota_error {
    OTA_OK = 0,

    /// the caller ///
    OTA_ERR_ARGUMENT = -1, // a pointer, length or number that makes no sense
    OTA_ERR_RANGE = -2,    // outside the area or the device
    OTA_ERR_ALIGN = -3,    // not on the device's write or erase unit
    OTA_ERR_BUSY = -4,     // not now: something else is under way

    /// the flash ///
    OTA_ERR_FLASH_READ = -16,    // the device could not read (ECC, bus)
    OTA_ERR_FLASH_ERASE = -17,   // the erase failed or does not read back blank
    OTA_ERR_FLASH_PROGRAM = -18, // the controller reported a program error
    OTA_ERR_FLASH_VERIFY = -19,  // programmed, but reads back differently
    OTA_ERR_FLASH_PROTECTED = -20, // write-protected
    OTA_ERR_FLASH_LOCKED = -21,    // the controller does not unlock
    OTA_ERR_FLASH_TIMEOUT = -22,   // still busy after the longest legal time
    OTA_ERR_POWER = -23,           // supply too low to erase or program
    OTA_ERR_FLASH_DEVICE = -24,    // an external chip does not answer

    /// the image ///
    OTA_ERR_MAGIC = -32,         // does not begin with an image's magic number
    OTA_ERR_FORMAT = -33,        // a format, kind or flag this version lacks
    OTA_ERR_SIZE_ZERO = -34,     // says that it holds no bytes
    OTA_ERR_TOO_LARGE = -35,     // larger than the app slot
    OTA_ERR_TRUNCATED = -36,     // ends before its header says
    OTA_ERR_CRC = -37,           // contents do not match the CRC-32
    OTA_ERR_STACK_POINTER = -38, // initial stack pointer is not in RAM
    OTA_ERR_RESET_VECTOR = -39,  // reset vector even or outside the image
    OTA_ERR_TARGET = -40,        // made for another board
    OTA_ERR_UNSIGNED = -41,      // the board takes only signed images

    /// the source ///
    OTA_ERR_SOURCE_OPEN = -48,   // nothing there, or it does not answer
    OTA_ERR_SOURCE_READ = -49,   // failed while reading
    OTA_ERR_SOURCE_SEEK = -50,   // could not go back to the start
    OTA_ERR_SOURCE_END = -51,    // no more bytes
    OTA_ERR_SOURCE_FORMAT = -52, // no FAT file system, or a damaged one
    OTA_ERR_SOURCE_FILE = -53,   // no such file

    /// the journal and the bootloader ///
    OTA_ERR_JOURNAL_FULL = -64,  // no free record position; reset to make room
    OTA_ERR_JOURNAL_EMPTY = -65, // no valid record
    OTA_ERR_JOURNAL_WRITE = -66, // no record could be made to read back
    OTA_ERR_NO_BOOTLOADER = -67, // no info block where the layout says
    OTA_ERR_LAYOUT = -68,        // the bootloader has another area table
    OTA_ERR_NO_APP = -69,        // the app slot holds no valid application

    /// staging and trial ///
    OTA_ERR_NO_SLOT = -80,     // this layout has no slot to stage in
    OTA_ERR_NOT_STAGED = -81,  // no complete image is staged
    OTA_ERR_ON_TRIAL = -82,    // not before the running application confirms
    OTA_ERR_NO_TRIAL = -83,    // what runs is not what is on trial
    OTA_ERR_UNCONFIRMED = -84, // the new application did not confirm in time
    OTA_ERR_INSTALLED = -85,   // the app slot holds it already
};

// A short text for an error ("bad CRC"), never NULL, for logs and tools.
// 0 gives "ok", a number that is no error of ours gives "unknown error".
const char *ota_error_text(int error);

#endif
