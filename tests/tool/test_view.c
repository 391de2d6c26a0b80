// SPDX-License-Identifier: MIT
//
// Which area limits an image, and what is said of one that is too large.

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#undef fail // tool.h has one too

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "view.h"

static const struct ota_flash device;

static struct ota_layout layout_of(uint32_t app, uint32_t a, uint32_t b)
{
    return (struct ota_layout){
        .name = "toy",
        .app = {&device, 0, app},
        .slot = {{a ? &device : NULL, 0, a}, {b ? &device : NULL, 0, b}},
    };
}

static void assert_limit(struct ota_layout layout, const char *area,
                         uint32_t app_size)
{
    struct view_limit limit = view_limit(&layout, OTA_PLAIN_HEADER_SIZE);
    assert_string_equal(limit.area, area);
    assert_int_equal(limit.app_size, app_size);
}

static void limit_is_that_of_the_smallest_area(void **state)
{
    (void)state;
    assert_limit(layout_of(4096, 0, 0), "the app slot", 4096 - 512);
    assert_limit(layout_of(4096, 4096, 4096), "the app slot", 4096 - 512);
    assert_limit(layout_of(4096, 4096 - 496, 0), "the app slot", 4096 - 512);
    assert_limit(layout_of(4096, 4096 - 497, 0), "slot A", 4096 - 513);
    assert_limit(layout_of(4096, 2048, 4096), "slot A", 2048 - 16);
    assert_limit(layout_of(4096, 4096, 2048), "slot B", 2048 - 16);
    assert_limit(layout_of(4096, 2048, 1024), "slot B", 1024 - 16);
}

// What view_refuse writes to stderr.
static void said_of(const struct ota_layout *layout, char *text, size_t size)
{
    struct view view = {
        .image = {.size = 5000, .header_size = OTA_PLAIN_HEADER_SIZE}};
    FILE *file = tmpfile();
    assert_non_null(file);
    int old = dup(STDERR_FILENO);
    fflush(stderr);
    dup2(fileno(file), STDERR_FILENO);
    enum status status = view_refuse("a.bin", &view, layout, OTA_ERR_TOO_LARGE);
    fflush(stderr);
    dup2(old, STDERR_FILENO);
    close(old);
    rewind(file);
    size_t n = fread(text, 1, size - 1, file);
    text[n] = '\0';
    fclose(file);
    assert_int_equal(status, STATUS_BAD);
}

static void message_names_the_area_and_its_limit(void **state)
{
    (void)state;
    char text[200];
    struct ota_layout layout = layout_of(4096, 8192, 8192);
    said_of(&layout, text, sizeof text);
    assert_string_equal(text, "otatool: a.bin: too large: 5000 bytes of "
                              "application, the app slot of toy takes 3584: "
                              "make the application smaller\n");
    layout = layout_of(8192, 4096, 8192);
    said_of(&layout, text, sizeof text);
    assert_non_null(strstr(text, "slot A of toy takes 4080: make"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limit_is_that_of_the_smallest_area),
        cmocka_unit_test(message_names_the_area_and_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
