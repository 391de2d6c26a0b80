// SPDX-License-Identifier: MIT
//
// GPIO, EXTI and SYSCFG (RM0390 7, 8, 10): LEDs and buttons.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "device_rig.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define CLOCKS   STORE(0x40023830, 0xFF), STORE(0x40023844, 1 << 14)
#define A_MODER  0x40020000
#define A_OTYPER 0x40020004
#define A_PUPDR  0x4002000C
#define A_IDR    0x40020010
#define A_ODR    0x40020014
#define A_BSRR   0x40020018
#define A_LCKR   0x4002001C
#define C_MODER  0x40020800
#define C_PUPDR  0x4002080C
#define C_IDR    0x40020810
#define EXTICR4  0x40013814
#define IMR      0x40013C00
#define RTSR     0x40013C08
#define FTSR     0x40013C0C
#define SWIER    0x40013C10
#define PR       0x40013C14
#define ISER1    0xE000E104

// PA5 as an output, the debug pins as they were
#define PA5_OUT 0xA8000400

static const struct rule rules[] = {
    {"set and reset", NULL,
     .script = {CLOCKS, STORE(A_MODER, PA5_OUT), STORE(A_BSRR, 1 << 5),
                LOAD(A_ODR), LOAD(A_IDR), STORE(A_BSRR, 1 << 21), LOAD(A_ODR)},
     // PA15 and PA13 are pulled up at reset, PA14 down
     .values = {0x20, 0xA020, 0}, .count = 3},
    {"set wins over reset", NULL,
     .script = {CLOCKS, STORE(A_MODER, PA5_OUT), STORE(A_BSRR, 0x00200020),
                LOAD(A_ODR), LOAD(A_BSRR)},
     .values = {0x20, 0}, .count = 2},
    {"BSRR by half-words", NULL,
     .script = {CLOCKS, STORE(A_MODER, PA5_OUT), STORE16(A_BSRR, 0x20),
                LOAD(A_ODR), STORE16(A_BSRR + 2, 0x20), LOAD(A_ODR)},
     .values = {0x20, 0}, .count = 2},
    {"a level set before the mode", NULL,
     .script = {CLOCKS, STORE(A_BSRR, 0x20), STORE(A_MODER, PA5_OUT),
                LOAD(A_IDR), STORE(A_BSRR, 0x200000), STORE(A_BSRR, 0x20)},
     .values = {0xA020}, .count = 1},
    {"an LED without its mode", "PA5 is switched while it is not an output",
     .script = {CLOCKS, STORE(A_BSRR, 0x20), STORE(A_BSRR, 0x200000)}},
    {"IDR", "GPIOA IDR is read-only", .script = {CLOCKS, STORE(A_IDR, 1)}},
    {"LCKR locks", "changes a pin that LCKR has locked",
     .script = {CLOCKS, STORE(A_MODER, PA5_OUT), STORE(A_LCKR, 0x10020),
                STORE(A_LCKR, 0x20), STORE(A_LCKR, 0x10020), LOAD(A_LCKR),
                STORE(A_MODER, 0xA8000000), LOAD(A_MODER)},
     .values = {0x10020, PA5_OUT}, .count = 2},
    {"LCKR once more", "GPIOA LCKR written while locked",
     .script = {CLOCKS, STORE(A_LCKR, 0x10020), STORE(A_LCKR, 0x20),
                STORE(A_LCKR, 0x10020), STORE(A_LCKR, 0), LOAD(A_LCKR)},
     .values = {0x10020}, .count = 1},
    {"LCKR out of order locks nothing", NULL,
     .script = {CLOCKS, STORE(A_MODER, PA5_OUT), STORE(A_LCKR, 0x10020),
                STORE(A_LCKR, 0x10020), STORE(A_LCKR, 0x20),
                STORE(A_MODER, 0xA8000000), LOAD(A_MODER)},
     .values = {0xA8000000}, .count = 1},
    {"LCKR locks other pins not", NULL,
     .script = {CLOCKS, STORE(A_LCKR, 0x10020), STORE(A_LCKR, 0x20),
                STORE(A_LCKR, 0x10020), STORE(A_MODER, 0xA8000100),
                LOAD(A_MODER)},
     .values = {0xA8000100}, .count = 1},
    {"an open-drain output is released", NULL,
     .script = {CLOCKS, STORE(A_PUPDR, 0x64000400), STORE(A_OTYPER, 0x20),
                STORE(A_MODER, PA5_OUT), LOAD(A_IDR), STORE(A_BSRR, 0x20),
                LOAD(A_IDR)},
     .values = {0xA000, 0xA020}, .count = 2},
    {"an analog pin reads 0", NULL,
     .script = {CLOCKS, STORE(A_PUPDR, 0x64000400), STORE(A_MODER, 0xA8000C00),
                LOAD(A_IDR)},
     .values = {0xA000}, .count = 1},
    {"the software interrupt", NULL,
     .script = {STORE(SWIER, 1), LOAD(PR), STORE(SWIER, 0), STORE(IMR, 1),
                STORE(SWIER, 1), LOAD(PR), STORE(PR, 1), LOAD(SWIER)},
     .values = {0, 1, 0}, .count = 3},
    {"remapping", "not modelled: SYSCFG MEMRMP",
     .script = {CLOCKS, STORE(0x40013800, 3)}},
};

static void test_rules(void **state)
{
    (void)state;
    rules_check(rules, COUNT(rules), NULL);
}

