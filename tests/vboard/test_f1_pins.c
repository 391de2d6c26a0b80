// SPDX-License-Identifier: MIT
//
// Ports, AFIO, EXTI and USARTs of the F103 (RM0008 9, 10.2, 27).

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "device_rig.h"
#include "internal.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define APB2ENR 0x40021018
#define APB1ENR 0x4002101C
// AFIO, ports A to C, USART1
#define CLOCKS STORE(APB2ENR, 0x401D)

#define EVCR    0x40010000
#define MAPR    0x40010004
#define EXTICR3 0x40010010
#define EXTICR4 0x40010014
#define IMR     0x40010400
#define RTSR    0x40010408
#define FTSR    0x4001040C
#define PR      0x40010414
#define A_CRL   0x40010800
#define A_CRH   0x40010804
#define A_IDR   0x40010808
#define A_ODR   0x4001080C
#define A_BSRR  0x40010810
#define A_BRR   0x40010814
#define A_LCKR  0x40010818
#define B_CRL   0x40010C00
#define B_IDR   0x40010C08
#define ISER0   0xE000E100
#define ISER1   0xE000E104

#define SR  0x40013800
#define DR  0x40013804
#define BRR 0x40013808
#define CR1 0x4001380C
#define CR3 0x40013814

static const struct vboard_config f103 = {.mcu = "stm32f103c8",
                                          .lenient = true};

// PA13 and PA15 are pulled up by the debug port at reset, PA14 down.
#define DEBUG_A 0xA000

