// SPDX-License-Identifier: MIT
//
// RCC and PWR: oscillators, the PLL, limits, over-drive, reset flags, the
// supply detector (RM0390 5 and 6).

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "device_rig.h"
#include "devices.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define RCC_CR      0x40023800
#define RCC_PLLCFGR 0x40023804
#define RCC_CFGR    0x40023808
#define RCC_CIR     0x4002380C
#define RCC_APB1ENR 0x40023840
#define RCC_BDCR    0x40023870
#define RCC_CSR     0x40023874
#define PWR_CR      0x40007000
#define PWR_CSR     0x40007004
#define FLASH_ACR   0x40023C00

#define PWR_ON  STORE(RCC_APB1ENR, 1 << 28)
#define HSE_ON  STORE(RCC_CR, 0x10081), WAIT(RCC_CR, 1 << 17, 1 << 17)
#define PLL_ON  STORE(RCC_CR, 0x1010081), WAIT(RCC_CR, 1 << 25, 1 << 25)
#define USE_PLL WAIT(RCC_CFGR, 0xC, 8)
// 8 MHz / 4 * 180 / 2, and dividers 1, 4, 2
#define PLL_180  STORE(RCC_PLLCFGR, 0x27402D04)
#define PLL_168  STORE(RCC_PLLCFGR, 0x27402A04)
#define CFGR_PLL 0x9402

static const struct vboard_config with_hse = {.lenient = true,
                                              .hse_hz = 8000000};

