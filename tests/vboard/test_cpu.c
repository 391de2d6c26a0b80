// SPDX-License-Identifier: MIT
//
// The core of the virtual board: exceptions, faults, timers. Each test runs one
// case of firmware/core.c and compares what it recorded.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core_board.h"

#define THREAD_MSP 0xFFFFFFF9
#define THREAD_PSP 0xFFFFFFFD
#define FORCED     0x40000000

// Runs a case to its end, which no case needs 100 ms for.
static struct mailbox run_case(struct core_board *core, uint32_t number,
                               uint32_t skip)
{
    core_start(core, number, skip);
    enum vboard_stop stop = vboard_run(core->board, 100 * VBOARD_MS);
    assert_int_equal(stop, VBOARD_STOP_TIME);
    struct mailbox box = core_mailbox(core);
    core_end(core);
    return box;
}

static void expect(uint32_t number, const uint32_t *values, uint32_t count)
{
    struct core_board core;
    struct mailbox box = run_case(&core, number, 0);
    assert_int_equal(box.done, 1);
    assert_int_equal(box.count, count);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(box.value[i], values[i]);
    }
}

#define EXPECT(number, ...)                                                    \
    do {                                                                       \
        const uint32_t values[] = {__VA_ARGS__};                               \
        expect(number, values, sizeof(values) / sizeof(values[0]));            \
    } while (0)

static void near(uint32_t value, uint32_t wanted, uint32_t tolerance)
{
    assert_in_range(value, wanted - tolerance, wanted + tolerance);
}

static void svc_gets_and_returns_registers(void **state)
{
    (void)state;
    EXPECT(CASE_SVC, 11, THREAD_MSP, 42);
}

static void more_urgent_interrupt_nests(void **state)
{
    (void)state;
    EXPECT(CASE_NESTING, 0x100, 0x110, 0x101);
}

static void pending_ones_come_by_priority_then_number(void **state)
{
    (void)state;
    EXPECT(CASE_ORDER, 1, 0x110, 0x120, 0x100, 0x101, 0x0E, 2);
}

static void basepri_holds_back_the_less_urgent(void **state)
{
    (void)state;
    EXPECT(CASE_BASEPRI, 0x110, 1, 0x100, 0x101, 0x120, 2);
}

static void faultmask_holds_back_all(void **state)
{
    (void)state;
    EXPECT(CASE_FAULTMASK, 1, 0x110, 2);
}

// A handler sees the tick a block of instructions late, but that does not add
// up: a thousand periods are a thousand periods.
static void systick_does_not_drift(void **state)
{
    (void)state;
    struct core_board core;
    struct mailbox box = run_case(&core, CASE_SYSTICK, 0);
    assert_int_equal(box.count, 5);
    near(box.value[1] - box.value[0], 1000 * 1000, 30);
    assert_int_equal(box.value[2], 0x10007); // COUNTFLAG
    assert_int_equal(box.value[3], 0);       // cleared by the read
    assert_int_equal(box.value[4], 1);
}

static void systick_counts_an_eighth(void **state)
{
    (void)state;
    struct core_board core;
    struct mailbox box = run_case(&core, CASE_SYSTICK_DIV8, 0);
    assert_int_equal(box.count, 1);
    near(box.value[0], 10 * 800, 30);
}

static void wfi_sleeps_until_an_interrupt(void **state)
{
    (void)state;
    struct core_board core;
    struct mailbox box = run_case(&core, CASE_WFI, 0);
    const uint32_t ticks[] = {1, 2, 3, 4, 5, 5, 6};
    assert_int_equal(box.count, 8);
    assert_memory_equal(box.value, ticks, sizeof(ticks));
    near(box.value[7], 6 * 16, 1); // thousands of cycles
}

static void wfi_costs_no_instructions(void **state)
{
    (void)state;
    struct core_board core;
    core_start(&core, CASE_WFI, 0);
    vboard_run(core.board, 100 * VBOARD_MS);
    assert_true(vboard_time(core.board) == 100 * VBOARD_MS);
    assert_in_range(vboard_instructions(core.board), 50, 1000);
    core_end(&core);
}

static void sleep_on_exit_stays_in_handlers(void **state)
{
    (void)state;
    struct core_board core;
    struct mailbox box = run_case(&core, CASE_SLEEP_ON_EXIT, 0);
    assert_int_equal(box.count, 0);
    near(box.ticks, 99, 1);
}