static const struct rule rules[] = {
    {"set and reset", NULL,
     .script = {CLOCKS, STORE(A_CRL, 0x44244444), STORE(A_BSRR, 1 << 5),
                LOAD(A_ODR), LOAD(A_IDR), STORE(A_BRR, 1 << 5), LOAD(A_ODR),
                LOAD(A_BRR)},
     .values = {0x20, DEBUG_A | 0x20, 0, 0}, .count = 4},
    {"set wins over reset", NULL,
     .script = {CLOCKS, STORE(A_CRL, 0x44244444), STORE(A_BSRR, 0x00200020),
                LOAD(A_ODR), STORE(A_BSRR, 1 << 21), LOAD(A_ODR)},
     .values = {0x20, 0}, .count = 2},
    {"ports are not accessed by half-words", "GPIOA BSRR does not allow",
     .script = {CLOCKS, STORE16(A_BSRR, 1)}},
    {"a port with its clock off", "GPIOA CRL accessed while the clock",
     .script = {STORE(A_CRL, 0x44244444)}},
    {"a port is reset through RCC", NULL,
     .script = {CLOCKS, STORE(A_CRL, 0x44244444), STORE(0x4002100C, 4),
                STORE(0x4002100C, 0), LOAD(A_CRL)},
     .values = {0x44444444}, .count = 1},
    {"a port held in reset", "holds GPIOA in reset",
     .script = {CLOCKS, STORE(0x4002100C, 4), STORE(A_CRL, 0x44244444)}},
    {"a pull resistor goes where ODR says", NULL,
     .script = {CLOCKS, STORE(A_CRL, 0x44844444), LOAD(A_IDR),
                STORE(A_BSRR, 0x20), LOAD(A_IDR), STORE(A_BRR, 0x20),
                STORE(A_BSRR, 0x20), LOAD(A_IDR)},
     .values = {DEBUG_A, DEBUG_A | 0x20, DEBUG_A | 0x20}, .count = 3},
    {"an LED without its mode", "PA5 is switched while it is not an output",
     .script = {CLOCKS, STORE(A_BSRR, 0x20), STORE(A_BRR, 0x20)}},
    {"an alternate function output is not ODR's", "PA5 is switched while it",
     .script = {CLOCKS, STORE(A_CRL, 0x44A44444), STORE(A_BSRR, 0x20),
                STORE(A_BRR, 0x20)}},
    {"an open-drain output is released", NULL,
     .script = {CLOCKS, STORE(A_CRL, 0x44644444), LOAD(A_IDR),
                STORE(A_BSRR, 0x20), LOAD(A_IDR)},
     .values = {DEBUG_A, DEBUG_A}, .count = 2},
    {"an input with CNF of 3", "CNF of 3 is reserved for the input PA5",
     .script = {CLOCKS, STORE(A_CRL, 0x44C44444)}},
    {"IDR", "GPIOA IDR is read-only", .script = {CLOCKS, STORE(A_IDR, 1)}},
    {"LCKR locks", "changes a pin that LCKR has locked",
     .script = {CLOCKS, STORE(A_CRL, 0x44244444), STORE(A_LCKR, 0x10020),
                STORE(A_LCKR, 0x20), STORE(A_LCKR, 0x10020), LOAD(A_LCKR),
                STORE(A_CRL, 0x44444444), LOAD(A_CRL)},
     .values = {0x10020, 0x44244444}, .count = 2},
    {"LCKR once more", "GPIOA LCKR written while locked",
     .script = {CLOCKS, STORE(A_LCKR, 0x10020), STORE(A_LCKR, 0x20),
                STORE(A_LCKR, 0x10020), STORE(A_LCKR, 0)}},
    {"the debug port has its pins", "PB4 belongs to the debug port until",
     .script = {CLOCKS, STORE(B_CRL, 0x44424444), LOAD(B_IDR)},
     .values = {0x10}, .count = 1},
    {"SWJ_CFG frees those of JTAG", NULL,
     .script = {CLOCKS, STORE(MAPR, 2 << 24), STORE(B_CRL, 0x44422444),
                STORE(A_CRH, 0x24444444), LOAD(B_IDR), LOAD(A_IDR), LOAD(MAPR)},
     .values = {0, 0x2000, 0}, .count = 3},
    {"SWJ_CFG of 2 keeps those of SWD", "PA13 belongs to the debug port",
     .script = {CLOCKS, STORE(MAPR, 2 << 24), STORE(A_CRH, 0x44244444)}},
    {"SWJ_CFG of 1 frees PB4, which floats at once", NULL,
     .script = {CLOCKS, LOAD(B_IDR), STORE(MAPR, 1 << 24), LOAD(B_IDR),
                STORE(B_CRL, 0x44424444)},
     .values = {0x10, 0}, .count = 2},
    {"SWJ_CFG of 1 keeps PB3", "PB3 belongs to the debug port",
     .script = {CLOCKS, STORE(MAPR, 1 << 24), STORE(B_CRL, 0x44442444)}},
    {"SWJ_CFG of 4 frees all", NULL,
     .script = {CLOCKS, STORE(MAPR, 4 << 24), STORE(A_CRH, 0x22244444)}},
    {"SWJ_CFG of 3 has no effect", "SWJ_CFG of 3: only 0, 1, 2 and 4",
     .script = {CLOCKS, STORE(MAPR, 1 << 24), STORE(MAPR, 3 << 24),
                STORE(B_CRL, 0x44424444), LOAD(B_IDR)},
     .values = {0}, .count = 1},
    {"other remaps", "not modelled: AFIO MAPR bits 0x0100",
     .script = {CLOCKS, STORE(MAPR, 0x100)}},
    {"the event output", "not modelled: AFIO EVCR EVOE",
     .script = {CLOCKS, STORE(EVCR, 0x80)}},
    {"AFIO with its clock off", "AFIO MAPR accessed while the clock",
     .script = {STORE(MAPR, 4)}},
    {"AFIO by half-words", "AFIO EXTICR4 does not allow access by 16 bits",
     .script = {CLOCKS, STORE16(EXTICR4, 1)}},
    {"19 lines", NULL,
     .script = {STORE(IMR, ~0u), LOAD(IMR), STORE(FTSR, ~0u), LOAD(FTSR)},
     .values = {0x7FFFF, 0x7FFFF}, .count = 2},
};