static const struct rule rules[] = {
    {"168 MHz", NULL,
     .script = {HSE_ON, PLL_168, PLL_ON, STORE(FLASH_ACR, 5),
                STORE(RCC_CFGR, CFGR_PLL), USE_PLL, LOAD(RCC_CFGR)},
     .values = {0x940A}, .count = 1},
    {"180 MHz with over-drive", NULL,
     .script = {PWR_ON, HSE_ON, PLL_180, PLL_ON, STORE(PWR_CR, 0x1C000),
                WAIT(PWR_CSR, 0x10000, 0x10000), STORE(PWR_CR, 0x3C000),
                WAIT(PWR_CSR, 0x20000, 0x20000), STORE(FLASH_ACR, 5),
                STORE(RCC_CFGR, CFGR_PLL), USE_PLL}},
    // HSION, PLLON, ODEN and ODSWEN through their bit-band aliases
    {"180 MHz as the vendor's library sets it up", NULL,
     .script = {PWR_ON,
                STORE(PWR_CR, 0xC000),
                STORE(RCC_CR, 0x40083),
                STORE(RCC_CR, 0x50083),
                WAIT(RCC_CR, 1 << 17, 1 << 17),
                STORE(0x42470060, 0),
                WAIT(RCC_CR, 1 << 25, 0),
                PLL_180,
                STORE(0x42470060, 1),
                WAIT(RCC_CR, 1 << 25, 1 << 25),
                STORE(0x420E0040, 1),
                WAIT(PWR_CSR, 0x10000, 0x10000),
                STORE(0x420E0044, 1),
                WAIT(PWR_CSR, 0x20000, 0x20000),
                STORE8(FLASH_ACR, 5),
                STORE(RCC_CFGR, 0xFC00),
                STORE(RCC_CFGR, 0xFC02),
                USE_PLL,
                STORE(RCC_CFGR, 0xF402),
                STORE(RCC_CFGR, 0x9402),
                LOAD(RCC_CFGR)},
     .values = {0x940A}, .count = 1},
    {"180 MHz without over-drive", "HCLK of 180000000 Hz is above",
     .script = {HSE_ON, PLL_180, PLL_ON, STORE(FLASH_ACR, 5),
                STORE(RCC_CFGR, CFGR_PLL), USE_PLL}},
    {"168 MHz with scale 3", "above the 120000000 Hz",
     .script = {PWR_ON, STORE(PWR_CR, 0x4000), HSE_ON, PLL_168, PLL_ON,
                STORE(FLASH_ACR, 5), STORE(RCC_CFGR, CFGR_PLL), USE_PLL}},
    {"over-drive switched before it is ready", "ODSWEN set before ODRDY",
     .script = {PWR_ON, STORE(PWR_CR, 0x1C000), STORE(PWR_CR, 0x3C000)}},
    {"VOS while the PLL is on", "VOS written while the PLL is on",
     .script = {PWR_ON, HSE_ON, PLL_168, PLL_ON, STORE(PWR_CR, 0x4000),
                LOAD(PWR_CR)},
     .values = {0xC000}, .count = 1},
    {"VOS of 0", "VOS of 0 is reserved", .script = {PWR_ON, STORE(PWR_CR, 0)}},
    {"over-drive switched while SYSCLK is the PLL",
     "ODSWEN changed while SYSCLK is the PLL",
     .script = {PWR_ON, HSE_ON, PLL_168, PLL_ON, STORE(PWR_CR, 0x1C000),
                WAIT(PWR_CSR, 0x10000, 0x10000), STORE(FLASH_ACR, 5),
                STORE(RCC_CFGR, CFGR_PLL), USE_PLL, STORE(PWR_CR, 0x3C000)}},
    {"VOSRDY follows the PLL", NULL,
     .script = {PWR_ON, HSE_ON, LOAD(PWR_CSR), PLL_168, PLL_ON,
                WAIT(PWR_CSR, 0x4000, 0x4000)},
     .values = {0}, .count = 1},
    {"too few wait states", "LATENCY of 4 is too small for HCLK of 168000000",
     .script = {HSE_ON, PLL_168, PLL_ON, STORE(FLASH_ACR, 4),
                STORE(RCC_CFGR, CFGR_PLL), USE_PLL}},
    {"wait states taken away", "LATENCY of 0 is too small",
     .script = {HSE_ON, PLL_168, PLL_ON, STORE(FLASH_ACR, 5),
                STORE(RCC_CFGR, CFGR_PLL), USE_PLL, STORE(FLASH_ACR, 0)}},
    {"APB1 too fast", "APB1 clock of 84000000 Hz is above 45 MHz",
     .script = {HSE_ON, PLL_168, PLL_ON, STORE(FLASH_ACR, 5),
                STORE(RCC_CFGR, 0x9002), USE_PLL}},
    {"APB1 too fast later", "APB1 clock of 84000000 Hz is above 45 MHz",
     .script = {HSE_ON, PLL_168, PLL_ON, STORE(FLASH_ACR, 5),
                STORE(RCC_CFGR, CFGR_PLL), USE_PLL, STORE(RCC_CFGR, 0x9002)}},
    {"APB2 too fast", "APB2 clock of 168000000 Hz is above 90 MHz",
     .script = {HSE_ON, PLL_168, PLL_ON, STORE(FLASH_ACR, 5),
                STORE(RCC_CFGR, 0x1402), USE_PLL}},
    {"PLLCFGR while the PLL is on", "PLLCFGR written while the PLL is on",
     .script = {HSE_ON, PLL_168, PLL_ON, PLL_180, LOAD(RCC_PLLCFGR)},
     .values = {0x27402A04}, .count = 1},
    {"a switch to what is off waits", "SW selects PLL, which is off",
     .script = {STORE(RCC_CFGR, 2), LOAD(RCC_CFGR)}, .values = {2}, .count = 1},
    {"a switch to what starts up waits", NULL,
     .script = {STORE(RCC_CR, 0x10081), STORE(RCC_CFGR, 1), LOAD(RCC_CFGR),
                WAIT(RCC_CFGR, 0xC, 4)},
     .values = {1}, .count = 1},
    {"HSI stays while SYSCLK runs on it", "would stop an oscillator",
     .script = {STORE(RCC_CR, 0x80), LOAD(RCC_CR)}, .values = {0x83},
     .count = 1},
    {"the PLL stays while SYSCLK runs on it", "would stop an oscillator",
     .script = {HSE_ON, PLL_168, PLL_ON, STORE(FLASH_ACR, 5),
                STORE(RCC_CFGR, CFGR_PLL), USE_PLL, STORE(RCC_CR, 0x10081),
                LOAD(RCC_CR)},
     .values = {0x03030083}, .count = 1},
    {"the PLL without its source", "source HSE is not ready",
     .script = {PLL_168, STORE(RCC_CR, 0x1000081), LOAD(RCC_CR)},
     .values = {0x01000083}, .count = 1},
    {"PLL input too fast", "PLL input of 4000000 Hz",
     .script = {HSE_ON, STORE(RCC_PLLCFGR, 0x27402A02),
                STORE(RCC_CR, 0x1010081)}},
    {"PLL VCO too fast", "PLL VCO of 800000000 Hz",
     .script = {HSE_ON, STORE(RCC_PLLCFGR, 0x27406404),
                STORE(RCC_CR, 0x1010081)}},
    {"PLL factor 0", "a factor that is not allowed",
     .script = {HSE_ON, STORE(RCC_PLLCFGR, 0x27402A00),
                STORE(RCC_CR, 0x1010081)}},
    {"PLLN of 49", "a factor that is not allowed",
     .script = {HSE_ON, STORE(RCC_PLLCFGR, 0x27400C44),
                STORE(RCC_CR, 0x1010081)}},
    {"PLLN of 433", "a factor that is not allowed",
     .script = {HSE_ON, STORE(RCC_PLLCFGR, 0x27406C44),
                STORE(RCC_CR, 0x1010081)}},
    {"PLLQ of 1", "a factor that is not allowed",
     .script = {HSE_ON, STORE(RCC_PLLCFGR, 0x21402A04),
                STORE(RCC_CR, 0x1010081)}},
    {"PLLR of 1", "a factor that is not allowed",
     .script = {HSE_ON, STORE(RCC_PLLCFGR, 0x17402A04),
                STORE(RCC_CR, 0x1010081)}},
    {"HSI may stop when the PLL runs on HSE", NULL,
     .script = {HSE_ON, PLL_168, PLL_ON, STORE(FLASH_ACR, 5),
                STORE(RCC_CFGR, CFGR_PLL), USE_PLL, STORE(RCC_CR, 0x1010080),
                LOAD(RCC_CR)},
     .values = {0x03030080}, .count = 1},
    {"back to HSI", NULL,
     .script = {HSE_ON, PLL_168, PLL_ON, STORE(FLASH_ACR, 5),
                STORE(RCC_CFGR, CFGR_PLL), USE_PLL, STORE(RCC_CFGR, 0),
                WAIT(RCC_CFGR, 0xC, 0), STORE(RCC_CR, 0x81),
                STORE(FLASH_ACR, 0), LOAD(RCC_CR), LOAD(RCC_CFGR)},
     .values = {0x83, 0}, .count = 2},
    {"BDCR is protected", "BDCR written while the backup domain",
     .script = {STORE(RCC_BDCR, 1)}},
    {"BDCR with DBP", NULL,
     .script = {PWR_ON, STORE(PWR_CR, 0xC100), STORE(RCC_BDCR, 0x8100),
                LOAD(RCC_BDCR)},
     .values = {0x8100}, .count = 1},
    {"LSI, its flag and clearing it", NULL,
     .script = {STORE(RCC_CIR, 0x100), STORE(RCC_CSR, 1), WAIT(RCC_CSR, 2, 2),
                LOAD(RCC_CIR), STORE(RCC_CIR, 0x10000), LOAD(RCC_CIR)},
     .values = {0x101, 0}, .count = 2},
    {"no flag without its interrupt", NULL,
     .script = {STORE(RCC_CSR, 1), WAIT(RCC_CSR, 2, 2), LOAD(RCC_CIR)},
     .values = {0}, .count = 1},
    {"HSE's flag with its own interrupt enable only", NULL,
     .script = {STORE(RCC_CIR, 0x800), HSE_ON, PLL_168, PLL_ON, LOAD(RCC_CIR),
                STORE(RCC_CIR, 0x1800), LOAD(RCC_CIR)},
     .values = {0x808, 0x1808}, .count = 2},
    {"reset flags and RMVF", NULL,
     .script = {LOAD(RCC_CSR), STORE(RCC_CSR, 1 << 24), LOAD(RCC_CSR)},
     .values = {0x0E000000, 0}, .count = 2},
};

