// SPDX-License-Identifier: MIT

#include "port.h"

#include <stdarg.h>
#include <string.h>

#include "ota/image.h"

static void print_text(const struct board_console *console, const char *text)
{
    stm32_console_write(console, text, strlen(text));
}

static void print_unsigned(const struct board_console *console, uint32_t number)
{
    char digits[10];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    stm32_console_write(console, digits + at, sizeof(digits) - at);
}

static void print_hex(const struct board_console *console, uint32_t number)
{
    for (int shift = 28; shift >= 0; shift -= 4) {
        stm32_console_write(console, &"0123456789abcdef"[number >> shift & 15],
                            1);
    }
}

static void print_version(const struct board_console *console, uint32_t version)
{
    print_unsigned(console, OTA_VERSION_MAJOR(version));
    print_text(console, ".");
    print_unsigned(console, OTA_VERSION_MINOR(version));
    print_text(console, ".");
    print_unsigned(console, OTA_VERSION_PATCH(version));
}

void stm32_print(const struct board_console *console, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    for (const char *p = format; *p != '\0'; p++) {
        if (*p == '\n') {
            print_text(console, "\r\n");
        } else if (p[0] == '%' && p[1] == 's') {
            print_text(console, va_arg(args, const char *));
            p++;
        } else if (p[0] == '%' && p[1] == 'u') {
            print_unsigned(console, va_arg(args, uint32_t));
            p++;
        } else if (p[0] == '%' && p[1] == 'x') {
            print_hex(console, va_arg(args, uint32_t));
            p++;
        } else if (p[0] == '%' && p[1] == 'v') {
            print_version(console, va_arg(args, uint32_t));
            p++;
        } else {
            stm32_console_write(console, p, 1);
        }
    }
    va_end(args);
}