static void test_rules(void **state)
{
    (void)state;
    rules_check(rules, COUNT(rules), &f103);
}

static void test_levels(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &f103);
    rig_start(&rig, (struct step[]){CLOCKS, STORE(A_CRL, 0x40244444), {0}});
    rig_run(&rig, VBOARD_MS);
    assert_int_equal(vboard_pin(rig.board, "PA5"), 0);  // driven low
    assert_int_equal(vboard_pin(rig.board, "PA15"), 1); // by the debug port
    assert_int_equal(vboard_pin(rig.board, "PA14"), 0);
    assert_int_equal(vboard_pin(rig.board, "PB3"), -1);
    assert_int_equal(vboard_pin(rig.board, "PC13"), -1);
    assert_int_equal(vboard_drive_pin(rig.board, "PA6", 1), 0);
    assert_int_equal(vboard_drive_pin(rig.board, "PA7", 1), 0);
    // an analog pin reads 0
    assert_int_equal(rig_peek(&rig, A_IDR), DEBUG_A | 0x80);
    assert_int_equal(vboard_drive_pin(rig.board, "PB11", 1), 0);
    const char *const wrong[] = {"PA16", "PC12", "PD1", "PE1", "PH0"};
    for (unsigned i = 0; i < COUNT(wrong); i++) {
        assert_int_equal(vboard_drive_pin(rig.board, wrong[i], 1), -1);
    }
    rig_close(&rig);
}

// The button PA8 with its pull-up: falling edge to line 8, interrupt 23. PB8
// is another port's.
static void test_button(void **state)
{
    (void)state;
    static const struct step script[] = {CLOCKS,
                                         STORE(A_CRH, 0x44444448),
                                         STORE(A_BSRR, 1 << 8),
                                         STORE(EXTICR3, 0),
                                         STORE(FTSR, 1 << 8),
                                         STORE(IMR, 1 << 8),
                                         STORE(ISER0, 1 << 23),
                                         {0}};
    struct rig rig;
    rig_open(&rig, &f103);
    rig.box.in_interrupt[0] = (struct step)STORE(PR, 1 << 8);
    rig.box.in_interrupt[1] = (struct step)LOAD(A_IDR);
    rig_start(&rig, script);
    vboard_drive_pin_at(rig.board, "PB8", 1, 2 * VBOARD_MS);
    vboard_drive_pin_at(rig.board, "PB8", 0, 3 * VBOARD_MS);
    vboard_drive_pin_at(rig.board, "PA8", 0, 5 * VBOARD_MS);
    vboard_drive_pin_at(rig.board, "PA8", -1, 7 * VBOARD_MS);
    rig_run(&rig, 4 * VBOARD_MS);
    assert_int_equal(rig.box.interrupts, 0);
    rig_run(&rig, 6 * VBOARD_MS);
    assert_int_equal(rig.box.interrupts, 1);
    assert_int_equal(rig.box.last_exception, 16 + 23);
    assert_int_equal(rig.box.value[0], DEBUG_A);
    assert_int_equal(rig_peek(&rig, A_IDR), DEBUG_A | 0x100);
    rig_close(&rig);
}

// A line of another port, chosen in EXTICR4: PB13, interrupt 40.
static void test_exticr(void **state)
{
    (void)state;
    static const struct step script[] = {CLOCKS,
                                         STORE(EXTICR4, 1 << 4),
                                         STORE(RTSR, 1 << 13),
                                         STORE(IMR, 1 << 13),
                                         STORE(ISER1, 1 << 8),
                                         {0}};
    struct rig rig;
    rig_open(&rig, &f103);
    rig.box.in_interrupt[0] = (struct step)STORE(PR, 1 << 13);
    rig_start(&rig, script);
    rig_run(&rig, VBOARD_MS);
    vboard_drive_pin(rig.board, "PC13", 1);
    rig_run(&rig, VBOARD_MS);
    assert_int_equal(rig.box.interrupts, 0);
    vboard_drive_pin(rig.board, "PB13", 1);
    rig_run(&rig, VBOARD_MS);
    assert_int_equal(rig.box.interrupts, 1);
    assert_int_equal(rig.box.last_exception, 16 + 40);
    rig_close(&rig);
}

