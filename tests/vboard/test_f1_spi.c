// SPDX-License-Identifier: MIT
//
// SPI1 and SPI2 of the F103 (RM0008 25): what is not as on the F446, pins
// (RM0008 9.1.11, 9.3.10) and clocks.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "device_rig.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define APB2ENR 0x40021018
#define APB1ENR 0x4002101C
#define MAPR    0x40010004
#define A_CRL   0x40010800
#define A_CRH   0x40010804
#define B_CRL   0x40010C00
#define B_CRH   0x40010C04
#define B_BSRR  0x40010C10

#define SPI1 0x40013000
#define SPI2 0x40003800
#define CR1  0x00
#define CR2  0x04
#define SR   0x08
#define DR   0x0C

// AFIO, ports A and B, SPI1; SPI2
#define CLOCKS  STORE(APB2ENR, 0x100D), STORE(APB1ENR, 1 << 14)
#define CS_HIGH STORE(B_BSRR, 1 << 12)
#define CS_LOW  STORE(B_BSRR, 1 << 28)
// PB12 an output, PB13 and PB15 alternate outputs, PB14 an input with pull-up
#define PINS  STORE(B_BSRR, 0x5000), STORE(B_CRH, 0xB8B34444)
#define ON    0x0344 // SPE, MSTR, SSM, SSI, PCLK / 2, mode 0
#define SETUP CLOCKS, PINS, STORE(SPI2 + CR1, ON)

#define BYTE_OF(spi, out)                                                      \
    STORE((spi) + DR, out), WAIT((spi) + SR, 1, 1), LOAD((spi) + DR)
#define BYTE(out) BYTE_OF(SPI2, out)

static const struct vboard_config f103 = {.mcu = "stm32f103c8",
                                          .lenient = true};

static const struct rule rules[] = {
    {"an id", NULL, .w25q = true,
     .script = {SETUP, CS_LOW, BYTE(0x9F), BYTE(0), BYTE(0), BYTE(0)},
     .values = {0xFF, 0xEF, 0x40, 0x17}, .count = 4},
    {"a pull-down at MISO", NULL,
     .script = {SETUP, STORE(B_BSRR, 1 << 30), BYTE(0)}, .values = {0},
     .count = 1},
    {"MISO as alternate open-drain input", NULL, .w25q = true,
     .script = {SETUP, STORE(B_CRH, 0xB4B34444), CS_LOW, BYTE(0x9F), BYTE(0)},
     .count = 0},
    {"SCK is a plain output", "no SCK pin is an alternate function output",
     .script = {SETUP, STORE(B_CRH, 0xB8334444), BYTE(0)}},
    {"MOSI is an input", "no MOSI pin is an alternate function output",
     .script = {SETUP, STORE(B_CRH, 0x48B34444), BYTE(0)}},
    {"MISO is an output", "while no MISO pin is an input", .w25q = true,
     .script = {SETUP, STORE(B_CRH, 0xB3B34444), CS_LOW, BYTE(0x9F), BYTE(0)}},
    {"SPI1", NULL,
     .script = {CLOCKS, STORE(A_CRL, 0xB4B44444), STORE(SPI1 + CR1, ON),
                STORE(SPI1 + DR, 0), WAIT(SPI1 + SR, 1, 1)}},
    {"SPI1 on its other pins", NULL,
     .script = {CLOCKS, STORE(MAPR, 0x02000001), STORE(B_CRL, 0x44B4B444),
                STORE(SPI1 + CR1, ON), STORE(SPI1 + DR, 0),
                WAIT(SPI1 + SR, 1, 1)}},
    {"SPI1 on its other pins without AFIO", "no SCK pin is an alternate",
     .script = {CLOCKS, STORE(MAPR, 0x02000000), STORE(B_CRL, 0x44B4B444),
                STORE(SPI1 + CR1, ON), BYTE_OF(SPI1, 0)}},
    {"SPI1 on its pins with AFIO", "no SCK pin is an alternate",
     .script = {CLOCKS, STORE(MAPR, 0x02000001), STORE(A_CRL, 0xB4B44444),
                STORE(SPI1 + CR1, ON), BYTE_OF(SPI1, 0)}},
    // HCLK of 40 MHz: HSI / 2 * 10
    {"SPI1 too fast", "SPI1 at 20000000 Hz; the data sheet allows 18000000",
     .script = {STORE(0x40022000, 0x31), STORE(0x40021004, 0x200400),
                STORE(0x40021000, 0x1000081),
                WAIT(0x40021000, 1 << 25, 1 << 25), STORE(0x40021004, 0x200402),
                WAIT(0x40021004, 0xC, 8), CLOCKS, STORE(A_CRL, 0xB4B44444),
                STORE(SPI1 + CR1, ON), STORE(SPI1 + DR, 0)}},
    {"no TI frame format", "not modelled: SPI2 CR2 bits 0x0010",
     .script = {CLOCKS, STORE(SPI2 + CR2, 0x10)}},
    {"the clock is off", "SPI2 CR1 accessed while the clock of SPI2 is off",
     .script = {STORE(SPI2 + CR1, 0)}},
};

static void test_rules(void **state)
{
    (void)state;
    rules_check(rules, COUNT(rules), &f103);
}

static void test_interrupts(void **state)
{
    (void)state;
    static const struct {
        uint32_t spi, bit;
    } cases[] = {{SPI1, 3}, {SPI2, 4}};
    for (unsigned i = 0; i < COUNT(cases); i++) {
        const struct step script[] = {STORE(0xE000E104, 1u << cases[i].bit),
                                      CLOCKS,
                                      PINS,
                                      STORE(A_CRL, 0xB4B44444),
                                      STORE(cases[i].spi + CR1, ON),
                                      STORE(cases[i].spi + CR2, 0x40),
                                      STORE(cases[i].spi + DR, 1),
                                      SPIN(100),
                                      {0}};
        struct rig rig;
        rig_open(&rig, &f103);
        rig.box.in_interrupt[0] = (struct step)LOAD(cases[i].spi + DR);
        rig_start(&rig, script);
        rig_run(&rig, 10 * VBOARD_MS);
        assert_int_equal(rig.violations, 0);
        assert_int_equal(rig.box.interrupts, 1);
        assert_int_equal(rig.box.last_exception, 16 + 32 + cases[i].bit);
        rig_close(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_interrupts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
