// SPDX-License-Identifier: MIT
//
// Times and codes from the W25Q64JV data sheet, 8.1 and 9.6.

#include "w25q_stub.h"

#include <string.h>

#define BYTE_NS 160u

// The functions of struct ota_w25q have no argument.
static struct w25q_stub *current;

static struct w25q_stub *stub_of(const struct ota_bus *bus)
{
    return (struct w25q_stub *)bus; // its first member
}

static bool is_busy(const struct w25q_stub *stub)
{
    return stub->ns < stub->busy_until;
}

static bool is_deaf(const struct w25q_stub *stub)
{
    return stub->ns < stub->deaf_until;
}

// Whether the chip takes an instruction now.
static bool takes(const struct w25q_stub *stub, uint8_t code)
{
    if (is_deaf(stub)) {
        return false;
    }
    if (stub->asleep) {
        return code == 0xAB;
    }
    return !is_busy(stub) || code == 0x05 || code == 0x66 || code == 0x99;
}

static uint8_t memory_at(const struct w25q_stub *stub, uint32_t address)
{
    return address < STUB_SIZE ? stub->memory[address] : 0xFF;
}

// What the chip drives while byte number n of a transaction is clocked.
static uint8_t answer(const struct w25q_stub *stub, uint32_t n)
{
    if (n == 0 || !takes(stub, stub->code)) {
        return 0xFF;
    }
    switch (stub->code) {
    case 0x05:
        return (uint8_t)(is_busy(stub) | stub->wel << 1 | stub->bp);
    case 0x9F:
        return n <= 3 ? stub->id[n - 1] : 0xFF;
    case 0x03:
        return n >= 4 ? memory_at(stub, (stub->address + n - 4) & 0x7FFFFF)
                      : 0xFF;
    default:
        return 0xFF;
    }
}

static void keep(struct w25q_stub *stub, uint8_t byte)
{
    uint32_t n = stub->sent++;
    if (n == 0) {
        stub->code = byte;
        stub->address = 0;
    } else if (n < 4) {
        stub->address = stub->address << 8 | byte;
    } else if (n - 4 < sizeof stub->data) {
        stub->data[n - 4] = byte;
    }
}

static uint8_t clock_byte(struct w25q_stub *stub, uint8_t out)
{
    if (stub->bytes == stub->mcu_resets_at_byte) {
        longjmp(stub->reset_to, 1);
    }
    bool stuck = stub->bytes >= stub->stuck_at_byte;
    stub->bytes++;
    stub->ns += BYTE_NS;
    uint8_t in = 0xFF;
    if (stub->selected) {
        in = answer(stub, stub->sent);
        keep(stub, out);
    }
    if (stuck) {
        return (uint8_t)stub->stuck_value;
    }
    return stub->miso >= 0 ? (uint8_t)stub->miso : in;
}

static void begin(struct w25q_stub *stub, uint64_t ns)
{
    stub->busy_until = stub->ns + ns;
    stub->wel = false;
}

// The data sheet leaves open what becomes of WEL when the place is protected:
// bp is a part that clears it, refuses one that does not.
static bool may_change(struct w25q_stub *stub)
{
    bool enabled = stub->wel;
    stub->wel &= !stub->bp;
    return enabled && !stub->bp && !stub->refuses;
}

static void program(struct w25q_stub *stub)
{
    uint32_t len = stub->sent > 4 ? stub->sent - 4 : 0;
    if (len == 0 || !may_change(stub)) {
        return;
    }
    stub->programs++;
    if (len > stub->longest_program) {
        stub->longest_program = len;
    }
    for (uint32_t i = 0; i < len && i < sizeof stub->data; i++) {
        uint32_t at = (stub->address & ~0xFFu) | ((stub->address + i) & 0xFF);
        stub->memory[at] &= stub->data[i];
        if (at == stub->bad_address) {
            stub->memory[at] = (uint8_t)~stub->data[i];
        }
    }
    begin(stub, stub->program_us * 1000ull);
}