static void test_rules(void **state)
{
    (void)state;
    rules_check(rules, COUNT(rules), &with_hse);
}

// Without a crystal HSE never becomes ready.
static void test_no_crystal(void **state)
{
    (void)state;
    static const struct step script[] = {HSE_ON, {0}};
    struct rig rig;
    rig_open(&rig, NULL);
    rig_start(&rig, script);
    rig_run(&rig, 100 * VBOARD_MS);
    assert_int_equal(rig.box.done, 0);
    assert_int_equal(rig_peek(&rig, RCC_CR), 0x10083);
    rig_close(&rig);
}

// At 2.2 V a wait state lasts for 22 MHz only.
static void test_latency_follows_supply(void **state)
{
    (void)state;
    static const struct rule low[] = {
        {"5 wait states at 2.2 V", "must be 7",
         .script = {HSE_ON, PLL_168, PLL_ON, STORE(FLASH_ACR, 5),
                    STORE(RCC_CFGR, CFGR_PLL), USE_PLL}},
        {"7 wait states at 2.2 V", NULL,
         .script = {HSE_ON, PLL_168, PLL_ON, STORE(FLASH_ACR, 7),
                    STORE(RCC_CFGR, CFGR_PLL), USE_PLL}},
    };
    struct vboard_config config = with_hse;
    config.vdd_mv = 2200;
    rules_check(low, COUNT(low), &config);
}

