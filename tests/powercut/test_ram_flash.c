// SPDX-License-Identifier: MIT
//
// The flash that the proof stands on: does it notice a broken promise, does it
// tear, does it count, and does it go back to where it was?

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ram_flash.h"

static const struct ota_geometry plain = {
    .size = 8192,
    .write_unit = 4,
    .erased = 0xFF,
    .run_count = 2,
    .run = (const struct ota_erase_run[]){{4, 1024}, {2, 2048}}};
static const struct ota_geometry with_ecc = {
    .size = 4096,
    .write_unit = 8,
    .erased = 0xFF,
    .run_count = 1,
    .run = (const struct ota_erase_run[]){{4, 1024}}};

static const struct ota_geometry with_blocks = {
    .size = 8192,
    .write_unit = 1,
    .erased = 0xFF,
    .run_count = 1,
    .run = (const struct ota_erase_run[]){{8, 1024}},
    .block = 4096};

static struct ram_flash *ram;
static const uint8_t data[64] = "what is programmed, in units of four or eight "
                                "bytes, as it comes";

static int setup(void **state)
{
    (void)state;
    ram = ram_flash_new(&plain, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ram_flash_free(ram);
    return 0;
}

static void be_ecc(void)
{
    ram_flash_free(ram);
    ram = ram_flash_new(&with_ecc, 1);
}

// Like a W25Q, with pages of 32 bytes.
static void be_external(void)
{
    ram_flash_free(ram);
    ram = ram_flash_new(&with_blocks, 1);
    ram->page = 32;
}

static int prog(uint32_t offset, size_t len)
{
    return ram->flash.prog(&ram->flash, offset, data, len);
}

static int erase(uint32_t offset)
{
    uint32_t start, size = 1024;
    if (offset < ram->flash.geometry->size) {
        ram_flash_unit(ram->flash.geometry, offset, &start, &size);
    }
    return ram->flash.erase(&ram->flash, offset, size);
}

static int read_back(uint32_t offset, void *to, size_t len)
{
    return ram->flash.read(&ram->flash, offset, to, len);
}

/// Guards ///

static jmp_buf out;

static void jump_out(const char *what, uint32_t offset)
{
    (void)what;
    (void)offset;
    longjmp(out, 1);
}

#define ASSERT_FIRES(call)                                                     \
    do {                                                                       \
        ram->broken = jump_out;                                                \
        if (setjmp(out) == 0) {                                                \
            int ignored = (call);                                              \
            (void)ignored;                                                     \
            fail_msg("%s goes unnoticed", #call);                              \
        }                                                                      \
        ram->broken = NULL;                                                    \
    } while (0)

static void every_guard_fires(void **state)
{
    (void)state;
    uint8_t byte;
    assert_int_equal(prog(0, 8), 0);
    ASSERT_FIRES(prog(0, 4));    // programmed
    ASSERT_FIRES(prog(4, 8));    // the first of two is
    ASSERT_FIRES(prog(10, 4));   // misaligned
    ASSERT_FIRES(prog(12, 3));   // not a whole unit
    ASSERT_FIRES(prog(8192, 4)); // outside
    ASSERT_FIRES(prog(8188, 8)); // half outside
    ASSERT_FIRES(read_back(8192, &byte, 1));
    ASSERT_FIRES(read_back(0, &byte, 8193));
    ASSERT_FIRES(erase(512));  // within a unit
    ASSERT_FIRES(erase(5120)); // within one of the second run
    ASSERT_FIRES(erase(8192)); // outside
    assert_int_equal(erase(0), 0);
    assert_int_equal(prog(0, 4), 0);
}

static int erase_size(uint32_t offset, uint32_t size)
{
    return ram->flash.erase(&ram->flash, offset, size);
}

static void guards_of_blocks(void **state)
{
    (void)state;
    ASSERT_FIRES(erase_size(0, 4096)); // there are none
    ASSERT_FIRES(erase_size(0, 0));
    be_external();
    ASSERT_FIRES(erase_size(1024, 4096)); // none begins there
    ASSERT_FIRES(erase_size(0, 2048));    // neither unit nor block
    ASSERT_FIRES(erase_size(8192, 4096)); // outside
    ASSERT_FIRES(erase_size(4096, 8192));
    assert_int_equal(prog(4096, 40), 0);
    ASSERT_FIRES(prog(4096 + 39, 2)); // the first of them is programmed
    assert_int_equal(erase_size(4096, 4096), 0);
    assert_int_equal(erase_size(4096, 1024), 0);
    assert_int_equal(prog(4096, 40), 0);
}

static void without_a_listener_it_aborts(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        (void)!freopen("/dev/null", "w", stderr);
        signal(SIGABRT, SIG_DFL);
        _exit(prog(2, 4));
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

/// Tearing ///

// How often a torn unit at 0 reads as each of these, in 200 lives.
struct readings {
    unsigned old, new, between, error;
};

static struct readings read_often(size_t len, const void *before,
                                  const void *after)
{
    struct readings readings = {0, 0, 0, 0};
    for (int i = 0; i < 200; i++) {
        uint8_t is[16];
        ram_flash_power_on(ram);
        if (read_back(0, is, len)) {
            readings.error++;
        } else if (memcmp(is, before, len) == 0) {
            readings.old++;
        } else if (memcmp(is, after, len) == 0) {
            readings.new ++;
        } else {
            readings.between++;
        }
    }
    return readings;
}

static const uint8_t blank[16] = {255, 255, 255, 255, 255, 255, 255, 255,
                                  255, 255, 255, 255, 255, 255, 255, 255};

static void torn_program(void **state)
{
    (void)state;
    ram->cut_at = 1;
    ram->cut = CUT_TORN;
    assert_int_equal(prog(0, 4), OTA_ERR_FLASH_PROGRAM);
    assert_true(ram->dead);
    assert_int_equal(prog(8, 4), OTA_ERR_FLASH_PROGRAM); // no power
    struct readings readings = read_often(4, blank, data);
    assert_int_equal(readings.error, 0);
    assert_true(readings.old > 20 && readings.new > 20 && readings.between > 5);
    // it may read as blank: that does not make it so
    uint32_t programs = ram->programs;
    assert_int_equal(prog(0, 4), OTA_ERR_FLASH_PROGRAM);
    assert_true(ram_flash_is_torn(ram, 0, 1));
    assert_false(ram_flash_is_torn(ram, 4, 8188));
    assert_int_equal(ram->programs, programs);
    assert_int_equal(erase(0), 0);
    assert_false(ram_flash_is_torn(ram, 0, 8192));
    assert_int_equal(prog(0, 4), 0);
}

static void torn_program_with_ecc(void **state)
{
    (void)state;
    be_ecc();
    ram->cut_at = 1;
    ram->cut = CUT_TORN;
    assert_int_equal(prog(0, 8), OTA_ERR_FLASH_PROGRAM);
    struct readings readings = read_often(8, blank, data);
    assert_true(readings.error > 40);
    assert_true(readings.old > 20 && readings.new > 20);
    uint8_t is[8];
    assert_int_equal(read_back(8, is, 8), 0); // the neighbour is fine
}

static void torn_erase(void **state)
{
    (void)state;
    assert_int_equal(prog(0, 16), 0);
    ram->cut_at = 1;
    ram->cut = CUT_TORN;
    assert_int_equal(erase(0), OTA_ERR_FLASH_ERASE);
    struct readings readings = read_often(16, data, blank);
    assert_true(readings.old > 20 && readings.new > 20 &&
                readings.between > 20);
    assert_true(ram_flash_is_torn(ram, 1020, 4)); // all of the unit
    assert_false(ram_flash_is_torn(ram, 1024, 4));
    assert_int_equal(erase(0), 0);
    assert_false(ram_flash_is_torn(ram, 0, 1024));
}

// A program that goes over pages: one operation each. What is torn of one may
// be any part of it, the rest is as before or done.
static void torn_page(void **state)
{
    (void)state;
    be_external();
    assert_int_equal(prog(20, 64), 0); // 12, 32, 20
    assert_int_equal(ram->ops, 3);
    assert_int_equal(ram->programs, 64);
    unsigned whole = 0, begun = 0, done = 0;
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(erase_size(0, 1024), 0);
        ram->cut_at = 2;
        ram->cut = CUT_TORN;
        assert_int_equal(prog(0, 64), OTA_ERR_FLASH_PROGRAM);
        ram_flash_power_on(ram);
        assert_false(ram_flash_is_torn(ram, 0, 32));
        assert_true(ram_flash_is_torn(ram, 32, 32));
        assert_memory_equal(ram->now, data, 32);
        bool first = ram_flash_is_torn(ram, 32, 1);
        bool last = ram_flash_is_torn(ram, 63, 1);
        whole += first && last;
        begun += !last && ram->now[63] == 0xFF;
        done += !first && ram->now[32] == data[32];
    }
    assert_true(whole > 1 && begun > 10 && done > 10);
}

static void torn_block(void **state)
{
    (void)state;
    be_external();
    unsigned whole = 0, begun = 0, done = 0;
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(erase_size(0, 4096), 0);
        for (uint32_t at = 0; at < 4096; at += 1024) {
            assert_int_equal(prog(at, 64), 0);
        }
        assert_int_equal(prog(4096, 64), 0);
        ram->cut_at = 1;
        ram->cut = CUT_TORN;
        assert_int_equal(erase_size(0, 4096), OTA_ERR_FLASH_ERASE);
        ram_flash_power_on(ram);
        bool first = ram_flash_is_torn(ram, 0, 1);
        bool last = ram_flash_is_torn(ram, 3072, 1);
        whole += first && last;
        begun += !last && memcmp(ram->now + 3072, data, 64) == 0;
        done += !first && memcmp(ram->now, blank, 16) == 0;
        assert_true(ram_flash_is_torn(ram, 0, 4096));
        assert_false(ram_flash_is_torn(ram, 4096, 4096));
        assert_int_equal(erase_size(4096, 4096), 0);
    }
    assert_true(whole > 10 && begun > 10 && done > 10);
}

// From the n-th call on nothing answers, whatever is asked.
static void device_that_is_gone(void **state)
{
    (void)state;
    uint8_t is[4];
    ram->faults =
        (struct ram_faults){.gone_at = 3, .gone_error = OTA_ERR_FLASH_DEVICE};
    assert_int_equal(prog(0, 4), 0);
    assert_int_equal(read_back(0, is, 4), 0);
    assert_int_equal(erase(0), OTA_ERR_FLASH_DEVICE);
    assert_int_equal(read_back(0, is, 4), OTA_ERR_FLASH_DEVICE);
    assert_int_equal(prog(4, 4), OTA_ERR_FLASH_DEVICE);
    ram->faults = (struct ram_faults){0};
    assert_int_equal(read_back(0, is, 4), 0);
    assert_memory_equal(is, data, 4); // nothing has changed
}

static void cut_before_and_after(void **state)
{
    (void)state;
    uint8_t is[8];
    ram->cut_at = 2;
    ram->cut = CUT_BEFORE;
    assert_int_equal(prog(0, 8), OTA_ERR_FLASH_PROGRAM);
    ram_flash_power_on(ram);
    assert_int_equal(read_back(0, is, 8), 0);
    assert_memory_equal(is, data, 4);
    assert_memory_equal(is + 4, blank, 4);
    ram->cut_at = 1;
    ram->cut = CUT_AFTER;
    assert_int_equal(erase(0), OTA_ERR_FLASH_ERASE);
    ram_flash_power_on(ram);
    assert_int_equal(read_back(0, is, 8), 0);
    assert_memory_equal(is, blank, 8);
}

static void broken_unit(void **state)
{
    (void)state;
    uint8_t is[4];
    ram_flash_break(ram, 6);
    assert_int_equal(read_back(0, is, 4), 0);
    assert_int_equal(read_back(4, is, 1), OTA_ERR_FLASH_READ);
    assert_true(ram_flash_is_torn(ram, 7, 1));
    assert_int_equal(erase(0), 0);
    assert_int_equal(read_back(4, is, 4), 0);
}

static void one_supply_for_two(void **state)
{
    (void)state;
    struct ram_flash *other = ram_flash_new(&with_ecc, 2);
    other->supply = ram;
    uint8_t is[4];
    ram->cut_at = 3;
    ram->cut = CUT_AFTER;
    assert_int_equal(prog(0, 4), 0);
    assert_int_equal(other->flash.prog(&other->flash, 0, data, 16),
                     OTA_ERR_FLASH_PROGRAM);
    assert_int_equal(ram->ops, 3);
    assert_int_equal(other->programs, 2);
    assert_int_equal(read_back(0, is, 4), OTA_ERR_FLASH_READ);
    assert_int_equal(other->flash.read(&other->flash, 0, is, 4),
                     OTA_ERR_FLASH_READ);
    ram_flash_power_on(ram);
    assert_int_equal(other->flash.read(&other->flash, 0, is, 4), 0);
    ram_flash_free(other);
}

/// Counting and going back ///

static void wear_is_counted(void **state)
{
    (void)state;
    assert_int_equal(prog(4096, 64), 0);
    assert_int_equal(prog(1020, 4), 0);
    assert_int_equal(erase(4096), 0);
    assert_int_equal(prog(4096, 8), 0);
    assert_int_equal(ram->erases[4], 1);
    assert_int_equal(ram->programmed[4], 16 + 2);
    assert_int_equal(ram->programmed[0], 1);
    assert_int_equal(ram->programs, 19);
    assert_int_equal(ram->ops, 20);
}

// Everything that a device holds.
struct image {
    uint8_t now[8192], then[8192], unit[8192];
    uint32_t extent[8], erases[8], programmed[8], programs, ops, random;
};

static struct image take(void)
{
    struct image image;
    memset(&image, 0, sizeof image);
    memcpy(image.now, ram->now, sizeof image.now);
    memcpy(image.then, ram->then, sizeof image.then);
    size_t units = ram->page ? 8 : 6;
    memcpy(image.unit, ram->unit, 8192 / ram->flash.geometry->write_unit);
    memcpy(image.extent, ram->extent, units * sizeof *image.extent);
    memcpy(image.erases, ram->erases, units * sizeof *image.erases);
    memcpy(image.programmed, ram->programmed, units * sizeof *image.programmed);
    image.programs = ram->programs;
    image.ops = ram->ops;
    image.random = ram->random;
    return image;
}

// Any operation, torn or whole.
static void anything(unsigned *random)
{
    *random = *random * 1103515245u + 12345u;
    unsigned r = *random >> 16;
    const struct ota_geometry *geometry = ram->flash.geometry;
    uint32_t size = ram->page ? 32 : 4;
    struct ram_op op = {false, r % (8192 / size) * size, size, data};
    if (r % 7 == 0) {
        uint32_t start;
        ram_flash_unit(geometry, op.offset, &start, &size);
        op = (struct ram_op){true, start, size, NULL};
        if (geometry->block && r % 3 == 0) {
            op = (struct ram_op){true, start & 4096, 4096, NULL};
        }
    } else {
        for (uint32_t i = 0; i < size; i += geometry->write_unit) {
            if (ram->unit[(op.offset + i) / geometry->write_unit] != 0) {
                return;
            }
        }
    }
    ram_flash_apply(ram, &op, r % 5 ? CUT_AFTER : CUT_TORN);
}

static void rollback_restores_everything(void **state)
{
    if (*state) {
        be_external();
    }
    unsigned random = 1;
    for (int round = 0; round < 200; round++) {
        struct image outer = take();
        struct ram_mark first = ram_flash_mark(ram);
        for (int i = 0; i < 40; i++) {
            anything(&random);
        }
        struct image inner = take();
        struct ram_mark second = ram_flash_mark(ram);
        for (int i = 0; i < 40; i++) {
            anything(&random);
        }
        ram_flash_rollback(ram, &second);
        struct image is = take();
        assert_memory_equal(&is, &inner, sizeof is);
        ram_flash_rollback(ram, &first);
        is = take();
        assert_memory_equal(&is, &outer, sizeof is);
        anything(&random); // the next round begins elsewhere
    }
    assert_int_equal(ram->marks, 0);
    assert_int_equal(ram->log_used, 0);
}

static void rollback_of_pages_and_blocks(void **state)
{
    *state = &ram;
    rollback_restores_everything(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_guard_fires),
        TEST(guards_of_blocks),
        TEST(without_a_listener_it_aborts),
        TEST(torn_program),
        TEST(torn_program_with_ecc),
        TEST(torn_erase),
        TEST(torn_page),
        TEST(torn_block),
        TEST(device_that_is_gone),
        TEST(cut_before_and_after),
        TEST(broken_unit),
        TEST(one_supply_for_two),
        TEST(wear_is_counted),
        TEST(rollback_restores_everything),
        TEST(rollback_of_pages_and_blocks),
    };
    return cmocka_run_group_tests_name("ram_flash", tests, NULL, NULL);
}
