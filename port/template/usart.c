// SPDX-License-Identifier: MIT
//
// The console of a generation with another USART (ISR, ICR, RDR, TDR): it takes
// the place of the shared usart.c. If that one fits, delete this file, take it
// out of OTA_OWN in chip.cmake, and give registers.h the address of USART1.

#include "port.h"

// FILL: clock on (RCC), both pins by stm32_pin_alternate, RX as an input; baud
// rate from the clock of console->usart; transmitter and receiver on.
void stm32_console_start(const struct board_console *console,
                         const struct stm32_clocks *clocks)
{
    (void)console;
    (void)clocks;
}

// FILL: for each byte wait, with a bound (stm32_wait), for room; a byte for
// which there is none is dropped.
void stm32_console_write(const struct board_console *console, const char *text,
                         size_t len)
{
    (void)console;
    (void)text;
    (void)len;
}

// FILL: never waits. One byte that has arrived; or, with its error flags
// cleared, OTA_SERIAL_DAMAGED if one was overrun or disturbed.
int stm32_console_read(const struct board_console *console)
{
    (void)console;
    return OTA_SERIAL_NONE;
}

// FILL: waits, with a bound, until the last bit is on the wire.
void stm32_console_drain(const struct board_console *console)
{
    (void)console;
}
