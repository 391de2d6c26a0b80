// SPDX-License-Identifier: MIT
//
// USART1 and USART2 (RM0390 25).

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "device_rig.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define GPIOA_ON STORE(0x40023830, 1)
#define U2_ON    STORE(0x40023840, 1 << 17)
#define U1_ON    STORE(0x40023844, 1 << 4)
#define MODER    0x40020000
#define AFRL     0x40020020
#define AFRH     0x40020024
#define SR       0x40004400
#define DR       0x40004404
#define BRR      0x40004408
#define CR1      0x4000440C
#define CR2      0x40004410
#define CR3      0x40004414

// PA2 and PA3 as AF7; 16 MHz / 115200 is 138.9
#define PINS  GPIOA_ON, STORE(AFRL, 0x7700), STORE(MODER, 0xA80000A0)
#define SETUP PINS, U2_ON, STORE(BRR, 139), STORE(CR1, 0x200C)
#define SENT  WAIT(SR, 0x40, 0x40)

static const struct rule rules[] = {
    {"send", NULL,
     .script = {SETUP, LOAD(SR), STORE(DR, 'A'), LOAD(SR), SENT, LOAD(SR)},
     .values = {0xC0, 0x80, 0xC0}, .count = 3},
    {"a second byte waits in DR", NULL,
     .script = {SETUP, LOAD(SR), STORE(DR, 'A'), STORE(DR, 'B'), LOAD(SR),
                WAIT(SR, 0x80, 0x80), STORE(DR, 'C'), SENT},
     .values = {0xC0, 0}, .count = 2},
    {"a third byte does not", "DR written before TXE was set",
     .script = {SETUP, STORE(DR, 'A'), STORE(DR, 'B'), STORE(DR, 'C')}},
    {"the pin is not alternate", "no TX pin is in alternate function 7",
     .script = {GPIOA_ON, U2_ON, STORE(BRR, 139), STORE(CR1, 0x200C), LOAD(SR),
                STORE(DR, 'A'), SENT}},
    {"the pin has another function", "no TX pin is in alternate function 7",
     .script = {SETUP, STORE(AFRL, 0x8800), LOAD(SR), STORE(DR, 'A'), SENT}},
    {"TE is clear", "DR written while UE, TE",
     .script = {PINS, U2_ON, STORE(BRR, 139), STORE(CR1, 0x2004),
                STORE(DR, 'A')}},
    {"there is no baud rate", "DR written while UE, TE or the baud rate",
     .script = {PINS, U2_ON, STORE(CR1, 0x200C), STORE(DR, 'A')}},
    {"TE is cleared too early", "TE cleared before the last byte",
     .script = {SETUP, STORE(DR, 'A'), STORE(CR1, 0x2004)}},
    {"UE is cleared with a byte in DR", "UE cleared before the last byte",
     .script = {SETUP, STORE(DR, 'A'), STORE(DR, 'B'), STORE(CR1, 8)}},
    {"UE lets the byte under way end", NULL,
     .script = {SETUP, STORE(DR, 'A'), STORE(CR1, 0x000C), SPIN(1000)}},
    {"the clock is switched off too early", "was switched off while it sent",
     .script = {SETUP, STORE(DR, 'A'), STORE(0x40023840, 0), SPIN(1000)}},
    {"reset through RCC too early", "reset through RCC before the last byte",
     .script = {SETUP, STORE(DR, 'A'), STORE(0x40023820, 1 << 17)}},
    {"BRR while sending", "BRR written while a byte is sent",
     .script = {SETUP, STORE(DR, 'A'), STORE(BRR, 16)}},
    {"USARTDIV below 1", "USARTDIV is below 1",
     .script = {U2_ON, STORE(BRR, 15)}},
    {"DMA", "not modelled: USART2 CR3 bits 0x0080",
     .script = {U2_ON, STORE(CR3, 0x80)}},
    {"LIN", "not modelled: USART2 CR2 bits 0x4000",
     .script = {U2_ON, STORE(CR2, 0x4000)}},
    {"TC is cleared by writing 0", NULL,
     .script = {U2_ON, STORE(SR, ~0x40u), LOAD(SR)}, .values = {0x80},
     .count = 1},
    {"TC stays without a read of SR", NULL,
     .script = {SETUP, STORE(DR, 'A'), LOAD(SR)}, .values = {0xC0}, .count = 1},
};

static void test_rules(void **state)
{
    (void)state;
    rules_check(rules, COUNT(rules), NULL);
}

