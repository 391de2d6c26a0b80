// SPDX-License-Identifier: MIT

#include "port.h"

#include "registers.h"
#include "usart.h"
#include "wait.h"

static struct usart_regs *regs_of(const struct board_console *console)
{
    return console->usart == 1 ? USART1 : USART2;
}

// Two bytes at 1200 baud: one in the shift register, one in DR.
#define BYTES_US 17000

void stm32_console_start(const struct board_console *console,
                         const struct stm32_clocks *clocks)
{
    uint32_t clock = clocks->pclk1;
    if (console->usart == 1) {
        clock = clocks->pclk2;
        RCC->APB2ENR |= RCC_APB2_USART1;
    } else {
        RCC->APB1ENR |= RCC_APB1_USART2;
    }
    stm32_pin_alternate(console->tx, console->alternate, false);
    // pulled up: a line that is not connected is idle
    stm32_pin_alternate(console->rx, console->alternate, true);

    // oversampling by 16: BRR is the clock divided by the baud rate, rounded
    // (RM0390 25.4.4, RM0008 27.3.4)
    struct usart_regs *usart = regs_of(console);
    usart->BRR = (clock + console->baud / 2) / console->baud;
    usart->CR1 = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE;
}

void stm32_console_write(const struct board_console *console, const char *text,
                         size_t len)
{
    struct usart_regs *usart = regs_of(console);
    for (size_t i = 0; i < len; i++) {
        if (stm32_wait(&usart->SR, USART_SR_TXE, USART_SR_TXE, BYTES_US)) {
            usart->DR = (uint8_t)text[i];
        }
    }
}

int stm32_console_read(const struct board_console *console)
{
    struct usart_regs *usart = regs_of(console);
    uint32_t status = usart->SR;
    if ((status & (USART_SR_RXNE | USART_SR_ORE)) == 0) {
        return OTA_SERIAL_NONE;
    }
    // reading DR after SR clears the error flags (RM0390 25.6.1, RM0008
    // 27.6.1)
    int byte = (int)(usart->DR & 0xFF);
    return status & (USART_SR_ORE | USART_SR_NF | USART_SR_FE)
               ? OTA_SERIAL_DAMAGED
               : byte;
}

void stm32_console_drain(const struct board_console *console)
{
    (void)stm32_wait(&regs_of(console)->SR, USART_SR_TC, USART_SR_TC, BYTES_US);
}
