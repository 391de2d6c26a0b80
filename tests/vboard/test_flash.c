// SPDX-License-Identifier: MIT
//
// The flash controller: what it accepts, what it refuses (RM0390 3).

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "device_rig.h"
#include "internal.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define ACR     0x40023C00
#define KEYR    0x40023C04
#define OPTKEYR 0x40023C08
#define SR      0x40023C0C
#define CR      0x40023C10
#define OPTCR   0x40023C14
#define UNLOCK  STORE(KEYR, 0x45670123), STORE(KEYR, 0xCDEF89AB)
#define READY   WAIT(SR, 1 << 16, 0)

#define PG_X8           0x001
#define PG_X16          0x101
#define PG_X32          0x201
#define PG_X64          0x301
#define SER_X32(sector) (0x202 | (sector) << 3)
#define STRT            0x10000

#define SECTOR2 0x08008000
#define SECTOR7 0x08060000

#define ERASE2 STORE(CR, SER_X32(2)), STORE(CR, SER_X32(2) | STRT)

static const struct rule rules[] = {
    {"program a word", NULL,
     .script = {UNLOCK, STORE(CR, PG_X32), STORE(SECTOR7, 0x12345678), READY,
                LOAD(SR), LOAD(SECTOR7)},
     .values = {0, 0x12345678}, .count = 2},
    {"program by half-words", NULL,
     .script = {UNLOCK, STORE(CR, PG_X16), STORE16(SECTOR7 + 2, 0x1234), READY,
                LOAD(SECTOR7)},
     .values = {0x1234FFFF}, .count = 1},
    {"program by bytes", NULL,
     .script = {UNLOCK, STORE(CR, PG_X8), STORE8(SECTOR7 + 1, 0x12), READY,
                LOAD(SECTOR7)},
     .values = {0xFFFF12FF}, .count = 1},
    {"a wrong first key", "FLASH KEYR: 0x11111111 is not key 1",
     .script = {STORE(KEYR, 0x11111111)}, .fault = true},
    {"a wrong second key", "FLASH KEYR: 0x45670123 is not key 2",
     .script = {STORE(KEYR, 0x45670123), STORE(KEYR, 0x45670123)},
     .fault = true},
    {"keys once more", "KEYR written while unlocked",
     .script = {UNLOCK, STORE(KEYR, 0x45670123)}},
    {"CR while locked", "FLASH CR written while locked",
     .script = {STORE(CR, PG_X32), LOAD(CR)}, .values = {0x80000000},
     .count = 1},
    {"LOCK locks, and the keys open again", NULL,
     .script = {UNLOCK, LOAD(CR), STORE(CR, 0x80000000), LOAD(CR), UNLOCK,
                LOAD(CR)},
     .values = {0, 0x80000000, 0}, .count = 3},
    {"LOCK is not cleared by writing 0", "CR written while locked",
     .script = {UNLOCK, STORE(CR, 0x80000000), STORE(CR, 0), LOAD(CR)},
     .values = {0x80000000}, .count = 1},
    {"program with PG clear", "PGSERR",
     .script = {UNLOCK, STORE(SECTOR7, 0), LOAD(SR), LOAD(SECTOR7)},
     .values = {0x80, 0xFFFFFFFF}, .count = 2},
    {"program with the wrong width", "store of 16 bits to flash with PSIZE",
     .script = {UNLOCK, STORE(CR, PG_X32), STORE16(SECTOR7, 0), LOAD(SR),
                LOAD(SECTOR7)},
     .values = {0x40, 0xFFFFFFFF}, .count = 2},
    {"program not aligned", "is not aligned: PGAERR",
     .script = {UNLOCK, STORE(CR, PG_X32), STORE(SECTOR7 + 2, 0), LOAD(SR),
                LOAD(SECTOR7)},
     .values = {0x20, 0xFFFFFFFF}, .count = 2},
    {"x64 without VPP, and by words", "PGPERR",
     .script = {UNLOCK, STORE(CR, PG_X64), STORE(SECTOR7, 0)}},
    {"erase x64 without VPP", "needs an external VPP",
     .script = {UNLOCK, STORE(CR, 0x302 | 2 << 3),
                STORE(CR, 0x302 | 2 << 3 | STRT)},
     .from_ram = true},
    {"an error flag left", "error flags 0x080 left",
     .script = {UNLOCK, STORE(SECTOR7, 0), STORE(CR, PG_X32), STORE(SECTOR7, 0),
                LOAD(SECTOR7)},
     .values = {0xFFFFFFFF}, .count = 1},
    {"SR is cleared by writing 1", "PGSERR",
     .script = {UNLOCK, STORE(SECTOR7, 0), STORE(SR, 0), LOAD(SR),
                STORE(SR, 0x80), LOAD(SR), STORE(CR, PG_X32), STORE(SECTOR7, 5),
                READY, LOAD(SECTOR7)},
     .values = {0x80, 0, 5}, .count = 3},
    {"SR by bytes clears only what is written", "PGSERR",
     .script = {UNLOCK, STORE(SECTOR7, 0), STORE8(SR + 1, 0xFF), LOAD(SR),
                STORE8(SR, 0x80), LOAD(SR)},
     .values = {0x80, 0}, .count = 2},
    {"bits may be cleared twice", NULL,
     .script = {UNLOCK, STORE(CR, PG_X32), STORE(SECTOR7, 0xFF), READY,
                STORE(SECTOR7, 0x0F), READY, LOAD(SECTOR7)},
     .values = {0x0F}, .count = 1},
    {"a bit cannot be set", "holds 0xF and cannot become 0xFF",
     .script = {UNLOCK, STORE(CR, PG_X32), STORE(SECTOR7, 0x0F), READY,
                STORE(SECTOR7, 0xFF), READY, LOAD(SECTOR7)},
     .values = {0x0F}, .count = 1},
    {"HCLK below 1 MHz", "HCLK of 31250 Hz; it needs 1 MHz",
     .script = {UNLOCK, STORE(CR, PG_X32), STORE(0x40023808, 0xF0),
                STORE(SECTOR7, 1)}},
    {"SER and MER", "SER and MER both set",
     .script = {UNLOCK, STORE(CR, 0x206), STORE(CR, 0x206 | STRT), LOAD(SR)},
     .values = {0x80}, .count = 1},
    {"STRT alone", "neither SER nor MER", .script = {UNLOCK, STORE(CR, STRT)}},
    {"a sector that is not there", "SNB selects sector 8",
     .script = {UNLOCK, STORE(CR, SER_X32(8)), STORE(CR, SER_X32(8) | STRT)}},
    {"a second store waits for the first", NULL,
     .script = {UNLOCK, STORE(CR, PG_X32), STORE(SECTOR7, 1),
                STORE(SECTOR7 + 4, 2), STORE(SECTOR7 + 8, 3), READY,
                LOAD(SECTOR7), LOAD(SECTOR7 + 4), LOAD(SECTOR7 + 8)},
     .values = {1, 2, 3}, .count = 3, .from_ram = true},
    {"BSY from RAM, and CR waits for it", NULL,
     .script = {UNLOCK, STORE(CR, PG_X32), STORE(SECTOR7, 1), LOAD(SR),
                STORE(CR, 0), LOAD(SR), LOAD(CR)},
     .values = {0x10000, 0, 0}, .count = 3, .from_ram = true},
    {"a load by code in RAM waits for the erase", NULL,
     .script = {UNLOCK, STORE(CR, PG_X32), STORE(SECTOR2, 0), READY, ERASE2,
                LOAD(SECTOR2), LOAD(SR), LOAD(SECTOR2)},
     .values = {0xFFFFFFFF, 0, 0xFFFFFFFF}, .count = 3, .from_ram = true},
    {"a byte by way of address 0 too", NULL,
     .script = {UNLOCK, STORE(CR, PG_X32), STORE(SECTOR2, 0), READY,
                LOAD(SECTOR2), ERASE2, LOAD8(SECTOR2 - 0x08000000), LOAD(SR)},
     .values = {0, 0xFF, 0}, .count = 3, .from_ram = true},
    {"a load by code in RAM waits for each word", NULL,
     .script = {UNLOCK, STORE(CR, PG_X32), STORE(SECTOR7, 1), LOAD(SECTOR7),
                LOAD(SR), STORE(SECTOR7 + 4, 2), LOAD(SECTOR7), LOAD(SR)},
     .values = {1, 0, 1, 0}, .count = 4, .from_ram = true},
    {"EOP only with EOPIE", NULL,
     .script = {UNLOCK, STORE(CR, PG_X32), STORE(SECTOR7, 1), READY, LOAD(SR),
                STORE(CR, PG_X32 | 1 << 24), STORE(SECTOR7 + 4, 1), READY,
                LOAD(SR), STORE(SR, 1), LOAD(SR)},
     .values = {0, 1, 0}, .count = 3},
    {"OPERR only with ERRIE", "PGSERR",
     .script = {UNLOCK, STORE(CR, 1 << 25), STORE(SECTOR7, 1), LOAD(SR)},
     .values = {0x82}, .count = 1},
    {"cache reset while enabled", "ICRST set while that cache is enabled",
     .script = {STORE(ACR, 0x200), STORE(ACR, 0xA00), LOAD(ACR)},
     .values = {0x200}, .count = 1},
    {"cache reset while disabled", NULL,
     .script = {STORE(ACR, 0x600), STORE(ACR, 0), STORE(ACR, 0x1800),
                STORE(ACR, 0x600), LOAD(ACR)},
     .values = {0x600}, .count = 1},
    {"option bytes stay locked", "OPTCR written while locked",
     .script = {STORE(OPTCR, 0x0FFFAAE1)}},
    {"option keys", NULL,
     .script = {STORE(OPTKEYR, 0x08192A3B), STORE(OPTKEYR, 0x4C5D6E7F),
                LOAD(OPTCR)},
     .values = {0x0FFFAAEC}, .count = 1},
    {"option bytes are not modelled", "not modelled: programming the option",
     .script = {STORE(OPTKEYR, 0x08192A3B), STORE(OPTKEYR, 0x4C5D6E7F),
                STORE(OPTCR, 0x0FFFAAEE)}},
};