// PA9 as an alternate function output, PA10 as a floating input; 8 MHz /
// 115200 is 69.4
#define PINS  CLOCKS, STORE(A_CRH, 0x444444B4)
#define SETUP PINS, STORE(BRR, 69), STORE(CR1, 0x200C)
#define SENT  WAIT(SR, 0x40, 0x40)
// as well for the other pins, PB6 and PB7
#define REMAP STORE(MAPR, 4), STORE(B_CRL, 0x4B444444)

static const struct rule usart_rules[] = {
    {"send", NULL,
     .script = {SETUP, LOAD(SR), STORE(DR, 'A'), LOAD(SR), SENT, LOAD(SR)},
     .values = {0xC0, 0x80, 0xC0}, .count = 3},
    {"TX is an input", "no TX pin is an alternate function output",
     .script = {CLOCKS, STORE(BRR, 69), STORE(CR1, 0x200C), LOAD(SR),
                STORE(DR, 'A'), SENT}},
    {"TX is a general purpose output", "no TX pin is an alternate function",
     .script = {SETUP, STORE(A_CRH, 0x44444434), LOAD(SR), STORE(DR, 'A'),
                SENT}},
    {"TX is open-drain", NULL,
     .script = {SETUP, STORE(A_CRH, 0x444444F4), LOAD(SR), STORE(DR, 'A'),
                SENT}},
    {"USART1 has moved", "no TX pin is an alternate function output",
     .script = {SETUP, STORE(MAPR, 4), LOAD(SR), STORE(DR, 'A'), SENT}},
    {"USART1 has moved to PB6", NULL,
     .script = {SETUP, REMAP, LOAD(SR), STORE(DR, 'A'), SENT}},
    {"USART1 has not moved to PB6", "no TX pin is an alternate function",
     .script = {SETUP, STORE(A_CRH, 0x44444444), STORE(B_CRL, 0x4B444444),
                LOAD(SR), STORE(DR, 'A'), SENT}},
    {"no OVER8, no ONEBIT", NULL,
     .script = {CLOCKS, STORE(CR1, 0xA000), LOAD(CR1), STORE(CR3, 0x800),
                LOAD(CR3)},
     .values = {0x2000, 0}, .count = 2},
    {"USART1 with its clock off", "USART1 CR1 accessed while the clock",
     .script = {STORE(CR1, 0x2000)}},
};

static void test_usart_rules(void **state)
{
    (void)state;
    rules_check(usart_rules, COUNT(usart_rules), &f103);
}

// A byte arrives at an input, pulled up or not; not at an output, nor at an
// analog pin, nor where USART1 is not.
static void test_receive(void **state)
{
    (void)state;
    static const struct {
        uint32_t crh, mapr;
        bool arrives;
    } cases[] = {{0x444444B4, 0, true},
                 {0x444448B4, 0, true},
                 {0x44444BB4, 0, false},
                 {0x444440B4, 0, false},
                 {0x444444B4, 4, true}};
    for (unsigned i = 0; i < COUNT(cases); i++) {
        const struct step script[] = {CLOCKS,
                                      STORE(A_CRH, cases[i].crh),
                                      STORE(MAPR, cases[i].mapr),
                                      STORE(BRR, 69),
                                      STORE(CR1, 0x200C),
                                      SPIN(500),
                                      LOAD(SR),
                                      LOAD(DR),
                                      {0}};
        struct rig rig;
        rig_open(&rig, &f103);
        rig_start(&rig, script);
        assert_int_equal(vboard_uart_send(rig.board, 1, "a", 1), 0);
        rig_run(&rig, 10 * VBOARD_MS);
        assert_int_equal(rig.box.done, 1);
        assert_int_equal(rig.box.value[0] & 0x20, cases[i].arrives ? 0x20 : 0);
        assert_int_equal(rig.violations, cases[i].arrives ? 0 : 1);
        if (cases[i].arrives) {
            assert_int_equal(rig.box.value[1], 'a');
        } else {
            assert_non_null(strstr(rig.violation, "no RX pin is an input"));
        }
        rig_close(&rig);
    }
}

