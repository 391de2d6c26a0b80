// SPDX-License-Identifier: MIT
//
// SPI1 and SPI2 (RM0390 26), with a W25Q64 on the other end of the wires.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "device_rig.h"
#include "spi.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define AHB1ENR 0x40023830
#define APB1ENR 0x40023840
#define APB2ENR 0x40023844
#define CFGR    0x40023808

#define B_MODER 0x40020400
#define B_PUPDR 0x4002040C
#define B_BSRR  0x40020418
#define B_AFRH  0x40020424

#define CR1     0x40003800
#define CR2     0x40003804
#define SR      0x40003808
#define DR      0x4000380C
#define CRCPR   0x40003810
#define RXCRCR  0x40003814
#define I2SCFGR 0x4000381C

#define RXNE 0x01u
#define TXE  0x02
#define MODF 0x20
#define OVR  0x40
#define BSY  0x80

#define CLOCKS  STORE(AHB1ENR, 3), STORE(APB1ENR, 1 << 14)
#define CS_HIGH STORE(B_BSRR, 1 << 12)
#define CS_LOW  STORE(B_BSRR, 1 << 28)
// PB13 to PB15 as AF5 with a pull-up at MISO, PB12 an output; PB3 and PB4 stay
// the debugger's
#define PINS                                                                   \
    CS_HIGH, STORE(B_PUPDR, 0x10000100), STORE(B_AFRH, 0x55500000),            \
        STORE(B_MODER, 0xA9000280)
#define ON    0x0344 // SPE, MSTR, SSM, SSI, PCLK / 2, mode 0
#define SLOW  0x037C // PCLK / 256: a frame is 2048 cycles
#define READY CLOCKS, PINS
#define SETUP READY, STORE(CR1, ON)
#define CRAWL READY, STORE(CR1, SLOW)

#define BYTE(out) STORE(DR, out), WAIT(SR, RXNE, RXNE), LOAD(DR)
#define DONE      WAIT(SR, BSY, 0)

