// SPDX-License-Identifier: MIT
//
// Boards with their slots on a W25Q64, with the very binaries that go on the
// hardware: updates by the button, over the console, and what a chip that is
// missing, dead or blank means.

#include "sender.h"
#include "slots.h"

#include <stdlib.h>

// A W25Q that does not answer may not cost more than this.
#define AT_ONCE (50 * VBOARD_MS)

static struct rig *bench(void)
{
    const struct vboard_config config = {.mcu = BOARD_MCU, .hse_hz = 8000000};
    struct rig *rig = rig_new(&config);
    assert_int_equal(vboard_attach_w25q(rig->board, NULL), 0);
    return rig;
}

static struct rig *factory(void)
{
    struct rig *rig = bench();
    rig_program(rig, "factory.bin", 0);
    vboard_power_on(rig->board);
    rig_expect(rig, "app 1.0.0: running; last update: none", BOOT_TIME);
    return rig;
}

// As the reference system does it: somebody programs the chip.
static void put_w25q(struct rig *rig, const char *name, uint32_t offset)
{
    size_t size;
    uint8_t *data = rig_file(name, &size);
    memcpy(vboard_w25q(rig->board, NULL) + offset, data, size);
    free(data);
}

static void assert_w25q(struct rig *rig, const char *name, uint32_t offset)
{
    size_t size;
    uint8_t *data = rig_file(name, &size);
    assert_memory_equal(vboard_w25q(rig->board, NULL) + offset, data, size);
    free(data);
}

static void end(struct rig *rig)
{
    slots_assert_clean(rig);
    rig_free(rig);
}

/// Updates ///

static void image_at_address_0(void **state)
{
    (void)state;
    struct rig *rig = factory();
    put_w25q(rig, "v2.bin", SLOT_A_OFFSET);
    rig_press(rig);
    rig_expect(rig, "update requested, resetting", UPDATE_TIME);
    slots_expect_confirmed(rig, "1.1.0");
    slots_assert_app(rig, "v2.bin");
    assert_w25q(rig, "v1.bin", SLOT_B_OFFSET); // the backup
    end(rig);
}

static void nothing_at_address_0(void **state)
{
    (void)state;
    struct rig *rig = factory();
    rig_press(rig);
    rig_expect(rig, "update requested, resetting", UPDATE_TIME);
    rig_expect(rig,
               "app 1.0.0: running; last update: to 0.0.0: refused, bad "
               "magic",
               UPDATE_TIME);
    end(rig);
}

static void over_the_console(void **state)
{
    (void)state;
    struct rig *rig = factory();
    vboard_uart_send(rig->board, 1, "u", 1);
    sender_send_file(rig, "big2.bin");
    rig_expect(rig, "update requested, resetting", UPDATE_TIME);
    slots_expect_confirmed(rig, "1.1.0");
    slots_assert_app(rig, "big2.bin");

    // the next one goes to the other slot
    vboard_uart_send(rig->board, 1, "u", 1);
    sender_send_file(rig, "big1.bin");
    slots_expect_confirmed(rig, "1.0.0");
    assert_w25q(rig, "big2.bin", SLOT_A_OFFSET);
    assert_w25q(rig, "big1.bin", SLOT_B_OFFSET);
    slots_assert_app(rig, "big1.bin");
    end(rig);
}

static void reverted(void **state)
{
    (void)state;
    struct rig *rig = factory();
    put_w25q(rig, "silent.bin", SLOT_A_OFFSET);
    rig_press(rig);
    rig_expect(rig, "installed 2.2.0", UPDATE_TIME);
    for (unsigned boot = 1; boot <= TRIAL_BOOTS; boot++) {
        rig_expect(rig, "app 2.2.0: running", UPDATE_TIME);
        vboard_reset(rig->board);
    }
    rig_expect(rig, "app 1.0.0: running; last update: to 2.2.0: reverted",
               UPDATE_TIME);
    slots_assert_app(rig, "v1.bin");
    end(rig);
}

/// An SD card ///

static void insert_card(struct rig *rig)
{
    assert_int_equal(vboard_insert_sd(rig->board, IMAGE_DIR "/card.img", NULL),
                     0);
}

