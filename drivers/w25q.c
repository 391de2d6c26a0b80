// SPDX-License-Identifier: MIT
//
// All numbers are from the W25Q64JV data sheet, revision I.

#include "ota/w25q.h"

#include "ota/bytes.h"

#define PAGE 256u // 8.2.13: a program that reaches its end wraps to its start

// 8.1, instruction sets
enum {
    PAGE_PROGRAM = 0x02,
    READ_DATA = 0x03,
    READ_STATUS = 0x05,
    WRITE_ENABLE = 0x06,
    SECTOR_ERASE = 0x20,
    ENABLE_RESET = 0x66,
    RESET_DEVICE = 0x99,
    JEDEC_ID = 0x9F,
    RELEASE_POWER_DOWN = 0xAB,
    BLOCK_ERASE = 0xD8,
};

// 7.1, status register 1
enum { BUSY = 0x01, WEL = 0x02, BP = 0x1C };

// MISO that nobody drives: a chip with all its bits set would be of no use.
#define NOBODY 0xFF

// 8.1.1, manufacturer and device, low byte first: the W25Q64JV of types IQ and
// JQ, and IM and JM. Not EF 60 17, which is for 1.8 V.
#define ID_Q 0x1740EFu
#define ID_M 0x1770EFu

// 9.3 and 9.6: the longest times in milliseconds, and a quarter more: a tick
// from an HSI may be fast.
#define PROGRAM_MS      4    // tPP 3
#define SECTOR_ERASE_MS 500  // tSE 400
#define BLOCK_ERASE_MS  2500 // tBE2 2000
#define POWER_UP_MS     6    // tPUW 5: until then the chip ignores writes

// Shorter ones, in bytes that take 160 ns or more each at 50 MHz or less.
#define WAKE_BYTES  20  // tRES1: 3 us
#define RESET_BYTES 200 // tRST: 30 us

#define PIECE 64u // bytes compared at once

static const struct ota_w25q *chip_of(const struct ota_flash *flash)
{
    return flash->context;
}

// Sends head_len bytes of head, the highest first: an instruction, or one and
// an address. Then len bytes out or in. Like all here that gives no status: 0
// or OTA_ERR_FLASH_DEVICE.
static int send(const struct ota_w25q *chip, uint32_t head, size_t head_len,
                const void *out, void *in, size_t len)
{
    const struct ota_bus *bus = chip->bus;
    const uint8_t bytes[4] = {(uint8_t)(head >> 24), (uint8_t)(head >> 16),
                              (uint8_t)(head >> 8), (uint8_t)head};
    bus->select(bus);
    int err = bus->transfer(bus, bytes, NULL, head_len);
    if (!err) {
        err = bus->transfer(bus, out, in, len);
    }
    bus->deselect(bus);
    return err;
}

static uint32_t addressed(uint32_t instruction, uint32_t offset)
{
    return instruction << 24 | offset;
}

static int ask(const struct ota_w25q *chip, uint32_t instruction, void *answer,
               size_t len)
{
    return send(chip, addressed(instruction, 0), 1, NULL, answer, len);
}

static int tell(const struct ota_w25q *chip, uint32_t instruction)
{
    return ask(chip, instruction, NULL, 0);
}

// Whether the chip is there, awake and idle: it does not answer while it is
// busy or in power-down (7.1.1, 8.2.17).
static int identify(const struct ota_w25q *chip)
{
    uint8_t bytes[4] = {0};
    int err = ask(chip, JEDEC_ID, bytes, 3);
    uint32_t id = load_le32(bytes);
    return !err && (id == ID_Q || id == ID_M) ? 0 : OTA_ERR_FLASH_DEVICE;
}

// Sends WRITE_ENABLE until WEL is set, or else READ_STATUS until BUSY is
// clear; the status then, or an error.
static int wait(const struct ota_w25q *chip, uint32_t instruction, uint32_t ms)
{
    uint32_t since = chip->millis();
    for (;;) {
        // before the status: an interruption afterwards is not the chip's time
        bool late = chip->millis() - since > ms;
        uint8_t status;
        int err = tell(chip, instruction);
        err |= ask(chip, READ_STATUS, &status, 1); // there is but one error
        if (err || status == NOBODY) {
            return OTA_ERR_FLASH_DEVICE;
        }
        if (instruction == WRITE_ENABLE ? status & WEL : !(status & BUSY)) {
            return status;
        }
        if (late) {
            return OTA_ERR_FLASH_TIMEOUT;
        }
    }
}

