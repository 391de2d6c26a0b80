// SPDX-License-Identifier: MIT
//
// Slots on a flash of their own, which somebody else may have written, which
// may be blank, or missing, or die at any moment; and a card that somebody
// brings. Whatever happens to them, an application that is good runs, and where
// there is none an image still finds its way in.

#include "board.h"

#include "ota/bytes.h"

#define V1 OTA_VERSION(1, 0, 0)
#define V2 OTA_VERSION(1, 1, 0)
#define V3 OTA_VERSION(1, 2, 0)

#define SIZE1 2001
#define SIZE2 9003 // a block and a unit
#define SIZE3 1501

static struct board board;

// A card: it can be read as often as one likes, and counts how often it is
// looked at.
struct card {
    struct ota_c_array array;
    int (*open)(struct ota_source *source);
    uint8_t data[16 + 10 * 1024];
    uint32_t size; // 0: there is none
    unsigned asked;
};

static struct card card;

static int card_open(struct ota_source *source)
{
    card.asked++;
    return card.size > 0 ? card.open(source) : OTA_ERR_SOURCE_OPEN;
}

static void insert_card(uint32_t version, uint32_t size)
{
    card.size = make_image(&board, card.data, version, size);
    ota_c_array_init(&card.array, card.data, card.size);
    card.open = card.array.source.open;
    card.array.source.open = card_open;
}

// A sender on a line: once, and no way back.
static struct {
    struct ota_source source;
    uint8_t data[16 + 10 * 1024];
    uint32_t size, at;
} line;

static int line_open(struct ota_source *source)
{
    (void)source;
    line.at = 0;
    return line.size > 0 ? 0 : OTA_ERR_SOURCE_OPEN;
}

static int line_read(struct ota_source *source, void *data, size_t len)
{
    (void)source;
    uint32_t left = line.size - line.at;
    uint32_t n = len < left ? (uint32_t)len : left;
    if (n == 0) {
        return OTA_ERR_SOURCE_END;
    }
    memcpy(data, line.data + line.at, n);
    line.at += n;
    return (int)n;
}

static void send(uint32_t version, uint32_t size)
{
    line.size = make_image(&board, line.data, version, size);
}

static const struct ota_boot_source sources[] = {
    {OTA_SOURCE_C_ARRAY, &board.array.source, false},
    {OTA_SOURCE_SD, &card.array.source, true},
    {OTA_SOURCE_UART, &line.source, true},
};

// V1 runs; nothing else is there.
static void start(enum test_layout layout)
{
    board_init(&board, layout, 1);
    board.config.sources = sources;
    board.config.source_count = 3;
    memset(&card, 0, sizeof card);
    card.array.source.read = line_read; // never reached
    card.array.source.open = card_open;
    memset(&line, 0, sizeof line);
    line.source.read = line_read;
    line.source.open = line_open;
    factory_app(&board, V1, SIZE1);
    assert_runs(&board, V1);
}

static int setup(void **state)
{
    (void)state;
    start(SLOTS_W25Q);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    board_free(&board);
    return 0;
}

static void restart(enum test_layout layout)
{
    board_free(&board);
    start(layout);
}

static int ask(enum ota_source_id source)
{
    struct ota_app app;
    open_app(&board, &app);
    return ota_app_request(&app, source);
}

static void assert_told(int result, enum ota_step step)
{
    struct ota_record record = newest(&board);
    assert_int_equal(record.result, result);
    assert_int_equal(record.step, step);
    assert_int_equal(record.ota_flag, OTA_FLAG_NONE);
}

static void assert_on_trial(uint32_t version)
{
    assert_true(board.boot.trial);
    struct ota_record record = newest(&board);
    assert_int_equal(record.state, OTA_STATE_TRIAL);
    assert_int_equal(record.version, version);
}

// From then on boots write nothing and look at no card, and an update works.
static void assert_well(uint32_t version)
{
    assert_runs(&board, version);
    uint32_t ops = board.ram->ops;
    unsigned asked = card.asked;
    for (int i = 0; i < 3; i++) {
        assert_runs(&board, version);
    }
    assert_int_equal(board.ram->ops, ops);
    assert_int_equal(card.asked, asked);
    full_update(&board, OTA_VERSION(2, 0, 0), 1234);
    assert_runs(&board, OTA_VERSION(2, 0, 0));
}