static void test_led_events(void **state)
{
    (void)state;
    static const struct step script[] = {CLOCKS,
                                         STORE(A_MODER, PA5_OUT),
                                         STORE(A_BSRR, 0x20),
                                         SPIN(1000),
                                         STORE(A_BSRR, 0x200000),
                                         STORE(A_BSRR, 0x20),
                                         STORE(A_MODER, 0xA8000000),
                                         {0}};
    struct rig rig;
    rig_open(&rig, NULL);
    rig_start(&rig, script);
    rig_run(&rig, 10 * VBOARD_MS);
    const struct rig_event *edge[5];
    for (unsigned i = 0; i < 5; i++) {
        edge[i] = rig_event(&rig, VBOARD_EVENT_PIN, i);
    }
    assert_null(edge[4]);
    for (unsigned i = 0; i < 4; i++) {
        assert_non_null(edge[i]);
        assert_string_equal(edge[i]->text, "PA5");
        assert_int_equal(edge[i]->value, i % 2 == 0); // out at the end, too
    }
    assert_true(edge[1]->time - edge[0]->time > 300 * VBOARD_US);
    rig_close(&rig);
}

static void test_levels(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, NULL);
    rig_start(&rig, (struct step[]){CLOCKS, STORE(A_MODER, PA5_OUT), {0}});
    rig_run(&rig, VBOARD_MS);
    assert_int_equal(vboard_pin(rig.board, "PA5"), 0);  // driven low
    assert_int_equal(vboard_pin(rig.board, "PA15"), 1); // pulled up
    assert_int_equal(vboard_pin(rig.board, "PA14"), 0); // pulled down
    assert_int_equal(vboard_pin(rig.board, "PC13"), -1);
    assert_int_equal(vboard_drive_pin(rig.board, "PC13", 1), 0);
    assert_int_equal(vboard_pin(rig.board, "PC13"), 1);
    assert_int_equal(rig_peek(&rig, C_IDR), 1 << 13);
    assert_int_equal(vboard_drive_pin(rig.board, "PC13", -1), 0);
    assert_int_equal(vboard_pin(rig.board, "PC13"), -1);
    const char *const wrong[] = {"PA16", "PB11", "PE1", "PI1", "A5",
                                 "PA",   "PA1x", "PD3", ""};
    for (unsigned i = 0; i < COUNT(wrong); i++) {
        assert_int_equal(vboard_drive_pin(rig.board, wrong[i], 1), -1);
        assert_int_equal(vboard_drive_pin_at(rig.board, wrong[i], 1, 0), -1);
    }
    rig_close(&rig);
}

// The button PC13 with its pull-up: falling edge to line 13, interrupt 40.
static const struct step button[] = {CLOCKS,
                                     STORE(C_PUPDR, 1 << 26),
                                     STORE(EXTICR4, 2 << 4),
                                     STORE(FTSR, 1 << 13),
                                     STORE(IMR, 1 << 13),
                                     STORE(ISER1, 1 << 8),
                                     {0}};

static void test_button(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, NULL);
    rig.box.in_interrupt[0] = (struct step)STORE(PR, 1 << 13);
    rig.box.in_interrupt[1] = (struct step)LOAD(C_IDR);
    rig_start(&rig, button);
    assert_int_equal(vboard_drive_pin_at(rig.board, "PC13", -1, 6 * VBOARD_MS),
                     0);
    assert_int_equal(vboard_drive_pin_at(rig.board, "PC13", 0, 2 * VBOARD_MS),
                     0);
    rig_run(&rig, VBOARD_MS);
    assert_int_equal(rig.box.interrupts, 0);
    rig_run(&rig, 2 * VBOARD_MS);
    assert_int_equal(rig.box.interrupts, 1);
    assert_int_equal(rig.box.last_exception, 16 + 40);
    assert_int_equal(rig.box.value[0], 0);
    rig_run(&rig, 10 * VBOARD_MS); // released: a rising edge, not selected
    assert_int_equal(rig.box.interrupts, 1);
    assert_int_equal(rig_peek(&rig, C_IDR), 1 << 13);
    rig_close(&rig);
}

// Line 13 of another port, and a line that is masked.
static void test_other_lines(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, NULL);
    rig_start(&rig, button);
    rig_run(&rig, VBOARD_MS);
    vboard_drive_pin(rig.board, "PB13", 1);
    vboard_drive_pin(rig.board, "PB13", 0);
    vboard_drive_pin(rig.board, "PC12", 1);
    vboard_drive_pin(rig.board, "PC12", 0);
    rig_run(&rig, VBOARD_MS);
    assert_int_equal(rig.box.interrupts, 0);
    assert_int_equal(rig_peek(&rig, PR), 0);
    rig_close(&rig);
}

// A button that is held from time 0 on is low for the first instruction, also
// after a reset; it needs no run to get there.
static void test_held_at_reset(void **state)
{
    (void)state;
    static const struct step script[] = {
        CLOCKS, STORE(A_PUPDR, 1 << 16), LOAD(A_IDR), {0}};
    struct rig rig;
    rig_open(&rig, NULL);
    assert_int_equal(vboard_drive_pin_at(rig.board, "PA8", 0, 0), 0);
    assert_int_equal(vboard_drive_pin_at(rig.board, "PA8", -1, 2 * VBOARD_S),
                     0);
    rig_start(&rig, script);
    assert_int_equal(vboard_pin(rig.board, "PA8"), 0);
    rig_run(&rig, VBOARD_S);
    assert_int_equal(rig.box.value[0] >> 8 & 1, 0);
    vboard_reset(rig.board);
    assert_int_equal(vboard_pin(rig.board, "PA8"), 0);
    rig_run(&rig, 2 * VBOARD_S);
    assert_int_equal(vboard_pin(rig.board, "PA8"), -1);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_led_events),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_button),
        cmocka_unit_test(test_other_lines),
        cmocka_unit_test(test_held_at_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
