// SPDX-License-Identifier: MIT
//
// The flash controller of the F103 (PM0075): what it accepts, what it refuses,
// how long it takes, what a power cut leaves (DS5319 table 28).

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "device_rig.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define RCC_CR  0x40021000
#define CFGR    0x40021004
#define ACR     0x40022000
#define KEYR    0x40022004
#define OPTKEYR 0x40022008
#define SR      0x4002200C
#define CR      0x40022010
#define AR      0x40022014
#define OBR     0x4002201C
#define WRPR    0x40022020

#define BSY  0x01
#define PG   0x001
#define PER  0x002
#define MER  0x004
#define STRT 0x040
#define LOCK 0x080

#define UNLOCK      STORE(KEYR, 0x45670123), STORE(KEYR, 0xCDEF89AB)
#define OPTKEYS     STORE(OPTKEYR, 0x45670123), STORE(OPTKEYR, 0xCDEF89AB)
#define READY       WAIT(SR, BSY, 0)
#define ERASE(page) STORE(CR, PER), STORE(AR, page), STORE(CR, PER | STRT)

#define PAGE40 0x0800A000
#define PAGE63 0x0800FC00
#define OFF63  0xFC00

static const struct vboard_config f103 = {
    .mcu = "stm32f103c8", .hse_hz = 8000000, .lenient = true};