/// An image that somebody has put into slot A ///

// Erases what is there and writes an image file, as a programmer would.
static void write_slot_a(uint32_t version, uint32_t size)
{
    wipe_area(&board.layout.slot[0]);
    put_in_slot(&board, OTA_SLOT_A, version, size);
}

static void slot_a_is_installed(void **state)
{
    (void)state;
    const enum test_layout layouts[] = {SLOTS_W25Q, ONE_SLOT_W25Q, SLOTS_F446,
                                        SLOTS_F103, ONE_SLOT_F446};
    for (unsigned i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        restart(layouts[i]);
        bool two = board.layout.slot[1].flash;
        write_slot_a(V2, SIZE2);
        assert_int_equal(ask(OTA_SOURCE_SLOT_A), 0);
        assert_runs(&board, V2);
        assert_on_trial(V2);
        assert_told(OTA_OK, OTA_STEP_DONE);
        assert_int_equal(newest(&board).tried_version, V2);
        assert_int_equal(newest(&board).staged, OTA_SLOT_A);
        assert_int_equal(newest(&board).backup,
                         two ? OTA_SLOT_B : OTA_SLOT_NONE);
        assert_int_equal(two && slot_holds(&board, OTA_SLOT_B, V1, SIZE1), two);
        assert_int_equal(confirm_app(&board), 0);
        assert_int_equal(newest(&board).backup, OTA_SLOT_A);
        assert_well(V2);
    }
}

// What lay there was the backup: what runs goes to slot B first, and comes back
// from there.
static void slot_a_was_the_backup(void **state)
{
    (void)state;
    full_update(&board, V2, SIZE2);
    assert_runs(&board, V2);
    assert_int_equal(newest(&board).backup, OTA_SLOT_A);
    write_slot_a(V3, SIZE3);
    assert_int_equal(ask(OTA_SOURCE_SLOT_A), 0);
    assert_int_equal(newest(&board).backup, OTA_SLOT_NONE); // at once
    assert_runs(&board, V3);
    assert_on_trial(V3);
    assert_int_equal(newest(&board).backup, OTA_SLOT_B);
    assert_true(slot_holds(&board, OTA_SLOT_B, V2, SIZE2));
    assert_runs(&board, V3);
    assert_runs(&board, V3);
    assert_runs(&board, V2); // not confirmed
    assert_told(OTA_ERR_UNCONFIRMED, OTA_STEP_TRIAL);
    assert_int_equal(newest(&board).backup, OTA_SLOT_B);
    assert_well(V2);
}

// The same asked for by an application that knows nothing of roles, and the
// application rots: what others have put into slot A is not taken for the
// version that was confirmed.
static void request_that_leaves_the_backup_named(void **state)
{
    (void)state;
    for (int trouble = 0; trouble < 3; trouble++) {
        restart(SLOTS_W25Q);
        full_update(&board, V2, SIZE2);
        assert_runs(&board, V2);
        write_slot_a(V3, SIZE3);
        assert_int_equal(request_from(&board, OTA_SOURCE_SLOT_A), 0);
        assert_int_equal(newest(&board).backup, OTA_SLOT_A);
        if (trouble == 1) { // refused: nor is it named any more
            board.w25q->now[500] ^= 1;
            assert_runs(&board, V2);
            assert_told(OTA_ERR_CRC, OTA_STEP_CHECK);
            assert_int_equal(newest(&board).backup, OTA_SLOT_NONE);
            assert_well(V2);
            continue;
        }
        if (trouble == 2) { // the application rots as well
            board.ram->now[board.layout.app.offset + 777] ^= 1;
        }
        assert_runs(&board, V3);
        assert_on_trial(V3);
        assert_int_equal(newest(&board).backup, OTA_SLOT_B);
    }
}