// USART2 on PA2 and PA3, clocked by APB1: half the clock is half the rate.
static void test_usart2(void **state)
{
    (void)state;
    static const struct step script[] = {STORE(0x40021004, 0x400),
                                         CLOCKS,
                                         STORE(APB1ENR, 1 << 17),
                                         STORE(A_CRL, 0x44444B44),
                                         STORE(0x40004408, 69),
                                         STORE(0x4000440C, 0x200C),
                                         STORE(0x40004404, 'H'),
                                         STORE(0x40004404, 'i'),
                                         WAIT(0x40004400, 0x40, 0x40),
                                         WAIT(0x40004400, 0x20, 0x20),
                                         LOAD(0x40004404),
                                         {0}};
    struct rig rig;
    rig_open(&rig, &f103);
    rig_start(&rig, script);
    assert_int_equal(vboard_uart_send(rig.board, 2, "y", 1), 0);
    rig_run(&rig, 10 * VBOARD_MS);
    const struct rig_event *first = rig_event(&rig, VBOARD_EVENT_UART, 0);
    const struct rig_event *second = rig_event(&rig, VBOARD_EVENT_UART, 1);
    assert_non_null(first);
    assert_non_null(second);
    assert_int_equal(first->unit, 2);
    assert_int_equal(first->value, 'H');
    assert_int_equal(second->value, 'i');
    // 10 * 69 / 4 MHz
    assert_in_range(second->time - first->time, 172 * VBOARD_US,
                    174 * VBOARD_US);
    assert_int_equal(rig.box.value[0], 'y');
    assert_int_equal(rig.violations, 0);
    rig_close(&rig);
}

// What other peripherals ask: SPI1's MISO PA6 is an input, its SCK PA5 an
// output, and both have moved with SPI1_REMAP.
static void test_routes(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &f103);
    rig_start(&rig, (struct step[]){CLOCKS, STORE(A_CRL, 0x44B44444), {0}});
    rig_run(&rig, VBOARD_MS);
    assert_true(gpio_output_of(rig.board, 0, 5, ROUTE_UNLESS(0)));
    assert_true(gpio_input_of(rig.board, 0, 6, ROUTE_UNLESS(0)));
    assert_true(gpio_output_of(rig.board, 0, 5, 0));
    assert_false(gpio_input_of(rig.board, 0, 5, ROUTE_UNLESS(0)));
    assert_false(gpio_output_of(rig.board, 0, 6, ROUTE_UNLESS(0)));
    assert_false(gpio_output_of(rig.board, 0, 5, ROUTE_IF(0)));
    // the debug port's input
    assert_false(gpio_input_of(rig.board, 1, 4, 0));
    rig_start(&rig, (struct step[]){
                        CLOCKS, STORE(MAPR, 1), STORE(A_CRL, 0x44B44444), {0}});
    rig_run(&rig, VBOARD_MS);
    assert_true(gpio_output_of(rig.board, 0, 5, ROUTE_IF(0)));
    assert_false(gpio_output_of(rig.board, 0, 5, ROUTE_UNLESS(0)));
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),       cmocka_unit_test(test_levels),
        cmocka_unit_test(test_button),      cmocka_unit_test(test_exticr),
        cmocka_unit_test(test_usart_rules), cmocka_unit_test(test_receive),
        cmocka_unit_test(test_usart2),      cmocka_unit_test(test_routes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
