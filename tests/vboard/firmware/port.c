// SPDX-License-Identifier: MIT
//
// Firmware of test_port.c: the port's own SPI and CRC, on the HSI, under an
// interrupt that comes all the time and stays for longer than a byte takes. A
// W25Q64 is at SPI2. What was read and summed is said on USART1.

#include "console.h"
#include "ota/crc32.h"
#include "port.h"

#define HAMMER 331 // cycles from one interrupt to the next

static const struct board_spi place = {2, 5, PB13, PB14, PB15, PB12};
static const struct stm32_clocks hsi = {16000000, 16000000, 16000000};

static uint8_t data[1024];
static volatile uint32_t interrupts;

static void say(uint32_t number)
{
    print_hex(number);
    print("\r\n");
}

static void send(const struct ota_bus *bus, uint8_t code, uint32_t address,
                 unsigned address_len)
{
    const uint8_t head[4] = {code, (uint8_t)(address >> 16),
                             (uint8_t)(address >> 8), (uint8_t)address};
    bus->select(bus);
    if (bus->transfer(bus, head, NULL, 1 + address_len)) {
        print("refused\r\n");
    }
}

static void read_all(const struct ota_bus *bus, uint32_t address, size_t len)
{
    send(bus, 0x03, address, 3);
    if (bus->transfer(bus, NULL, data, len)) {
        print("lost\r\n");
    }
    bus->deselect(bus);
    say(ota_crc32(0, data, len));
}

// data holds what read_all() has left.
static void write_page(const struct ota_bus *bus, uint32_t address)
{
    send(bus, 0x06, 0, 0);
    bus->deselect(bus);
    send(bus, 0x02, address, 3);
    if (bus->transfer(bus, data, NULL, 256)) {
        print("lost\r\n");
    }
    bus->deselect(bus);
}

// Whatever somebody has left in the unit.
static void stir_crc_unit(void)
{
    *reg(RCC_AHB1ENR) |= 1u << 12;
    (void)*reg(RCC_AHB1ENR);
    *reg(0x40023000) = 0x12345678;
}

static void sums(void)
{
    stir_crc_unit();
    for (unsigned at = 0; at < 4; at++) {
        for (unsigned len = 0; len < 20; len++) {
            uint32_t crc = ota_crc32(0, data + at, len / 3);
            say(ota_crc32(crc, data + at + len / 3, len - len / 3));
        }
    }
}

static void reset_handler(void)
{
    struct stm32_spi_bus fast, slow;
    console_start();
    stm32_spi_init(&slow, &place, &hsi, 400000);
    stm32_spi_init(&fast, &place, &hsi, 50000000);
    *reg(STK_LOAD) = HAMMER - 1;
    *reg(STK_VAL) = 0;
    *reg(STK_CTRL) = 7;
    interrupts = 0;
    read_all(&slow.bus, 0, 16);
    for (unsigned len = 0; len < 4; len++) {
        read_all(&fast.bus, 64, len);
    }
    read_all(&fast.bus, 0, sizeof data);
    write_page(&fast.bus, 0x1000);
    sums();
    // the chip select is no pin of the SPI: nobody hears, all reads 0xFF
    if (fast.bus.transfer(&fast.bus, NULL, data, 7)) {
        print("lost\r\n");
    }
    say(ota_crc32(0, data, 8));
    // the 16 slow bytes alone take 8192 cycles
    print(interrupts > 12 ? "done\r\n" : "masked\r\n");
    for (;;) {
        __asm volatile("wfi");
    }
}

static void systick_handler(void)
{
    interrupts++;
    for (int i = 0; i < 30; i++) {
        __asm volatile("nop");
    }
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
