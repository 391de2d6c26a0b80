// SPDX-License-Identifier: MIT
//
// The W25Q64 driver on a chip that can be told how to misbehave. Numbers are
// those of the data sheet (W25Q64JV, 9.6).

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "w25q_stub.h"

#define SECTOR 0x1000u
#define BLOCK  0x10000u

static struct w25q_stub stub;
static uint8_t pattern[0x400];

static int setup(void **state)
{
    (void)state;
    w25q_stub_init(&stub);
    for (unsigned i = 0; i < sizeof pattern; i++) {
        pattern[i] = (uint8_t)(i * 7 + i / 256 + 1);
    }
    return 0;
}

static int read_at(uint32_t offset, void *data, size_t len)
{
    return stub.flash.read(&stub.flash, offset, data, len);
}

static int prog_at(uint32_t offset, const void *data, size_t len)
{
    return stub.flash.prog(&stub.flash, offset, data, len);
}

static int erase_at(uint32_t offset, uint32_t size)
{
    return stub.flash.erase(&stub.flash, offset, size);
}

// One byte, read, programmed and erased: one call of each kind.
static int call_read(void)
{
    uint8_t byte;
    return read_at(SECTOR, &byte, 1);
}

static int call_prog(void)
{
    return prog_at(SECTOR, pattern, 300);
}

static int call_erase(void)
{
    return erase_at(SECTOR, SECTOR);
}

static int (*const calls[])(void) = {call_read, call_prog, call_erase};
#define CALLS (sizeof calls / sizeof calls[0])

// Each kind of call gives this error and changes nothing, within so many ms.
static void assert_all_fail(int error, uint64_t within_ms)
{
    memset(stub.memory, 0x5A, sizeof stub.memory);
    static uint8_t before[STUB_SIZE];
    memcpy(before, stub.memory, sizeof before);
    for (unsigned i = 0; i < CALLS; i++) {
        uint64_t since = stub.ns;
        assert_int_equal(calls[i](), error);
        assert_true(w25q_stub_ms_since(&stub, since) <= within_ms);
        assert_false(stub.selected);
    }
    assert_memory_equal(stub.memory, before, sizeof before);
}

static void geometry_is_the_parts(void **state)
{
    (void)state;
    const struct ota_geometry *geometry = &ota_w25q64_geometry;
    assert_int_equal(geometry->size, 8 * 1024 * 1024);
    assert_int_equal(geometry->run_count, 1);
    assert_int_equal(geometry->run[0].count * geometry->run[0].size,
                     geometry->size);
    assert_int_equal(geometry->run[0].size, SECTOR);
    assert_int_equal(geometry->block, BLOCK);
    assert_int_equal(geometry->erased, 0xFF);
}

static void reads_anything_anywhere(void **state)
{
    (void)state;
    memcpy(stub.memory + 0x1234, pattern, sizeof pattern);
    uint8_t got[sizeof pattern] = {0};
    assert_int_equal(read_at(0x1234, got, sizeof got), 0);
    assert_memory_equal(got, pattern, sizeof got);
    assert_int_equal(stub.enables, 0);
}

// Lengths and places around the ends of pages.
static void programs_page_by_page(void **state)
{
    (void)state;
    static const struct {
        uint32_t offset, len, pages;
    } cases[] = {
        {0, 1, 1},       {0, 256, 1},     {255, 1, 1},    {255, 2, 2},
        {1, 256, 2},     {128, 128, 1},   {128, 129, 2},  {0x2F0, 0x220, 4},
        {0x100, 512, 2}, {0x0FF, 514, 4}, {0xFFFF, 2, 2},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        w25q_stub_init(&stub);
        uint32_t offset = cases[i].offset, len = cases[i].len;
        assert_int_equal(prog_at(offset, pattern, len), 0);
        assert_memory_equal(stub.memory + offset, pattern, len);
        assert_int_equal(stub.programs, cases[i].pages);
        assert_int_equal(stub.enables, cases[i].pages);
        for (uint32_t at = 0; at < 0x12000; at++) {
            if (at - offset >= len) {
                assert_int_equal(stub.memory[at], 0xFF);
            }
        }
    }
}