// Waits with the bus instead of the tick.
OTA_INLINE int pause(const struct ota_w25q *chip, size_t bytes)
{
    return chip->bus->transfer(chip->bus, NULL, NULL, bytes);
}

// Ends whatever the chip is at, as power off and on would (8.2.43).
static int reset(const struct ota_w25q *chip)
{
    int err = tell(chip, ENABLE_RESET);
    err |= tell(chip, RESET_DEVICE); // there is but one error
    err |= pause(chip, RESET_BYTES);
    return err;
}

// Finds the chip, whatever a reset of the MCU or other software has left it in.
static int attend(const struct ota_w25q *chip)
{
    if (identify(chip) == 0) {
        return 0;
    }
    int status = tell(chip, RELEASE_POWER_DOWN);
    status |= pause(chip, WAKE_BYTES);
    if (!status) {
        status = wait(chip, READ_STATUS, BLOCK_ERASE_MS);
    }
    if (status == OTA_ERR_FLASH_TIMEOUT && reset(chip)) {
        return OTA_ERR_FLASH_DEVICE;
    }
    int err = identify(chip);
    return err && status < 0 ? status : err;
}

// All that an erase or program needs before it: the status with WEL set, or an
// error.
static int enable(const struct ota_w25q *chip)
{
    int err = attend(chip);
    if (err) {
        return err;
    }
    if (chip->supply_ok && !chip->supply_ok()) {
        return OTA_ERR_POWER;
    }
    int status = wait(chip, WRITE_ENABLE, POWER_UP_MS);
    if (status == OTA_ERR_FLASH_TIMEOUT) {
        err = identify(chip); // lost meanwhile?
        return err ? err : OTA_ERR_FLASH_LOCKED;
    }
    return status;
}

// Asks who it is before, to wake it, and after: MISO that floats looks blank.
int ota_w25q_read(const struct ota_flash *flash, uint32_t offset, void *data,
                  size_t len)
{
    const struct ota_w25q *chip = chip_of(flash);
    int err = attend(chip);
    if (!err) {
        err = send(chip, addressed(READ_DATA, offset), 4, NULL, data, len);
    }
    return err ? err : identify(chip);
}

// Whether the chip holds data, or without data is blank. Whole pieces: what is
// read too much does no harm.
static int check(const struct ota_flash *flash, uint32_t offset,
                 const uint8_t *data, uint32_t len)
{
    uint8_t got[PIECE];
    for (uint32_t i = 0; i < len; i++) {
        int err = i % PIECE ? 0 : ota_w25q_read(flash, offset + i, got, PIECE);
        if (err) {
            return err;
        }
        if (got[i % PIECE] != (data ? data[i] : 0xFF)) {
            return data ? OTA_ERR_FLASH_VERIFY : OTA_ERR_FLASH_ERASE;
        }
    }
    return 0;
}

// Programs data, or without data erases. BP: some of the chip is protected, or
// with CMP the rest; which is not worked out. WEL falls when the work is done
// (7.1.2): where it stands the chip has refused, since the place is protected
// (CMP, WPS) or somebody has suspended an erase. A reset ends that and clears
// WEL.
static int change(const struct ota_flash *flash, uint32_t instruction,
                  uint32_t offset, const void *data, uint32_t len, uint32_t ms)
{
    const struct ota_w25q *chip = chip_of(flash);
    int status = enable(chip);
    if (status >= 0 && !(status & BP)) {
        int err = send(chip, addressed(instruction, offset), 4, data, NULL,
                       data ? len : 0);
        status = err ? err : wait(chip, READ_STATUS, ms);
    }
    if (status < 0) {
        return status;
    }
    if (status & (BP | WEL)) {
        int err = reset(chip);
        return err ? err : OTA_ERR_FLASH_PROTECTED;
    }
    return check(flash, offset, data, len);
}

int ota_w25q_prog(const struct ota_flash *flash, uint32_t offset,
                  const void *data, size_t len)
{
    const uint8_t *bytes = data;
    while (len > 0) {
        uint32_t n = PAGE - offset % PAGE;
        if (n > len) {
            n = (uint32_t)len;
        }
        int err = change(flash, PAGE_PROGRAM, offset, bytes, n, PROGRAM_MS);
        if (err) {
            return err;
        }
        offset += n;
        bytes += n;
        len -= n;
    }
    return 0;
}

int ota_w25q_erase(const struct ota_flash *flash, uint32_t offset,
                   uint32_t size)
{
    bool block = size == flash->geometry->block;
    return change(flash, block ? BLOCK_ERASE : SECTOR_ERASE, offset, NULL, size,
                  block ? BLOCK_ERASE_MS : SECTOR_ERASE_MS);
}
