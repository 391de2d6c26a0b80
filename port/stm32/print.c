// SPDX-License-Identifier: MIT

#include "port.h"

#include <stdarg.h>

#include "ota/image.h"

static void print_text(const struct board_console *console, const char *text)
{
    for (; *text != '\0'; text++) {
        stm32_console_write(console, text, 1);
    }
}

static void print_unsigned(const struct board_console *console, uint32_t number,
                           uint32_t base, size_t least)
{
    char digits[10];
    size_t at = sizeof(digits);
    do {
        digits[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number > 0 || sizeof(digits) - at < least);
    stm32_console_write(console, digits + at, sizeof(digits) - at);
}

static void print_version(const struct board_console *console, uint32_t version)
{
    print_unsigned(console, OTA_VERSION_MAJOR(version), 10, 1);
    print_text(console, ".");
    print_unsigned(console, OTA_VERSION_MINOR(version), 10, 1);
    print_text(console, ".");
    print_unsigned(console, OTA_VERSION_PATCH(version), 10, 1);
}

void stm32_print(const struct board_console *console, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    for (const char *p = format; *p != '\0'; p++) {
        if (*p == '\n') {
            print_text(console, "\r\n");
            continue;
        }
        switch (*p == '%' ? p[1] : '\0') {
        case 's':
            print_text(console, va_arg(args, const char *));
            break;
        case 'u':
            print_unsigned(console, va_arg(args, uint32_t), 10, 1);
            break;
        case 'x':
            print_unsigned(console, va_arg(args, uint32_t), 16, 8);
            break;
        case 'v':
            print_version(console, va_arg(args, uint32_t));
            break;
        default:
            stm32_console_write(console, p, 1);
            continue;
        }
        p++;
    }
    va_end(args);
}