// SYSCLK from the PLL's other output: 8 MHz / 4 * 168 / 4.
static void test_pll_r(void **state)
{
    (void)state;
    static const struct step script[] = {HSE_ON,
                                         STORE(RCC_PLLCFGR, 0x47402A04),
                                         PLL_ON,
                                         STORE(FLASH_ACR, 5),
                                         STORE(RCC_CFGR, 0x9403),
                                         WAIT(RCC_CFGR, 0xC, 0xC),
                                         {0}};
    struct rig rig;
    rig_open(&rig, &with_hse);
    rig_start(&rig, script);
    rig_run(&rig, 10 * VBOARD_MS);
    assert_int_equal(rig.box.done, 1);
    assert_int_equal(rig.violations, 0);
    assert_int_equal(vboard_hclk(rig.board), 84000000);
    rig_close(&rig);
}

// HPRE divides by 1 to 512, but not by 32.
static void test_ahb_prescaler(void **state)
{
    (void)state;
    static const uint32_t hclk[] = {16000000, 8000000, 4000000,
                                    2000000,  1000000, 250000,
                                    125000,   62500,   31250};
    for (uint32_t i = 0; i < COUNT(hclk); i++) {
        const struct step script[] = {STORE(RCC_CFGR, (i ? i + 7 : 0) << 4),
                                      {0}};
        struct rig rig;
        rig_open(&rig, NULL);
        rig_start(&rig, script);
        rig_run(&rig, VBOARD_MS);
        assert_int_equal(vboard_hclk(rig.board), hclk[i]);
        rig_close(&rig);
    }
}