// Two bytes in a row: the time between them is that of one frame.
static uint64_t byte_time(uint32_t brr, uint32_t cr1, uint32_t cr2)
{
    const struct step script[] = {PINS,
                                  U2_ON,
                                  STORE(BRR, brr),
                                  STORE(CR2, cr2),
                                  STORE(CR1, cr1),
                                  STORE(DR, 'H'),
                                  STORE(DR, 'i'),
                                  SENT,
                                  {0}};
    struct rig rig;
    rig_open(&rig, NULL);
    rig_start(&rig, script);
    rig_run(&rig, 100 * VBOARD_MS);
    assert_int_equal(rig.violations, 0);
    const struct rig_event *first = rig_event(&rig, VBOARD_EVENT_UART, 0);
    const struct rig_event *second = rig_event(&rig, VBOARD_EVENT_UART, 1);
    assert_non_null(first);
    assert_non_null(second);
    assert_null(rig_event(&rig, VBOARD_EVENT_UART, 2));
    assert_int_equal(first->unit, 2);
    assert_int_equal(first->value, 'H');
    assert_int_equal(second->value, 'i');
    uint64_t time = second->time - first->time;
    rig_close(&rig);
    return time;
}

static void test_baud_rate(void **state)
{
    (void)state;
    // 139 / 16 MHz * 10 is 86.875 us; blocks of instructions blur it a little
    assert_in_range(byte_time(139, 0x200C, 0), 86 * VBOARD_US, 88 * VBOARD_US);
    // 9600 with OVER8: 16 MHz / 8 / 208.375
    assert_in_range(byte_time(208 << 4 | 3, 0xA00C, 0), 1041 * VBOARD_US,
                    1043 * VBOARD_US);
    // 9 bits and 2 stop bits: 12 bit times
    assert_in_range(byte_time(139, 0x300C, 2 << 12), 104 * VBOARD_US,
                    105 * VBOARD_US + VBOARD_US / 2);
}

// USART2 is on APB1: half the bus clock is half the baud rate.
static void test_bus_clock(void **state)
{
    (void)state;
    static const struct step script[] = {STORE(0x40023808, 0x1000),
                                         PINS,
                                         U2_ON,
                                         STORE(BRR, 139),
                                         STORE(CR1, 0x200C),
                                         STORE(DR, 'H'),
                                         STORE(DR, 'i'),
                                         SENT,
                                         {0}};
    struct rig rig;
    rig_open(&rig, NULL);
    rig_start(&rig, script);
    rig_run(&rig, 10 * VBOARD_MS);
    uint64_t time = rig_event(&rig, VBOARD_EVENT_UART, 1)->time -
                    rig_event(&rig, VBOARD_EVENT_UART, 0)->time;
    assert_in_range(time, 173 * VBOARD_US, 175 * VBOARD_US);
    rig_close(&rig);
}

// Parity takes the highest bit.
static void test_parity(void **state)
{
    (void)state;
    static const struct step script[] = {PINS,
                                         U2_ON,
                                         STORE(BRR, 139),
                                         STORE(CR1, 0x240C),
                                         STORE(DR, 0xC1),
                                         SENT,
                                         SPIN(1000),
                                         {0}};
    struct rig rig;
    rig_open(&rig, NULL);
    rig_start(&rig, script);
    rig_run(&rig, 10 * VBOARD_MS);
    assert_int_equal(rig_event(&rig, VBOARD_EVENT_UART, 0)->value, 0x41);
    rig_close(&rig);
}

static void test_usart1(void **state)
{
    (void)state;
    static const struct step script[] = {GPIOA_ON,
                                         U1_ON,
                                         STORE(AFRH, 0x770),
                                         STORE(MODER, 0xA8280000),
                                         STORE(0x40011008, 139),
                                         STORE(0x4001100C, 0x200C),
                                         STORE(0x40011004, 'x'),
                                         WAIT(0x40011000, 0x20, 0x20),
                                         LOAD(0x40011004),
                                         {0}};
    struct rig rig;
    rig_open(&rig, NULL);
    rig_start(&rig, script);
    assert_int_equal(vboard_uart_send(rig.board, 1, "y", 1), 0);
    rig_run(&rig, 10 * VBOARD_MS);
    const struct rig_event *sent = rig_event(&rig, VBOARD_EVENT_UART, 0);
    assert_non_null(sent);
    assert_int_equal(sent->unit, 1);
    assert_int_equal(sent->value, 'x');
    assert_int_equal(rig.box.value[0], 'y');
    assert_int_equal(rig.violations, 0);
    rig_close(&rig);
}