static void hints_are_not_undefined(void **state)
{
    (void)state;
    EXPECT(CASE_YIELD, 1, 3, 0x10000, FORCED, THREAD_MSP, 2);
}

static void usage_fault_escalates_unless_enabled(void **state)
{
    (void)state;
    EXPECT(CASE_UNDEFINED, 3, 0x10000, FORCED, THREAD_MSP, 0, 6, 0x10000, 0,
           THREAD_MSP);
}

static void bus_fault_tells_the_address(void **state)
{
    (void)state;
    EXPECT(CASE_BUS_FAULT, 3, 0x8200, FORCED, THREAD_MSP, 0x60000008, 5, 0x8200,
           0, THREAD_MSP, 0x60000008);
}

static void fault_is_at_the_very_instruction(void **state)
{
    (void)state;
    struct core_board core;
    struct mailbox box = run_case(&core, CASE_LOCATE, 0);
    assert_int_equal(box.done, 1);
    assert_int_equal(box.count, 24);
    for (int i = 0; i < 24; i += 2) {
        assert_int_equal(box.value[i], box.value[i + 1]);
    }
}

static void bad_exc_return_is_invpc(void **state)
{
    (void)state;
    EXPECT(CASE_INVPC, 6, 0x40000, 0, 0xFFFFFFFF);
}

static void even_branch_is_invstate(void **state)
{
    (void)state;
    EXPECT(CASE_INVSTATE, 3, 0x20000, FORCED, THREAD_MSP);
}

static void device_memory_is_not_executable(void **state)
{
    (void)state;
    EXPECT(CASE_EXECUTE_DEVICE, 3, 0x1, FORCED, THREAD_MSP);
}

static void fault_in_hard_fault_locks_up(void **state)
{
    (void)state;
    struct core_board core;
    core_start(&core, CASE_LOCKUP, 0);
    assert_int_equal(vboard_run(core.board, VBOARD_MS), VBOARD_STOP_LOCKUP);
    assert_non_null(strstr(core.seen.fault, "lockup"));
    // for good
    assert_int_equal(vboard_run(core.board, VBOARD_MS), VBOARD_STOP_LOCKUP);
    vboard_power_on(core.board);
    struct mailbox box = {.number = CASE_SVC};
    assert_int_equal(vboard_poke(core.board, MAILBOX, &box, sizeof(box)), 0);
    assert_int_equal(vboard_run(core.board, VBOARD_MS), VBOARD_STOP_TIME);
    core_end(&core);
}

// The watchdog's default period is 512 ms of a 32 kHz clock.
static void watchdog_ends_a_lockup(void **state)
{
    (void)state;
    struct core_board core;
    struct vboard_config config = {.hardware_watchdog = true};
    core_start_with(&core, CASE_LOCKUP, 0, &config);
    assert_int_equal(vboard_run(core.board, 400 * VBOARD_MS), VBOARD_STOP_TIME);
    assert_int_equal(core.seen.resets, 1);
    assert_int_equal(vboard_run(core.board, 400 * VBOARD_MS), VBOARD_STOP_TIME);
    assert_int_equal(core.seen.resets, 2);
    assert_true(core.seen.reset_cause & 1u << 29); // IWDGRSTF
    core_end(&core);
}

static void reset_button_ends_a_lockup(void **state)
{
    (void)state;
    struct core_board core;
    core_start(&core, CASE_LOCKUP, 0);
    assert_int_equal(vboard_reset_at(core.board, 2 * VBOARD_MS), 0);
    assert_int_equal(vboard_run(core.board, VBOARD_MS), VBOARD_STOP_TIME);
    assert_int_equal(core.seen.resets, 1);
    assert_int_equal(vboard_run(core.board, 2 * VBOARD_MS), VBOARD_STOP_LOCKUP);
    assert_int_equal(core.seen.resets, 2);
    core_end(&core);
}

static void stack_below_ram(uint32_t number)
{
    struct core_board core;
    core_start(&core, number, 0);
    enum vboard_stop stop = vboard_run(core.board, VBOARD_MS);
    assert_int_equal(stop, VBOARD_STOP_VIOLATION);
    assert_non_null(strstr(core.seen.violation, "stack below RAM"));
    core_end(&core);
}

