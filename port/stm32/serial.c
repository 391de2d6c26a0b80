// SPDX-License-Identifier: MIT
//
// The console as a line.

#include "port.h"

int stm32_serial_get(const struct ota_serial *serial)
{
    return stm32_console_read(serial->context);
}

void stm32_serial_put(const struct ota_serial *serial, uint8_t byte)
{
    stm32_console_write(serial->context, (const char *)&byte, 1);
}

uint32_t stm32_serial_millis(const struct ota_serial *serial)
{
    (void)serial;
    return stm32_millis();
}