static const struct rule rules[] = {
    {"program a half-word", NULL,
     .script = {UNLOCK, STORE(CR, PG), STORE16(PAGE63 + 2, 0x1234), READY,
                LOAD(SR), LOAD(PAGE63)},
     .values = {0x20, 0x1234FFFF}, .count = 2},
    {"a word is a bus error", "store of 32 bits to flash, which takes aligned",
     .script = {UNLOCK, STORE(CR, PG), STORE(PAGE63, 0x12345678)},
     .fault = true},
    {"a byte is a bus error", "store of 8 bits to flash",
     .script = {UNLOCK, STORE(CR, PG), STORE8(PAGE63, 0x12)}, .fault = true},
    {"not aligned", "store of 16 bits to flash",
     .script = {UNLOCK, STORE(CR, PG), STORE16(PAGE63 + 1, 0x12)},
     .fault = true},
    {"PG is clear", "needs PG set, PER and MER clear",
     .script = {UNLOCK, STORE16(PAGE63, 0x12)}, .fault = true},
    {"PG while PER is set", "needs PG set, PER and MER clear",
     .script = {UNLOCK, STORE(CR, PG | PER), STORE16(PAGE63, 0x12)},
     .fault = true},
    {"a wrong first key", "FLASH KEYR: 0x11111111 is not key 1",
     .script = {STORE(KEYR, 0x11111111)}, .fault = true},
    {"a wrong second key", "FLASH KEYR: 0x45670123 is not key 2",
     .script = {STORE(KEYR, 0x45670123), STORE(KEYR, 0x45670123)},
     .fault = true},
    {"keys once more", "KEYR written while unlocked",
     .script = {UNLOCK, STORE(KEYR, 0x45670123)}},
    {"CR while locked", "FLASH CR written while locked",
     .script = {STORE(CR, PG), LOAD(CR)}, .values = {LOCK}, .count = 1},
    {"LOCK locks, and the keys open again", NULL,
     .script = {LOAD(CR), UNLOCK, LOAD(CR), STORE(CR, LOCK), LOAD(CR), UNLOCK,
                LOAD(CR)},
     .values = {LOCK, 0, LOCK, 0}, .count = 4},
    {"EOP is cleared by writing 1", NULL,
     .script = {UNLOCK, STORE(CR, PG), STORE16(PAGE63, 1), READY,
                STORE8(SR + 1, 0xFF), STORE(SR, 0), LOAD(SR), STORE(SR, 0x20),
                LOAD(SR)},
     .values = {0x20, 0}, .count = 2},
    {"what is not blank stays", "holds 0x00FF and cannot become 0x000F",
     .script = {UNLOCK, STORE(CR, PG), STORE16(PAGE63, 0xFF), READY,
                STORE(SR, 0x20), STORE16(PAGE63, 0x0F), READY, LOAD(SR),
                LOAD16(PAGE63), STORE(SR, 4), LOAD(SR)},
     .values = {4, 0xFF, 0}, .count = 3},
    {"what is not blank can become 0", NULL,
     .script = {UNLOCK, STORE(CR, PG), STORE16(PAGE63, 0xFF), READY,
                STORE16(PAGE63, 0), READY, LOAD(SR), LOAD16(PAGE63)},
     .values = {0x20, 0}, .count = 2},
    {"erase a page", NULL,
     .script = {UNLOCK, STORE(CR, PG), STORE16(PAGE63, 0), READY,
                STORE16(PAGE63 - 2, 0), READY, STORE(SR, 0x20),
                ERASE(PAGE63 + 0x123), READY, LOAD(SR), LOAD16(PAGE63),
                LOAD16(PAGE63 - 2), LOAD(CR)},
     .values = {0x20, 0xFFFF, 0, PER}, .count = 4},
    {"STRT alone", "STRT needs PER or MER set",
     .script = {UNLOCK, STORE(CR, STRT), LOAD(SR)}, .values = {0}, .count = 1},
    {"STRT with PER and MER", "STRT needs PER or MER set, and nothing else",
     .script = {UNLOCK, STORE(CR, PER | MER | STRT), LOAD(SR)}},
    {"STRT with PG", "STRT needs PER or MER set, and nothing else",
     .script = {UNLOCK, STORE(CR, PG | PER | STRT)}},
    {"an address outside", "FLASH AR 0x08010000 is in no page",
     .script = {UNLOCK, ERASE(0x08010000)}},
    {"HSI is off", "flash operation without HSI",
     .script = {STORE(RCC_CR, 0x10081), WAIT(RCC_CR, 1 << 17, 1 << 17),
                STORE(CFGR, 1), WAIT(CFGR, 0xC, 4), STORE(RCC_CR, 0x10080),
                UNLOCK, STORE(CR, PG), STORE16(PAGE63, 0), LOAD16(PAGE63)},
     .values = {0xFFFF}, .count = 1},
    {"HSI is off for an erase", "flash operation without HSI",
     .script = {STORE(RCC_CR, 0x10081), WAIT(RCC_CR, 1 << 17, 1 << 17),
                STORE(CFGR, 1), WAIT(CFGR, 0xC, 4), STORE(RCC_CR, 0x10080),
                UNLOCK, ERASE(PAGE63), LOAD(SR)},
     .values = {0}, .count = 1},
    {"registers while BSY", "FLASH CR written while BSY is set",
     .script = {UNLOCK, ERASE(PAGE63), LOAD(SR), STORE(CR, 0), READY, LOAD(CR)},
     .values = {BSY, PER}, .count = 2, .from_ram = true},
    {"a load by code in RAM waits for the erase", NULL,
     .script = {UNLOCK, STORE(CR, PG), STORE16(PAGE63, 0), READY,
                STORE(SR, 0x20), ERASE(PAGE63), LOAD16(PAGE63), LOAD(SR)},
     .values = {0xFFFF, 0x20}, .count = 2, .from_ram = true},
    {"a second store waits for the first", NULL,
     .script = {UNLOCK, STORE(CR, PG), STORE16(PAGE63, 1),
                STORE16(PAGE63 + 2, 2), READY, LOAD(PAGE63)},
     .values = {0x00020001}, .count = 1, .from_ram = true},
    {"through the alias at 0", NULL,
     .script = {UNLOCK, STORE(CR, PG), STORE16(OFF63, 0x1234), READY,
                LOAD16(PAGE63)},
     .values = {0x1234}, .count = 1},
    {"option keys open, and OPTWRE is cleared by 0", NULL,
     .script = {UNLOCK, OPTKEYS, LOAD(CR), STORE(CR, 0x200), LOAD(CR),
                STORE(CR, 0), LOAD(CR), STORE(CR, 0x200), LOAD(CR)},
     .values = {0x200, 0x200, 0, 0}, .count = 4},
    {"a wrong option key", "FLASH OPTKEYR: 0x08192A3B is not key 1",
     .script = {UNLOCK, STORE(OPTKEYR, 0x08192A3B)}, .fault = true},
    {"option bytes are not modelled", "not modelled: programming the option",
     .script = {UNLOCK, OPTKEYS, STORE(CR, 0x210)}},
    {"option bytes are not stored to", "not modelled: programming the option",
     .script = {UNLOCK, STORE16(0x1FFFF800, 0)}},
    {"option bytes", NULL,
     .script = {LOAD(0x1FFFF800), LOAD16(0x1FFFF808), LOAD(OBR), LOAD(WRPR)},
     .values = {0x00FF5AA5, 0x00FF, 0x03FFFFFC, 0xFFFFFFFF}, .count = 4},
    {"WRPR is read-only", "FLASH WRPR is read-only",
     .script = {UNLOCK, STORE(WRPR, 0)}},
    {"the prefetch buffer, slowly", NULL,
     .script = {LOAD(ACR), STORE(ACR, 0), LOAD(ACR), STORE(ACR, 0x12),
                LOAD(ACR)},
     .values = {0x30, 0, 0x32}, .count = 3},
    {"the prefetch buffer with a divided HCLK", "ACR PRFTBE changed with",
     .script = {STORE(ACR, 0), STORE(CFGR, 0x80), STORE(ACR, 0x10)}},
    {"HPRE without the prefetch buffer", "PRFTBE must be set while HPRE",
     .script = {STORE(ACR, 0), STORE(CFGR, 0x80)}},
    {"LATENCY 3", "LATENCY of 3 is reserved", .script = {STORE(ACR, 0x13)}},
    {"half-cycle access at 8 MHz", NULL, .script = {STORE(ACR, 0x18)}},
    {"half-cycle access with HPRE", "ACR HLFCYA set",
     .script = {STORE(ACR, 0x18), STORE(CFGR, 0x80)}},
};

