// SPDX-License-Identifier: MIT
//
// Image headers and the planner: every refusal, at its exact border.

#include "board.h"

#include "ota/bytes.h"

static struct board board;

static int setup(void **state)
{
    (void)state;
    board_init(&board, LAYOUT_F446, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    board_free(&board);
    return 0;
}

static void header_bytes(void **state)
{
    (void)state;
    // the reference system's example: version 4
    const uint8_t raw[16] = {0xAB, 0xEF, 0xCD, 0xAB, 0x00, 0x90, 0x01, 0x00,
                             0x26, 0x39, 0xF4, 0xCB, 0x04, 0x00, 0x00, 0x00};
    struct ota_image image;
    assert_int_equal(ota_image_decode(&image, raw), 0);
    assert_int_equal(image.size, 102400);
    assert_int_equal(image.crc, 0xCBF43926);
    assert_int_equal(image.version, 4);
    assert_int_equal(image.header_size, 16);
    uint8_t again[16];
    ota_image_encode(&image, again);
    assert_memory_equal(again, raw, 16);
}

static void refusals_of_the_header(void **state)
{
    (void)state;
    struct ota_image image;
    uint8_t raw[16] = {0xAA, 0xEF, 0xCD, 0xAB, 1};
    assert_int_equal(ota_image_decode(&image, raw), OTA_ERR_MAGIC);
    raw[0] = 0xAB;
    raw[4] = 0;
    assert_int_equal(ota_image_decode(&image, raw), OTA_ERR_SIZE_ZERO);
    memcpy(raw, "SBT1", 4);
    assert_int_equal(ota_image_decode(&image, raw), OTA_ERR_FORMAT);
}

static int check(uint32_t size)
{
    struct ota_image image = {OTA_MAGIC_PLAIN, size, 0, 0, 16};
    return ota_image_check_header(&image, &board.layout);
}

static void sizes(void **state)
{
    (void)state;
    uint32_t max = 320 * 1024 - 512;
    assert_int_equal(ota_image_max_size(&board.layout), max);
    assert_int_equal(check(7), OTA_ERR_TRUNCATED);
    assert_int_equal(check(8), 0);
    assert_int_equal(check(max), 0);
    assert_int_equal(check(max + 1), OTA_ERR_TOO_LARGE);
    assert_int_equal(check(UINT32_MAX), OTA_ERR_TOO_LARGE);
}

static void unsigned_policy(void **state)
{
    (void)state;
    board.layout.allow_unsigned = false;
    assert_int_equal(check(1000), OTA_ERR_UNSIGNED);
    board.layout.allow_unsigned = true;
}

static int vectors(uint32_t sp, uint32_t reset)
{
    uint8_t raw[8];
    store_le32(raw, sp);
    store_le32(raw + 4, reset);
    struct ota_image image = {OTA_MAGIC_PLAIN, 1000, 0, 0, 16};
    return ota_image_check_vectors(image.size, &board.layout, raw);
}

static void stack_pointer(void **state)
{
    (void)state;
    const uint32_t reset = 0x08010201 + 100;
    assert_int_equal(vectors(0x20020000, reset), 0); // the end of RAM
    assert_int_equal(vectors(0x20000004, reset), 0);
    assert_int_equal(vectors(0x20020001, reset), OTA_ERR_STACK_POINTER);
    assert_int_equal(vectors(0x20000000, reset), OTA_ERR_STACK_POINTER);
    assert_int_equal(vectors(0x1FFFFFFC, reset), OTA_ERR_STACK_POINTER);
    assert_int_equal(vectors(0, reset), OTA_ERR_STACK_POINTER);
    assert_int_equal(vectors(0xFFFFFFFF, reset), OTA_ERR_STACK_POINTER);
}

static void reset_vector(void **state)
{
    (void)state;
    const uint32_t sp = 0x20020000, app = 0x08010200;
    assert_int_equal(vectors(sp, app + 9), 0);
    assert_int_equal(vectors(sp, app + 999), 0);
    assert_int_equal(vectors(sp, app + 8), OTA_ERR_RESET_VECTOR);    // even
    assert_int_equal(vectors(sp, app + 1001), OTA_ERR_RESET_VECTOR); // behind
    assert_int_equal(vectors(sp, app + 7), OTA_ERR_RESET_VECTOR);
    assert_int_equal(vectors(sp, 0x08000201), OTA_ERR_RESET_VECTOR);
    assert_int_equal(vectors(sp, 0xFFFFFFFF), OTA_ERR_RESET_VECTOR);
}

static void every_error_has_a_text(void **state)
{
    (void)state;
    const int errors[] = {0,   -1,  -2,  -3,  -4,  -16, -17, -18, -19,
                          -20, -21, -22, -23, -32, -33, -34, -35, -36,
                          -37, -38, -39, -40, -41, -48, -49, -50, -51,
                          -64, -65, -66, -67, -68, -69};
    unsigned count = sizeof errors / sizeof errors[0];
    for (unsigned i = 0; i < count; i++) {
        const char *text = ota_error_text(errors[i]);
        assert_string_not_equal(text, "unknown error");
        for (unsigned k = 0; k < i; k++) {
            assert_string_not_equal(text, ota_error_text(errors[k]));
        }
    }
    assert_string_equal(ota_error_text(-5), "unknown error");
    assert_string_equal(ota_error_text(1), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_bytes),
        cmocka_unit_test(refusals_of_the_header),
        cmocka_unit_test(sizes),
        cmocka_unit_test(unsigned_policy),
        cmocka_unit_test(stack_pointer),
        cmocka_unit_test(reset_vector),
        cmocka_unit_test(every_error_has_a_text),
    };
    return cmocka_run_group_tests_name("image", tests, setup, teardown);
}