static const struct rule rules[] = {
    {"reset values", NULL,
     .script = {CLOCKS, LOAD(SR), LOAD(CR1), LOAD(CRCPR), LOAD(0x40003820)},
     .values = {TXE, 0, 7, 2}, .count = 4},
    {"registers that mean nothing here", NULL,
     .script = {CLOCKS, STORE(CRCPR, 0x1234), STORE(0x40003820, 0x234),
                LOAD(CRCPR), LOAD(0x40003820)},
     .values = {0x1234, 0x234}, .count = 2},
    {"an id", NULL, .w25q = true,
     .script = {SETUP, CS_LOW, BYTE(0x9F), BYTE(0), BYTE(0), BYTE(0)},
     .values = {0xFF, 0xEF, 0x40, 0x17}, .count = 4},
    {"not selected", NULL, .w25q = true, .script = {SETUP, BYTE(0x9F), BYTE(0)},
     .values = {0xFF, 0xFF}, .count = 2},
    {"16 bits", NULL, .w25q = true,
     .script = {READY, STORE(CR1, ON | 0x800), CS_LOW, BYTE(0x9F00), BYTE(0)},
     .values = {0xFFEF, 0x4017}, .count = 2},
    {"bytes in DR", NULL, .w25q = true,
     .script = {SETUP, CS_LOW, STORE8(DR, 0x9F), WAIT(SR, RXNE, RXNE),
                LOAD8(DR), STORE8(DR, 0), WAIT(SR, RXNE, RXNE), LOAD8(DR)},
     .values = {0xFF, 0xEF}, .count = 2},
    {"flags of a frame", NULL,
     .script = {CRAWL, LOAD(SR), STORE(DR, 1), LOAD(SR), STORE(DR, 2), LOAD(SR),
                WAIT(SR, RXNE, RXNE), LOAD(SR)},
     .values = {TXE, TXE | BSY, BSY, TXE | BSY | RXNE}, .count = 4},
    {"the data register is read", NULL,
     .script = {SETUP, STORE(DR, 1), DONE, LOAD(SR), LOAD(DR), LOAD(SR)},
     .values = {TXE | RXNE, 0xFF, TXE}, .count = 3},
    {"overrun, and its end", NULL, .w25q = true,
     .script = {SETUP, CS_LOW, STORE(DR, 0x9F), DONE, STORE(DR, 0), DONE,
                LOAD(SR), LOAD(DR), LOAD(SR), LOAD(SR)},
     .values = {TXE | RXNE | OVR, 0xFF, TXE | OVR, TXE}, .count = 4},
    {"what comes after an overrun is lost", NULL,
     .script = {SETUP, STORE(DR, 0), DONE, STORE(DR, 0), DONE, LOAD(DR),
                STORE(DR, 0), SPIN(10), LOAD(SR)},
     .values = {0xFF, TXE | OVR}, .count = 2},
    {"SPE waited for", NULL, .w25q = true,
     .script = {READY, CS_LOW, STORE(CR1, ON & ~0x40), STORE(DR, 0x9F),
                LOAD(SR), STORE(CR1, ON), WAIT(SR, RXNE, RXNE), LOAD(DR),
                BYTE(0)},
     .values = {0, 0xFF, 0xEF}, .count = 3},
    {"a third frame", "DR written before TXE was set",
     .script = {CRAWL, STORE(DR, 1), STORE(DR, 2), STORE(DR, 3)}},
    {"SCK is not alternate", "no SCK pin is in alternate function 5",
     .script = {SETUP, STORE(B_MODER, 0xA1000280), STORE(DR, 1), DONE}},
    {"MOSI has another function", "no MOSI pin is in alternate function 5",
     .script = {SETUP, STORE(B_AFRH, 0x75500000), STORE(DR, 1), DONE}},
    {"MISO is not alternate", "answers SPI2 while no MISO pin is in alternate",
     .w25q = true,
     .script = {SETUP, STORE(B_MODER, 0x89000280), CS_LOW, BYTE(0x9F),
                BYTE(0)}},
    {"MISO is not needed when nobody answers", NULL,
     .script = {SETUP, STORE(B_MODER, 0x89000280), BYTE(1)}, .values = {0},
     .count = 1},
    {"the rate at rest", NULL,
     .script = {SETUP, BYTE(0), STORE(CR1, ON | 8), BYTE(0)}},
    {"the rate in a frame", "changed from 0x037C to 0x0374 while a frame",
     .script = {CRAWL, STORE(DR, 1), STORE(CR1, SLOW & ~8u)}},
    {"the mode while SPE is set", "changed from 0x0344 to 0x0346 while SPE",
     .script = {SETUP, STORE(CR1, ON | 2)}},
    {"the frame while SPE is set", "changed from 0x0344 to 0x0B44 while SPE",
     .script = {SETUP, STORE(CR1, ON | 0x800)}},
    {"another rate when SPE is clear", NULL,
     .script = {SETUP, BYTE(0), STORE(CR1, ON & ~0x40), STORE(CR1, SLOW)}},
    {"SPE cleared too early", "SPE cleared while a frame is shifted",
     .script = {CRAWL, STORE(DR, 1), STORE(CR1, 0), LOAD(SR)}, .values = {TXE},
     .count = 1},
    {"the clock is switched off too early", "was switched off while it sent",
     .script = {CRAWL, STORE(DR, 1), STORE(APB1ENR, 0), SPIN(1000)}},
    {"reset through RCC too early", "reset through RCC while a frame",
     .script = {CRAWL, STORE(DR, 1), STORE(0x40023820, 1 << 14)}},
    {"the select rises too early", "chip select PB12 of W25Q64 changes while",
     .w25q = true, .script = {CRAWL, CS_LOW, STORE(DR, 1), CS_HIGH}},
    {"the select falls too late", "chip select PB12 of W25Q64 changes while",
     .w25q = true, .script = {CRAWL, STORE(DR, 1), CS_LOW}},
    {"NSS is low", "mode fault (MODF)",
     .script = {READY, STORE(CR1, 0x0244), LOAD(CR1), LOAD(SR),
                STORE(CR1, 0x0304), LOAD(SR)},
     .values = {0x0200, TXE | MODF, TXE}, .count = 3},
    {"no NSS pin", "mode fault (MODF)", .script = {READY, STORE(CR1, 0x0044)}},
    {"NSS as an output that no pin has", NULL,
     .script = {READY, STORE(CR2, 4), STORE(CR1, 0x0044), LOAD(SR)},
     .values = {TXE}, .count = 1},
    {"no longer an output", "mode fault (MODF)",
     .script = {READY, STORE(CR2, 4), STORE(CR1, 0x0044), STORE(CR2, 0)}},
    {"NSS as an output", "not modelled: SPI2 drives NSS",
     .script = {CLOCKS, STORE(B_AFRH, 0x55550000), STORE(B_MODER, 0xAA000280),
                STORE(CR2, 4), STORE(CR1, 0x0044)}},
    {"a slave", "not modelled: SPI2 as a slave",
     .script = {CLOCKS, STORE(CR1, 0x0340)}},
    {"one data line", "not modelled: SPI2 CR1 bits 0x8000",
     .script = {CLOCKS, STORE(CR1, 0x8304)}},
    {"receive only", "not modelled: SPI2 CR1 bits 0x0400",
     .script = {CLOCKS, STORE(CR1, 0x0704)}},
    {"CRC", "not modelled: SPI2 CR1 bits 0x2000",
     .script = {CLOCKS, STORE(CR1, 0x2304)}},
    {"DMA", "not modelled: SPI2 CR2 bits 0x0003",
     .script = {CLOCKS, STORE(CR2, 3)}},
    {"the format of TI", "not modelled: SPI2 CR2 bits 0x0010",
     .script = {CLOCKS, STORE(CR2, 0x10)}},
    {"I2S", "not modelled: SPI2 I2SCFGR bits 0x0800",
     .script = {CLOCKS, STORE(I2SCFGR, 0x800)}},
    {"a read-only register", "SPI2 RXCRCR is read-only",
     .script = {CLOCKS, STORE(RXCRCR, 1)}},
    {"a byte elsewhere", "SPI2 CR1 does not allow access by 8 bits",
     .script = {CLOCKS, STORE8(CR1, 1)}},
};