static void test_rules(void **state)
{
    (void)state;
    rules_check(rules, COUNT(rules), &f103);
}

static void test_supply(void **state)
{
    (void)state;
    static const struct rule low[] = {
        {"below 2 V", "flash operation needs 2000 mV, the supply has 1950",
         .script = {UNLOCK, STORE(CR, PG), STORE16(PAGE63, 1)}},
    };
    struct vboard_config config = f103;
    config.vdd_mv = 1950;
    rules_check(low, COUNT(low), &config);
}

static const struct step erase63[] = {
    UNLOCK, ERASE(PAGE63), READY, LOAD(SR), {0}};
static const struct step program63[] = {
    UNLOCK, STORE(CR, PG), STORE16(PAGE63, 0), READY, LOAD(SR), {0}};

static void open_f103(struct rig *rig, enum vboard_timing timing)
{
    struct vboard_config config = f103;
    config.timing = timing;
    rig_open(rig, &config);
}

static void fill(struct rig *rig)
{
    memset(vboard_flash(rig->board, NULL) + OFF63, 0x5A, 1024);
}

static unsigned count_bytes(struct rig *rig, uint8_t value)
{
    const uint8_t *bytes = vboard_flash(rig->board, NULL) + OFF63;
    unsigned count = 0;
    for (unsigned i = 0; i < 1024; i++) {
        count += bytes[i] == value;
    }
    return count;
}

// A bit of WRPR is four pages: 60 to 63 here; page 40 is not one of them.
static void test_protection(void **state)
{
    (void)state;
    static const struct step page40[] = {UNLOCK, ERASE(PAGE40), READY, {0}};
    static const struct step mass[] = {
        UNLOCK, STORE(CR, MER), STORE(CR, MER | STRT), READY, {0}};
    const struct {
        const struct step *script;
        uint32_t sr;
        unsigned ops;
    } cases[] = {{erase63, 0x10, 0},
                 {program63, 0x10, 0},
                 {mass, 0x10, 0},
                 {page40, 0x20, 1}};
    for (unsigned i = 0; i < COUNT(cases); i++) {
        struct rig rig;
        rig_open(&rig, &f103);
        vboard_protect_sectors(rig.board, 1u << 15);
        fill(&rig);
        rig_start(&rig, cases[i].script);
        rig_run(&rig, 100 * VBOARD_MS);
        assert_int_equal(rig.box.done, 1);
        assert_int_equal(rig_peek(&rig, SR), cases[i].sr);
        assert_int_equal(rig_peek(&rig, WRPR), 0xFFFF7FFF);
        assert_int_equal(rig_peek(&rig, 0x1FFFF808), 0x807F00FF);
        assert_int_equal(vboard_flash_ops(rig.board), cases[i].ops);
        assert_int_equal(count_bytes(&rig, 0x5A), 1024);
        rig_close(&rig);
    }
}

