// SPDX-License-Identifier: MIT
//
// RCC and PWR of the F103: oscillators, the PLL, limits, reset flags, the
// supply detector (RM0008 5 and 7, DS5319).

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "device_rig.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define RCC_CR  0x40021000
#define CFGR    0x40021004
#define CIR     0x40021008
#define APB1ENR 0x4002101C
#define BDCR    0x40021020
#define CSR     0x40021024
#define PWR_CR  0x40007000
#define PWR_CSR 0x40007004
#define ACR     0x40022000

#define PWR_ON   STORE(APB1ENR, 1 << 28)
#define HSE_ON   STORE(RCC_CR, 0x10081), WAIT(RCC_CR, 1 << 17, 1 << 17)
#define PLL_ON   STORE(RCC_CR, 0x1010081), WAIT(RCC_CR, 1 << 25, 1 << 25)
#define USE_PLL  WAIT(CFGR, 0xC, 8)
#define LATENCY2 STORE(ACR, 0x12)
// HSE times 9, APB1 by 2
#define TIMES9 0x1D0400

static const struct vboard_config f103 = {
    .mcu = "stm32f103c8", .hse_hz = 8000000, .lenient = true};

static const struct rule rules[] = {
    {"72 MHz", NULL,
     .script = {LATENCY2, HSE_ON, STORE(CFGR, TIMES9), PLL_ON,
                STORE(CFGR, TIMES9 | 2), USE_PLL, LOAD(CFGR)},
     .values = {TIMES9 | 0xA}, .count = 1},
    // PLLON through its bit-band alias, the APBs slow meanwhile
    {"72 MHz as the vendor's library sets it up", NULL,
     .script = {STORE(RCC_CR, 0x10083), WAIT(RCC_CR, 1 << 17, 1 << 17),
                STORE(0x42420060, 0), WAIT(RCC_CR, 1 << 25, 0),
                STORE(CFGR, 0x1D0000), STORE(0x42420060, 1),
                WAIT(RCC_CR, 1 << 25, 1 << 25), STORE(ACR, 0x32),
                STORE(CFGR, 0x1D0700), STORE(CFGR, 0x1D3F00),
                STORE(CFGR, 0x1D3F02), USE_PLL, STORE(CFGR, 0x1D3C02),
                STORE(CFGR, 0x1D0402), LOAD(CFGR)},
     .values = {0x1D040A}, .count = 1},
    {"72 MHz as its forerunner does", NULL,
     .script = {STORE(RCC_CR, 0x83), STORE(CFGR, 0), STORE(CIR, 0x009F0000),
                STORE(RCC_CR, 0x10083), WAIT(RCC_CR, 1 << 17, 1 << 17),
                STORE(ACR, 0x30), STORE(ACR, 0x32), STORE(CFGR, 0x400),
                STORE(CFGR, TIMES9), STORE(RCC_CR, 0x1010083),
                WAIT(RCC_CR, 1 << 25, 1 << 25), STORE(CFGR, TIMES9 | 2),
                USE_PLL}},
    {"64 MHz from HSI", NULL,
     .script = {LATENCY2, STORE(CFGR, 0x3C0400), STORE(RCC_CR, 0x1000081),
                WAIT(RCC_CR, 1 << 25, 1 << 25), STORE(CFGR, 0x3C0402), USE_PLL,
                LOAD(CFGR)},
     .values = {0x3C040A}, .count = 1},
    {"SYSCLK too fast", "SYSCLK of 80000000 Hz is above 72 MHz",
     .script = {LATENCY2, HSE_ON, STORE(CFGR, 0x212500), PLL_ON,
                STORE(CFGR, 0x212502), USE_PLL}},
    {"the PLL too fast", "PLL output of 80000000 Hz is outside 16 to 72 MHz",
     .script = {HSE_ON, STORE(CFGR, 0x210400), PLL_ON}},
    {"the PLL too slow", "PLL output of 8000000 Hz is outside 16 to 72 MHz",
     .script = {STORE(CFGR, 0), STORE(RCC_CR, 0x1000081)}},
    {"one wait state is too few", "LATENCY of 1 is too small for SYSCLK of 72",
     .script = {STORE(ACR, 0x11), HSE_ON, STORE(CFGR, TIMES9), PLL_ON,
                STORE(CFGR, TIMES9 | 2), USE_PLL}},
    {"wait states go by SYSCLK", "LATENCY of 1 is too small for SYSCLK of 72",
     .script = {STORE(ACR, 0x11), HSE_ON, STORE(CFGR, TIMES9 | 0x80), PLL_ON,
                STORE(CFGR, TIMES9 | 0x82), USE_PLL}},
    {"48 MHz with one", NULL,
     .script = {STORE(ACR, 0x11), HSE_ON, STORE(CFGR, 0x110400), PLL_ON,
                STORE(CFGR, 0x110402), USE_PLL}},
    {"24 MHz with none", NULL,
     .script = {HSE_ON, STORE(CFGR, 0x050000), PLL_ON, STORE(CFGR, 0x050002),
                USE_PLL}},
    {"wait states taken away", "LATENCY of 0 is too small",
     .script = {LATENCY2, HSE_ON, STORE(CFGR, TIMES9), PLL_ON,
                STORE(CFGR, TIMES9 | 2), USE_PLL, STORE(ACR, 0x10)}},
    {"prefetch switched while fast", "PRFTBE changed with SYSCLK of 72000000",
     .script = {LATENCY2, HSE_ON, STORE(CFGR, TIMES9), PLL_ON,
                STORE(CFGR, TIMES9 | 2), USE_PLL, STORE(ACR, 2)}},
    {"half-cycle access from the PLL", "ACR HLFCYA set",
     .script = {STORE(ACR, 0x18), HSE_ON, STORE(CFGR, 0x010000), PLL_ON,
                STORE(CFGR, 0x010002), USE_PLL}},
    {"APB1 too fast", "APB1 clock of 72000000 Hz is above 36 MHz",
     .script = {LATENCY2, HSE_ON, STORE(CFGR, 0x1D0000), PLL_ON,
                STORE(CFGR, 0x1D0002), USE_PLL}},
    {"the PLL's settings while it is on", "RCC CFGR written while the PLL is",
     .script = {HSE_ON, STORE(CFGR, TIMES9), PLL_ON, STORE(CFGR, 0x190500),
                LOAD(CFGR)},
     .values = {TIMES9 | 0x100}, .count = 1},
    {"the PLL without its source", "source HSE is not ready",
     .script = {STORE(CFGR, TIMES9), STORE(RCC_CR, 0x1000081), LOAD(RCC_CR)},
     .values = {0x01000083}, .count = 1},
    {"SW of 3", "SW of 3 is not allowed",
     .script = {STORE(CFGR, 3), LOAD(CFGR)}, .values = {0}, .count = 1},
    {"a switch to what is off waits", "SW selects PLL, which is off",
     .script = {STORE(CFGR, 2), LOAD(CFGR)}, .values = {2}, .count = 1},
    {"HSI stays while SYSCLK runs on it", "would stop an oscillator",
     .script = {STORE(RCC_CR, 0x80), LOAD(RCC_CR)}, .values = {0x83},
     .count = 1},
    {"HSI stays while the PLL runs on it", "would stop an oscillator",
     .script = {LATENCY2, STORE(CFGR, 0x3C0400), STORE(RCC_CR, 0x1000081),
                WAIT(RCC_CR, 1 << 25, 1 << 25), STORE(CFGR, 0x3C0402), USE_PLL,
                STORE(RCC_CR, 0x1000080), LOAD(RCC_CR)},
     .values = {0x03000083}, .count = 1},
    {"BDCR is protected", "BDCR written while the backup domain",
     .script = {STORE(BDCR, 1)}},
    {"BDCR with DBP", NULL,
     .script = {PWR_ON, STORE(PWR_CR, 0x100), STORE(BDCR, 0x8100), LOAD(BDCR)},
     .values = {0x8100}, .count = 1},
    {"PWR with its clock off", "PWR CR accessed while the clock",
     .script = {STORE(PWR_CR, 0x100)}},
    {"LSI, its flag and clearing it", NULL,
     .script = {STORE(CIR, 0x100), STORE(CSR, 1), WAIT(CSR, 2, 2), LOAD(CIR),
                STORE(CIR, 0x10000), LOAD(CIR)},
     .values = {0x101, 0}, .count = 2},
    {"CIR has no bits of other PLLs", NULL,
     .script = {STORE(CIR, 0xFF00), LOAD(CIR)}, .values = {0x1F00}, .count = 1},
    {"reset flags and RMVF", NULL,
     .script = {LOAD(CSR), STORE(CSR, 1 << 24), LOAD(CSR)},
     .values = {0x0C000000, 0}, .count = 2},
};