static void card_on_request(void **state)
{
    (void)state;
    struct rig *rig = factory();
    vboard_uart_send(rig->board, 1, "s", 1);
    rig_expect(rig, "update requested, resetting", UPDATE_TIME);
    rig_expect(rig, "app 1.0.0: running; last update: to 0.0.0: refused, ",
               UPDATE_TIME); // there is none

    insert_card(rig);
    vboard_uart_send(rig->board, 1, "s", 1);
    rig_expect(rig, "update requested, resetting", UPDATE_TIME);
    slots_expect_confirmed(rig, "1.1.0");
    slots_assert_app(rig, "v2.bin");
    end(rig);
}

// The button is held at reset.
static void card_by_hand(void **state)
{
    (void)state;
    struct rig *rig = factory();
    insert_card(rig);
    assert_int_equal(vboard_drive_pin(rig->board, "PA8", 0), 0);
    vboard_reset(rig->board);
    rig_expect(rig, "installed 1.1.0", UPDATE_TIME);
    assert_int_equal(vboard_drive_pin(rig->board, "PA8", -1), 0);
    rig_expect(rig, "app 1.1.0: running", UPDATE_TIME);
    end(rig);
}

/// A chip that is not well ///

static void application_boots_at_once(void **state)
{
    (void)state;
    static const enum vboard_spi_fault faults[] = {
        VBOARD_SPI_MISO_HIGH, VBOARD_SPI_MISO_LOW, VBOARD_W25Q_WRONG_ID,
        VBOARD_W25Q_BUSY};
    for (unsigned i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct rig *rig = factory();
        vboard_w25q_fault(rig->board, faults[i]);
        vboard_power_on(rig->board);
        rig_expect(rig, "app 1.0.0: running; last update: none", AT_ONCE);
        end(rig);
    }
}

static void update_without_chip(void **state)
{
    (void)state;
    struct rig *rig = factory();
    vboard_w25q_fault(rig->board, VBOARD_SPI_MISO_HIGH);
    vboard_uart_send(rig->board, 1, "u", 1);
    rig_expect(rig, "C", UPDATE_TIME);
    size_t size;
    uint8_t *image = rig_file("v2.bin", &size);
    sender_send_first(rig, image, size);
    free(image);
    rig_expect(rig, "no update: ", UPDATE_TIME);
    rig_press(rig);
    rig_expect(rig, "app 1.0.0: running; last update: to 0.0.0: refused, ",
               UPDATE_TIME);
    end(rig);
}

/// Recovery ///

static struct rig *without_application(void)
{
    struct rig *rig = bench();
    rig_program(rig, "factory.bin", 0);
    memset(slots_at(rig, APP_OFFSET), 0xFF, APP_SIZE);
    return rig;
}

static void recovered(enum vboard_spi_fault fault)
{
    struct rig *rig = without_application();
    vboard_w25q_fault(rig->board, fault);
    vboard_power_on(rig->board);
    sender_send_file(rig, "v2.bin");
    rig_expect(rig, "app 1.1.0: running", UPDATE_TIME);
    slots_assert_app(rig, "v2.bin");
    end(rig);
}

static void recovery(void **state)
{
    (void)state;
    recovered(VBOARD_SPI_GOOD);
}

static void recovery_without_chip(void **state)
{
    (void)state;
    recovered(VBOARD_SPI_MISO_HIGH);
}

static void recovery_from_card(void **state)
{
    (void)state;
    struct rig *rig = without_application();
    insert_card(rig);
    vboard_power_on(rig->board);
    rig_expect(rig, "app 1.1.0: running", UPDATE_TIME);
    slots_assert_app(rig, "v2.bin");
    end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(image_at_address_0),
        cmocka_unit_test(nothing_at_address_0),
        cmocka_unit_test(over_the_console),
        cmocka_unit_test(reverted),
        cmocka_unit_test(card_on_request),
        cmocka_unit_test(card_by_hand),
        cmocka_unit_test(application_boots_at_once),
        cmocka_unit_test(update_without_chip),
        cmocka_unit_test(recovery),
        cmocka_unit_test(recovery_without_chip),
        cmocka_unit_test(recovery_from_card),
    };
    return cmocka_run_group_tests_name("board.external", tests, NULL, NULL);
}
