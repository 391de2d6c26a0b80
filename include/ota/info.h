// SPDX-License-Identifier: MIT
//
// The info block: 64 bytes at bootloader + 0x200 that never move. By it an
// application finds out which bootloader it lives with, before it writes a
// record that this bootloader has to understand.

#ifndef OTA_INFO_H
#define OTA_INFO_H

#include <stdint.h>

#define OTA_INFO_OFFSET 0x200
#define OTA_INFO_SIZE   64
#define OTA_INFO_MAGIC  0x4F464E49u // the bytes "INFO"
#define OTA_INFO_FORMAT 1

// Bits of features. A bit that is 0 means: this bootloader cannot.
#define OTA_FEATURE_C_ARRAY (1u << 0) // takes updates from a C array
#define OTA_FEATURE_UART    (1u << 1) // takes updates by XMODEM and YMODEM
#define OTA_FEATURE_TRIAL   (1u << 2) // a new application has to confirm
#define OTA_FEATURE_SD      (1u << 3) // takes updates from an SD card
#define OTA_FEATURE_SLOT_A  (1u << 4) // takes what others have put into slot A

// Bits of image_formats.
#define OTA_FORMAT_PLAIN (1u << 0)

// Little-endian and without padding on every target; hosts decode the bytes
// with ota_info_decode.
struct ota_info {
    uint32_t magic;
    uint32_t version;       // of the bootloader, packed like an image's
    uint8_t info_format;    // OTA_INFO_FORMAT
    uint8_t journal_format; // OTA_JOURNAL_FORMAT it reads and writes
    uint8_t image_formats;  // OTA_FORMAT_* it installs
    uint8_t reserved0;
    uint32_t features; // OTA_FEATURE_*
    uint32_t target;   // the layout's target id
    uint32_t reserved1;
    uint64_t layout_digest;
    uint8_t reserved2[32]; // zero
};

_Static_assert(sizeof(struct ota_info) == OTA_INFO_SIZE, "info block is 64 B");

// Reads an info block from its 64 bytes. Returns 0, OTA_ERR_NO_BOOTLOADER
// (wrong magic) or OTA_ERR_FORMAT (a block of another format).
int ota_info_decode(struct ota_info *info, const uint8_t raw[OTA_INFO_SIZE])
    __attribute__((warn_unused_result));

#endif
