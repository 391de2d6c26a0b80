// SPDX-License-Identifier: MIT
//
// Sources: the C array, and the reference system's exact-length read over a
// source that gives what it likes.

#include "board.h"

static void c_array(void **state)
{
    (void)state;
    const uint8_t data[5] = {1, 2, 3, 4, 5};
    struct ota_c_array array;
    ota_c_array_init(&array, data, sizeof data);
    struct ota_source *source = &array.source;
    uint8_t out[8] = {0};
    assert_int_equal(ota_source_open(source), 0);
    assert_int_equal(source->read(source, out, 3), 3);
    assert_int_equal(source->read(source, out, 8), 2);
    assert_int_equal(out[1], 5);
    assert_int_equal(source->read(source, out, 1), OTA_ERR_SOURCE_END);
    assert_int_equal(source->seek(source, 4), 0);
    assert_int_equal(source->read(source, out, 1), 1);
    assert_int_equal(out[0], 5);
    assert_int_equal(source->seek(source, 6), OTA_ERR_SOURCE_SEEK);
    // a second attempt begins at the first byte again
    assert_int_equal(ota_source_open(source), 0);
    assert_int_equal(source->read(source, out, 1), 1);
    assert_int_equal(out[0], 1);
    ota_source_close(source);
}

struct dribble {
    struct ota_source source;
    const int *answers; // what each read returns
    uint8_t next;
};

static int dribble_read(struct ota_source *source, void *data, size_t len)
{
    struct dribble *dribble = (struct dribble *)source;
    int answer = *dribble->answers++;
    for (int i = 0; i < answer && (size_t)i < len; i++) {
        ((uint8_t *)data)[i] = dribble->next++;
    }
    return answer;
}

static int read_six(const int *answers, uint8_t *out)
{
    struct dribble dribble = {{.read = dribble_read}, answers, 0};
    return ota_source_read_exact(&dribble.source, out, 6, 2);
}

static void exact_read(void **state)
{
    (void)state;
    uint8_t out[6];
    const uint8_t expected[6] = {0, 1, 2, 3, 4, 5};
    const int pieces[] = {1, 0, 0, 3, 0, 2};
    assert_int_equal(read_six(pieces, out), 0);
    assert_memory_equal(out, expected, 6);
    const int silent[] = {1, 0, 0, 0};
    assert_int_equal(read_six(silent, out), OTA_ERR_SOURCE_READ);
    const int ends[] = {5, OTA_ERR_SOURCE_END};
    assert_int_equal(read_six(ends, out), OTA_ERR_SOURCE_END);
    const int liar[] = {7};
    assert_int_equal(read_six(liar, out), OTA_ERR_SOURCE_READ);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(c_array),
        cmocka_unit_test(exact_read),
    };
    return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
