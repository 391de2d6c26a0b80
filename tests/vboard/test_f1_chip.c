// SPDX-License-Identifier: MIT
//
// The F103 as a whole: its core, memory map, identification, hand-over, and a
// firmware that blinks and prints.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "device_rig.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define AHBENR  0x40021014
#define APB2ENR 0x40021018
#define CFSR    0xE000ED28
#define VTOR    0xE000ED08

static const struct vboard_config f103 = {
    .mcu = "stm32f103c8", .lenient = true, .seed = 7};

static const struct rule rules[] = {
    {"identification", NULL,
     .script = {LOAD(0xE0042000), LOAD16(0x1FFFF7E0), LOAD(0x1FFFF7EC),
                LOAD(0xE000ED00)},
     .values = {0x20036410, 64, 0x3136510E, 0x411FC231}, .count = 4},
    {"IDCODE is read-only", "DBGMCU is read-only",
     .script = {STORE(0xE0042000, 0)}},
    {"DBGMCU has one more register only", "DBGMCU has no register at offset",
     .script = {STORE(0xE0042004, 0xFFFFFFFF), LOAD(0xE0042004),
                STORE(0xE0042008, 1)},
     .values = {0x1FFE7}, .count = 1},
    {"the unique ID is read-only", "UID is read-only",
     .script = {STORE(0x1FFFF7E8, 0)}},
    {"system memory", "not modelled: system memory offset 0x000, read",
     .script = {LOAD(0x1FFFF000)}},
    {"a timer is not modelled", "not modelled: TIM2 CR1, written",
     .script = {STORE(0x40000000, 1)}},
    {"nor is the clock", "not modelled: RTC PRLH, read",
     .script = {LOAD(0x40002808)}},
    {"the F4's ports are not there", "not modelled: DMA1 ISR, read",
     .script = {LOAD(0x40020000)}},
    {"nor are its clocks", NULL, .script = {LOAD(0x40023800)}, .fault = true},
    {"RAM ends after 20 KiB", NULL,
     .script = {STORE(0x20004FFC, 0x1234), LOAD(0x20004FFC), LOAD(0x20005000)},
     .values = {0x1234}, .count = 1, .fault = true},
    {"flash ends after 64 KiB", NULL, .script = {LOAD(0x08010000)},
     .fault = true},
    {"bits of RAM", NULL,
     .script = {STORE(0x20004000, 0), STORE(0x22080008, 1), LOAD(0x20004000),
                LOAD(0x22080008)},
     .values = {4, 1}, .count = 2},
    {"bits of a port", NULL,
     .script = {STORE(0x42000000 + 0x21018 * 32 + 2 * 4, 1), LOAD(APB2ENR)},
     .values = {4}, .count = 1},
    {"no FPU to enable", NULL,
     .script = {STORE(0xE000ED88, 0xF00000), LOAD(0xE000ED88),
                STORE(0xE000EF34, 0xC0000000), LOAD(0xE000EF34),
                LOAD(0xE000EF40)},
     .values = {0, 0, 0}, .count = 3},
    {"43 interrupt lines of four bits", NULL,
     .script = {LOAD(0xE000E004), STORE(0xE000E104, 0xFFFFFFFF),
                LOAD(0xE000E104), STORE(0xE000E428, 0xFFFFFFFF),
                LOAD(0xE000E428)},
     .values = {1, 0x7FF, 0x00F0F0F0}, .count = 3},
    {"VTOR", "VTOR 0x08000100 is not a multiple of 0x200",
     .script = {STORE(VTOR, 0x08000100)}},
    {"CRC with its clock off", "CRC DR accessed while the clock of CRC",
     .script = {LOAD(0x40023000)}},
    // CRC-32/MPEG-2 of 0x12345678, from the polynomial by hand
    {"CRC unit", NULL,
     .script = {STORE(AHBENR, 0x54), STORE(0x40023000, 0x12345678),
                LOAD(0x40023000), LOAD(AHBENR)},
     .values = {0xDF8A8A2B, 0x54}, .count = 2},
};

static void test_rules(void **state)
{
    (void)state;
    rules_check(rules, COUNT(rules), &f103);
}

// vadd.f32 s0, s0, s0 is no instruction of this core: a UsageFault, NOCP.
static void test_no_fpu(void **state)
{
    (void)state;
    enum { CODE = 0x20004000, TABLE = 0x20004200 };
    static const struct step script[] = {STORE(VTOR, TABLE),
                                         STORE(0xE000E100, 1),
                                         STORE(0xE000E200, 1),
                                         SPIN(10),
                                         {0}};
    static const uint16_t code[] = {0xEE30, 0x0A00, 0x4770};
    struct rig rig;
    rig_open(&rig, &f103);
    rig_start(&rig, script);
    uint32_t table[17];
    memcpy(table, vboard_flash(rig.board, NULL), sizeof(table));
    table[16] = CODE | 1;
    vboard_poke(rig.board, TABLE, table, sizeof(table));
    vboard_poke(rig.board, CODE, code, sizeof(code));
    rig_run(&rig, VBOARD_MS);
    assert_int_equal(rig.box.faults, 1);
    assert_int_equal(rig.box.cfsr, 1 << 19);
    rig_close(&rig);
}

