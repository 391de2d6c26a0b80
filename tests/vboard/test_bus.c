// SPDX-License-Identifier: MIT
//
// Access to peripherals: clocks, widths, what is not there, identification.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "device_rig.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define AHB1ENR  0x40023830
#define APB1ENR  0x40023840
#define APB2ENR  0x40023844
#define AHB1RSTR 0x40023810
#define ICTR     0xE000E004
#define ISER3    0xE000E10C
#define ISPR3    0xE000E20C
#define IABR3    0xE000E30C
#define ICPR3    0xE000E28C
#define IPR24    0xE000E460
#define STIR     0xE000EF00

static const struct rule rules[] = {
    {"a port with its clock off reads 0", "GPIOA MODER accessed while the",
     .script = {LOAD(0x40020000)}, .values = {0}, .count = 1},
    {"a port with its clock off loses writes", "GPIOC MODER accessed while",
     .script = {STORE(0x40020800, 0x55), STORE(AHB1ENR, 4), LOAD(0x40020800)},
     .values = {0}, .count = 1},
    {"USART2 with its clock off", "USART2 CR1 accessed while",
     .script = {STORE(0x4000440C, 0x2000)}},
    {"a port with its clock on", NULL,
     .script = {STORE(AHB1ENR, 1), LOAD(0x40020000)}, .values = {0xA8000000},
     .count = 1},
    {"a device held in reset", "holds GPIOA in reset",
     .script = {STORE(AHB1ENR, 1), STORE(AHB1RSTR, 1), STORE(0x40020000, 0)}},
    {"a reset through RCC resets", NULL,
     .script = {STORE(AHB1ENR, 1), STORE(0x40020000, 0xA8000400),
                STORE(AHB1RSTR, 1), STORE(AHB1RSTR, 0), LOAD(0x40020000)},
     .values = {0xA8000000}, .count = 1},
    {"USART by bytes", "USART2 BRR does not allow access by 8 bits",
     .script = {STORE(APB1ENR, 1 << 17), STORE8(0x40004408, 0x8B)}},
    {"USART by half-words", NULL,
     .script = {STORE(APB1ENR, 1 << 17), STORE16(0x40004408, 0x8B),
                LOAD16(0x40004408)},
     .values = {0x8B}, .count = 1},
    {"EXTI by half-words", "EXTI IMR does not allow access by 16 bits",
     .script = {STORE16(0x40013C00, 1)}},
    {"CRC by bytes", "CRC DR does not allow access by 8 bits",
     .script = {STORE(AHB1ENR, 1 << 12), STORE8(0x40023000, 1)}},
    {"GPIO by bytes and half-words", NULL,
     .script = {STORE(AHB1ENR, 1), STORE8(0x40020001, 0x12),
                STORE16(0x40020002, 0xA855), LOAD(0x40020000),
                LOAD8(0x40020003), LOAD16(0x40020000)},
     .values = {0xA8551200, 0xA8, 0x1200}, .count = 3},
    {"a timer is not modelled", "not modelled: TIM2 CR1, written",
     .script = {STORE(0x40000000, 1)}},
    {"SPI4 is not modelled", "not modelled: SPI4 DR, read",
     .script = {LOAD(0x4001340C)}, .values = {0}, .count = 1},
    {"nothing is there", NULL, .script = {LOAD(0x40080000 + 0x1000000)},
     .fault = true},
    {"a hole in a device", "USART1 has no register at offset 0x1C",
     .script = {STORE(APB2ENR, 1 << 4), LOAD(0x4001101C)}},
    {"identification", NULL,
     .script = {LOAD(0xE0042000), LOAD16(0x1FFF7A22), LOAD(0x1FFF7A14)},
     .values = {0x10000421, 512, 0x3136510E}, .count = 3},
    {"DBGMCU is there for the firmware too", NULL,
     .script = {STORE(0xE0042004, 0xFFFFFFFF), LOAD(0xE0042004),
                STORE(0xE0042008, 0xFFFFFFFF), LOAD(0xE0042008),
                STORE(0xE004200C, 0xFFFFFFFF), LOAD(0xE004200C)},
     .values = {0xE7, 0x07E01DFF, 0x00070003}, .count = 3},
    {"DBGMCU by half-words", "DBGMCU APB1_FZ does not allow access by 16 bits",
     .script = {STORE16(0xE0042008, 0x1000)}},
    {"IDCODE is read-only", "DBGMCU is read-only",
     .script = {STORE(0xE0042000, 0)}},
    {"system memory", "not modelled: OTP offset 0x000, read",
     .script = {LOAD(0x1FFF7800)}},
    {"the unique ID is read-only", "UID is read-only",
     .script = {STORE(0x1FFF7A10, 0)}},
    {"97 interrupt lines", NULL,
     .script = {LOAD(ICTR), STORE(ISER3, 0xFFFFFFFF), LOAD(ISER3),
                STORE(IPR24, 0xFFFFFFFF), LOAD(IPR24), STORE8(IPR24 + 1, 0xF0),
                LOAD8(IPR24 + 1)},
     .values = {3, 1, 0xF0, 0}, .count = 4},
    // CRC-32/MPEG-2 of 0x12345678, from the polynomial by hand
    {"CRC unit", NULL,
     .script = {STORE(AHB1ENR, 1 << 12), STORE(0x40023000, 0x12345678),
                LOAD(0x40023000), STORE(0x40023008, 1), LOAD(0x40023000)},
     .values = {0xDF8A8A2B, 0xFFFFFFFF}, .count = 2},
};

