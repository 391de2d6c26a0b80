// SPDX-License-Identifier: MIT
//
// SD cards, good and bad, as a source of updates: when the application asks for
// one, when there is nothing to run, and when the button is held.

#include "external.h"

#include <stdio.h>
#include <stdlib.h>

#include "state.h" // what no instruction of the firmware could bring about

static void insert(struct rig *rig, const char *card)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/cards/%s.img", IMAGE_DIR, card);
    assert_int_equal(vboard_insert_sd(rig->board, path, NULL), 0);
}

static void pull_out(struct rig *rig)
{
    assert_int_equal(vboard_insert_sd(rig->board, NULL, NULL), 0);
}

static void hold_button(struct rig *rig, bool hold)
{
    assert_int_equal(vboard_drive_pin(rig->board, "PA8", hold ? 0 : -1), 0);
}

/// Good cards ///

static const char *const good[] = {"small",      "upper",   "long",
                                   "labelled",   "fat32",   "largest_sc",
                                   "fragmented", "trailing"};
#define GOOD (sizeof good / sizeof good[0])

static void installed_on_request(void **state)
{
    (void)state;
    struct rig *rig = external_factory(NULL);
    struct external_moment start = external_save(rig);
    for (unsigned i = 0; i < GOOD; i += external_every(2)) {
        external_restore(rig, &start);
        insert(rig, good[i]);
        external_key(rig, 's');
        external_expect_confirmed(rig, "1.1.0");
        slots_assert_app(rig, "v2.bin");
        external_assert_slot(rig, "v1.bin", SLOT_B_OFFSET);
    }
    vboard_snapshot_free(start.board);
    external_end(rig);
}

static void installed_in_recovery(void **state)
{
    (void)state;
    for (unsigned i = 0; i < GOOD; i += 3) {
        struct rig *rig = external_without_app(NULL);
        insert(rig, good[i]);
        vboard_power_on(rig->board);
        rig_expect(rig, "app 1.1.0: running", UPDATE_TIME);
        slots_assert_app(rig, "v2.bin");
        external_end(rig);
    }
}

static void version_1(void **state)
{
    (void)state;
    struct rig *rig = external_factory(NULL);
    vboard_sd_fault(rig->board, VBOARD_SD_VERSION_1, 0);
    insert(rig, "small");
    external_key(rig, 's');
    external_expect_confirmed(rig, "1.1.0");
    external_end(rig);
}

/// Bad cards ///

#define REFUSED(why, step) "to 0.0.0: refused, " why " (" step ")"

static const struct {
    const char *card;
    const char *outcome;
} bad[] = {
    {"zeros", REFUSED("no FAT file system", "header")},
    {"ones", REFUSED("no FAT file system", "header")},
    {"rubbish", REFUSED("no FAT file system", "header")},
    {"signature", REFUSED("no FAT file system", "header")},
    {"one_block", REFUSED("no FAT file system", "header")},
    {"missing", REFUSED("no such file", "header")},
    {"deleted", REFUSED("no such file", "header")},
    {"directory", REFUSED("no such file", "header")},
    {"hidden_away", REFUSED("no such file", "header")},
    {"empty", REFUSED("truncated", "header")},
    {"too_large", "to 1.1.0: refused, too large (header)"},
    {"truncated", "to 1.1.0: refused, truncated (check)"},
    {"flipped", "to 1.1.0: refused, bad CRC (check)"},
    {"other", "to 1.1.0: refused, bad "},
    {"loop", "to 1.1.0: refused, no FAT file system (check)"},
    {"outside", "to 1.1.0: refused, no FAT file system (check)"},
    {"early", "to 1.1.0: refused, no FAT file system (check)"},
    {"bad", "to 1.1.0: refused, no FAT file system (check)"},
};
#define BAD (sizeof bad / sizeof bad[0])