// Reset values of RM0008.
static void test_reset_values(void **state)
{
    (void)state;
    static const uint32_t expected[][2] = {
        {0x40010800, 0x44444444}, {0x40010804, 0x44444444},
        {0x40021000, 0x00000083}, {0x40021004, 0},
        {0x40021014, 0x00000014}, {0x40021018, 0},
        {0x4002101C, 0},          {0x40021024, 0x0C000000},
        {0x40022000, 0x00000030}, {0x4002200C, 0},
        {0x40022010, 0x00000080}, {0x40007000, 0},
        {0x40007004, 0},          {0x40013800, 0x000000C0},
        {0x40003008, 0x00000FFF}, {0x40010004, 0},
        {0x40010400, 0},          {0x40023000, 0xFFFFFFFF},
        {0xE000ED08, 0},
    };
    struct rig rig;
    rig_open(&rig, &f103);
    vboard_power_on(rig.board);
    for (unsigned i = 0; i < COUNT(expected); i++) {
        assert_int_equal(rig_peek(&rig, expected[i][0]), expected[i][1]);
    }
    assert_int_equal(vboard_hclk(rig.board), 8000000);
    rig_close(&rig);
}

// Jumps to an "application" whose table names this firmware's entry, by way of
// an interrupt. The check names what is left over as this chip calls it, and
// nothing that it does not have; DBG_IWDG_STOP may be left.
static void test_handover(void **state)
{
    (void)state;
    enum { APP = 0x4800 };
    static const struct step script[] = {STORE(APB2ENR, 0x5),
                                         STORE(0x40010800, 0x44244444),
                                         STORE(0x40010004, 2 << 24),
                                         STORE(0x40022000, 0x32),
                                         STORE(0xE0042004, 1 << 8),
                                         STORE(VTOR, 0x08000000 + APP),
                                         STORE(0xE000E100, 1),
                                         STORE(0xE000E200, 1),
                                         SPIN(10),
                                         {0}};
    static const char *const found[] = {
        "IPSR 00000010",
        "NVIC_ISER0 00000001",
        "RCC_APB2ENR 00000005 (reset 00000000)",
        "FLASH_ACR 00000032 (reset 00000030)",
        "AFIO_MAPR 02000000",
        "GPIOA_CRL 44244444 (reset 44444444)",
    };
    static const char *const not_found[] = {
        "DBGMCU", "IDCODE", "FPCCR", "CPACR", "RCC_AHBENR", "RCC_CSR", "EXTI",
    };
    struct rig rig;
    rig_open(&rig, &f103);
    uint32_t table[17];
    memcpy(table, vboard_flash(rig.board, NULL), sizeof(table));
    table[16] = table[1];
    memcpy(vboard_flash(rig.board, NULL) + APP, table, sizeof(table));
    rig_start(&rig, script);
    rig_run(&rig, 10 * VBOARD_MS);
    assert_non_null(rig_event(&rig, VBOARD_EVENT_HANDOVER, 0));
    for (unsigned i = 0; i < COUNT(found); i++) {
        if (!strstr(rig.handover, found[i])) {
            fail_msg("%s is not in: %s", found[i], rig.handover);
        }
    }
    for (unsigned i = 0; i < COUNT(not_found); i++) {
        if (strstr(rig.handover, not_found[i])) {
            fail_msg("%s is in: %s", not_found[i], rig.handover);
        }
    }
    rig_close(&rig);
}

// A firmware that blinks PC13 and prints on USART1, at 72 MHz.
static void test_blinks_and_prints(void **state)
{
    (void)state;
    static const struct step script[] = {
        STORE(0x40022000, 0x12),
        STORE(0x40021000, 0x10083),
        WAIT(0x40021000, 1 << 17, 1 << 17),
        STORE(0x40021004, 0x1D0400),
        STORE(0x40021000, 0x1010083),
        WAIT(0x40021000, 1 << 25, 1 << 25),
        STORE(0x40021004, 0x1D0402),
        WAIT(0x40021004, 0xC, 8),
        STORE(APB2ENR, 0x4014),
        STORE(0x40010804, 0x444444B4),
        STORE(0x40011004, 0x44244444),
        STORE(0x40013808, 625), // 72 MHz / 115200
        STORE(0x4001380C, 0x200C),
        STORE(0x40011010, 1 << 13),
        STORE(0x40013804, 'h'),
        WAIT(0x40013800, 0x80, 0x80),
        STORE(0x40013804, 'i'),
        WAIT(0x40013800, 0x40, 0x40),
        SPIN(72000),
        STORE(0x40011014, 1 << 13),
        {0}};
    struct vboard_config config = f103;
    config.hse_hz = 8000000;
    struct rig rig;
    rig_open(&rig, &config);
    rig_start(&rig, script);
    rig_run(&rig, 100 * VBOARD_MS);
    assert_int_equal(rig.box.done, 1);
    assert_int_equal(rig.violations, 0);
    assert_int_equal(vboard_hclk(rig.board), 72000000);
    const struct rig_event *h = rig_event(&rig, VBOARD_EVENT_UART, 0);
    const struct rig_event *i = rig_event(&rig, VBOARD_EVENT_UART, 1);
    const struct rig_event *on = rig_event(&rig, VBOARD_EVENT_PIN, 0);
    const struct rig_event *off = rig_event(&rig, VBOARD_EVENT_PIN, 1);
    assert_true(h && i && on && off);
    assert_int_equal(h->value, 'h');
    assert_int_equal(i->value, 'i');
    assert_in_range(i->time - h->time, 86 * VBOARD_US, 88 * VBOARD_US);
    assert_string_equal(on->text, "PC13");
    assert_int_equal(on->value, 1);
    assert_int_equal(off->value, 0);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_no_fpu),
        cmocka_unit_test(test_reset_values),
        cmocka_unit_test(test_handover),
        cmocka_unit_test(test_blinks_and_prints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
