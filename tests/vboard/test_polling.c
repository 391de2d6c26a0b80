// SPDX-License-Identifier: MIT
//
// What lets polling loops be skipped (idle.h): no register changes between two
// timers, and a run with skipping is the run without.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "device_rig.h"
#include "state.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define RCC_CR   0x40023800
#define AHB1ENR  0x40023830
#define APB1ENR  0x40023840
#define RCC_CSR  0x40023874
#define PWR_CR   0x40007000
#define PWR_CSR  0x40007004
#define IWDG_KR  0x40003000
#define IWDG_PR  0x40003004
#define IWDG_RLR 0x40003008
#define IWDG_SR  0x4000300C
#define USART2   0x40004400
#define FLASH    0x40023C00

#define HSE_ON STORE(RCC_CR, 0x10083)
#define LSI_ON STORE(RCC_CSR, 1)
// PR first, RLR a little later: two updates on their way at once
#define IWDG_UPDATE                                                            \
    STORE(IWDG_KR, 0xCCCC), STORE(IWDG_KR, 0x5555), STORE(IWDG_PR, 3),         \
        SPIN(2), STORE(IWDG_RLR, 0x400)
#define USART2_SENDS                                                           \
    STORE(AHB1ENR, 1), STORE(APB1ENR, 1 << 17 | 1 << 28),                      \
        STORE(0x40020020, 0x7700), STORE(0x40020000, 0xA80000A0),              \
        STORE(USART2 + 8, 0x8B), STORE(USART2 + 12, 0x200C),                   \
        STORE(USART2 + 4, 'x'), STORE(USART2 + 4, 'y')
#define ERASE7                                                                 \
    STORE(FLASH + 4, 0x45670123), STORE(FLASH + 4, 0xCDEF89AB),                \
        STORE(FLASH + 16, 0x202 | 7 << 3), STORE(FLASH + 16, 0x10202 | 7 << 3)

static uint32_t read_register(struct rig *rig, const struct device *device,
                              const struct reg *reg)
{
    unsigned size = device->widths & 4 ? 4 : 2;
    return bus_read(rig->board, device->base + reg->offset, size);
}

// Every register of every device now and in the last cycle before the next
// timer: the same, by read as by peek. The first read is for what it clears.
static void compare_registers(struct rig *rig)
{
    struct vboard *board = rig->board;
    for (unsigned i = 0; i < board->chip->device_count; i++) {
        const struct device *device = board->chip->devices[i];
        for (unsigned j = 0; j < device->reg_count; j++) {
            const struct reg *reg = &device->regs[j];
            read_register(rig, device, reg);
            uint32_t before = read_register(rig, device, reg);
            uint32_t peeked = device->peek(board, device, reg->offset);
            uint64_t cycle = board->state.clock.cycle;
            board->state.clock.cycle = board->deadline - 1;
            uint32_t after = read_register(rig, device, reg);
            uint32_t peeked_after = device->peek(board, device, reg->offset);
            board->state.clock.cycle = cycle;
            if (before != after || peeked != peeked_after) {
                fail_msg("%s %s: %08x, %08x before the next timer",
                         device->name, reg->name, before, after);
            }
        }
    }
}

// While oscillators, over-drive, watchdog, USART and flash are at work.
static void test_no_register_depends_on_time(void **state)
{
    (void)state;
    static const struct step script[] = {
        USART2_SENDS, STORE(PWR_CR, 0x1C000), HSE_ON, IWDG_UPDATE, ERASE7, {0}};
    struct vboard_config config = {.lenient = true, .hse_hz = 8000000};
    struct rig rig;
    rig_open(&rig, &config);
    rig.box.from_ram = 1;
    rig_start(&rig, script);
    static const uint64_t moments[] = {60, 80, 100, 120, 200, 1000, 3000};
    for (unsigned i = 0; i < COUNT(moments); i++) {
        uint64_t time = vboard_time(rig.board);
        if (moments[i] * VBOARD_US > time) {
            rig_run(&rig, moments[i] * VBOARD_US - time);
        }
        compare_registers(&rig);
    }
    assert_int_equal(rig_peek(&rig, FLASH + 12) >> 16, 1);
    assert_int_equal(rig_peek(&rig, PWR_CSR) >> 16 & 1, 1);
    rig_close(&rig);
}

struct outcome {
    uint64_t time, instructions, skipped;
    unsigned violations, count;
    uint32_t value[4];
};

static struct outcome run_polling(const struct step *script, bool skipping)
{
    struct vboard_config config = {.lenient = true, .hse_hz = 8000000};
    struct rig rig;
    rig_open(&rig, &config);
    rig.board->idle.disabled = !skipping;
    rig_start(&rig, script);
    rig_run(&rig, 5 * VBOARD_MS);
    assert_int_equal(rig.box.done, 1);
    struct outcome outcome = {.time = vboard_time(rig.board),
                              .instructions = vboard_instructions(rig.board),
                              .skipped = rig.board->idle.skipped,
                              .violations = rig.violations,
                              .count = rig.box.count};
    for (unsigned i = 0; i < 4; i++) {
        outcome.value[i] = rig.box.value[i];
    }
    rig_close(&rig);
    return outcome;
}

static void compare_runs(const struct step *script)
{
    struct outcome with = run_polling(script, true);
    struct outcome without = run_polling(script, false);
    assert_true(with.skipped > 100);
    assert_true(without.skipped == 0);
    assert_true(with.time == without.time);
    assert_true(with.instructions == without.instructions);
    assert_int_equal(with.violations, without.violations);
    assert_int_equal(with.count, without.count);
    assert_memory_equal(with.value, without.value, sizeof(with.value));
}

#define CYCCNT 0xE0001004
#define COUNTS STORE(0xE000EDFC, 1 << 24), STORE(0xE0001000, 1)

// The cycle at which each loop ends is loaded behind it.
static void test_polling_loops(void **state)
{
    (void)state;
    static const struct step watchdog[] = {
        COUNTS,        IWDG_UPDATE,         WAIT(IWDG_SR, 1, 0), LOAD(CYCCNT),
        LOAD(IWDG_SR), WAIT(IWDG_SR, 3, 0), LOAD(CYCCNT),        {0}};
    compare_runs(watchdog);
    static const struct step clocks[] = {
        COUNTS,       LSI_ON,
        HSE_ON,       WAIT(RCC_CSR, 2, 2),
        LOAD(CYCCNT), WAIT(RCC_CR, 1 << 17, 1 << 17),
        LOAD(CYCCNT), {0}};
    compare_runs(clocks);
    static const struct step usart[] = {COUNTS,
                                        USART2_SENDS,
                                        WAIT(USART2, 0x80, 0x80),
                                        LOAD(CYCCNT),
                                        WAIT(USART2, 0x40, 0x40),
                                        LOAD(CYCCNT),
                                        {0}};
    compare_runs(usart);
}

// A loop that does what hardware does not allow is reported each time round.
static void test_violations_are_not_skipped(void **state)
{
    (void)state;
    // USART2 without its clock
    static const struct step script[] = {WAIT(USART2, 1, 1), {0}};
    unsigned violations[2];
    for (unsigned i = 0; i < 2; i++) {
        struct rig rig;
        rig_open(&rig, NULL);
        rig.board->idle.disabled = i;
        rig_start(&rig, script);
        rig_run(&rig, VBOARD_MS);
        violations[i] = rig.violations;
        rig_close(&rig);
    }
    assert_true(violations[0] > 100);
    assert_int_equal(violations[0], violations[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_register_depends_on_time),
        cmocka_unit_test(test_polling_loops),
        cmocka_unit_test(test_violations_are_not_skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