static void test_rules(void **state)
{
    (void)state;
    rules_check(rules, COUNT(rules), &f103);
}

// HSI is 8 MHz, and the PLL takes half of it.
static void test_frequencies(void **state)
{
    (void)state;
    static const struct {
        uint32_t cfgr, hclk;
    } cases[] = {{0, 8000000},          // HSI
                 {0x80, 4000000},       // by 2
                 {0x080002, 16000000},  // HSI / 2 * 4
                 {0x3C0402, 64000000},  // HSI / 2 * 16
                 {0x380402, 64000000},  // the same
                 {0x1D0402, 72000000},  // HSE * 9
                 {0x1F0402, 36000000},  // HSE / 2 * 9
                 {0x010002, 16000000}}; // HSE * 2
    for (unsigned i = 0; i < COUNT(cases); i++) {
        const struct step script[] = {
            LATENCY2,
            HSE_ON,
            STORE(CFGR, cases[i].cfgr & ~3u),
            STORE(RCC_CR, cases[i].cfgr & 2 ? 0x1010081 : 0x10081),
            STORE(CFGR, cases[i].cfgr),
            {0}};
        struct rig rig;
        rig_open(&rig, &f103);
        rig_start(&rig, script);
        rig_run(&rig, 10 * VBOARD_MS);
        assert_int_equal(rig.violations, 0);
        assert_int_equal(vboard_hclk(rig.board), cases[i].hclk);
        rig_close(&rig);
    }
}

