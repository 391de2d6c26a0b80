// SPDX-License-Identifier: MIT

#ifndef OTA_CRC32_H
#define OTA_CRC32_H

#include <stddef.h>
#include <stdint.h>

// The CRC-32 of zlib, Ethernet and PNG: polynomial 0xEDB88320 (reflected),
// initial value and final xor 0xFFFFFFFF. "123456789" gives 0xCBF43926.
//
// Begin with crc = 0; to go on over a further piece, pass the last result:
//
//     uint32_t crc = ota_crc32(0, head, head_len);
//     crc = ota_crc32(crc, tail, tail_len);
//
// data may have any alignment; len may be 0.
uint32_t ota_crc32(uint32_t crc, const void *data, size_t len);

#endif