static void test_rules(void **state)
{
    (void)state;
    rules_check(rules, COUNT(rules), NULL);
}

// In strict mode the first violation ends the run.
static void test_strict_mode_stops(void **state)
{
    (void)state;
    struct vboard_config strict = {.lenient = false};
    struct rig rig;
    rig_open(&rig, &strict);
    rig_start(&rig, rules[0].script);
    assert_int_equal(rig_run(&rig, VBOARD_MS), VBOARD_STOP_VIOLATION);
    assert_int_equal(rig.violations, 1);
    rig_close(&rig);
}

// A bus error names its address in BFAR.
static void test_bus_fault_address(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, NULL);
    rig_start(&rig, (struct step[]){LOAD(0x41000000), {0}});
    rig_run(&rig, VBOARD_MS);
    assert_int_equal(rig.box.faults, 1);
    assert_int_equal(rig.box.bfar, 0x41000000);
    rig_close(&rig);
}

// FMPI2C1's error, line 96, is the last one (RM0390 table 38).
static void test_last_interrupt(void **state)
{
    (void)state;
    static const struct step scripts[][5] = {
        {STORE(ISER3, 1), STORE(ISPR3, 1), SPIN(10), {0}},
        {STORE(ISER3, 1), STORE(STIR, 96), SPIN(10), {0}},
        {STORE(ISER3, 3), STORE(STIR, 97), STORE(ISPR3, 2), SPIN(10), {0}},
        {STORE(ISPR3, 1), STORE(ICPR3, 1), STORE(ISER3, 1), SPIN(10), {0}},
    };
    for (unsigned i = 0; i < COUNT(scripts); i++) {
        struct rig rig;
        rig_open(&rig, NULL);
        rig.box.in_interrupt[0] = (struct step)LOAD(IABR3);
        rig_start(&rig, scripts[i]);
        rig_run(&rig, VBOARD_MS);
        assert_int_equal(rig.box.done, 1);
        assert_int_equal(rig.box.interrupts, i < 2 ? 1 : 0);
        assert_int_equal(rig.box.last_exception, i < 2 ? 16 + 96 : 0);
        assert_int_equal(rig.box.value[0], i < 2 ? 1 : 0);
        rig_close(&rig);
    }
}

// A debugger is told what is not there, and disturbs nothing.
static void test_peek(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, NULL);
    vboard_power_on(rig.board);
    uint32_t value;
    assert_int_equal(vboard_peek(rig.board, 0x41000000, &value, 4), -1);
    assert_int_equal(vboard_peek(rig.board, 0x4001101C, &value, 4), -1);
    assert_int_equal(vboard_peek(rig.board, 0x40011000, &value, 4), 0);
    assert_int_equal(rig.violations, 0);
    rig_close(&rig);
}

// All registers but those that the world decides: reset values of RM0390.
static void test_reset_values(void **state)
{
    (void)state;
    static const uint32_t expected[][2] = {
        {0x40020000, 0xA8000000}, {0x40020008, 0x0C000000},
        {0x4002000C, 0x64000000}, {0x40020400, 0x00000280},
        {0x40020408, 0x000000C0}, {0x4002040C, 0x00000100},
        {0x40023800, 0x00000083}, {0x40023804, 0x24003010},
        {0x40023808, 0},          {0x40023850, 0x606790FF},
        {0x40023874, 0x0E000000}, {0x40023C00, 0},
        {0x40023C10, 0x80000000}, {0x40023C14, 0x0FFFAAED},
        {0x40007000, 0x0000C000}, {0x40007004, 0},
        {0x40011000, 0x000000C0}, {0x40003008, 0x00000FFF},
        {0x40023000, 0xFFFFFFFF},
    };
    struct rig rig;
    rig_open(&rig, NULL);
    vboard_power_on(rig.board);
    for (unsigned i = 0; i < COUNT(expected); i++) {
        assert_int_equal(rig_peek(&rig, expected[i][0]), expected[i][1]);
    }
    rig_close(&rig);
}

static void test_list_of_chips(void **state)
{
    (void)state;
    assert_string_equal(vboard_mcu(0).name, "stm32f446re");
    assert_int_equal(vboard_mcu(0).flash_size, 512 * 1024);
    assert_int_equal(vboard_mcu(0).ram_size, 128 * 1024);
    assert_string_equal(vboard_mcu(1).name, "stm32f103c8");
    assert_string_equal(vboard_mcu(1).core, "Cortex-M3");
    assert_int_equal(vboard_mcu(1).flash_size, 64 * 1024);
    assert_int_equal(vboard_mcu(1).ram_size, 20 * 1024);
    assert_null(vboard_mcu(2).name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_strict_mode_stops),
        cmocka_unit_test(test_bus_fault_address),
        cmocka_unit_test(test_last_interrupt),
        cmocka_unit_test(test_peek),
        cmocka_unit_test(test_reset_values),
        cmocka_unit_test(test_list_of_chips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
