// SPDX-License-Identifier: MIT
//
// The independent watchdog (RM0390 20).

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "device_rig.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define KR  0x40003000
#define PR  0x40003004
#define RLR 0x40003008
#define SR  0x4000300C
#define CSR 0x40023874

#define UNLOCK STORE(KR, 0x5555)
#define START  STORE(KR, 0xCCCC)
#define FEED   STORE(KR, 0xAAAA)
#define SYNCED WAIT(SR, 3, 0)

static const struct rule rules[] = {
    {"PR while protected", "IWDG PR written while protected",
     .script = {STORE(PR, 1), LOAD(PR)}, .values = {0}, .count = 1},
    {"RLR after a reload", "IWDG RLR written while protected",
     .script = {UNLOCK, FEED, STORE(RLR, 1), LOAD(RLR)}, .values = {0xFFF},
     .count = 1},
    {"the usual start", NULL,
     .script = {START, UNLOCK, STORE(PR, 6), STORE(RLR, 0x123), LOAD(SR),
                SYNCED, FEED, LOAD(PR), LOAD(RLR), LOAD(KR)},
     .values = {3, 6, 0x123, 0}, .count = 4},
    {"PR and RLR before the update has arrived", NULL,
     .script = {START, UNLOCK, STORE(PR, 6), STORE(RLR, 0x123), LOAD(PR),
                LOAD(RLR)},
     .values = {0, 0xFFF}, .count = 2},
    {"PR after the start", "IWDG PR written while protected",
     .script = {UNLOCK, START, STORE(PR, 6)}},
    {"RLR twice", "IWDG RLR written while its last update",
     .script = {START, UNLOCK, STORE(RLR, 6), STORE(RLR, 5)}},
    {"PR twice", "IWDG PR written while its last update",
     .script = {START, UNLOCK, STORE(PR, 6), STORE(PR, 5), SYNCED, LOAD(PR)},
     .values = {6}, .count = 1},
    {"LSI runs with it", NULL,
     .script = {START, LOAD(CSR), WAIT(CSR, 2, 2), LOAD(CSR)},
     .values = {0x0E000000, 0x0E000002}, .count = 2},
    {"LSI cannot be stopped", NULL,
     .script = {STORE(CSR, 1), WAIT(CSR, 2, 2), START, STORE(CSR, 0),
                LOAD(CSR)},
     .values = {0x0E000002}, .count = 1},
    {"by bytes", "IWDG KR does not allow access by 8 bits",
     .script = {STORE8(KR, 0x55)}},
};

static void test_rules(void **state)
{
    (void)state;
    rules_check(rules, COUNT(rules), NULL);
}

// Time of the first reset that is not the power-on.
static uint64_t reset_time(struct rig *rig)
{
    const struct rig_event *reset = rig_event(rig, VBOARD_EVENT_RESET, 1);
    return reset ? reset->time : 0;
}

static void expect_reset(const struct step *script, uint64_t from, uint64_t to,
                         bool by_option)
{
    struct vboard_config config = {.lenient = true,
                                   .hardware_watchdog = by_option};
    struct rig rig;
    rig_open(&rig, &config);
    rig_start(&rig, script);
    rig_run(&rig, to);
    assert_int_equal(rig.violations, 0);
    assert_in_range(reset_time(&rig), from, to);
    const struct rig_event *reset = rig_event(&rig, VBOARD_EVENT_RESET, 1);
    assert_int_equal(reset->value & 1u << 29, 1u << 29);
    assert_string_equal(reset->text, "IWDGRSTF");
    // IWDGRSTF and PINRSTF next to those of the power-on
    assert_int_equal(rig_peek(&rig, CSR) & 0xFF000000, 0x2E000000);
    assert_int_equal(rig.box.boots, 2);
    rig_close(&rig);
}

