// SPDX-License-Identifier: MIT
//
// Firmware of test_w25q_wait.c and of the command's tests: a W25Q64 at SPI2 and
// PB12, with loops that poll as drivers have them. HSI at 16 MHz, SysTick
// counts milliseconds, what happens is said on USART1.

#include <stdbool.h>

#include "console.h"

#define RCC_AHB1ENR 0x40023830
#define RCC_APB1ENR 0x40023840
#define GPIOB_MODER 0x40020400
#define GPIOB_PUPDR 0x4002040C
#define GPIOB_BSRR  0x40020418
#define GPIOB_AFRH  0x40020424
#define SPI_CR1     0x40003800
#define SPI_SR      0x40003808
#define SPI_DR      0x4000380C

#define PATIENCE 1000 // milliseconds

static volatile uint32_t millis;

static void start(void)
{
    *reg(RCC_AHB1ENR) |= 2;
    *reg(RCC_APB1ENR) |= 1u << 14;
    (void)*reg(RCC_APB1ENR);
    *reg(GPIOB_BSRR) = 1u << 12;
    *reg(GPIOB_AFRH) = 0x55500000;
    *reg(GPIOB_PUPDR) = 0x10000100;
    *reg(GPIOB_MODER) = 0xA9000280;
    *reg(SPI_CR1) = 0x0344; // PCLK / 2
    millis = 0;
    *reg(STK_LOAD) = 16000 - 1;
    *reg(STK_VAL) = 0;
    *reg(STK_CTRL) = 7;
}

static uint8_t exchange(uint8_t out)
{
    *reg(SPI_DR) = out;
    while (!(*reg(SPI_SR) & 1)) {
    }
    return (uint8_t)*reg(SPI_DR);
}

__attribute__((noinline)) static void select(bool selected)
{
    while (*reg(SPI_SR) & 0x80) {
    }
    *reg(GPIOB_BSRR) = selected ? 1u << 28 : 1u << 12;
}

// Sends code and address, then len bytes of data or, without any, 0xFF; gives
// the last one that came back.
__attribute__((noinline)) static uint8_t talk(uint8_t code, uint32_t address,
                                              unsigned address_len,
                                              const uint8_t *data, unsigned len)
{
    uint8_t in = 0;
    select(true);
    exchange(code);
    for (unsigned i = address_len; i > 0; i--) {
        exchange((uint8_t)(address >> (8 * (i - 1))));
    }
    for (unsigned i = 0; i < len; i++) {
        in = exchange(data ? data[i] : 0xFF);
    }
    select(false);
    return in;
}

static bool wait_ready(void)
{
    uint32_t since = millis;
    while (talk(0x05, 0, 0, 0, 1) & 1) {
        if (millis - since > PATIENCE) {
            print("busy\r\n");
            return false;
        }
    }
    return true;
}

// It may take some milliseconds until a chip that was just switched on obeys.
static void enable_writes(void)
{
    uint32_t since = millis;
    do {
        talk(0x06, 0, 0, 0, 0);
    } while (!(talk(0x05, 0, 0, 0, 1) & 2) && millis - since < PATIENCE);
}

static bool write(uint8_t code, uint32_t address, const uint8_t *data,
                  unsigned len)
{
    enable_writes();
    talk(code, address, 3, data, len);
    return wait_ready();
}

static bool identify(void)
{
    uint32_t id = 0;
    for (unsigned i = 1; i <= 3; i++) {
        id = id << 8 | talk(0x9F, 0, 0, 0, i);
    }
    print("id ");
    print_hex(id);
    print("\r\n");
    return id == 0xEF4017;
}

// Marks this boot in the first byte that is blank.
static bool count_boot(void)
{
    uint32_t at = 0;
    while (talk(0x03, at, 3, 0, 1) != 0xFF) {
        at++;
    }
    const uint8_t mark = 0x42;
    return write(0x02, at, &mark, 1);
}

static bool fill_page(void)
{
    uint8_t page[256];
    for (unsigned i = 0; i < sizeof(page); i++) {
        page[i] = (uint8_t)(7 * i);
    }
    return write(0x20, 0x1000, 0, 0) &&
           write(0x02, 0x1000, page, sizeof(page)) &&
           talk(0x03, 0x1000, 3, 0, 11) == 70;
}

static void reset_handler(void)
{
    console_start();
    start();
    if (wait_ready() && identify() && count_boot() && fill_page()) {
        print("done\r\n");
    }
    for (;;) {
        __asm volatile("wfi");
    }
}

static void systick_handler(void)
{
    millis++;
}

static void fault_handler(void)
{
    for (;;) {
    }
}

extern const uint32_t stack_top;

__attribute__((section(".vectors"), used)) static const void
    *const vectors[16] = {
        &stack_top,      reset_handler,        fault_handler,
        fault_handler,   fault_handler,        fault_handler,
        fault_handler,   [11] = fault_handler, [14] = fault_handler,
        systick_handler,
};