static void test_rules(void **state)
{
    (void)state;
    rules_check(rules, COUNT(rules), NULL);
}

// x32 needs 2.7 V, x16 2.1 V.
static void test_supply(void **state)
{
    (void)state;
    static const struct rule low[] = {
        {"x32 below 2.7 V", "PSIZE of x32 needs 2700 mV",
         .script = {UNLOCK, STORE(CR, PG_X32), STORE(SECTOR7, 1)}},
        {"x16 below 2.7 V", NULL,
         .script = {UNLOCK, STORE(CR, PG_X16), STORE16(SECTOR7, 1)}},
    };
    static const struct rule lower[] = {
        {"x16 below 2.1 V", "PSIZE of x16 needs 2100 mV",
         .script = {UNLOCK, STORE(CR, PG_X16), STORE16(SECTOR7, 1)}},
        {"x8 below 2.1 V", NULL,
         .script = {UNLOCK, STORE(CR, PG_X8), STORE8(SECTOR7, 1)}},
    };
    struct vboard_config config = {.lenient = true, .vdd_mv = 2600};
    rules_check(low, COUNT(low), &config);
    config.vdd_mv = 2000;
    rules_check(lower, COUNT(lower), &config);
}

static const struct step erase7[] = {
    UNLOCK, STORE(CR, SER_X32(7)), STORE(CR, SER_X32(7) | STRT), READY, {0}};