static void erases_by_the_size(void **state)
{
    (void)state;
    static const struct {
        uint32_t size;
        uint8_t code;
    } cases[] = {{SECTOR, 0x20}, {BLOCK, 0xD8}};
    for (unsigned i = 0; i < 2; i++) {
        w25q_stub_init(&stub);
        uint32_t size = cases[i].size;
        memset(stub.memory, 0, sizeof stub.memory);
        assert_int_equal(erase_at(BLOCK, size), 0);
        assert_int_equal(stub.erases, 1);
        assert_int_equal(stub.erase_code, cases[i].code);
        for (uint32_t at = 0; at < STUB_SIZE; at++) {
            bool erased = at - BLOCK < size;
            assert_int_equal(stub.memory[at], erased ? 0xFF : 0);
        }
    }
}

static void knows_its_chips(void **state)
{
    (void)state;
    stub.id[1] = 0x70; // W25Q64JV-M
    assert_int_equal(call_erase(), 0);

    // a 1.8 V part, twice and half the size, GigaDevice, Macronix, none
    static const uint8_t others[][3] = {
        {0xEF, 0x60, 0x17}, {0xEF, 0x40, 0x18}, {0xEF, 0x40, 0x16},
        {0xC8, 0x40, 0x17}, {0xC2, 0x20, 0x17}, {0xFF, 0xFF, 0xFF},
        {0x00, 0x00, 0x00}, {0xEF, 0x40, 0xFF},
    };
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
        memcpy(stub.id, others[i], 3);
        assert_all_fail(OTA_ERR_FLASH_DEVICE, 1);
    }
}

static void nobody_there(void **state)
{
    (void)state;
    stub.miso = 0xFF;
    assert_all_fail(OTA_ERR_FLASH_DEVICE, 1);
    stub.miso = 0x00;
    assert_all_fail(OTA_ERR_FLASH_DEVICE, 1);
    assert_int_equal(stub.resets, 0);
}

static void wakes_a_chip_in_power_down(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CALLS; i++) {
        w25q_stub_init(&stub);
        stub.asleep = true;
        assert_int_equal(calls[i](), 0);
        assert_false(stub.asleep);
        assert_int_equal(stub.resets, 0);
    }
}

// A reset of the MCU in the middle of the longest operation.
static void waits_for_a_chip_left_busy(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CALLS; i++) {
        w25q_stub_init(&stub);
        stub.busy_until = stub.ns + 1999 * 1000000ull;
        assert_int_equal(calls[i](), 0);
        assert_int_equal(stub.resets, 0);
    }
}

// An erase of the whole chip, say, that somebody has begun.
static void resets_a_chip_that_stays_busy(void **state)
{
    (void)state;
    stub.busy_until = UINT64_MAX;
    uint64_t since = stub.ns;
    assert_int_equal(call_read(), 0);
    assert_int_equal(stub.resets, 1);
    assert_true(w25q_stub_ms_since(&stub, since) >= 2000);
    assert_true(w25q_stub_ms_since(&stub, since) <= 2510);
}

static void stuck_busy(void **state)
{
    (void)state;
    stub.busy_until = UINT64_MAX;
    stub.ignores_reset = true;
    assert_all_fail(OTA_ERR_FLASH_TIMEOUT, 2510);
}

static void the_tick_wraps(void **state)
{
    (void)state;
    stub.millis_offset = UINT32_MAX - (uint32_t)(stub.ns / 1000000) - 20;
    assert_int_equal(call_erase(), 0); // takes 45 ms
    stub.busy_until = UINT64_MAX;
    stub.ignores_reset = true;
    assert_int_equal(call_read(), OTA_ERR_FLASH_TIMEOUT);
}

// Times of the data sheet: the longest is waited for, and not much more.
static void operations_as_long_as_they_may_take(void **state)
{
    (void)state;
    stub.erase_ms = 400;
    assert_int_equal(erase_at(0, SECTOR), 0);
    stub.erase_ms = 2000;
    assert_int_equal(erase_at(0, BLOCK), 0);
    stub.program_us = 3000;
    assert_int_equal(prog_at(0, pattern, 256), 0);
}