static void test_rules(void **state)
{
    (void)state;
    rules_check(rules, COUNT(rules), NULL);
}

/// A chip that notes what it gets ///

static struct note {
    struct spi_frame frame;
    bool selected;
    uint64_t time;
} note[16];
static unsigned notes, cuts;
static int reply;

static void note_select(struct vboard *board, bool selected)
{
    (void)board;
    (void)selected;
}

static int note_clock(struct vboard *board, const struct spi_frame *frame,
                      bool selected)
{
    assert_true(notes < COUNT(note));
    note[notes++] = (struct note){*frame, selected, vboard_time(board)};
    return reply;
}

static void note_cut(struct vboard *board)
{
    (void)board;
    cuts++;
}

static void note_power(struct vboard *board, bool on)
{
    (void)board;
    (void)on;
}

static const struct spi_slave noter = {"noter", note_select, note_clock,
                                       note_cut, note_power};

static void open_with_noter(struct rig *rig, int spi, const char *cs)
{
    rig_open(rig, NULL);
    const struct vboard_spi_place place = {spi, cs};
    assert_int_equal(spi_attach(rig->board, &noter, &place, &place), 0);
    notes = cuts = 0;
    reply = SPI_FLOATING;
}

static void run_script(struct rig *rig, const struct step *script)
{
    rig_start(rig, script);
    rig_run(rig, 200 * VBOARD_MS);
    assert_int_equal(rig->box.done, 1);
}

// Two frames in a row: the time between their ends is that of one.
static uint64_t frame_time(uint32_t cfgr, uint32_t cr1)
{
    const struct step script[] = {STORE(CFGR, cfgr),
                                  READY,
                                  STORE(CR1, cr1),
                                  STORE(DR, 0x101),
                                  STORE(DR, 2),
                                  DONE,
                                  {0}};
    struct rig rig;
    open_with_noter(&rig, 2, "PB12");
    run_script(&rig, script);
    assert_int_equal(rig.violations, 0);
    assert_int_equal(note[0].frame.mosi, 1);
    uint64_t time = note[notes - 1].time - note[0].time;
    rig_close(&rig);
    return time;
}