static void expect_refused(struct rig *rig, const char *outcome)
{
    char line[150];
    snprintf(line, sizeof line, "app 1.0.0: running; last update: %s", outcome);
    rig_expect(rig, line, 2 * UPDATE_TIME);
    slots_assert_app(rig, "v1.bin");
}

// Told, at every boot, and not tried again.
static void refused_on_request(void **state)
{
    (void)state;
    struct rig *rig = external_factory(NULL);
    struct external_moment start = external_save(rig);
    for (unsigned i = 0; i < BAD; i++) {
        external_restore(rig, &start);
        insert(rig, bad[i].card);
        external_key(rig, 's');
        expect_refused(rig, bad[i].outcome);
        insert(rig, "small");
        vboard_power_on(rig->board);
        expect_refused(rig, bad[i].outcome);
    }
    vboard_snapshot_free(start.board);
    external_end(rig);
}

// Neither do they keep an image from arriving over the line, nor the red LED
// from blinking evenly, nor is a flash worn by them.
static void no_help_in_recovery(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BAD; i += external_every(7)) {
        struct rig *rig = external_without_app(NULL);
        insert(rig, bad[i].card);
        vboard_power_on(rig->board);
        vboard_run(rig->board, VBOARD_S);
        rig_watch(rig, 8 * VBOARD_S);
        rig_assert_toggles(&rig->red, 100 * VBOARD_MS);
        assert_int_equal(rig->flash_ops, 0);
        external_recover(rig, "v2.bin", "1.1.0");
        external_end(rig);
    }
}

// The bootloader itself says what is wrong with a card, however often it looks.
// (Of one without an image it says nothing.)
static void expect_said_once(struct rig *rig, const char *outcome)
{
    const char *why = strstr(outcome, "refused, ") + strlen("refused, ");
    rig_expect(rig, why, VBOARD_S);
    vboard_run(rig->board, 10 * VBOARD_S);
    assert_null(strstr(rig->text + rig->from, why));
}

// Nothing that runs is replaced by what the button brings, if that is no good.
static void no_harm_by_hand(void **state)
{
    (void)state;
    for (unsigned i = 11; i < BAD; i += external_every(BAD)) {
        struct rig *rig = external_factory(NULL);
        insert(rig, bad[i].card);
        hold_button(rig, true);
        vboard_reset(rig->board);
        expect_said_once(rig, bad[i].outcome);
        rig_expect(rig, "app 1.0.0: running", 70 * VBOARD_S);
        hold_button(rig, false);
        slots_assert_app(rig, "v1.bin");
        external_end(rig);
    }
}

/// The button is held ///

static void by_hand(void **state)
{
    (void)state;
    struct rig *rig = external_factory(NULL);
    insert(rig, "small");
    hold_button(rig, true);
    vboard_reset(rig->board);
    external_expect_confirmed(rig, "1.1.0");
    external_assert_slot(rig, "v1.bin", SLOT_B_OFFSET);

    // stuck: it is not installed over and over
    uint64_t ops = rig->flash_ops;
    vboard_reset(rig->board);
    rig_expect(rig, "app 1.1.0: running", 70 * VBOARD_S);
    assert_true(rig->flash_ops - ops < 100); // one record
    hold_button(rig, false);
    external_end(rig);
}

// Put in while the button has brought it to wait; and another one after that.
static void put_in_while_it_waits(void **state)
{
    (void)state;
    struct rig *rig = external_factory(NULL);
    hold_button(rig, true);
    vboard_reset(rig->board);
    rig_watch(rig, 5 * VBOARD_S);
    rig_assert_toggles(&rig->red, 100 * VBOARD_MS);
    hold_button(rig, false);
    insert(rig, "missing");
    rig_watch(rig, 5 * VBOARD_S);
    rig_assert_toggles(&rig->red, 100 * VBOARD_MS);
    pull_out(rig);
    vboard_run(rig->board, 5 * VBOARD_S);
    insert(rig, "fat32");
    external_expect_confirmed(rig, "1.1.0");
    external_end(rig);
}