static void operations_that_do_not_end(void **state)
{
    (void)state;
    stub.erase_ms = 10000;
    uint64_t since = stub.ns;
    assert_int_equal(erase_at(0, SECTOR), OTA_ERR_FLASH_TIMEOUT);
    assert_in_range(w25q_stub_ms_since(&stub, since), 500, 510);

    w25q_stub_init(&stub);
    stub.erase_ms = 10000;
    since = stub.ns;
    assert_int_equal(erase_at(0, BLOCK), OTA_ERR_FLASH_TIMEOUT);
    assert_in_range(w25q_stub_ms_since(&stub, since), 2500, 2510);

    w25q_stub_init(&stub);
    stub.program_us = 1000000;
    since = stub.ns;
    assert_int_equal(prog_at(0, pattern, 9), OTA_ERR_FLASH_TIMEOUT);
    assert_in_range(w25q_stub_ms_since(&stub, since), 3, 10);
}

static void assert_refused(int error)
{
    static uint8_t before[STUB_SIZE];
    memset(stub.memory, 0xA5, sizeof stub.memory);
    memcpy(before, stub.memory, sizeof before);
    assert_int_equal(erase_at(0, BLOCK), error);
    assert_int_equal(call_prog(), error);
    assert_memory_equal(stub.memory, before, sizeof before);
    assert_int_equal(stub.erases + stub.programs, 0);
    assert_int_equal(call_read(), 0);
}

static void block_protection(void **state)
{
    (void)state;
    for (uint8_t bp = 0x04; bp <= 0x1C; bp = (uint8_t)(bp + 0x04)) {
        w25q_stub_init(&stub);
        stub.bp = bp;
        assert_refused(OTA_ERR_FLASH_PROTECTED);
        assert_false(stub.wel);
    }
}

// CMP or WPS, or an erase that was suspended: seen by WEL, which stays.
static void protection_of_another_kind(void **state)
{
    (void)state;
    stub.refuses = true;
    memset(stub.memory, 0, sizeof stub.memory);
    assert_int_equal(call_erase(), OTA_ERR_FLASH_PROTECTED);
    assert_int_equal(stub.memory[SECTOR], 0);
    assert_false(stub.wel);
    assert_int_equal(call_erase(), 0); // the reset has freed it

    // blank already, so that reading back alone would not tell
    w25q_stub_init(&stub);
    stub.refuses = true;
    assert_int_equal(call_erase(), OTA_ERR_FLASH_PROTECTED);
}

static void supply_too_low(void **state)
{
    (void)state;
    stub.supply_good = false;
    assert_refused(OTA_ERR_POWER);
    assert_int_equal(stub.enables, 0);

    stub.chip.supply_ok = NULL; // not known
    assert_int_equal(call_erase(), 0);
}

static void supply_is_asked_before_each_page(void **state)
{
    (void)state;
    assert_int_equal(prog_at(0, pattern, 0x400), 0);
    assert_int_equal(stub.supply_asked, 4);
}

// 9.3: writes are ignored for up to 5 ms after power-up.
static void right_after_power_up(void **state)
{
    (void)state;
    stub.write_from = stub.ns + 5 * 1000000;
    memset(stub.memory, 0, sizeof stub.memory);
    assert_int_equal(call_erase(), 0);
    assert_int_equal(stub.memory[SECTOR], 0xFF);

    w25q_stub_init(&stub);
    stub.never_enabled = true;
    uint64_t since = stub.ns;
    assert_refused(OTA_ERR_FLASH_LOCKED);
    assert_true(w25q_stub_ms_since(&stub, since) <= 2 * 10);
}

static void worn_bits(void **state)
{
    (void)state;
    static const uint32_t places[] = {0, 1, 63, 64, 255, 256, 299};
    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
        stub.bad_address = SECTOR + places[i];
        assert_int_equal(call_erase(), OTA_ERR_FLASH_ERASE);
        memset(stub.memory, 0xFF, sizeof stub.memory);
        assert_int_equal(call_prog(), OTA_ERR_FLASH_VERIFY);
    }
    stub.bad_address = 2 * SECTOR - 1;
    assert_int_equal(call_erase(), OTA_ERR_FLASH_ERASE);
    stub.bad_address = 2 * BLOCK - 1;
    assert_int_equal(erase_at(BLOCK, BLOCK), OTA_ERR_FLASH_ERASE);
}