// An update that waited in slot A is not what lies there now; one that waits in
// slot B has to give way to the backup.
static void slot_a_and_something_staged(void **state)
{
    (void)state;
    assert_int_equal(stage_image(&board, V2, SIZE2), 0);
    assert_int_equal(newest(&board).staged, OTA_SLOT_A);
    write_slot_a(V3, SIZE3);
    assert_int_equal(ask(OTA_SOURCE_SLOT_A), 0);
    assert_int_equal(newest(&board).staged, OTA_SLOT_NONE);
    assert_runs(&board, V3);
    assert_int_equal(confirm_app(&board), 0);
    assert_runs(&board, V3);
    assert_int_equal(stage_image(&board, V2, SIZE2), 0);
    assert_int_equal(newest(&board).staged, OTA_SLOT_B);
    write_slot_a(V1, SIZE1);
    assert_int_equal(ask(OTA_SOURCE_SLOT_A), 0);
    assert_runs(&board, V1);
    assert_on_trial(V1);
    assert_true(slot_holds(&board, OTA_SLOT_B, V3, SIZE3));
    assert_int_equal(newest(&board).backup, OTA_SLOT_B);
}

// What runs lies there as well: it is installed again, and nothing is lost.
static void slot_a_holds_what_runs(void **state)
{
    (void)state;
    full_update(&board, V2, SIZE2);
    assert_runs(&board, V2);
    assert_int_equal(ask(OTA_SOURCE_SLOT_A), 0);
    assert_runs(&board, V2);
    assert_told(OTA_OK, OTA_STEP_DONE);
    assert_int_equal(confirm_app(&board), 0);
    assert_runs(&board, V2);
    assert_int_equal(newest(&board).backup, OTA_SLOT_A);
    assert_true(slot_holds(&board, OTA_SLOT_B, V2, SIZE2));
    assert_well(V2);
}

static void assert_slot_a_refused(int error, enum ota_step step)
{
    assert_int_equal(ask(OTA_SOURCE_SLOT_A), 0);
    struct watch *running = watch_area(&board, &board.layout.app);
    assert_runs(&board, V1);
    assert_int_equal(running->erased + running->programmed, 0);
    assert_told(error, step);
    assert_well(V1); // not tried again
}

static void slot_a_holds_nothing_good(void **state)
{
    (void)state;
    const struct {
        uint32_t offset, value; // of the image that lies there
        int error;
        enum ota_step step;
    } cases[] = {
        {0, 0x12345678, OTA_ERR_MAGIC, OTA_STEP_HEADER},
        {4, 0, OTA_ERR_SIZE_ZERO, OTA_STEP_HEADER},
        {4, 14 * 1024 - 511, OTA_ERR_TOO_LARGE, OTA_STEP_HEADER},
        {16, 0x08000000, OTA_ERR_STACK_POINTER, OTA_STEP_HEADER},
        {20, 0x08000000, OTA_ERR_RESET_VECTOR, OTA_STEP_HEADER},
        {400, 1, OTA_ERR_CRC, OTA_STEP_CHECK},
    };
    assert_slot_a_refused(OTA_ERR_MAGIC, OTA_STEP_HEADER); // blank
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        restart(SLOTS_W25Q);
        write_slot_a(V2, SIZE2);
        store_le32(board.w25q->now + cases[i].offset, cases[i].value);
        assert_slot_a_refused(cases[i].error, cases[i].step);
    }
}

// Nothing is written for a bootloader that would not know what it means.
static void old_bootloader_no_request(void **state)
{
    (void)state;
    restart(SLOTS_W25Q);
    struct ota_record before = newest(&board);
    struct ota_app app;
    open_app(&board, &app);
    app.bootloader.features &= ~OTA_FEATURE_SLOT_A;
    assert_int_equal(ota_app_request(&app, OTA_SOURCE_SLOT_A), OTA_ERR_NO_SLOT);
    struct ota_record after = newest(&board);
    assert_int_equal(after.sequence, before.sequence);
}

static void no_slot_no_request(void **state)
{
    (void)state;
    restart(LAYOUT_F103);
    struct ota_record before = newest(&board);
    assert_int_equal(ask(OTA_SOURCE_SLOT_A), OTA_ERR_NO_SLOT);
    struct ota_record after = newest(&board);
    assert_int_equal(after.sequence, before.sequence);
    // and whoever writes such a record all the same is refused
    assert_int_equal(request_from(&board, OTA_SOURCE_SLOT_A), 0);
    assert_runs(&board, V1);
    assert_int_equal(newest(&board).ota_flag, OTA_FLAG_NONE);
    assert_int_not_equal(newest(&board).result, 0);
}

