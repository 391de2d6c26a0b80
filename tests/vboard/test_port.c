// SPDX-License-Identifier: MIT
//
// The port's SPI and its CRC-32 by the CRC unit, while interrupts come between
// all their steps. zlib is the judge.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "vboard.h"

#define READ 1024

struct listener {
    char said[4096];
    size_t len;
    unsigned violations;
};

static void on_event(void *context, const struct vboard_event *event)
{
    struct listener *listener = context;
    if (event->kind == VBOARD_EVENT_UART &&
        listener->len + 1 < sizeof listener->said) {
        listener->said[listener->len++] = (char)event->value;
    }
    listener->violations += event->kind == VBOARD_EVENT_VIOLATION;
}

static void expect(char *text, const uint8_t *data, size_t len)
{
    char line[16];
    unsigned crc = (unsigned)crc32(crc32(0, NULL, 0), data, (uInt)len);
    snprintf(line, sizeof line, "%08x\r\n", crc);
    strcat(text, line);
}

static void all_is_as_zlib_has_it(void **state)
{
    (void)state;
    struct listener listener = {{0}, 0, 0};
    struct vboard_config config = {
        .mcu = "stm32f446re", .event = on_event, .context = &listener};
    struct vboard *board = vboard_new(&config);
    assert_non_null(board);
    assert_int_equal(vboard_load(board, FIRMWARE_DIR "/port.elf", 0), 0);
    assert_int_equal(vboard_attach_w25q(board, NULL), 0);
    uint8_t *chip = vboard_w25q(board, NULL);
    for (unsigned i = 0; i < READ; i++) {
        chip[i] = (uint8_t)(i * 37 + i / 256 + 11);
    }
    vboard_power_on(board);
    vboard_run(board, VBOARD_S);

    char text[sizeof listener.said] = "";
    expect(text, chip, 16);
    for (unsigned len = 0; len < 4; len++) {
        expect(text, chip + 64, len);
    }
    expect(text, chip, READ);
    for (unsigned at = 0; at < 4; at++) {
        for (unsigned len = 0; len < 20; len++) {
            expect(text, chip + at, len);
        }
    }
    uint8_t nobody[8] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, chip[7]};
    expect(text, nobody, sizeof nobody);
    strcat(text, "done\r\n");
    assert_string_equal(listener.said, text);
    assert_memory_equal(chip + 0x1000, chip, 256);
    assert_int_equal(listener.violations, 0);
    vboard_free(board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_as_zlib_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