static void test_protection(void **state)
{
    (void)state;
    static const struct step program[] = {
        UNLOCK, STORE(CR, PG_X32), STORE(SECTOR7, 0), READY, {0}};
    const struct step *const scripts[] = {erase7, program};
    for (unsigned i = 0; i < COUNT(scripts); i++) {
        struct rig rig;
        rig_open(&rig, NULL);
        vboard_protect_sectors(rig.board, 1u << 7);
        vboard_flash(rig.board, NULL)[0x60001] = 0x55;
        rig_start(&rig, scripts[i]);
        rig_run(&rig, 3 * VBOARD_S);
        assert_int_equal(rig_peek(&rig, SR), 0x10); // WRPERR
        assert_int_equal(rig_peek(&rig, OPTCR), 0x0F7FAAED);
        assert_int_equal(rig_peek(&rig, SECTOR7), 0xFFFF55FF);
        assert_int_equal(vboard_flash_ops(rig.board), 0);
        rig_close(&rig);
    }
}

// A mass erase is refused if any sector is protected; otherwise nothing is
// left, the firmware included: it runs from RAM.
static void test_mass_erase(void **state)
{
    (void)state;
    static const struct step script[] = {
        UNLOCK, STORE(CR, 0x204), STORE(CR, 0x204 | STRT),
        READY,  LOAD(SR),         {0}};
    struct rig rig;
    rig_open(&rig, NULL);
    rig.box.from_ram = 1;
    rig_start(&rig, script);
    rig_run(&rig, 3900 * VBOARD_MS);
    assert_int_equal(rig.box.count, 0);
    rig_run(&rig, 200 * VBOARD_MS);
    assert_int_equal(rig.box.count, 1);
    assert_int_equal(rig_peek(&rig, 0x08000000), 0xFFFFFFFF);
    assert_int_equal(vboard_wear(rig.board, 0).erases, 1);
    assert_int_equal(vboard_wear(rig.board, 7).erases, 1);
    rig_close(&rig);
}