static void erase(struct w25q_stub *stub, uint32_t size)
{
    // on the last bit of the address, and no other (8.2.15)
    if (stub->sent != 4 || !may_change(stub)) {
        return;
    }
    stub->erases++;
    stub->erase_code = stub->code;
    uint32_t first = stub->address & ~(size - 1);
    memset(stub->memory + first, 0xFF, size);
    if (stub->bad_address - first < size) {
        stub->memory[stub->bad_address] = 0xFE;
    }
    begin(stub, stub->erase_ms * 1000000ull);
}

static void reset_chip(struct w25q_stub *stub)
{
    if (!stub->reset_armed || stub->ignores_reset) {
        return;
    }
    stub->resets++;
    stub->busy_until = 0;
    stub->wel = stub->refuses = false;
    stub->deaf_until = stub->ns + 30000; // tRST
}

static void execute(struct w25q_stub *stub)
{
    switch (stub->code) {
    case 0x02:
        program(stub);
        break;
    case 0x06:
        stub->enables++;
        stub->wel |= !stub->never_enabled && stub->ns >= stub->write_from;
        break;
    case 0x20:
        erase(stub, 0x1000);
        break;
    case 0xD8:
        erase(stub, 0x10000);
        break;
    case 0x99:
        reset_chip(stub);
        break;
    case 0xAB:
        stub->deaf_until = stub->asleep ? stub->ns + 3000 : 0; // tRES1
        stub->asleep = false;
        break;
    default:
        break;
    }
}

static void bus_select(const struct ota_bus *bus)
{
    struct w25q_stub *stub = stub_of(bus);
    stub->selected = true;
    stub->sent = 0;
}

static void bus_deselect(const struct ota_bus *bus)
{
    struct w25q_stub *stub = stub_of(bus);
    stub->selected = false;
    if (stub->sent == 0 || !takes(stub, stub->code)) {
        return;
    }
    execute(stub);
    stub->reset_armed = stub->code == 0x66;
}

static int bus_transfer(const struct ota_bus *bus, const void *out, void *in,
                        size_t len)
{
    struct w25q_stub *stub = stub_of(bus);
    for (size_t i = 0; i < len; i++) {
        if (stub->bytes >= stub->bus_fails_at_byte) {
            return OTA_ERR_FLASH_DEVICE;
        }
        uint8_t got = clock_byte(stub, out ? ((const uint8_t *)out)[i] : 0xFF);
        if (in) {
            ((uint8_t *)in)[i] = got;
        }
    }
    return 0;
}

static uint32_t millis(void)
{
    // long while there is a long time to pass, for the sake of the host
    current->ns += is_busy(current) ? 20000 : 200;
    return (uint32_t)(current->ns / 1000000) + current->millis_offset;
}

static bool supply_ok(void)
{
    current->supply_asked++;
    return current->supply_good;
}

void w25q_stub_init(struct w25q_stub *stub)
{
    memset(stub, 0, sizeof *stub);
    memset(stub->memory, 0xFF, sizeof stub->memory);
    stub->bus = (struct ota_bus){bus_select, bus_transfer, bus_deselect};
    stub->chip = (struct ota_w25q){&stub->bus, millis, supply_ok};
    stub->flash = (struct ota_flash)OTA_W25Q64_FLASH(&stub->chip);
    stub->ns = 1000000000;
    stub->supply_good = true;
    memcpy(stub->id, "\xEF\x40\x17", 3);
    stub->program_us = 400;
    stub->erase_ms = 45;
    stub->bad_address = UINT32_MAX;
    stub->miso = -1;
    stub->stuck_at_byte = UINT64_MAX;
    stub->bus_fails_at_byte = UINT64_MAX;
    stub->mcu_resets_at_byte = UINT64_MAX;
    current = stub;
}

uint64_t w25q_stub_ms_since(const struct w25q_stub *stub, uint64_t ns)
{
    return (stub->ns - ns) / 1000000;
}