// The record of the last update's end is missing: the next boot needs the slots
// as they are.
static void slot_a_in_the_middle_of_something(void **state)
{
    (void)state;
    const uint8_t states[] = {OTA_STATE_INSTALLING, OTA_STATE_REVERTING};
    for (unsigned i = 0; i < 2; i++) {
        restart(SLOTS_W25Q);
        assert_int_equal(stage_image(&board, V2, SIZE2), 0);
        struct ota_record record = newest(&board);
        record.state = states[i];
        append_record(&board, record);
        assert_int_equal(ask(OTA_SOURCE_SLOT_A), OTA_ERR_BUSY);
        assert_int_equal(newest(&board).staged, OTA_SLOT_A);
        assert_int_equal(newest(&board).ota_flag, OTA_FLAG_NONE);
    }
}

static void slot_a_and_no_application(void **state)
{
    (void)state;
    for (int bad = 0; bad < 2; bad++) {
        restart(SLOTS_W25Q);
        write_slot_a(V2, SIZE2);
        put_in_slot(&board, OTA_SLOT_B, V3, SIZE3);
        assert_int_equal(ask(OTA_SOURCE_SLOT_A), 0);
        board.w25q->now[500] ^= (uint8_t)bad;
        wipe_area(&board.layout.app);
        assert_runs(&board, bad ? V3 : V2);
        assert_int_equal(newest(&board).ota_flag, OTA_FLAG_NONE);
    }
}

// Twice is once, and anything staged after it takes its place.
static void slot_a_asked_for_twice(void **state)
{
    (void)state;
    write_slot_a(V2, SIZE2);
    struct ota_app app;
    open_app(&board, &app);
    assert_int_equal(ota_app_request(&app, OTA_SOURCE_SLOT_A), 0);
    uint32_t sequence = newest(&board).sequence;
    assert_int_equal(ota_app_request(&app, OTA_SOURCE_SLOT_A), 0);
    assert_int_equal(newest(&board).sequence, sequence);
    assert_int_equal(stage_image(&board, V3, SIZE3), 0);
    assert_int_equal(newest(&board).ota_flag, OTA_FLAG_NONE);
    assert_runs(&board, V1);
}

// A request that was found, not written, may be torn and read well just now.
static void request_that_was_only_read(void **state)
{
    (void)state;
    assert_int_equal(ask(OTA_SOURCE_SD), 0);
    uint32_t sequence = newest(&board).sequence;
    assert_int_equal(ask(OTA_SOURCE_SD), 0); // by another ota_app
    assert_int_equal(newest(&board).sequence, sequence + 1);
    assert_int_equal(newest(&board).ota_flag, OTA_FLAG_REQUEST);
}

/// A card ///

static void card_is_asked_when_told_to(void **state)
{
    (void)state;
    insert_card(V2, SIZE2);
    for (int i = 0; i < 3; i++) {
        assert_runs(&board, V1);
    }
    assert_int_equal(card.asked, 0);
    assert_int_equal(ask(OTA_SOURCE_SD), 0);
    assert_runs(&board, V2);
    assert_on_trial(V2);
    assert_int_equal(card.asked, 1);
    assert_true(slot_holds(&board, newest(&board).staged, V2, SIZE2));
    assert_true(slot_holds(&board, newest(&board).backup, V1, SIZE1));
}

static void card_is_missing(void **state)
{
    (void)state;
    assert_int_equal(ask(OTA_SOURCE_SD), 0);
    assert_runs(&board, V1);
    assert_told(OTA_ERR_SOURCE_OPEN, OTA_STEP_OPEN);
    assert_int_equal(card.asked, 1);
    assert_well(V1);
}