// What is there before each of the attempts below.
static void begin_attempt(void)
{
    w25q_stub_init(&stub);
    memset(stub.memory + SECTOR, 0xFF, SECTOR);
}

static uint64_t bytes_of(int (*call)(void))
{
    begin_attempt();
    assert_int_equal(call(), 0);
    return stub.bytes;
}

// MISO breaks in the middle of a call, at every byte: no call succeeds.
static void chip_lost_at_every_byte(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CALLS; i++) {
        uint64_t bytes = bytes_of(calls[i]);
        // polls are all alike: a thousand bytes at both ends, some between
        for (uint64_t n = 0; n < bytes;
             n += n < 1000 || bytes - n < 6000 ? 1 : 997) {
            begin_attempt();
            stub.stuck_at_byte = n;
            stub.stuck_value = n % 2 ? 0xFF : 0x00;
            uint64_t since = stub.ns;
            assert_int_equal(calls[i](), OTA_ERR_FLASH_DEVICE);
            assert_true(w25q_stub_ms_since(&stub, since) < 60);
            assert_false(stub.selected);
        }
    }
}

static void bus_fails_at_every_byte(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CALLS; i++) {
        uint64_t bytes = bytes_of(calls[i]);
        for (uint64_t n = 0; n < bytes;
             n += n < 1000 || bytes - n < 6000 ? 1 : 997) {
            begin_attempt();
            stub.bus_fails_at_byte = n;
            assert_int_equal(calls[i](), OTA_ERR_FLASH_DEVICE);
            assert_false(stub.selected);
        }
    }
}

// The MCU is reset in the middle of a call, the chip is not: whatever it was
// at, the same things done again succeed.
static void mcu_reset_at_every_byte(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CALLS; i++) {
        uint64_t bytes = bytes_of(calls[i]);
        for (volatile uint64_t n = 0; n < bytes;
             n += n < 1000 || bytes - n < 6000 ? 1 : 997) {
            begin_attempt();
            stub.mcu_resets_at_byte = n;
            if (setjmp(stub.reset_to) == 0) {
                (void)calls[i]();
                fail_msg("no reset at byte %u", (unsigned)n);
            }
            stub.mcu_resets_at_byte = UINT64_MAX;
            stub.bus.deselect(&stub.bus); // the pin is an input now
            assert_int_equal(call_erase(), 0);
            assert_int_equal(call_prog(), 0);
            assert_memory_equal(stub.memory + SECTOR, pattern, 300);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(geometry_is_the_parts, setup),
        cmocka_unit_test_setup(reads_anything_anywhere, setup),
        cmocka_unit_test_setup(programs_page_by_page, setup),
        cmocka_unit_test_setup(erases_by_the_size, setup),
        cmocka_unit_test_setup(knows_its_chips, setup),
        cmocka_unit_test_setup(nobody_there, setup),
        cmocka_unit_test_setup(wakes_a_chip_in_power_down, setup),
        cmocka_unit_test_setup(waits_for_a_chip_left_busy, setup),
        cmocka_unit_test_setup(resets_a_chip_that_stays_busy, setup),
        cmocka_unit_test_setup(stuck_busy, setup),
        cmocka_unit_test_setup(the_tick_wraps, setup),
        cmocka_unit_test_setup(operations_as_long_as_they_may_take, setup),
        cmocka_unit_test_setup(operations_that_do_not_end, setup),
        cmocka_unit_test_setup(block_protection, setup),
        cmocka_unit_test_setup(protection_of_another_kind, setup),
        cmocka_unit_test_setup(supply_too_low, setup),
        cmocka_unit_test_setup(supply_is_asked_before_each_page, setup),
        cmocka_unit_test_setup(right_after_power_up, setup),
        cmocka_unit_test_setup(worn_bits, setup),
        cmocka_unit_test_setup(chip_lost_at_every_byte, setup),
        cmocka_unit_test_setup(bus_fails_at_every_byte, setup),
        cmocka_unit_test_setup(mcu_reset_at_every_byte, setup),
    };
    return cmocka_run_group_tests_name("w25q", tests, NULL, NULL);
}