#define RECEIVE WAIT(SR, 0x20, 0x20), LOAD(DR)

static void test_receive(void **state)
{
    (void)state;
    static const struct step script[] = {
        SETUP,      RECEIVE,  RECEIVE,  RECEIVE,  LOAD(SR),
        SPIN(2000), LOAD(SR), LOAD(DR), LOAD(SR), {0}};
    struct rig rig;
    rig_open(&rig, NULL);
    rig_start(&rig, script);
    assert_int_equal(vboard_uart_send(rig.board, 2, "abc", 3), 0);
    rig_run(&rig, 10 * VBOARD_MS);
    assert_int_equal(rig.box.done, 1);
    assert_memory_equal(rig.box.value, ((uint32_t[]){'a', 'b', 'c'}), 12);
    assert_int_equal(rig.box.value[3], 0xC0);
    assert_int_equal(rig.box.value[4], 0xD0); // IDLE, a frame later
    assert_int_equal(rig.box.value[6], 0xC0); // reading SR, DR clears it
    rig_close(&rig);
}

// Nobody reads: the second byte is lost, DR keeps the first.
static void test_overrun(void **state)
{
    (void)state;
    static const struct step script[] = {SETUP,    SPIN(1500), LOAD(SR),
                                         LOAD(DR), LOAD(SR),   {0}};
    struct rig rig;
    rig_open(&rig, NULL);
    rig_start(&rig, script);
    vboard_uart_send(rig.board, 2, "ab", 2);
    rig_run(&rig, 10 * VBOARD_MS);
    assert_int_equal(rig.box.value[0] & 0x28, 0x28); // ORE, RXNE
    assert_int_equal(rig.box.value[1], 'a');
    assert_int_equal(rig.box.value[2] & 0x28, 0);
    rig_close(&rig);
}

static void test_receive_interrupt(void **state)
{
    (void)state;
    static const struct step script[] = {
        STORE(0xE000E104, 1 << 6), PINS, U2_ON, STORE(BRR, 139),
        STORE(CR1, 0x202C),        {0}};
    struct rig rig;
    rig_open(&rig, NULL);
    rig.box.in_interrupt[0] = (struct step)LOAD(SR);
    rig.box.in_interrupt[1] = (struct step)LOAD(DR);
    rig_start(&rig, script);
    vboard_uart_send(rig.board, 2, "ab", 2);
    rig_run(&rig, 10 * VBOARD_MS);
    assert_int_equal(rig.box.interrupts, 2);
    assert_int_equal(rig.box.last_exception, 16 + 38);
    assert_int_equal(rig.box.value[1], 'a');
    assert_int_equal(rig.box.value[3], 'b');
    rig_close(&rig);
}

static void test_receive_without_pin(void **state)
{
    (void)state;
    static const struct step script[] = {
        GPIOA_ON, U2_ON, STORE(BRR, 139), STORE(CR1, 0x200C), SPIN(1000),
        LOAD(SR), {0}};
    struct rig rig;
    rig_open(&rig, NULL);
    rig_start(&rig, script);
    vboard_uart_send(rig.board, 2, "a", 1);
    rig_run(&rig, 10 * VBOARD_MS);
    assert_non_null(strstr(rig.violation, "no RX pin"));
    assert_int_equal(rig.box.value[0] & 0x20, 0);
    rig_close(&rig);
}

// What waits outside is bounded, and refused as a whole.
static void test_queue(void **state)
{
    (void)state;
    static uint8_t data[16384];
    struct rig rig;
    rig_open(&rig, NULL);
    vboard_power_on(rig.board);
    assert_int_equal(vboard_uart_send(rig.board, 2, data, 16000), 0);
    assert_int_equal(vboard_uart_send(rig.board, 2, data, 385), -1);
    assert_int_equal(vboard_uart_send(rig.board, 2, data, 384), 0);
    assert_int_equal(vboard_uart_send(rig.board, 2, data, 1), -1);
    assert_int_equal(vboard_uart_send(rig.board, 3, data, 1), -1);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_baud_rate),
        cmocka_unit_test(test_bus_clock),
        cmocka_unit_test(test_parity),
        cmocka_unit_test(test_usart1),
        cmocka_unit_test(test_receive),
        cmocka_unit_test(test_overrun),
        cmocka_unit_test(test_receive_interrupt),
        cmocka_unit_test(test_receive_without_pin),
        cmocka_unit_test(test_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