/// The same once more, or another one ///

static void same_again(void **state)
{
    (void)state;
    struct rig *rig = external_factory(NULL);
    insert(rig, "same"); // who asks for it gets it
    external_key(rig, 's');
    external_expect_confirmed(rig, "1.0.0");
    slots_assert_app(rig, "v1.bin");
    insert(rig, "second"); // does not confirm
    external_key(rig, 's');
    rig_expect(rig, "app 2.2.0: running", 2 * UPDATE_TIME);
    for (int boot = 1; boot <= TRIAL_BOOTS; boot++) {
        vboard_reset(rig->board);
    }
    for (int boot = 1; boot < TRIAL_BOOTS; boot++) {
        rig_expect(rig, "app 2.2.0: running", UPDATE_TIME);
        vboard_reset(rig->board);
    }
    expect_refused(rig, "to 2.2.0: reverted, not confirmed (trial)");
    vboard_power_on(rig->board); // the card is still there
    expect_refused(rig, "to 2.2.0: reverted, not confirmed (trial)");
    insert(rig, "small");
    external_key(rig, 's');
    external_expect_confirmed(rig, "1.1.0");
    external_end(rig);
}

/// Cards and sockets that fail ///

static const struct {
    enum vboard_spi_fault fault;
    const char *outcome;
} faults[] = {
    {VBOARD_SPI_MISO_HIGH, REFUSED("source does not answer", "open")},
    {VBOARD_SPI_MISO_LOW, REFUSED("source does not answer", "open")},
    {VBOARD_SD_NEVER_READY, REFUSED("source does not answer", "header")},
    {VBOARD_SD_BAD_CRC, REFUSED("source read error", "header")},
};
#define FAULTS (sizeof faults / sizeof faults[0])

static void faulty_on_request(void **state)
{
    (void)state;
    struct rig *rig = external_factory(NULL);
    external_key(rig, 's'); // no card
    expect_refused(rig, REFUSED("source does not answer", "open"));
    struct external_moment start = external_save(rig);
    for (unsigned i = 0; i < FAULTS; i++) {
        external_restore(rig, &start);
        insert(rig, "small");
        vboard_sd_fault(rig->board, faults[i].fault, 0);
        external_key(rig, 's');
        expect_refused(rig, faults[i].outcome);
        // it was a bad contact
        vboard_sd_fault(rig->board, VBOARD_SPI_GOOD, 0);
        external_key(rig, 's');
        external_expect_confirmed(rig, "1.1.0");
    }
    vboard_snapshot_free(start.board);
    external_end(rig);
}

// The LED shows nothing that an eye could see: a line that is stuck low may be
// a card that sends a block, which is waited for. When it was a bad contact, it
// goes on by itself.
static void faulty_in_recovery(void **state)
{
    (void)state;
    for (unsigned i = external_every(2) - 1; i < FAULTS;
         i += external_every(2)) {
        struct rig *rig = external_without_app(NULL);
        insert(rig, "small");
        vboard_sd_fault(rig->board, faults[i].fault, 0);
        vboard_power_on(rig->board);
        vboard_run(rig->board, VBOARD_S);
        rig_watch(rig, 5 * VBOARD_S);
        assert_true(rig->red.shortest > 95 * VBOARD_MS);
        assert_true(rig->red.longest < 115 * VBOARD_MS);
        assert_int_equal(rig->flash_ops, 0);
        vboard_sd_fault(rig->board, VBOARD_SPI_GOOD, 0);
        rig_expect(rig, "app 1.1.0: running", UPDATE_TIME);
        external_end(rig);
    }
}

/// Pulled out in the middle ///