static void push_below_ram_is_reported(void **state)
{
    (void)state;
    stack_below_ram(CASE_STACK_BELOW_RAM);
}

static void exception_frame_below_ram_is_reported(void **state)
{
    (void)state;
    stack_below_ram(CASE_STACKING_BELOW_RAM);
}

static void stack_below_ram_ends_in_lockup(void **state)
{
    (void)state;
    struct core_board core;
    struct vboard_config config = {.lenient = true};
    core_start_with(&core, CASE_STACKING_BELOW_RAM, 0, &config);
    assert_int_equal(vboard_run(core.board, VBOARD_MS), VBOARD_STOP_LOCKUP);
    assert_true(core.seen.violations > 0);
    core_end(&core);
}

static void vtor_moves_the_vectors(void **state)
{
    (void)state;
    EXPECT(CASE_VTOR, 0x777, 0x20010000);
}

static void aircr_resets_core_but_not_ram(void **state)
{
    (void)state;
    struct core_board core;
    struct mailbox box = run_case(&core, CASE_RESET, 0);
    assert_int_equal(box.count, 3);
    assert_int_equal(box.value[1], 0x55);
    assert_int_equal(box.value[2], 0); // VTOR, PRIMASK
    assert_int_equal(core.seen.resets, 2);
    assert_int_equal(core.seen.reset_cause, 1u << 28); // SFTRSTF
}

static void cycle_counter_needs_trcena(void **state)
{
    (void)state;
    struct core_board core;
    struct mailbox box = run_case(&core, CASE_DWT, 0);
    assert_int_equal(box.count, 3);
    assert_int_equal(box.value[0], 0);
    near(box.value[1], 6000, 10); // 1000 times four nops and the loop
    assert_int_equal(box.value[2], 0);
}

static void unprivileged_code_is_kept_out(void **state)
{
    (void)state;
    EXPECT(CASE_UNPRIVILEGED, 3, 11, THREAD_PSP, 23, 3, // svc
           5, 0x8200, 0, THREAD_PSP, // BusFault: the load of CFSR
           0);                       // PRIMASK stayed 0
}

static void floating_point_context_survives(void **state)
{
    (void)state;
    EXPECT(CASE_FPU, 0, 0x1234, 0x80000000, 4);
}

static void fpu_needs_cpacr(void **state)
{
    (void)state;
    struct core_board core;
    core_start(&core, CASE_FPU, 1);
    enum vboard_stop stop = vboard_run(core.board, VBOARD_MS);
    assert_int_equal(stop, VBOARD_STOP_VIOLATION);
    assert_non_null(strstr(core.seen.violation, "CPACR"));
    core_end(&core);
}

static void bit_band_changes_one_bit(void **state)
{
    (void)state;
    EXPECT(CASE_BITBAND, 0x20, 1, 0, 0x1000);
}

static void code_in_ram_may_change(void **state)
{
    (void)state;
    EXPECT(CASE_CODE_IN_RAM, 5, 6, 7);
}

static void clean_handover_is_silent(void **state)
{
    (void)state;
    struct core_board core;
    struct mailbox box = run_case(&core, CASE_HANDOVER, 0);
    assert_int_equal(box.value[0], 0xA99);
    assert_int_equal(core.seen.handovers, 1);
    assert_string_equal(core.seen.handover, "");
    assert_int_equal(core.seen.handover_value, 0);
}

static void handover_names_what_is_left(void **state)
{
    (void)state;
    struct core_board core;
    run_case(&core, CASE_HANDOVER, HANDOVER_LEFTOVERS);
    assert_int_equal(core.seen.handovers, 1);
    const char *left[] = {"SYST_CSR",   "SYST_RVR",  "SYST_CVR",
                          "NVIC_ISER0", "NVIC_IPR0", "RCC_AHB1ENR"};
    for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
        assert_non_null(strstr(core.seen.handover, left[i]));
    }
    assert_int_equal(core.seen.handover_value, 6);
}

static void handover_with_a_watchdog_is_silent(void **state)
{
    (void)state;
    struct core_board core;
    run_case(&core, CASE_HANDOVER, HANDOVER_WATCHDOG);
    assert_int_equal(core.seen.handovers, 1);
    assert_string_equal(core.seen.handover, "");
}

