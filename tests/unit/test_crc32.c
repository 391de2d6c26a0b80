// SPDX-License-Identifier: MIT
//
// CRC-32 against its check value and against zlib.

#include "board.h"

#include <zlib.h>

#include "ota/crc32.h"

static void check_value(void **state)
{
    (void)state;
    assert_int_equal(ota_crc32(0, "123456789", 9), 0xCBF43926);
    assert_int_equal(ota_crc32(0, "", 0), 0);
}

// every length and every alignment, in one piece and in two
static void same_as_zlib(void **state)
{
    (void)state;
    uint8_t data[80];
    for (unsigned i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 37 + 11);
    }
    for (unsigned at = 0; at < 4; at++) {
        for (unsigned len = 0; len + at <= sizeof data; len++) {
            uint32_t expected = (uint32_t)crc32(0, data + at, len);
            assert_int_equal(ota_crc32(0, data + at, len), expected);
            uint32_t crc = ota_crc32(0, data + at, len / 3);
            crc = ota_crc32(crc, data + at + len / 3, len - len / 3);
            assert_int_equal(crc, expected);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_value),
        cmocka_unit_test(same_as_zlib),
    };
    return cmocka_run_group_tests_name("crc32", tests, NULL, NULL);
}