// HSE takes 2 ms, the PLL 100 or, at the most, 300 us.
static void test_start_up_times(void **state)
{
    (void)state;
    static const struct step script[] = {HSE_ON, PLL_168, PLL_ON, {0}};
    for (unsigned timing = VBOARD_TYPICAL; timing <= VBOARD_MAXIMUM; timing++) {
        struct vboard_config config = with_hse;
        config.timing = timing;
        struct rig rig;
        rig_open(&rig, &config);
        rig_start(&rig, script);
        rig_run(&rig, 2 * VBOARD_MS);
        assert_int_equal(rig_peek(&rig, RCC_CR) & 1 << 17, 0);
        rig_run(&rig, 200 * VBOARD_US);
        assert_int_equal(rig.box.done, timing == VBOARD_TYPICAL);
        rig_run(&rig, 200 * VBOARD_US);
        assert_int_equal(rig.box.done, 1);
        rig_close(&rig);
    }
}

// The clock counts: the same loop takes less time.
static void test_speed(void **state)
{
    (void)state;
    static const struct step slow[] = {SPIN(16000), {0}};
    static const struct step fast[] = {HSE_ON,
                                       PLL_168,
                                       PLL_ON,
                                       STORE(FLASH_ACR, 5),
                                       STORE(RCC_CFGR, CFGR_PLL),
                                       USE_PLL,
                                       SPIN(16000),
                                       {0}};
    uint64_t took[2];
    for (unsigned i = 0; i < 2; i++) {
        struct rig rig;
        rig_open(&rig, &with_hse);
        rig_start(&rig, i ? fast : slow);
        uint64_t instructions = 0;
        uint64_t time = 0;
        while (!rig.box.done) {
            if (!i || vboard_hclk(rig.board) == 168000000) {
                instructions = instructions ? instructions
                                            : vboard_instructions(rig.board);
                time = time ? time : vboard_time(rig.board);
            }
            rig_run(&rig, 10 * VBOARD_US);
        }
        assert_int_equal(vboard_hclk(rig.board), i ? 168000000 : 16000000);
        took[i] = (vboard_time(rig.board) - time) /
                  (vboard_instructions(rig.board) - instructions);
        rig_close(&rig);
    }
    assert_in_range(took[0], 62000, 64000); // 62.5 ns
    assert_in_range(took[1], 5900, 6200);   // 5.95 ns
}

// PVD at level 5, 2.93 V rising, 2.82 V falling, with its interrupt.
static void test_supply_detector(void **state)
{
    (void)state;
    static const struct step script[] = {PWR_ON,
                                         STORE(PWR_CR, 0xC0B0),
                                         STORE(0x40013C00, 1 << 16),
                                         STORE(0x40013C08, 1 << 16),
                                         STORE(0xE000E100, 1 << 1),
                                         LOAD(PWR_CSR),
                                         {0}};
    struct rig rig;
    rig_open(&rig, NULL);
    rig.box.in_interrupt[0] = (struct step)STORE(0x40013C14, 1 << 16);
    rig_start(&rig, script);
    rig_run(&rig, VBOARD_MS);
    assert_int_equal(rig.box.done, 1);
    assert_int_equal(rig.box.value[0] & 4, 0);
    assert_int_equal(rig.box.interrupts, 0);
    const struct {
        uint32_t mv, pvdo, interrupts;
    } moves[] = {
        {2850, 0, 0}, {2800, 4, 1}, {2850, 4, 1}, {2950, 0, 1}, {2810, 4, 2}};
    for (unsigned i = 0; i < COUNT(moves); i++) {
        vboard_set_vdd(rig.board, moves[i].mv);
        rig_run(&rig, VBOARD_MS);
        assert_int_equal(rig_peek(&rig, PWR_CSR) & 4, moves[i].pvdo);
        assert_int_equal(rig.box.interrupts, moves[i].interrupts);
    }
    assert_int_equal(rig.box.last_exception, 16 + 1);
    rig_close(&rig);
}

