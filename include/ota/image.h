// SPDX-License-Identifier: MIT
//
// Images: the header in front of an application, and the one planner that
// decides whether an image can be installed on a board. otatool and the
// bootloader call the same functions, so what the one makes the other takes.
// Every byte is in SPEC.md.

#ifndef OTA_IMAGE_H
#define OTA_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "ota/error.h"
#include "ota/layout.h"

#define OTA_MAGIC_PLAIN       0xABCDEFABu
#define OTA_MAGIC_SIGNED      0x31544253u // the bytes "SBT1"
#define OTA_PLAIN_HEADER_SIZE 16

// An image needs at least its initial stack pointer and its reset vector.
#define OTA_VECTORS_SIZE 8

// A header, decoded.
struct ota_image {
    uint32_t magic;
    uint32_t size;        // bytes of the application
    uint32_t crc;         // CRC-32 of the application
    uint32_t version;     // OTA_VERSION
    uint32_t header_size; // bytes before the application in an image file
};

// major and minor 0..255, patch 0..65535: comparable as numbers.
#define OTA_VERSION(major, minor, patch)                                       \
    ((uint32_t)(major) << 24 | (uint32_t)(minor) << 16 | (uint32_t)(patch))
#define OTA_VERSION_MAJOR(version) ((uint32_t)(version) >> 24)
#define OTA_VERSION_MINOR(version) ((uint32_t)(version) >> 16 & 0xFF)
#define OTA_VERSION_PATCH(version) ((uint32_t)(version)&0xFFFF)

// Decodes the first 16 bytes of an image or of an app slot. Returns 0, or
// OTA_ERR_MAGIC, OTA_ERR_FORMAT (a known kind that this version cannot
// install), OTA_ERR_SIZE_ZERO. On error *image holds what could be read.
OTA_CHECKED int ota_image_decode(struct ota_image *image,
                                 const uint8_t raw[OTA_PLAIN_HEADER_SIZE]);

// The inverse, for a plain image: magic, size, crc, version.
void ota_image_encode(const struct ota_image *image,
                      uint8_t raw[OTA_PLAIN_HEADER_SIZE]);

// Whether two decoded headers say the same.
bool ota_image_is_same(const struct ota_image *a, const struct ota_image *b);

// Largest application in bytes that the layout's app slot takes.
uint32_t ota_image_max_size(const struct ota_layout *layout);

// Whether a decoded image may be installed on this layout, from its header
// alone: 0, OTA_ERR_UNSIGNED, OTA_ERR_TRUNCATED (too small for a vector table)
// or OTA_ERR_TOO_LARGE (for the app slot, or for a slot that it may have to be
// staged in or backed up to).
OTA_CHECKED int ota_image_check_header(const struct ota_image *image,
                                       const struct ota_layout *layout);

// Whether the first 8 bytes of an application of this size make sense for this
// layout: the stack pointer in RAM (its end included), the reset vector odd
// (Thumb) and inside the application. 0, OTA_ERR_STACK_POINTER or
// OTA_ERR_RESET_VECTOR.
OTA_CHECKED int
ota_image_check_vectors(uint32_t size, const struct ota_layout *layout,
                        const uint8_t vectors[OTA_VECTORS_SIZE]);

#endif