// While the button is held the card is asked, the C array is not; and the image
// goes through a slot and a trial. The card stays where it is, and is not asked
// again without need.
static void button_and_a_card(void **state)
{
    (void)state;
    offer(&board, V3, SIZE3); // the C array
    board.config.recovery = true;
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
    assert_int_equal(continue_boot(&board), OTA_BOOT_NO_APP);
    assert_true(card.asked > 0);
    insert_card(V2, SIZE2);
    assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
    assert_true(app_holds(&board, V2, SIZE2));
    assert_on_trial(V2);
    assert_true(slot_holds(&board, newest(&board).staged, V2, SIZE2));
    assert_true(slot_holds(&board, newest(&board).backup, V1, SIZE1));
    board.config.recovery = false;
    unsigned asked = card.asked;
    assert_int_equal(confirm_app(&board), 0);
    assert_well(V2);
    assert_int_equal(card.asked, asked);
}

static void revert_what_the_card_brought(void)
{
    insert_card(V2, SIZE2);
    assert_int_equal(ask(OTA_SOURCE_SD), 0);
    for (int i = 0; i < 3; i++) {
        assert_runs(&board, V2);
    }
    assert_runs(&board, V1);
    assert_told(OTA_ERR_UNCONFIRMED, OTA_STEP_TRIAL);
}

// What did not confirm does not come back by itself from a card that is still
// there, though there is nothing else; who holds the button wants it.
static void card_with_what_was_reverted(void **state)
{
    (void)state;
    for (int button = 0; button < 2; button++) {
        restart(SLOTS_W25Q);
        revert_what_the_card_brought();
        assert_runs(&board, V1);
        if (button) {
            board.config.recovery = true;
            assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
            assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
            assert_true(app_holds(&board, V2, SIZE2));
            assert_on_trial(V2);
            continue;
        }
        wipe_area(&board.layout.app);
        wipe_area(&board.layout.slot[0]);
        wipe_area(&board.layout.slot[1]);
        unsigned asked = card.asked;
        for (int i = 0; i < 3; i++) {
            assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
            assert_int_equal(board.boot.error, OTA_ERR_SOURCE_OPEN); // line
        }
        assert_true(card.asked > asked);
        insert_card(V3, SIZE3);
        assert_runs(&board, V3);
    }
}

// The button is stuck and the card is still there: what runs is not installed
// again, its trial is counted, and other sources are asked all the same.
static void stuck_button_and_a_card(void **state)
{
    (void)state;
    insert_card(V2, SIZE2);
    board.config.recovery = true;
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
    assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
    assert_true(app_holds(&board, V2, SIZE2));
    struct watch *running = watch_area(&board, &board.layout.app);
    for (uint8_t boots = 2; boots <= 3; boots++) {
        assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
        for (int i = 0; i < 5; i++) {
            assert_int_equal(continue_boot(&board), OTA_BOOT_NO_APP);
            assert_int_equal(board.boot.error, OTA_ERR_SOURCE_OPEN); // line
        }
        ota_boot_end_recovery(&board.boot); // a minute later
        assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
        assert_int_equal(newest(&board).attempts, boots);
    }
    assert_int_equal(running->erased + running->programmed, 0);
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
    send(V3, SIZE3);
    assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
    assert_true(app_holds(&board, V3, SIZE3));
}

/// The flash dies ///

// The chip or its bus does not answer from the n-th call on; 0: it does.
static void dies_at(uint32_t call)
{
    board.w25q->faults = (struct ram_faults){
        .gone_at = call, .gone_error = OTA_ERR_FLASH_DEVICE};
}

// Boots of every kind, by what the journal and the flash hold before.
enum before {
    QUIET,      // V1 runs, slot A is its backup
    FACTORY,    // V1 runs, no record says so
    STAGED,     // V1 runs, V2 is staged and asked for, V1 has a backup
    FIRST,      // the same without a backup
    PUT,        // V1 runs, V2 has been put into slot A
    ON_TRIAL,   // V2 runs and has boots left
    LAST_BOOT,  // V2 has used them up
    HALF_DONE,  // V2 was being installed
    GOING_BACK, // V1 was being restored
    ROTTEN,     // V1 has rotted
    BEFORES
};

static void cut_at(uint32_t op)
{
    board.ram->cut_at = op;
    board.ram->cut = CUT_TORN;
    assert_int_equal(run_boot(&board), -1);
    ram_flash_power_on(board.ram);
}