static void handover_names_the_rest_of_a_watchdog(void **state)
{
    (void)state;
    struct core_board core;
    run_case(&core, CASE_HANDOVER, HANDOVER_REGISTERS);
    assert_string_equal(core.seen.handover,
                        "RCC_CSR 0E000003 (reset 00000000), "
                        "IWDG_PR 00000004 (reset 00000000), "
                        "IWDG_RLR 00000123 (reset 00000FFF), "
                        "DBGMCU_CR 00000007 (reset 00000000), "
                        "DBGMCU_APB1_FZ 00000800 (reset 00000000), "
                        "DBGMCU_APB2_FZ 00000001 (reset 00000000)");
    run_case(&core, CASE_HANDOVER, HANDOVER_UPDATE);
    assert_string_equal(core.seen.handover,
                        "IWDG_SR 00000001 (reset 00000000)");
}

// A debugger's settings survive the reset: the bootloader has not made them.
static void handover_leaves_dbgmcu_to_debuggers(void **state)
{
    (void)state;
    struct core_board core;
    core_start(&core, CASE_HANDOVER, HANDOVER_CLEAN);
    const uint32_t stop_all = 7;
    assert_int_equal(vboard_poke(core.board, 0xE0042004, &stop_all, 4), 0);
    vboard_reset(core.board);
    vboard_run(core.board, VBOARD_MS);
    assert_int_equal(core.seen.handovers, 1);
    assert_string_equal(core.seen.handover, "");
    uint32_t value = 0;
    assert_int_equal(vboard_peek(core.board, 0xE0042004, &value, 4), 0);
    assert_int_equal(value, stop_all);
    vboard_power_on(core.board);
    assert_int_equal(vboard_peek(core.board, 0xE0042004, &value, 4), 0);
    assert_int_equal(value, 0);
    core_end(&core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(svc_gets_and_returns_registers),
        cmocka_unit_test(more_urgent_interrupt_nests),
        cmocka_unit_test(pending_ones_come_by_priority_then_number),
        cmocka_unit_test(basepri_holds_back_the_less_urgent),
        cmocka_unit_test(faultmask_holds_back_all),
        cmocka_unit_test(systick_does_not_drift),
        cmocka_unit_test(systick_counts_an_eighth),
        cmocka_unit_test(wfi_sleeps_until_an_interrupt),
        cmocka_unit_test(wfi_costs_no_instructions),
        cmocka_unit_test(sleep_on_exit_stays_in_handlers),
        cmocka_unit_test(hints_are_not_undefined),
        cmocka_unit_test(usage_fault_escalates_unless_enabled),
        cmocka_unit_test(bus_fault_tells_the_address),
        cmocka_unit_test(fault_is_at_the_very_instruction),
        cmocka_unit_test(bad_exc_return_is_invpc),
        cmocka_unit_test(even_branch_is_invstate),
        cmocka_unit_test(device_memory_is_not_executable),
        cmocka_unit_test(fault_in_hard_fault_locks_up),
        cmocka_unit_test(watchdog_ends_a_lockup),
        cmocka_unit_test(reset_button_ends_a_lockup),
        cmocka_unit_test(push_below_ram_is_reported),
        cmocka_unit_test(exception_frame_below_ram_is_reported),
        cmocka_unit_test(stack_below_ram_ends_in_lockup),
        cmocka_unit_test(vtor_moves_the_vectors),
        cmocka_unit_test(aircr_resets_core_but_not_ram),
        cmocka_unit_test(cycle_counter_needs_trcena),
        cmocka_unit_test(unprivileged_code_is_kept_out),
        cmocka_unit_test(floating_point_context_survives),
        cmocka_unit_test(fpu_needs_cpacr),
        cmocka_unit_test(bit_band_changes_one_bit),
        cmocka_unit_test(code_in_ram_may_change),
        cmocka_unit_test(clean_handover_is_silent),
        cmocka_unit_test(handover_names_what_is_left),
        cmocka_unit_test(handover_with_a_watchdog_is_silent),
        cmocka_unit_test(handover_names_the_rest_of_a_watchdog),
        cmocka_unit_test(handover_leaves_dbgmcu_to_debuggers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