// Before block n: told what, or installed.
static bool removed_on_request(struct rig *rig, unsigned n)
{
    insert(rig, "small");
    vboard_sd_fault(rig->board, VBOARD_SD_REMOVED, n);
    external_key(rig, 's');
    rig_expect(rig, ".0: running; last update: ", 2 * UPDATE_TIME);
    if (external_app_is(rig, "v2.bin")) {
        rig_expect(rig, "to 1.1.0: ok (done)", BOOT_TIME);
        return true;
    }
    slots_assert_app(rig, "v1.bin");
    rig_expect(rig, ": refused, source read error", BOOT_TIME);
    return false;
}

static void removed_at_every_block(void **state)
{
    (void)state;
    struct rig *rig = external_factory(NULL);
    struct external_moment start = external_save(rig);
    unsigned n = 0;
    bool done = false;
    while (!done && n < 1000) {
        external_restore(rig, &start);
        n += n < 3 ? 1 : external_every(11);
        done = removed_on_request(rig, n);
        if (n % 16 == 1) { // put in again
            insert(rig, "small");
            vboard_sd_fault(rig->board, VBOARD_SPI_GOOD, 0);
            external_key(rig, 's');
            external_expect_confirmed(rig, "1.1.0");
        }
    }
    // two times the file, and what is read of FAT and directory
    assert_true(n > 2 * slots_size("v2.bin") / 512);
    print_message("board: pulled out before blocks 1 to %u\n", n - 1);
    vboard_snapshot_free(start.board);
    external_end(rig);
}

// With nothing to run: it waits, and blinks; the card is put in again, or an
// image is sent.
static bool removed_in_recovery(struct rig *rig, unsigned n)
{
    insert(rig, "small");
    vboard_sd_fault(rig->board, VBOARD_SD_REMOVED, n);
    vboard_power_on(rig->board);
    if (rig_wait(rig, "app 1.1.0: running", 4 * VBOARD_S)) {
        return true;
    }
    assert_false(external_app_is(rig, "v2.bin"));
    if (n % 2) {
        if (n % 3) {
            vboard_reset(rig->board);
        }
        insert(rig, "small");
        rig_expect(rig, "app 1.1.0: running", UPDATE_TIME);
        slots_assert_app(rig, "v2.bin");
    } else {
        external_recover(rig, "v2.bin", "1.1.0");
    }
    return false;
}

static void removed_at_blocks_in_recovery(void **state)
{
    (void)state;
    struct rig *rig = external_without_app(NULL);
    vboard_power_on(rig->board);
    struct external_moment start = external_save(rig);
    unsigned n = 1;
    while (!removed_in_recovery(rig, n)) {
        external_restore(rig, &start);
        n += external_every(27);
    }
    assert_true(n > 2 * slots_size("v2.bin") / 512);
    vboard_snapshot_free(start.board);
    external_end(rig);
}

/// In the middle ///

// What ran before, or the new one, all of it.
static bool is_new(struct rig *rig)
{
    rig_expect(rig, ".0: running; last update: ", 2 * UPDATE_TIME);
    bool new = external_app_is(rig, "v2.bin");
    assert_true(new || external_app_is(rig, "v1.bin"));
    return new;
}

// NRST does not reach the card: it may be sending a block.
static void reset_while_it_reads(void **state)
{
    (void)state;
    struct rig *rig = external_factory(NULL);
    insert(rig, "small");
    external_key(rig, 's');
    struct external_moment start = external_save(rig);
    for (unsigned i = 0; i < 40; i += external_every(11)) {
        external_restore(rig, &start);
        uint64_t after = 17 * VBOARD_MS + i * 617 * VBOARD_US;
        vboard_reset_at(rig->board, vboard_time(rig->board) + after);
        external_expect_confirmed(rig, "1.1.0");
    }
    vboard_snapshot_free(start.board);
    external_end(rig);
}