// Nothing is left, the firmware included: it runs from RAM.
static void test_mass_erase(void **state)
{
    (void)state;
    static const struct step script[] = {
        UNLOCK, STORE(CR, MER), STORE(CR, MER | STRT), READY, LOAD(SR), {0}};
    struct rig rig;
    rig_open(&rig, &f103);
    rig.box.from_ram = 1;
    rig_start(&rig, script);
    rig_run(&rig, 19 * VBOARD_MS);
    assert_int_equal(rig.box.count, 0);
    rig_run(&rig, 2 * VBOARD_MS);
    assert_int_equal(rig.box.count, 1);
    assert_int_equal(rig_peek(&rig, 0x08000000), 0xFFFFFFFF);
    assert_int_equal(vboard_wear(rig.board, 0).erases, 1);
    assert_int_equal(vboard_wear(rig.board, 63).erases, 1);
    assert_int_equal(vboard_wear(rig.board, 64).erases, 0);
    rig_close(&rig);
}

static void test_times(void **state)
{
    (void)state;
    static const struct step script[] = {UNLOCK,
                                         ERASE(PAGE63),
                                         READY,
                                         STORE(CR, PG),
                                         STORE16(PAGE63, 0),
                                         STORE16(PAGE63 + 2, 0),
                                         READY,
                                         {0}};
    static const uint64_t erase[] = {20 * VBOARD_MS, 40 * VBOARD_MS};
    static const uint64_t program[] = {52500 * VBOARD_NS, 70 * VBOARD_US};
    for (unsigned timing = VBOARD_TYPICAL; timing <= VBOARD_MAXIMUM; timing++) {
        struct rig rig;
        open_f103(&rig, timing);
        rig_start(&rig, script);
        rig_run(&rig, 100 * VBOARD_MS);
        const struct rig_event *op[3];
        for (unsigned i = 0; i < 3; i++) {
            op[i] = rig_event(&rig, VBOARD_EVENT_FLASH, i);
            assert_non_null(op[i]);
            assert_int_equal(op[i]->number, i + 1);
        }
        assert_int_equal(op[0]->op, VBOARD_ERASE);
        assert_int_equal(op[0]->address, PAGE63);
        assert_int_equal(op[0]->size, 1024);
        assert_int_equal(op[1]->op, VBOARD_PROGRAM);
        assert_int_equal(op[1]->size, 2);
        assert_in_range(op[1]->time - op[0]->time, erase[timing],
                        erase[timing] + 20 * VBOARD_US);
        assert_in_range(op[2]->time - op[1]->time, program[timing],
                        program[timing] + 10 * VBOARD_US);
        assert_int_equal(vboard_wear(rig.board, 63).erases, 1);
        assert_int_equal(vboard_wear(rig.board, 63).programs, 2);
        rig_close(&rig);
    }
}

static void run_cut(struct rig *rig, const struct step *script,
                    enum vboard_cut how)
{
    vboard_cut_at_op(rig->board, 1, how);
    rig_start(rig, script);
    assert_int_equal(rig_run(rig, VBOARD_S), VBOARD_STOP_POWER_CUT);
    assert_int_equal(rig->box.done, 0);
}