// Below the power-down level there is no run any more; the next power-on sets
// the flags of one.
static void test_power_down(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, NULL);
    rig_start(&rig, (struct step[]){STORE(RCC_CSR, 1 << 24), {0}});
    rig_run(&rig, VBOARD_MS);
    assert_int_equal(rig_peek(&rig, RCC_CSR), 0);
    vboard_set_vdd(rig.board, 1600);
    assert_int_equal(rig_run(&rig, VBOARD_MS), VBOARD_STOP_POWER_CUT);
    vboard_power_on(rig.board);
    assert_int_equal(rig_peek(&rig, RCC_CSR), 0x0E000000);
    assert_int_equal(pwr_vdd(rig.board), 3300); // as configured
    rig_close(&rig);
}

// Supply and reset button at times of their own, kept by a snapshot; the power
// fails in an order of its own.
static void test_outside_later(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, NULL);
    rig_start(&rig, (struct step[]){STORE(RCC_CSR, 1 << 24), {0}});
    assert_int_equal(vboard_set_vdd_at(rig.board, 1600, 5 * VBOARD_MS), 0);
    assert_int_equal(vboard_reset_at(rig.board, 3 * VBOARD_MS), 0);
    assert_int_equal(vboard_set_vdd_at(rig.board, 2000, 2 * VBOARD_MS), 0);
    rig_run(&rig, VBOARD_MS);
    struct vboard_snapshot *snap = vboard_save(rig.board);
    assert_non_null(snap);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(pwr_vdd(rig.board), 3300);
        rig_run(&rig, 3 * VBOARD_MS);
        assert_int_equal(pwr_vdd(rig.board), 2000);
        assert_int_equal(rig_peek(&rig, RCC_CSR), 0x04000000);
        assert_int_equal(rig_run(&rig, 10 * VBOARD_MS), VBOARD_STOP_POWER_CUT);
        assert_in_range(vboard_time(rig.board), 5 * VBOARD_MS,
                        5 * VBOARD_MS + VBOARD_US);
        vboard_restore(rig.board, snap);
    }
    const struct rig_event *reset = rig_event(&rig, VBOARD_EVENT_RESET, 1);
    assert_in_range(reset->time, 3 * VBOARD_MS, 3 * VBOARD_MS + VBOARD_US);
    assert_string_equal(reset->text, "PINRSTF");
    vboard_snapshot_free(snap);
    rig_close(&rig);
}

static void test_outside_has_an_end(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, NULL);
    unsigned taken = 0;
    while (vboard_reset_at(rig.board, VBOARD_S) == 0) {
        taken++;
    }
    assert_int_equal(taken, 192);
    assert_int_equal(vboard_set_vdd_at(rig.board, 3000, VBOARD_S), -1);
    assert_int_equal(vboard_drive_pin_at(rig.board, "PA8", 0, VBOARD_S), -1);
    rig_close(&rig);
}

// The reset button adds its flag, and only that.
static void test_reset_flags(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, NULL);
    rig_start(&rig, (struct step[]){STORE(RCC_CSR, 1 << 24), {0}});
    rig_run(&rig, VBOARD_MS);
    vboard_reset(rig.board);
    assert_int_equal(rig_peek(&rig, RCC_CSR), 0x04000000);

    rig_start(&rig, (struct step[]){STORE(RCC_CSR, 1 << 24),
                                    STORE(0xE000ED0C, 0x05FA0004),
                                    {0}});
    rig_run(&rig, VBOARD_MS);
    assert_int_equal(rig.box.boots, 2);
    assert_int_equal(rig_peek(&rig, RCC_CSR), 0x14000000);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_no_crystal),
        cmocka_unit_test(test_latency_follows_supply),
        cmocka_unit_test(test_pll_r),
        cmocka_unit_test(test_ahb_prescaler),
        cmocka_unit_test(test_start_up_times),
        cmocka_unit_test(test_speed),
        cmocka_unit_test(test_supply_detector),
        cmocka_unit_test(test_power_down),
        cmocka_unit_test(test_outside_later),
        cmocka_unit_test(test_outside_has_an_end),
        cmocka_unit_test(test_reset_flags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