// An erase with a cache enabled leaves lines of before in it.
static void test_stale_caches(void **state)
{
    (void)state;
    static const struct step with_cache[] = {STORE(ACR, 0x400),
                                             UNLOCK,
                                             STORE(CR, SER_X32(7)),
                                             STORE(CR, SER_X32(7) | STRT),
                                             READY,
                                             {0}};
    static const struct step with_icache[] = {STORE(ACR, 0x200),
                                              UNLOCK,
                                              STORE(CR, SER_X32(7)),
                                              STORE(CR, SER_X32(7) | STRT),
                                              READY,
                                              STORE(ACR, 0),
                                              STORE(ACR, 0x1000),
                                              {0}};
    static const struct step with_reset[] = {STORE(ACR, 0x400),
                                             UNLOCK,
                                             STORE(CR, SER_X32(7)),
                                             STORE(CR, SER_X32(7) | STRT),
                                             READY,
                                             STORE(ACR, 0),
                                             STORE(ACR, 0x1000),
                                             STORE(ACR, 0),
                                             {0}};
    const struct {
        const struct step *script;
        bool stale;
    } cases[] = {{erase7, false},
                 {with_cache, true},
                 {with_icache, true},
                 {with_reset, false}};
    for (unsigned i = 0; i < COUNT(cases); i++) {
        struct rig rig;
        rig_open(&rig, NULL);
        rig_start(&rig, cases[i].script);
        rig_run(&rig, 2 * VBOARD_S);
        assert_int_equal(rig.box.done, 1);
        assert_int_equal(flash_caches_stale(rig.board), cases[i].stale);
        rig_close(&rig);
    }
}

// The end of an operation and an error can interrupt (line 4).
static void test_interrupt(void **state)
{
    (void)state;
    static const struct step script[] = {STORE(0xE000E100, 1 << 4),
                                         UNLOCK,
                                         STORE(CR, PG_X32 | 1 << 24),
                                         STORE(SECTOR7, 1),
                                         READY,
                                         SPIN(10),
                                         {0}};
    struct rig rig;
    rig_open(&rig, NULL);
    rig.box.in_interrupt[0] = (struct step)STORE(SR, 1);
    rig_start(&rig, script);
    rig_run(&rig, 10 * VBOARD_MS);
    assert_int_equal(rig.box.interrupts, 1);
    assert_int_equal(rig.box.last_exception, 16 + 4);
    assert_int_equal(rig.box.done, 1);
    rig_close(&rig);
}

// With vectors and handler in RAM an interrupt does not wait for the erase.
static void test_handler_in_ram(void **state)
{
    (void)state;
    enum { TABLE = 0x20014000, CODE = 0x20014200 };
    static const struct step script[] = {STORE(0xE000ED08, TABLE),
                                         STORE(0xE000E100, 1 << 9),
                                         UNLOCK,
                                         ERASE2,
                                         STORE(0xE000E200, 1 << 9),
                                         SPIN(1),
                                         LOAD(SR),
                                         LOAD(0xE000E200),
                                         {0}};
    const uint16_t code = 0x4770; // bx lr
    uint32_t table[16 + 10];
    for (unsigned i = 0; i < COUNT(table); i++) {
        table[i] = CODE | 1;
    }
    struct rig rig;
    rig_open(&rig, NULL);
    rig.box.from_ram = 1;
    rig_start(&rig, script);
    vboard_poke(rig.board, TABLE, table, sizeof(table));
    vboard_poke(rig.board, CODE, &code, sizeof(code));
    rig_run(&rig, VBOARD_MS);
    assert_int_equal(rig.box.count, 2);
    assert_int_equal(rig.box.value[0], 0x10000); // busy,
    assert_int_equal(rig.box.value[1], 0);       // and taken
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_supply),
        cmocka_unit_test(test_protection),
        cmocka_unit_test(test_mass_erase),
        cmocka_unit_test(test_stale_caches),
        cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_handler_in_ram),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