// Other software has begun to read many blocks, and left it at that.
static void abandoned_in_many_blocks(void **state)
{
    (void)state;
    struct rig *rig = external_factory(NULL);
    insert(rig, "small");
    external_key(rig, 's');
    external_expect_confirmed(rig, "1.1.0");
    struct sd_state *card = &rig->board->state.device.sd;
    assert_int_equal(card->phase, SD_READY);
    card->data = SD_SENDS;
    card->many = true;
    card->has_block = false;
    card->at = 0;
    external_key(rig, 's');
    external_expect_confirmed(rig, "1.1.0");
    external_end(rig);
}

// Another card comes while this one is being staged: half of each is no image.
// (Nobody could change cards so fast that the new one is clocked too fast, as
// the board says here.)
static void another_card_in_the_middle(void **state)
{
    (void)state;
    static const struct vboard_config lenient = {.lenient = true};
    struct rig *rig = external_factory(&lenient);
    insert(rig, "small");
    external_key(rig, 's');
    struct external_moment start = external_save(rig);
    for (unsigned i = 0; i < 12; i += external_every(4)) {
        external_restore(rig, &start);
        insert(rig, "small");
        rig_stop_at_op(rig, 30 + 4 * i);
        assert_int_equal(vboard_run(rig->board, UPDATE_TIME),
                         VBOARD_STOP_REQUEST);
        rig->stop_at = 0;
        insert(rig, i % 8 ? "fat32" : "second");
        if (!is_new(rig)) {
            rig_expect(rig, "refused, source read error (stage)", BOOT_TIME);
        }
    }
    vboard_snapshot_free(start.board);
    rig->violations = 0;
    external_end(rig);
}

static void power_cuts(void **state)
{
    (void)state;
    struct rig *rig = external_factory(NULL);
    insert(rig, "small");
    external_key(rig, 's');
    struct external_moment start = external_save(rig);
    uint64_t before = rig->flash_ops;
    external_expect_confirmed(rig, "1.1.0");
    uint64_t ops = rig->flash_ops - before;
    unsigned count = 0;
    for (uint64_t op = 1; op <= ops;
         op += (op < 120 ? 4 : ops / 20) * external_every(14)) {
        external_restore(rig, &start);
        vboard_cut_at_op(rig->board, op, (enum vboard_cut)(count++ % 3));
        assert_int_equal(vboard_run(rig->board, UPDATE_TIME),
                         VBOARD_STOP_POWER_CUT);
        vboard_power_on(rig->board);
        if (!is_new(rig)) {
            external_key(rig, 's');
            external_expect_confirmed(rig, "1.1.0");
        }
    }
    vboard_snapshot_free(start.board);
    external_end(rig);
}

// A card, a W25Q and a flash that take as long as they may. (Each byte that is
// waited for costs the host time.)
static void longest_times(void **state)
{
    (void)state;
    if (external_every(2) > 1) {
        return;
    }
    static const struct vboard_config slow = {
        .timing = VBOARD_MAXIMUM,
        .hardware_watchdog = true,
    };
    struct rig *rig = external_factory(&slow);
    insert(rig, "fragmented");
    external_key(rig, 's');
    external_expect_confirmed(rig, "1.1.0");
    assert_int_equal(rig->watchdog_resets, 0);
    external_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(installed_on_request),
        cmocka_unit_test(installed_in_recovery),
        cmocka_unit_test(version_1),
        cmocka_unit_test(refused_on_request),
        cmocka_unit_test(no_help_in_recovery),
        cmocka_unit_test(no_harm_by_hand),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(put_in_while_it_waits),
        cmocka_unit_test(same_again),
        cmocka_unit_test(faulty_on_request),
        cmocka_unit_test(faulty_in_recovery),
        cmocka_unit_test(removed_at_every_block),
        cmocka_unit_test(removed_at_blocks_in_recovery),
        cmocka_unit_test(reset_while_it_reads),
        cmocka_unit_test(abandoned_in_many_blocks),
        cmocka_unit_test(another_card_in_the_middle),
        cmocka_unit_test(power_cuts),
        cmocka_unit_test(longest_times),
    };
    return cmocka_run_group_tests_name("board.card", tests, NULL, NULL);
}