static void test_rate(void **state)
{
    (void)state;
    // blocks of instructions blur it a little
    assert_in_range(frame_time(0, SLOW), 127 * VBOARD_US, 129 * VBOARD_US);
    assert_int_equal(note[0].frame.hz, 62500);
    assert_in_range(frame_time(0, ON | 5 << 3), 31 * VBOARD_US, 33 * VBOARD_US);
    assert_int_equal(note[0].frame.hz, 250000);
    // 16 bits
    assert_in_range(frame_time(0, ON | 0x820), 31 * VBOARD_US, 33 * VBOARD_US);
    assert_int_equal(notes, 4);
    // SPI2 is on APB1
    assert_in_range(frame_time(0x1000, SLOW), 255 * VBOARD_US, 257 * VBOARD_US);
    assert_int_equal(note[0].frame.hz, 31250);
    assert_in_range(frame_time(0x8000, SLOW), 127 * VBOARD_US, 129 * VBOARD_US);
}

static void test_format(void **state)
{
    (void)state;
    static const struct {
        uint32_t bits;
        uint8_t mode;
        bool lsb_first;
        uint8_t first, second;
    } cases[] = {
        {0x800, 0, false, 0x12, 0x34}, {0x801, 1, false, 0x12, 0x34},
        {0x802, 2, false, 0x12, 0x34}, {0x803, 3, false, 0x12, 0x34},
        {0x880, 0, true, 0x34, 0x12},
    };
    for (unsigned i = 0; i < COUNT(cases); i++) {
        const struct step script[] = {READY,  STORE(CR1, ON | cases[i].bits),
                                      CS_LOW, STORE(DR, 0x1234),
                                      DONE,   {0}};
        struct rig rig;
        open_with_noter(&rig, 2, "PB12");
        run_script(&rig, script);
        assert_int_equal(notes, 2);
        assert_int_equal(note[0].frame.mode, cases[i].mode);
        assert_int_equal(note[0].frame.lsb_first, cases[i].lsb_first);
        assert_int_equal(note[0].frame.mosi, cases[i].first);
        assert_int_equal(note[1].frame.mosi, cases[i].second);
        assert_true(note[0].selected);
        rig_close(&rig);
    }
}

static void test_spi1(void **state)
{
    (void)state;
    // PA5 to PA7, CS PB5: the other controller, on APB2
    static const struct step script[] = {STORE(AHB1ENR, 3),
                                         STORE(APB2ENR, 1 << 12),
                                         STORE(B_BSRR, 1 << 21),
                                         STORE(B_MODER, 0x680),
                                         STORE(0x40020020, 0x55500000),
                                         STORE(0x40020000, 0xA800A800),
                                         STORE(0x40013000, ON),
                                         STORE(0x4001300C, 0x5A),
                                         WAIT(0x40013008, RXNE, RXNE),
                                         LOAD(0x4001300C),
                                         {0}};
    struct rig rig;
    open_with_noter(&rig, 1, "PB5");
    reply = 0x3C;
    run_script(&rig, script);
    assert_int_equal(rig.violations, 0);
    assert_int_equal(notes, 1);
    assert_int_equal(note[0].frame.mosi, 0x5A);
    assert_int_equal(note[0].frame.hz, 8000000);
    assert_true(note[0].selected);
    assert_int_equal(rig.box.value[0], 0x3C);
    rig_close(&rig);
}

// What is read while nobody drives MISO.
static void test_floating(void **state)
{
    (void)state;
    static const struct step up[] = {SETUP, BYTE(0), BYTE(0), {0}};
    static const struct step down[] = {
        SETUP, STORE(B_PUPDR, 0x20000100), BYTE(0), BYTE(0), {0}};
    static const struct step none[] = {
        SETUP, STORE(B_PUPDR, 0x100), BYTE(0), BYTE(0), BYTE(0), BYTE(0), {0}};
    struct rig rig;
    open_with_noter(&rig, 2, "PB12");
    run_script(&rig, up);
    assert_int_equal(rig.box.value[1], 0xFF);
    run_script(&rig, down);
    assert_int_equal(rig.box.value[1], 0);
    run_script(&rig, none);
    const uint32_t *value = rig.box.value;
    assert_false(value[0] == value[1] && value[1] == value[2] &&
                 value[2] == value[3]);
    assert_int_equal(rig.violations, 0);
    rig_close(&rig);
}

