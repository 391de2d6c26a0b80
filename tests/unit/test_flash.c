// SPDX-License-Identifier: MIT
//
// Areas: bounds, alignment, the mixed erase map of the F446.

#include "board.h"

#include "geometry.h"

static void setup(struct board *board)
{
    board_init(board, LAYOUT_F446, 1);
}

static void f446_erase_units(void **state)
{
    (void)state;
    struct board board;
    setup(&board);
    struct ota_area all = {&board.ram->flash, 0, 512 * 1024};
    // RM0390 table 4
    const int32_t kib[8] = {16, 16, 16, 16, 64, 128, 128, 128};
    uint32_t offset = 0;
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(ota_area_unit_size(&all, offset), kib[i] * 1024);
        assert_int_equal(ota_area_unit_size(&all, offset + 4), OTA_ERR_ALIGN);
        offset += (uint32_t)kib[i] * 1024;
    }
    assert_int_equal(offset, stm32f446_geometry.size);
    assert_int_equal(ota_area_unit_size(&all, offset), OTA_ERR_RANGE);
    board_free(&board);
}

static void out_of_range_is_refused_before_the_device(void **state)
{
    (void)state;
    struct board board;
    setup(&board);
    struct ota_area area = {&board.ram->flash, 0x10000, 0x10000};
    uint8_t data[8] = {0};
    board.ram->dead = true; // a call that came through would say so
    assert_int_equal(ota_area_read(&area, 0xFFFC, data, 8), OTA_ERR_RANGE);
    assert_int_equal(ota_area_read(&area, UINT32_MAX, data, 1), OTA_ERR_RANGE);
    assert_int_equal(ota_area_prog(&area, 0x10000, data, 4), OTA_ERR_RANGE);
    assert_int_equal(ota_area_erase(&area, 0x10000), OTA_ERR_RANGE);
    assert_int_equal(ota_area_prog(&area, 2, data, 4), OTA_ERR_ALIGN);
    assert_int_equal(ota_area_prog(&area, 0, data, 6), OTA_ERR_ALIGN);
    assert_int_equal(ota_area_erase(&area, 0x4000), OTA_ERR_ALIGN);
    struct ota_area none = {NULL, 0, 16};
    assert_int_equal(ota_area_read(&none, 0, data, 1), OTA_ERR_RANGE);
    board_free(&board);
}

// an area that ends inside an erase unit must not erase its neighbour
static void unit_longer_than_the_area(void **state)
{
    (void)state;
    struct board board;
    setup(&board);
    struct ota_area area = {&board.ram->flash, 0x20000, 0x10000};
    assert_int_equal(ota_area_erase(&area, 0), OTA_ERR_RANGE);
    board_free(&board);
}

static void area_outside_the_device(void **state)
{
    (void)state;
    struct board board;
    setup(&board);
    uint8_t data[4];
    struct ota_area area = {&board.ram->flash, 0x70000, 0x20000};
    assert_int_equal(ota_area_read(&area, 0, data, 4), OTA_ERR_RANGE);
    board_free(&board);
}

static void blank_check(void **state)
{
    (void)state;
    struct board board;
    setup(&board);
    struct ota_area area = {&board.ram->flash, 0x10000, 0x10000};
    assert_int_equal(ota_area_is_blank(&area, 0, 0x10000), 1);
    uint8_t zero[4] = {0xFF, 0xFF, 0xFF, 0xFE};
    assert_int_equal(ota_area_prog(&area, 0xFFFC, zero, 4), 0);
    assert_int_equal(ota_area_is_blank(&area, 0, 0x10000), 0);
    assert_int_equal(ota_area_is_blank(&area, 0, 0xFFFC), 1);
    board.ram->faults.read_at = 3;
    assert_int_equal(ota_area_is_blank(&area, 0, 0x10000), OTA_ERR_FLASH_READ);
    board_free(&board);
}

// Begins and ends on erase units.
static void assert_whole_units(const struct ota_area *area)
{
    uint32_t at = 0;
    while (at < area->size) {
        int32_t size = ota_area_unit_size(area, at);
        assert_true(size > 0);
        at += (uint32_t)size;
    }
    assert_int_equal(at, area->size);
}

extern const struct ota_layout nucleo_f446re_single;

static void layout_is_sound(void **state)
{
    (void)state;
    const struct ota_layout *layout = &nucleo_f446re_single;
    const struct ota_area *areas[] = {&layout->boot, &layout->journal[0],
                                      &layout->journal[1], &layout->app,
                                      &layout->array};
    uint32_t end = 0;
    for (unsigned i = 0; i < sizeof areas / sizeof areas[0]; i++) {
        assert_whole_units(areas[i]);
        assert_true(areas[i]->offset >= end); // no overlap
        end = areas[i]->offset + areas[i]->size;
    }
    assert_int_equal(ota_layout_vectors(layout) % 512, 0); // VTOR
    for (unsigned i = 0; i < 2; i++) { // one erase unit each
        assert_int_equal(ota_area_unit_size(&layout->journal[i], 0),
                         layout->journal[i].size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(f446_erase_units),
        cmocka_unit_test(out_of_range_is_refused_before_the_device),
        cmocka_unit_test(unit_longer_than_the_area),
        cmocka_unit_test(area_outside_the_device),
        cmocka_unit_test(blank_check),
        cmocka_unit_test(layout_is_sound),
    };
    return cmocka_run_group_tests_name("flash", tests, NULL, NULL);
}