static void test_input_range(void **state)
{
    (void)state;
    static const struct rule slow[] = {
        {"HSE / 2 is too slow", "PLL input of 500000 Hz is outside 1 to 25",
         .script = {HSE_ON, STORE(CFGR, 0x3F0000), PLL_ON}},
    };
    struct vboard_config config = f103;
    config.hse_hz = 1000000;
    rules_check(slow, COUNT(slow), &config);
}

// HSE takes 2 ms, the PLL 200 us.
static void test_start_up_times(void **state)
{
    (void)state;
    static const struct step script[] = {
        HSE_ON, STORE(CFGR, TIMES9), PLL_ON, {0}};
    struct rig rig;
    rig_open(&rig, &f103);
    rig_start(&rig, script);
    rig_run(&rig, 2 * VBOARD_MS);
    assert_int_equal(rig_peek(&rig, RCC_CR) & 1 << 17, 0);
    rig_run(&rig, 190 * VBOARD_US);
    assert_int_equal(rig_peek(&rig, RCC_CR), 0x01030083);
    rig_run(&rig, 100 * VBOARD_US);
    assert_int_equal(rig.box.done, 1);
    rig_close(&rig);
}

// Without a crystal HSE never becomes ready.
static void test_no_crystal(void **state)
{
    (void)state;
    struct vboard_config config = f103;
    config.hse_hz = 0;
    struct rig rig;
    rig_open(&rig, &config);
    rig_start(&rig, (struct step[]){HSE_ON, {0}});
    rig_run(&rig, 100 * VBOARD_MS);
    assert_int_equal(rig.box.done, 0);
    rig_close(&rig);
}

