// SPDX-License-Identifier: MIT
//
// CRC-16 of XMODEM and of the data blocks of SD cards: x^16 + x^12 + x^5 + 1,
// most significant bit first, starting at 0.

#ifndef OTA_CRC16_H
#define OTA_CRC16_H

#include <stddef.h>
#include <stdint.h>

// 0..0xFFFF. Over data followed by its CRC, high byte first, it is 0.
uint32_t ota_crc16(const uint8_t *data, size_t len);

#endif