static void bring_about(enum before before)
{
    restart(SLOTS_W25Q);
    if (before != FACTORY && before != FIRST && before != PUT) {
        full_update(&board, V1, SIZE1);
        assert_runs(&board, V1);
    }
    if (before == PUT) {
        write_slot_a(V2, SIZE2);
        assert_int_equal(ask(OTA_SOURCE_SLOT_A), 0);
    } else if (before != QUIET && before != FACTORY && before != ROTTEN) {
        assert_int_equal(stage_image(&board, V2, SIZE2), 0);
        assert_int_equal(ask(OTA_SOURCE_STAGED), 0);
    }
    if (before == HALF_DONE) {
        cut_at(1000);
        assert_int_equal(newest(&board).state, OTA_STATE_INSTALLING);
    }
    if (before == ON_TRIAL || before == LAST_BOOT || before == GOING_BACK) {
        for (int i = 0; i < (before == ON_TRIAL ? 1 : 3); i++) {
            assert_runs(&board, V2);
        }
    }
    if (before == GOING_BACK) {
        cut_at(1000);
        assert_int_equal(newest(&board).state, OTA_STATE_REVERTING);
    }
    if (before == ROTTEN) {
        board.ram->now[board.layout.app.offset + 777] ^= 1;
    }
    if (before == FACTORY) {
        wipe_area(&board.layout.journal[0]);
        wipe_area(&board.layout.journal[1]);
    }
}

static bool app_stands(void)
{
    return app_holds(&board, V1, SIZE1) || app_holds(&board, V2, SIZE2);
}

// Somebody brings V3, by the line or by a card, while the flash is still dead:
// it is installed without it, and runs on, confirmed or not.
static void rescue_by_hand(bool by_card)
{
    if (by_card) {
        insert_card(V3, SIZE3);
    } else {
        send(V3, SIZE3);
    }
    int verdict = OTA_BOOT_NO_APP;
    for (int i = 0; i < 3 && verdict == OTA_BOOT_NO_APP; i++) {
        verdict = continue_boot(&board);
    }
    assert_int_equal(verdict, OTA_BOOT_RUN);
    assert_true(app_holds(&board, V3, SIZE3));
    assert_on_trial(V3);
    for (int i = 0; i < 4; i++) {
        assert_runs(&board, V3);
    }
    assert_int_equal(confirm_app(&board), 0);
}

// The flash dies at a call of this boot. True if it lived to its end.
static bool boot_and_die(enum before before, uint32_t call, bool by_card)
{
    bring_about(before);
    bool stood = app_stands();
    dies_at(call);
    int verdict = run_boot(&board);
    bool survived = board.w25q->faults.gone_at > 1;
    if (verdict == OTA_BOOT_RUN) {
        assert_true(app_stands());
    } else {
        // an install had begun when it died, or was to be gone on with
        assert_true(!stood || newest(&board).state == OTA_STATE_INSTALLING ||
                    newest(&board).state == OTA_STATE_REVERTING);
        rescue_by_hand(by_card);
    }
    bool rescued = verdict != OTA_BOOT_RUN;
    for (int i = 0; i < 4; i++) { // still dead: it runs on
        assert_int_equal(run_boot(&board), OTA_BOOT_RUN);
        assert_true(rescued ? app_holds(&board, V3, SIZE3) : app_stands());
    }
    // it answers again: all is as ever
    dies_at(0);
    line.size = card.size = 0;
    assert_int_equal(run_boot(&board), OTA_BOOT_RUN);
    assert_int_equal(confirm_app(&board), 0);
    assert_well(board.boot.app.version);
    return survived;
}

static void flash_dies_at_every_call(void **state)
{
    (void)state;
    for (int before = 0; before < BEFORES; before++) {
        uint32_t call = 1;
        while (!boot_and_die((enum before)before, call, call % 2 == 0)) {
            call++;
        }
        assert_true(call > 1 || before == QUIET || before == FACTORY ||
                    before == ON_TRIAL);
    }
}