// PVD at level 7, 2.88 V rising, 2.78 V falling, with its interrupt; the chip
// is off below 1.88 V.
static void test_supply(void **state)
{
    (void)state;
    static const struct step script[] = {PWR_ON,
                                         STORE(PWR_CR, 0xF0),
                                         STORE(0x40010400, 1 << 16),
                                         STORE(0x40010408, 1 << 16),
                                         STORE(0xE000E100, 1 << 1),
                                         {0}};
    struct rig rig;
    rig_open(&rig, &f103);
    rig.box.in_interrupt[0] = (struct step)STORE(0x40010414, 1 << 16);
    rig_start(&rig, script);
    rig_run(&rig, VBOARD_MS);
    const struct {
        uint32_t mv, pvdo, interrupts;
    } moves[] = {
        {2800, 0, 0}, {2770, 4, 1}, {2870, 4, 1}, {2890, 0, 1}, {2700, 4, 2}};
    for (unsigned i = 0; i < COUNT(moves); i++) {
        vboard_set_vdd(rig.board, moves[i].mv);
        rig_run(&rig, VBOARD_MS);
        assert_int_equal(rig_peek(&rig, PWR_CSR) & 4, moves[i].pvdo);
        assert_int_equal(rig.box.interrupts, moves[i].interrupts);
    }
    assert_int_equal(rig.box.last_exception, 16 + 1);
    vboard_set_vdd(rig.board, 1890);
    assert_int_equal(rig_run(&rig, VBOARD_MS), VBOARD_STOP_TIME);
    vboard_set_vdd(rig.board, 1870);
    assert_int_equal(rig_run(&rig, VBOARD_MS), VBOARD_STOP_POWER_CUT);
    rig_close(&rig);
}

static void test_reset_flags(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &f103);
    rig_start(&rig, (struct step[]){STORE(CSR, 1 << 24),
                                    STORE(0xE000ED0C, 0x05FA0004),
                                    {0}});
    rig_run(&rig, VBOARD_MS);
    assert_int_equal(rig.box.boots, 2);
    assert_int_equal(rig_peek(&rig, CSR), 0x14000000);
    rig_close(&rig);
}

// The watchdog counts 40 kHz: 0x1000 times 4, whether keys or an option byte
// have started it.
static void test_watchdog(void **state)
{
    (void)state;
    static const struct step by_key[] = {STORE(0x40003000, 0xCCCC), {0}};
    static const struct step by_option[] = {
        LOAD(0x4002201C), LOAD(0x1FFFF800), {0}};
    for (unsigned i = 0; i < 2; i++) {
        struct vboard_config config = f103;
        config.hardware_watchdog = i;
        struct rig rig;
        rig_open(&rig, &config);
        rig_start(&rig, i ? by_option : by_key);
        rig_run(&rig, 500 * VBOARD_MS);
        const struct rig_event *reset = rig_event(&rig, VBOARD_EVENT_RESET, 1);
        assert_non_null(reset);
        assert_in_range(reset->time, 409 * VBOARD_MS, 411 * VBOARD_MS);
        assert_int_equal(rig_peek(&rig, CSR) & 0xFF000000, 0x2C000000);
        if (i) { // WDG_SW
            assert_int_equal(rig.box.value[0], 0x03FFFFF8);
            assert_int_equal(rig.box.value[1], 0x01FE5AA5);
        }
        rig_close(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_frequencies),
        cmocka_unit_test(test_input_range),
        cmocka_unit_test(test_start_up_times),
        cmocka_unit_test(test_no_crystal),
        cmocka_unit_test(test_supply),
        cmocka_unit_test(test_reset_flags),
        cmocka_unit_test(test_watchdog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
