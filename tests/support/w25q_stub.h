// SPDX-License-Identifier: MIT
//
// A W25Q64 reduced to what can go wrong on its bus, for tests of the driver
// that need a chip to misbehave at a certain byte. Time passes with each byte
// (160 ns: 50 MHz) and each look at the clock.

#ifndef W25Q_STUB_H
#define W25Q_STUB_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "ota/w25q.h"

#define STUB_SIZE 0x30000u // all that is modelled; from address 0

struct w25q_stub {
    struct ota_bus bus;
    struct ota_w25q chip;
    struct ota_flash flash;
    uint8_t memory[STUB_SIZE];
    uint64_t ns;
    uint32_t millis_offset; // where the tick began
    bool supply_good;

    // what the chip is like
    uint8_t id[3];
    uint8_t bp;          // status bits
    bool asleep;         // in power-down
    bool refuses;        // ignores erases and programs, WEL stays; until reset
    bool never_enabled;  // ignores WRITE_ENABLE
    uint64_t busy_until; // ns
    uint64_t deaf_until; // ns: ignores all, after waking or a reset
    uint64_t write_from; // ns: ignores WRITE_ENABLE until then
    bool ignores_reset;
    uint32_t program_us, erase_ms; // how long they take
    uint32_t bad_address;          // a bit here stays as it should not
    int miso;                      // -1, or what it is stuck at

    // from this byte on (counted from 0), and never if UINT64_MAX
    uint64_t stuck_at_byte; // MISO is stuck at stuck_value
    int stuck_value;
    uint64_t bus_fails_at_byte;
    uint64_t mcu_resets_at_byte; // jumps to reset_to
    jmp_buf reset_to;

    // what has happened
    uint64_t bytes;
    unsigned programs, erases, resets, enables, supply_asked;
    uint32_t longest_program;
    uint8_t erase_code;
    bool wel, selected, reset_armed;

    // the transaction under way
    uint8_t code;
    uint32_t sent, address;
    uint8_t data[512];
};

// A good chip, erased, awake and idle.
void w25q_stub_init(struct w25q_stub *stub);

// Milliseconds that have passed since a moment in ns.
uint64_t w25q_stub_ms_since(const struct w25q_stub *stub, uint64_t ns);

#endif