// Missing from the start, or failing in another way: what is asked for is
// refused, told, and not asked for again by itself.
static void requests_while_it_is_dead(void **state)
{
    (void)state;
    const int errors[] = {OTA_ERR_FLASH_DEVICE, OTA_ERR_FLASH_TIMEOUT};
    const enum before befores[] = {STAGED, FIRST, PUT};
    for (unsigned i = 0; i < 6; i++) {
        bring_about(befores[i / 2]);
        struct watch *running = watch_area(&board, &board.layout.app);
        board.w25q->faults =
            (struct ram_faults){.gone_at = 1, .gone_error = errors[i % 2]};
        assert_runs(&board, V1);
        assert_false(board.boot.trial);
        assert_told(errors[i % 2], OTA_STEP_HEADER);
        assert_runs(&board, V1); // a unit's first record is made sure of
        uint32_t ops = board.ram->ops;
        assert_runs(&board, V1);
        assert_int_equal(board.ram->ops, ops);
        assert_int_equal(running->erased + running->programmed, 0);
    }
}

// An image that a source brings has nowhere to go while an application stands.
static void sources_while_it_is_dead(void **state)
{
    (void)state;
    insert_card(V2, SIZE2);
    for (int button = 0; button < 2; button++) {
        struct watch *running = watch_area(&board, &board.layout.app);
        dies_at(1);
        if (button) {
            board.config.recovery = true;
            for (int i = 0; i < 5; i++) {
                assert_int_equal(i ? continue_boot(&board) : run_boot(&board),
                                 OTA_BOOT_NO_APP);
            }
            ota_boot_end_recovery(&board.boot);
            assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
        } else {
            assert_int_equal(ask(OTA_SOURCE_SD), 0);
            assert_runs(&board, V1);
            assert_told(OTA_ERR_FLASH_DEVICE, OTA_STEP_STAGE);
        }
        assert_true(app_holds(&board, V1, SIZE1));
        assert_int_equal(running->erased + running->programmed, 0);
    }
}

// The application on trial stays: there is nothing to go back to as long as the
// flash is dead; when it is back, it is gone back to.
static void trial_while_it_is_dead(void **state)
{
    (void)state;
    bring_about(ON_TRIAL);
    dies_at(1);
    for (int i = 0; i < 6; i++) {
        assert_runs(&board, V2);
    }
    dies_at(0);
    assert_runs(&board, V1);
    assert_told(OTA_ERR_UNCONFIRMED, OTA_STEP_TRIAL);
    bring_about(LAST_BOOT);
    dies_at(1);
    for (int i = 0; i < 3; i++) {
        assert_runs(&board, V2);
    }
    assert_int_equal(confirm_app(&board), 0); // late, but well
    assert_runs(&board, V2);
}

// It is awake later than the MCU, or its supply comes up more slowly: no reset
// is needed, nor anybody who brings an image.
static void flash_answers_late(void **state)
{
    (void)state;
    const enum before befores[] = {HALF_DONE, GOING_BACK, ROTTEN};
    for (unsigned i = 0; i < sizeof befores / sizeof befores[0]; i++) {
        bring_about(befores[i]);
        dies_at(1);
        assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
        assert_int_equal(continue_boot(&board), OTA_BOOT_NO_APP);
        dies_at(0);
        assert_int_equal(continue_boot(&board), OTA_BOOT_RUN);
        assert_true(app_stands());
        assert_int_equal(confirm_app(&board), 0);
        assert_well(board.boot.app.version);
    }
}

// The button is held, the application is gone, and so is the flash.
static void recovery_without_slots(void **state)
{
    (void)state;
    for (int by = 0; by < 3; by++) { // a line, a card, then the line
        restart(SLOTS_W25Q);
        wipe_area(&board.layout.app);
        dies_at(1);
        board.config.recovery = true;
        assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
        struct watch *running = watch_area(&board, &board.layout.app);
        if (by > 0) {
            insert_card(V3, SIZE3);
        }
        if (by != 1) {
            send(V3, SIZE3);
        }
        int verdict = continue_boot(&board);
        if (verdict == OTA_BOOT_NO_APP) {
            verdict = continue_boot(&board);
        }
        assert_int_equal(verdict, OTA_BOOT_RUN);
        assert_true(app_holds(&board, V3, SIZE3));
        assert_on_trial(V3);
        assert_int_equal(newest(&board).staged, OTA_SLOT_NONE);
        assert_int_equal(newest(&board).backup, OTA_SLOT_NONE);
        assert_true(running->erased <= 3 * 1024); // once
    }
}