static void test_periods(void **state)
{
    (void)state;
    // 0x1000 times 4 / 32 kHz
    static const struct step shortest[] = {START, {0}};
    expect_reset(shortest, 512 * VBOARD_MS, 513 * VBOARD_MS, false);
    // 1000 times 32 / 32 kHz from the reload on
    static const struct step second[] = {
        START, UNLOCK, STORE(PR, 3), STORE(RLR, 999), SYNCED, FEED, {0}};
    expect_reset(second, 1000 * VBOARD_MS, 1001 * VBOARD_MS, false);
    // a new divider holds for the count under way: 0x1000 times 8 / 32 kHz
    static const struct step slower[] = {START, UNLOCK, STORE(PR, 1), {0}};
    expect_reset(slower, 1022 * VBOARD_MS, 1025 * VBOARD_MS, false);
    // feeding every 200 ms or so, 10 times; then 512 ms more
    static const struct step fed[] = {START, SPIN(300000), FEED, SPIN(300000),
                                      FEED,  SPIN(300000), FEED, SPIN(300000),
                                      FEED,  {0}};
    expect_reset(fed, 900 * VBOARD_MS, 1500 * VBOARD_MS, false);
}

// Started by the option bytes: no key is needed, and none stops it.
static void test_hardware_start(void **state)
{
    (void)state;
    static const struct step nothing[] = {LOAD(0x40023C14), {0}};
    expect_reset(nothing, 512 * VBOARD_MS, 513 * VBOARD_MS, true);

    struct vboard_config config = {.lenient = true, .hardware_watchdog = true};
    struct rig rig;
    rig_open(&rig, &config);
    rig_start(&rig, nothing);
    rig_run(&rig, VBOARD_MS);
    assert_int_equal(rig.box.value[0] & 1 << 5, 0); // WDG_SW
    rig_close(&rig);
}

// After its reset the watchdog is off again.
static void test_off_after_reset(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, NULL);
    rig_start(&rig, (struct step[]){START, {0}});
    rig_run(&rig, 3 * VBOARD_S);
    assert_int_equal(rig.box.boots, 2);
    assert_null(rig_event(&rig, VBOARD_EVENT_RESET, 2));
    // and so is LSI
    assert_int_equal(rig_peek(&rig, CSR) & 3, 0);
    rig_close(&rig);
}

// Firmware that starts it and hangs, with interrupts off and without a look at
// the outside.
static void test_hang(void **state)
{
    (void)state;
    static const struct step hang[] = {
        START,  UNLOCK, STORE(PR, 2),     STORE(RLR, 499),
        SYNCED, FEED,   SPIN(UINT32_MAX), {0}};
    expect_reset(hang, 250 * VBOARD_MS, 251 * VBOARD_MS, false);
}

// It counts on while an erase stalls the core, and tears the erase.
static void test_reset_during_erase(void **state)
{
    (void)state;
    static const struct step script[] = {START,
                                         STORE(0x40023C04, 0x45670123),
                                         STORE(0x40023C04, 0xCDEF89AB),
                                         STORE(0x40023C10, 0x202 | 7 << 3),
                                         STORE(0x40023C10, 0x10202 | 7 << 3),
                                         WAIT(0x40023C0C, 1 << 16, 0),
                                         {0}};
    struct rig rig;
    rig_open(&rig, NULL);
    uint8_t *sector = vboard_flash(rig.board, NULL) + 0x60000;
    memset(sector, 0x5A, 0x20000);
    rig_start(&rig, script);
    rig_run(&rig, 2 * VBOARD_S);
    assert_in_range(reset_time(&rig), 512 * VBOARD_MS, 513 * VBOARD_MS);
    assert_int_equal(rig.box.boots, 2);
    assert_int_equal(rig.box.done, 0);
    unsigned blank = 0;
    for (unsigned i = 0; i < 0x20000; i++) {
        blank += sector[i] == 0xFF;
    }
    assert_in_range(blank, 0x8000, 0x10000);
    rig_close(&rig);
}

// An update of PR without LSI never arrives.
static void test_update_needs_lsi(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, NULL);
    rig_start(&rig, (struct step[]){UNLOCK, STORE(PR, 2), {0}});
    rig_run(&rig, VBOARD_S);
    assert_int_equal(rig_peek(&rig, SR), 1);

    rig_start(&rig, (struct step[]){
                        UNLOCK, STORE(PR, 2), STORE(CSR, 1), SYNCED, {0}});
    rig_run(&rig, VBOARD_MS);
    assert_int_equal(rig.box.done, 1);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_periods),
        cmocka_unit_test(test_hardware_start),
        cmocka_unit_test(test_off_after_reset),
        cmocka_unit_test(test_hang),
        cmocka_unit_test(test_reset_during_erase),
        cmocka_unit_test(test_update_needs_lsi),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
