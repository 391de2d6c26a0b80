// SPDX-License-Identifier: MIT
//
// The console as a line.

#include "port.h"

static int serial_get(const struct ota_serial *serial)
{
    return stm32_console_read(serial->context);
}

static void serial_put(const struct ota_serial *serial, uint8_t byte)
{
    stm32_console_write(serial->context, (const char *)&byte, 1);
}

static uint32_t serial_millis(const struct ota_serial *serial)
{
    (void)serial;
    return stm32_millis();
}

struct ota_serial stm32_console_serial(const struct board_console *console)
{
    // nobody writes through context
    return (struct ota_serial){serial_get, serial_put, serial_millis,
                               (void *)(uintptr_t)console};
}