static void test_contention(void **state)
{
    (void)state;
    static const struct step script[] = {SETUP,
                                         STORE(B_BSRR, 1 << 26),
                                         STORE(B_MODER, 0xA9100280),
                                         CS_LOW,
                                         BYTE(0x9F),
                                         BYTE(0),
                                         {0}};
    struct rig rig;
    open_with_noter(&rig, 2, "PB10");
    assert_int_equal(vboard_attach_w25q(rig.board, NULL), 0);
    reply = 0xF0;
    rig_start(&rig, script);
    rig_run(&rig, VBOARD_MS);
    assert_int_equal(rig.violations, 1);
    assert_non_null(strstr(rig.violation, "drive MISO of SPI2 both"));
    assert_int_equal(rig.box.value[1], 0xE0);
    rig_close(&rig);
}

// A frame that was cut off is not clocked; the next one is.
static void test_cut_frame(void **state)
{
    (void)state;
    static const struct step script[] = {
        CRAWL, CS_LOW, STORE(DR, 1), CS_HIGH, DONE, STORE(DR, 2), DONE, {0}};
    struct rig rig;
    open_with_noter(&rig, 2, "PB12");
    run_script(&rig, script);
    assert_int_equal(cuts, 1);
    assert_int_equal(notes, 1);
    assert_int_equal(note[0].frame.mosi, 2);
    rig_close(&rig);
    static const struct step late[] = {CRAWL, STORE(DR, 1), CS_LOW, DONE, {0}};
    open_with_noter(&rig, 2, "PB12");
    run_script(&rig, late);
    assert_int_equal(cuts, 1);
    assert_int_equal(notes, 0);
    rig_close(&rig);
}

// So is one that a reset of the chip has met; that is nobody's fault.
static void test_reset_in_a_frame(void **state)
{
    (void)state;
    static const struct step second[] = {CRAWL, STORE(DR, 1), SPIN(1000), {0}};
    static const struct step first[] = {STORE(AHB1ENR, 1),
                                        STORE(APB2ENR, 1 << 12),
                                        STORE(0x40020020, 0x55500000),
                                        STORE(0x40020000, 0xA800A800),
                                        STORE(0x40013000, SLOW),
                                        STORE(0x4001300C, 1),
                                        SPIN(1000),
                                        {0}};
    for (int spi = 1; spi <= 2; spi++) {
        struct rig rig;
        open_with_noter(&rig, spi, "PB12");
        rig_start(&rig, spi == 1 ? first : second);
        rig_run(&rig, 60 * VBOARD_US);
        assert_int_equal(notes, 0);
        vboard_reset(rig.board);
        rig_run(&rig, VBOARD_MS);
        assert_int_equal(rig.violations, 0);
        assert_int_equal(cuts, 1);
        assert_int_equal(notes, 0);
        rig_close(&rig);
    }
}

static void test_places(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, NULL);
    const struct vboard_spi_place wrong[] = {
        {3, "PB12"}, {-1, NULL}, {2, "PQ1"}, {2, "PD7"}};
    for (unsigned i = 0; i < COUNT(wrong); i++) {
        assert_int_equal(vboard_attach_w25q(rig.board, &wrong[i]), -1);
    }
    assert_int_equal(vboard_attach_w25q(rig.board, NULL), 0);
    assert_int_equal(spi_attach(rig.board, &noter,
                                &(struct vboard_spi_place){1, "PB12"}, NULL),
                     -1);
    // moved, it leaves its pin
    assert_int_equal(
        vboard_attach_w25q(rig.board, &(struct vboard_spi_place){1, "PB5"}), 0);
    assert_int_equal(spi_attach(rig.board, &noter,
                                &(struct vboard_spi_place){1, "PB12"}, NULL),
                     0);
    rig_close(&rig);
}