static void test_cuts(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &f103);
    fill(&rig);
    run_cut(&rig, erase63, VBOARD_CUT_BEFORE);
    assert_int_equal(count_bytes(&rig, 0x5A), 1024);
    run_cut(&rig, erase63, VBOARD_CUT_TORN);
    assert_in_range(count_bytes(&rig, 0x5A), 100, 600);
    assert_in_range(count_bytes(&rig, 0xFF), 100, 600);
    run_cut(&rig, erase63, VBOARD_CUT_AFTER);
    assert_int_equal(count_bytes(&rig, 0xFF), 1024);

    run_cut(&rig, program63, VBOARD_CUT_BEFORE);
    assert_int_equal(rig_peek(&rig, PAGE63), 0xFFFFFFFF);
    run_cut(&rig, program63, VBOARD_CUT_TORN);
    uint32_t torn = rig_peek(&rig, PAGE63);
    assert_int_equal(torn >> 16, 0xFFFF);
    assert_int_not_equal(torn, 0xFFFF0000);
    assert_int_not_equal(torn, 0xFFFFFFFF);
    run_cut(&rig, program63, VBOARD_CUT_AFTER);
    assert_int_equal(rig_peek(&rig, PAGE63), 0xFFFF0000);
    rig_close(&rig);
}

// A reset tears as well, and locks again.
static void test_reset_in_erase(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &f103);
    fill(&rig);
    rig_start(&rig, erase63);
    rig_run(&rig, 10 * VBOARD_MS);
    vboard_reset(rig.board);
    assert_int_equal(rig_peek(&rig, SR), 0);
    assert_int_equal(rig_peek(&rig, CR), LOCK);
    assert_in_range(count_bytes(&rig, 0x5A), 100, 600);
    rig_close(&rig);
}

// A failed erase has no flag but that EOP does not come.
static void test_faults(void **state)
{
    (void)state;
    static const struct {
        enum vboard_flash_fault fault;
        const struct step *script;
        uint32_t sr;
    } cases[] = {
        {VBOARD_FLASH_ERASE_FAILS, erase63, 0},
        {VBOARD_FLASH_PROGRAM_FAILS, program63, 4},
        {VBOARD_FLASH_BIT_STUCK, program63, 0x20},
        {VBOARD_FLASH_BIT_STUCK, erase63, 0x20},
    };
    static const unsigned blank_least[] = {0, 1024, 1022, 1023};
    static const unsigned blank_most[] = {1000, 1024, 1023, 1023};
    for (unsigned i = 0; i < COUNT(cases); i++) {
        struct rig rig;
        rig_open(&rig, &f103);
        vboard_fail_op(rig.board, 1, cases[i].fault);
        rig_start(&rig, cases[i].script);
        rig_run(&rig, 100 * VBOARD_MS);
        assert_int_equal(rig.box.done, 1);
        assert_int_equal(rig.box.value[0], cases[i].sr);
        assert_in_range(count_bytes(&rig, 0xFF), blank_least[i], blank_most[i]);
        rig_close(&rig);
    }
}

// The end of an operation interrupts with EOPIE, an error with ERRIE (line 4).
static void test_interrupts(void **state)
{
    (void)state;
    static const struct step eop[] = {STORE(0xE000E100, 1 << 4),
                                      UNLOCK,
                                      STORE(CR, PG | 1 << 12),
                                      STORE16(PAGE63, 1),
                                      READY,
                                      SPIN(10),
                                      {0}};
    static const struct step error[] = {STORE(0xE000E100, 1 << 4),
                                        UNLOCK,
                                        STORE(CR, PG | 1 << 10),
                                        STORE16(PAGE63, 1),
                                        READY,
                                        STORE16(PAGE63, 3),
                                        READY,
                                        SPIN(10),
                                        {0}};
    const struct step *const scripts[] = {eop, error};
    for (unsigned i = 0; i < 2; i++) {
        struct rig rig;
        rig_open(&rig, &f103);
        rig.box.in_interrupt[0] = (struct step)LOAD(SR);
        rig.box.in_interrupt[1] = (struct step)STORE(SR, 0x34);
        rig_start(&rig, scripts[i]);
        rig_run(&rig, 10 * VBOARD_MS);
        assert_int_equal(rig.box.done, 1);
        assert_int_equal(rig.box.interrupts, 1);
        assert_int_equal(rig.box.last_exception, 16 + 4);
        assert_int_equal(rig.box.value[0], i ? 0x24 : 0x20);
        rig_close(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_supply),
        cmocka_unit_test(test_protection),
        cmocka_unit_test(test_mass_erase),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_reset_in_erase),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_interrupts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