// A slot that takes what a card holds and does not keep it is not worn out.
static void slot_does_not_keep_it(void **state)
{
    (void)state;
    restart(SLOTS_W25Q);
    wipe_area(&board.layout.app);
    insert_card(V3, SIZE3);
    board.w25q->faults =
        (struct ram_faults){.prog_at = 3, .prog_error = OTA_OK, .sticky = true};
    int verdict = run_boot(&board);
    for (int i = 0; i < 5 && verdict == OTA_BOOT_NO_APP; i++) {
        verdict = continue_boot(&board);
    }
    assert_int_equal(verdict, OTA_BOOT_RUN);
    assert_true(app_holds(&board, V3, SIZE3));
    assert_int_equal(board.w25q->erases[0], 1);
}

// A flash of which nothing is known: new, or wiped.
static void flash_is_blank(void **state)
{
    (void)state;
    for (int before = 0; before < BEFORES; before++) {
        bring_about((enum before)before);
        wipe_area(&board.layout.slot[0]);
        wipe_area(&board.layout.slot[1]);
        int verdict = run_boot(&board);
        if (before == HALF_DONE || before == GOING_BACK || before == ROTTEN) {
            assert_int_equal(verdict, OTA_BOOT_NO_APP);
            rescue_by_hand(before % 2);
        } else {
            assert_int_equal(verdict, OTA_BOOT_RUN);
            bool new = before == ON_TRIAL || before == LAST_BOOT;
            assert_true(new ? app_holds(&board, V2, SIZE2)
                            : app_holds(&board, V1, SIZE1));
            assert_int_equal(confirm_app(&board), 0);
        }
        line.size = card.size = 0;
        assert_int_equal(run_boot(&board), OTA_BOOT_RUN);
        assert_well(board.boot.app.version);
    }
}

/// Wear ///

// A journal of two pages of 1 KiB turns over all the time, but each of them is
// erased less often than those of the app slot: DESIGN.md says once in four
// updates.
static void journal_is_not_the_first_to_wear_out(void **state)
{
    (void)state;
    const uint32_t *erases = board.ram->erases;
    const uint32_t updates = 200;
    uint32_t before[2] = {erases[16], erases[17]};
    uint32_t app = erases[18];
    for (uint32_t i = 1; i <= updates; i++) {
        full_update(&board, OTA_VERSION(3, 0, i), SIZE1);
        assert_runs(&board, OTA_VERSION(3, 0, i));
        assert_runs(&board, OTA_VERSION(3, 0, i));
    }
    assert_int_equal(erases[18] - app, updates);
    for (unsigned i = 0; i < 2; i++) {
        uint32_t turns = erases[16 + i] - before[i];
        assert_true(turns > 0 && 4 * turns <= updates);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(slot_a_is_installed),
        TEST(slot_a_was_the_backup),
        TEST(request_that_leaves_the_backup_named),
        TEST(slot_a_and_something_staged),
        TEST(slot_a_holds_what_runs),
        TEST(slot_a_holds_nothing_good),
        TEST(old_bootloader_no_request),
        TEST(no_slot_no_request),
        TEST(slot_a_in_the_middle_of_something),
        TEST(slot_a_and_no_application),
        TEST(slot_a_asked_for_twice),
        TEST(request_that_was_only_read),
        TEST(card_is_asked_when_told_to),
        TEST(card_is_missing),
        TEST(button_and_a_card),
        TEST(card_with_what_was_reverted),
        TEST(stuck_button_and_a_card),
        TEST(flash_dies_at_every_call),
        TEST(requests_while_it_is_dead),
        TEST(sources_while_it_is_dead),
        TEST(trial_while_it_is_dead),
        TEST(flash_answers_late),
        TEST(recovery_without_slots),
        TEST(slot_does_not_keep_it),
        TEST(flash_is_blank),
        TEST(journal_is_not_the_first_to_wear_out),
    };
    return cmocka_run_group_tests_name("external", tests, NULL, NULL);
}