// Chip selects are no LEDs.
static void test_no_pin_events(void **state)
{
    (void)state;
    static const struct step script[] = {READY, CS_LOW, CS_HIGH, {0}};
    for (unsigned with = 0; with < 2; with++) {
        struct rig rig;
        rig_open(&rig, NULL);
        if (with) {
            assert_int_equal(vboard_attach_w25q(rig.board, NULL), 0);
        }
        run_script(&rig, script);
        const struct rig_event *pin = rig_event(&rig, VBOARD_EVENT_PIN, 0);
        assert_true((pin == NULL) == (with == 1));
        rig_close(&rig);
    }
}

static void test_interrupts(void **state)
{
    (void)state;
    static const struct step script[] = {STORE(0xE000E104, 1 << 4),
                                         SETUP,
                                         STORE(CR2, 0x40),
                                         STORE(DR, 1),
                                         SPIN(100),
                                         STORE(DR, 2),
                                         {0}};
    struct rig rig;
    open_with_noter(&rig, 2, "PB12");
    reply = 0x77;
    rig.box.in_interrupt[0] = (struct step)LOAD(SR);
    rig.box.in_interrupt[1] = (struct step)LOAD(DR);
    rig_start(&rig, script);
    rig_run(&rig, 10 * VBOARD_MS);
    assert_int_equal(rig.box.interrupts, 2);
    assert_int_equal(rig.box.last_exception, 16 + 36);
    assert_int_equal(rig.box.value[0], TXE | RXNE);
    assert_int_equal(rig.box.value[1], 0x77);
    rig_close(&rig);
}

// Enabled when there is something to read already.
static void test_late_interrupt(void **state)
{
    (void)state;
    static const struct step script[] = {
        STORE(0xE000E104, 1 << 4), SETUP,    STORE(DR, 1), DONE,
        STORE(CR2, 0x40),          SPIN(10), {0}};
    struct rig rig;
    open_with_noter(&rig, 2, "PB12");
    rig.box.in_interrupt[0] = (struct step)LOAD(DR);
    run_script(&rig, script);
    assert_int_equal(rig.box.interrupts, 1);
    rig_close(&rig);
}

static void test_empty_interrupt(void **state)
{
    (void)state;
    static const struct step script[] = {STORE(0xE000E104, 1 << 4),
                                         CRAWL,
                                         STORE(DR, 1),
                                         STORE(DR, 2),
                                         STORE(CR2, 0x80),
                                         SPIN(1),
                                         LOAD(CR2),
                                         DONE,
                                         {0}};
    struct rig rig;
    open_with_noter(&rig, 2, "PB12");
    rig.box.in_interrupt[0] = (struct step)LOAD(SR);
    rig.box.in_interrupt[1] = (struct step)STORE(CR2, 0);
    run_script(&rig, script);
    assert_int_equal(rig.box.interrupts, 1);
    assert_int_equal(rig.box.value[0], 0x80); // not yet
    assert_int_equal(rig.box.value[1], TXE | BSY | RXNE);
    rig_close(&rig);
}

static void test_error_interrupt(void **state)
{
    (void)state;
    static const struct step script[] = {STORE(0xE000E104, 1 << 4),
                                         SETUP,
                                         STORE(CR2, 0x20),
                                         STORE(DR, 1),
                                         DONE,
                                         STORE(DR, 2),
                                         SPIN(100),
                                         {0}};
    struct rig rig;
    open_with_noter(&rig, 2, "PB12");
    rig.box.in_interrupt[0] = (struct step)LOAD(DR);
    rig.box.in_interrupt[1] = (struct step)LOAD(SR);
    run_script(&rig, script);
    assert_int_equal(rig.box.interrupts, 1);
    assert_int_equal(rig.box.value[1], TXE | OVR);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_spi1),
        cmocka_unit_test(test_floating),
        cmocka_unit_test(test_contention),
        cmocka_unit_test(test_cut_frame),
        cmocka_unit_test(test_reset_in_a_frame),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_no_pin_events),
        cmocka_unit_test(test_interrupts),
        cmocka_unit_test(test_late_interrupt),
        cmocka_unit_test(test_empty_interrupt),
        cmocka_unit_test(test_error_interrupt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
