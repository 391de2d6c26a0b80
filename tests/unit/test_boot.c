// SPDX-License-Identifier: MIT
//
// What the bootloader decides, and every way in which an update can be bad.
// Where an application was there before, it must still be there, untouched,
// and the journal must say why the update was refused.

#include "board.h"

#include "ota/bytes.h"

#define V1 OTA_VERSION(1, 0, 0)
#define V2 OTA_VERSION(1, 1, 0)
#define V3 OTA_VERSION(1, 2, 0)

static struct board board;

static int setup(void **state)
{
    (void)state;
    board_init(&board, LAYOUT_F446, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    board_free(&board);
    return 0;
}

// A board that runs V1 and is offered V2.
static void running_board(void)
{
    factory_app(&board, V1, 3001);
    assert_runs(&board, V1);
    offer(&board, V2, 5003);
}

static void assert_outcome(int result, enum ota_step step, uint32_t version)
{
    struct ota_record record = newest(&board);
    assert_int_equal(record.result, result);
    assert_int_equal(record.step, step);
    assert_int_equal(record.tried_version, version);
    assert_int_equal(record.ota_flag, OTA_FLAG_NONE);
    assert_true(record.flags & OTA_RECORD_SETTLED);
}

// Boots with the update requested: V1 still runs, bit for bit, the app slot
// was never touched, the reason is recorded, and it is not tried again.
static void assert_refused(int result, enum ota_step step)
{
    uint32_t erases = board.ram->erases[4];
    assert_int_equal(request(&board), 0);
    assert_runs(&board, V1);
    assert_int_equal(board.boot.error, result);
    assert_int_equal(board.boot.step, step);
    assert_int_equal(board.ram->erases[4], erases);
    assert_outcome(result, step, board.boot.image.version);
    uint32_t ops = board.ram->ops;
    assert_runs(&board, V1);
    assert_int_equal(board.ram->ops, ops);
}

/// What runs ///

static void blank_board_has_nothing_to_run(void **state)
{
    (void)state;
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
    assert_int_equal(board.boot.app_error, OTA_ERR_MAGIC);
    assert_false(ota_boot_update_failed(&board.boot));
    // however often it looks, it does not wear the flash out
    for (int i = 0; i < 100; i++) {
        while (ota_boot_step(&board.boot) == OTA_BOOT_BUSY) {
        }
    }
    assert_int_equal(board.ram->ops, 0);
}

static void blank_board_gets_its_first_application(void **state)
{
    (void)state;
    offer(&board, V2, 5003);
    assert_runs(&board, V2);
    assert_outcome(OTA_OK, OTA_STEP_DONE, V2);
}

// somebody programs the array while the bootloader blinks
static void image_that_appears_in_recovery(void **state)
{
    (void)state;
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
    offer(&board, V2, 5003);
    enum ota_verdict verdict;
    do {
        verdict = ota_boot_step(&board.boot);
    } while (verdict == OTA_BOOT_BUSY);
    assert_int_equal(verdict, OTA_BOOT_RUN);
    assert_int_equal(board.boot.app.version, V2);
}

static void factory_application_is_adopted(void **state)
{
    (void)state;
    factory_app(&board, V1, 3001);
    assert_runs(&board, V1);
    struct ota_record record = newest(&board);
    assert_int_equal(record.ota_flag, OTA_FLAG_NONE);
    assert_int_equal(record.state, OTA_STATE_CONFIRMED);
    assert_int_equal(record.version, V1);
    assert_int_equal(record.tried_version, 0);
    // and from then on a boot writes nothing
    uint32_t ops = board.ram->ops;
    assert_runs(&board, V1);
    assert_int_equal(board.ram->ops, ops);
}

static void application_that_was_reprogrammed(void **state)
{
    (void)state;
    running_board();
    assert_int_equal(ota_area_erase(&board.layout.app, 0), 0);
    factory_app(&board, V3, 2000);
    assert_runs(&board, V3);
    assert_int_equal(newest(&board).version, V3);
}

static void rotten_application_is_not_run(void **state)
{
    (void)state;
    factory_app(&board, V1, 3001);
    assert_runs(&board, V1);
    const uint32_t places[] = {0, 4, 8, 512, 516, 512 + 3000};
    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
        uint8_t *byte = board.ram->now + board.layout.app.offset + places[i];
        *byte ^= 0x40;
        assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
        assert_int_not_equal(board.boot.app_error, 0);
        *byte ^= 0x40;
    }
    assert_runs(&board, V1);
}

static void read_error_in_the_application(void **state)
{
    (void)state;
    factory_app(&board, V1, 3001);
    assert_runs(&board, V1);
    board.ram->faults = (struct ram_faults){.read_at = 1, .sticky = true};
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
    assert_int_equal(board.boot.app_error, OTA_ERR_FLASH_READ);
}

static void one_bad_read_does_not_cost_the_application(void **state)
{
    (void)state;
    running_board();
    uint32_t ops = board.ram->ops;
    // the journal's two units first, then header, vectors, contents
    for (uint32_t at = 2 * 256; at < 2 * 256 + 30; at++) {
        board.ram->faults = (struct ram_faults){.read_at = at};
        assert_runs(&board, V1);
    }
    assert_int_equal(board.ram->ops, ops);
}

static void development_build(void **state)
{
    (void)state;
    uint8_t image[16 + 2000];
    make_image(&board, image, V1, 2000);
    uint32_t app = board.layout.app.offset;
    ram_flash_load(board.ram, app + OTA_HEADER_SPACE, image + 16, 2000);
    assert_int_equal(run_boot(&board), OTA_BOOT_RUN);
    assert_true(board.boot.development);
    // it can ask for an update like any other
    offer(&board, V2, 5003);
    assert_int_equal(request(&board), 0);
    assert_runs(&board, V2);
    assert_false(board.boot.development);
}

static void development_build_only_where_it_may(void **state)
{
    (void)state;
    uint8_t image[16 + 2000];
    make_image(&board, image, V1, 2000);
    uint32_t app = board.layout.app.offset;
    ram_flash_load(board.ram, app + OTA_HEADER_SPACE, image + 16, 2000);
    board.layout.allow_unsigned = false;
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
    board.layout.allow_unsigned = true;
    // a journal that is neither blank nor readable may hide an install
    ram_flash_load(board.ram, 0x8000, image, 64);
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
}

/// Updates that were cut off ///

// Cuts the power at an operation of the update.
static void cut_update_at(uint32_t op, enum ram_cut cut)
{
    running_board();
    assert_int_equal(request(&board), 0);
    board.ram->cut_at = op;
    board.ram->cut = cut;
    assert_int_equal(run_boot(&board), -1);
    ram_flash_power_on(board.ram);
}

// vectors are there, the header is not: it looks like a development build
static void half_an_install_is_not_run(void **state)
{
    (void)state;
    cut_update_at(16 + 1 + 500, CUT_TORN);
    memset(board.image, 0xFF, sizeof board.image);
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
    assert_true(ota_boot_update_failed(&board.boot));
    assert_int_equal(newest(&board).result, OTA_ERR_MAGIC);
    // the same outcome is not written at every boot
    uint32_t ops = board.ram->ops;
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
    assert_int_equal(board.ram->ops, ops);
    offer(&board, V2, 5003);
    assert_runs(&board, V2);
}

// Only the last record is missing. The last words may hold by chance: the
// install is done again.
static void install_without_its_last_record(void **state)
{
    (void)state;
    const uint32_t words = (5003 + 3) / 4;
    cut_update_at(16 + 1 + words + 4, CUT_AFTER);
    assert_runs(&board, V2);
    assert_int_equal(board.ram->erases[4], 2);
    assert_outcome(OTA_OK, OTA_STEP_DONE, V2);
}

// Where that is not possible, it is only the record that is written.
static void install_without_its_last_record_or_its_source(void **state)
{
    (void)state;
    const uint32_t words = (5003 + 3) / 4;
    cut_update_at(16 + 1 + words + 4, CUT_AFTER);
    memset(board.image, 0xFF, sizeof board.image);
    uint32_t ops = board.ram->ops;
    assert_runs(&board, V2);
    assert_int_equal(board.ram->ops, ops + 2 * 16);
    assert_outcome(OTA_OK, OTA_STEP_DONE, V2);
}

// a supply that is too low for the journal, and then just not: there was no
// application to lose, so the install goes on without a record, and is cut off
static void half_an_install_without_a_record_is_not_run(void **state)
{
    (void)state;
    offer(&board, V2, 5003);
    board.ram->faults = (struct ram_faults){.prog_at = 1,
                                            .prog_error = OTA_ERR_POWER,
                                            .erase_at = 1,
                                            .erase_error = OTA_ERR_POWER,
                                            .sticky = true};
    ota_c_array_init(&board.array, board.image, board.array_size);
    ota_boot_begin(&board.boot, &board.config);
    while (board.boot.journal_error == 0) {
        assert_int_equal(ota_boot_step(&board.boot), OTA_BOOT_BUSY);
    }
    board.ram->faults = (struct ram_faults){0};
    board.ram->cut_at = 1 + 600;
    board.ram->cut = CUT_TORN;
    while (!board.ram->dead) {
        assert_int_equal(ota_boot_step(&board.boot), OTA_BOOT_BUSY);
    }
    ram_flash_power_on(board.ram);
    memset(board.image, 0xFF, sizeof board.image);
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
    assert_false(board.boot.development);
}

// the same, but what the header promises is not there any more
static void install_that_rots_before_its_last_record(void **state)
{
    (void)state;
    const uint32_t words = (5003 + 3) / 4;
    cut_update_at(16 + 1 + words + 4, CUT_AFTER);
    board.ram->now[board.layout.app.offset + OTA_HEADER_SPACE + 999] ^= 1;
    assert_runs(&board, V2);
    assert_int_equal(board.ram->erases[4], 2);
}

/// Updates ///

static unsigned last_percent;
static enum ota_step last_step;

static void see_progress(void *context, enum ota_step step, unsigned percent)
{
    (void)context;
    assert_true(percent <= 100);
    assert_true(step > last_step ||
                (step == last_step && percent >= last_percent));
    last_step = step;
    last_percent = percent;
}

static void update(void **state)
{
    (void)state;
    running_board();
    assert_int_equal(request(&board), 0);
    struct ota_record asked = newest(&board);
    assert_int_equal(asked.ota_flag, OTA_FLAG_REQUEST);
    assert_int_equal(asked.version, V1);
    last_step = OTA_STEP_NONE;
    board.config.progress = see_progress;
    assert_runs(&board, V2);
    assert_int_equal(last_step, OTA_STEP_DONE);
    assert_outcome(OTA_OK, OTA_STEP_DONE, V2);
    assert_int_equal(newest(&board).version, V2);
    // only what the image needs was erased, once
    assert_int_equal(board.ram->erases[4], 1);
    assert_int_equal(board.ram->erases[5], 0);
}

static void update_over_several_sectors(void **state)
{
    (void)state;
    running_board();
    static uint8_t big[16 + 150000];
    make_image(&board, big, V3, 150000);
    board.sources[0].source = &board.array.source;
    assert_int_equal(request(&board), 0);
    ota_c_array_init(&board.array, big, sizeof big);
    ota_boot_begin(&board.boot, &board.config);
    enum ota_verdict verdict;
    do {
        verdict = ota_boot_step(&board.boot);
    } while (verdict == OTA_BOOT_BUSY);
    assert_int_equal(verdict, OTA_BOOT_RUN);
    assert_int_equal(board.boot.app.version, V3);
    assert_int_equal(board.ram->erases[4], 1);
    assert_int_equal(board.ram->erases[5], 1);
    assert_int_equal(board.ram->erases[6], 0);
    assert_int_equal(
        board.ram->erases[0] + board.ram->erases[1] + board.ram->erases[7], 0);
}

// lengths around the write unit and the chunk, on every geometry
static void any_length(void **state)
{
    (void)state;
    for (int layout = 0; layout < LAYOUT_COUNT; layout++) {
        const uint32_t sizes[] = {12,   13,   14,   15,   16,   31,  33,
                                  1023, 1024, 1025, 2047, 2049, 5001};
        struct board other;
        board_init(&other, (enum test_layout)layout, 1);
        factory_app(&other, V1, 100);
        assert_runs(&other, V1);
        for (uint32_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            offer(&other, V2 + i, sizes[i]);
            assert_int_equal(request(&other), 0);
            assert_runs(&other, V2 + i);
        }
        board_free(&other);
    }
}

static void many_updates(void **state)
{
    (void)state;
    struct board other;
    board_init(&other, LAYOUT_F103, 1); // the journal turns over every few
    factory_app(&other, V1, 100);
    assert_runs(&other, V1);
    for (uint32_t i = 1; i <= 100; i++) {
        offer(&other, V1 + i, 1000);
        assert_int_equal(request(&other), 0);
        assert_runs(&other, V1 + i);
    }
    board_free(&other);
}

/// A source that cannot be read twice ///

struct stream {
    struct ota_source source;
    const uint8_t *data;
    uint32_t size, at;
    uint32_t total; // as set_total_size told
    unsigned calls;
    uint32_t fail_at; // 0: never
};

static int stream_open(struct ota_source *source)
{
    struct stream *stream = (struct stream *)source;
    stream->at = 0;
    return 0;
}

static void stream_total(struct ota_source *source, uint32_t total)
{
    ((struct stream *)source)->total = total;
}

static int stream_read(struct ota_source *source, void *data, size_t len)
{
    struct stream *stream = (struct stream *)source;
    stream->calls++;
    if (stream->calls == stream->fail_at) {
        return OTA_ERR_SOURCE_READ;
    }
    if (stream->calls % 3 == 0) {
        return 0; // nothing yet
    }
    uint32_t left = stream->size - stream->at;
    if (left == 0) {
        return OTA_ERR_SOURCE_END;
    }
    uint32_t n = len < 77 ? (uint32_t)len : 77;
    n = n < left ? n : left;
    memcpy(data, stream->data + stream->at, n);
    stream->at += n;
    return (int)n;
}

static struct stream make_stream(void)
{
    return (struct stream){.source = {.read = stream_read,
                                      .open = stream_open,
                                      .set_total_size = stream_total},
                           .data = board.image,
                           .size = 16 + load_le32(board.image + 4)};
}

static void streaming_source(void **state)
{
    (void)state;
    running_board();
    struct stream stream = make_stream();
    board.sources[0].source = &stream.source;
    assert_int_equal(request(&board), 0);
    assert_runs(&board, V2);
    assert_int_equal(stream.total, 16 + 5003);
}

static void streamed_image_with_a_bad_crc(void **state)
{
    (void)state;
    running_board();
    board.image[3000] ^= 1;
    struct stream stream = make_stream();
    board.sources[0].source = &stream.source;
    assert_int_equal(request(&board), 0);
    // layout single and a stream: the old one is gone, but nothing bad runs
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
    assert_int_equal(board.boot.error, OTA_ERR_CRC);
    assert_int_equal(board.boot.step, OTA_STEP_VERIFY);
    assert_true(ota_boot_update_failed(&board.boot));
    assert_int_equal(newest(&board).installs, 3);
    // the image is mended: the next boot completes the update by itself
    board.image[3000] ^= 1;
    assert_runs(&board, V2);
    assert_outcome(OTA_OK, OTA_STEP_DONE, V2);
}

static void stream_that_fails_at_every_read(void **state)
{
    (void)state;
    running_board();
    struct stream stream = make_stream();
    board.sources[0].source = &stream.source;
    unsigned reads = 0;
    for (uint32_t at = 1; at < 400; at++) {
        stream.calls = 0;
        stream.fail_at = at;
        assert_int_equal(request(&board), 0);
        // before the erase: refused; after it: the second try succeeds
        assert_int_equal(run_boot(&board), OTA_BOOT_RUN);
        reads = stream.calls;
        if (reads < at) {
            break;
        }
    }
    assert_true(reads > 60 && reads < 399);
}

static void array_that_fails_at_every_read(void **state)
{
    (void)state;
    running_board();
    // the same stream with a seek: verified first
    struct stream stream = make_stream();
    board.sources[0].source = &stream.source;
    stream.fail_at = 1;
    assert_refused(OTA_ERR_SOURCE_READ, OTA_STEP_HEADER);
    assert_int_equal(board.boot.image.version, 0);
}

/// Bad images: refused before the application is touched ///

static void bad_magic(void **state)
{
    (void)state;
    running_board();
    board.image[0] ^= 1;
    assert_refused(OTA_ERR_MAGIC, OTA_STEP_HEADER);
}

static void empty_array(void **state)
{
    (void)state;
    running_board();
    memset(board.image, 0xFF, sizeof board.image);
    assert_refused(OTA_ERR_MAGIC, OTA_STEP_HEADER);
}

static void size_zero(void **state)
{
    (void)state;
    running_board();
    store_le32(board.image + 4, 0);
    assert_refused(OTA_ERR_SIZE_ZERO, OTA_STEP_HEADER);
}

static void size_one_above_the_maximum(void **state)
{
    (void)state;
    running_board();
    store_le32(board.image + 4, ota_image_max_size(&board.layout) + 1);
    assert_refused(OTA_ERR_TOO_LARGE, OTA_STEP_HEADER);
}

static void size_beyond_the_source(void **state)
{
    (void)state;
    running_board();
    store_le32(board.image + 4, sizeof board.image - 16 + 1);
    assert_refused(OTA_ERR_TRUNCATED, OTA_STEP_CHECK);
}

static void bad_crc(void **state)
{
    (void)state;
    running_board();
    board.image[16 + 5002] ^= 0x80;
    assert_refused(OTA_ERR_CRC, OTA_STEP_CHECK);
}

static void truncated_at_every_byte_of_the_header(void **state)
{
    (void)state;
    running_board();
    for (uint32_t size = 0; size < 16 + 8; size++) {
        board.array_size = size;
        assert_refused(OTA_ERR_TRUNCATED, OTA_STEP_HEADER);
    }
    board.array_size = 24;
    assert_refused(OTA_ERR_TRUNCATED, OTA_STEP_CHECK);
}

static void reset_vector_outside_or_even(void **state)
{
    (void)state;
    running_board();
    uint32_t good = load_le32(board.image + 20);
    const uint32_t bad[] = {good - 1, 0x08000201, 0x20000001, 0xFFFFFFFF};
    for (unsigned i = 0; i < 4; i++) {
        store_le32(board.image + 20, bad[i]);
        fix_crc(board.image);
        assert_refused(OTA_ERR_RESET_VECTOR, OTA_STEP_HEADER);
    }
}

static void stack_pointer_outside_ram(void **state)
{
    (void)state;
    running_board();
    const uint32_t bad[] = {0, 0x1FFFFFFC, 0x20000000, 0x20020004, 0xFFFFFFFF};
    for (unsigned i = 0; i < 5; i++) {
        store_le32(board.image + 16, bad[i]);
        fix_crc(board.image);
        assert_refused(OTA_ERR_STACK_POINTER, OTA_STEP_HEADER);
    }
}

static void request_for_an_unknown_source(void **state)
{
    (void)state;
    running_board();
    board.sources[0].id = (enum ota_source_id)77;
    assert_refused(OTA_ERR_SOURCE_OPEN, OTA_STEP_OPEN);
}

static int refuse_open(struct ota_source *source)
{
    (void)source;
    return OTA_ERR_SOURCE_OPEN;
}

static void source_that_does_not_open(void **state)
{
    (void)state;
    running_board();
    struct stream stream = make_stream();
    stream.source.open = refuse_open;
    board.sources[0].source = &stream.source;
    assert_refused(OTA_ERR_SOURCE_OPEN, OTA_STEP_OPEN);
    assert_int_equal(stream.calls, 0);
}

static void no_source_at_all(void **state)
{
    (void)state;
    running_board();
    board.config.source_count = 0;
    assert_refused(OTA_ERR_SOURCE_OPEN, OTA_STEP_OPEN);
}

/// Flash that fails ///

static void write_protected_app_slot(void **state)
{
    (void)state;
    running_board();
    assert_int_equal(request(&board), 0);
    board.ram->faults = (struct ram_faults){
        .erase_at = 1, .erase_error = OTA_ERR_FLASH_PROTECTED, .sticky = true};
    assert_runs(&board, V1); // nothing was lost
    assert_outcome(OTA_ERR_FLASH_PROTECTED, OTA_STEP_ERASE, V2);
}

// Without an application: however long somebody waits for an image, and one
// lies there, the journal is not worn out by beginnings.
static void app_slot_stays_write_protected(void **state)
{
    (void)state;
    offer(&board, V2, 900);
    struct watch *app = watch_area(&board, &board.layout.app);
    app->erase_error = OTA_ERR_FLASH_PROTECTED;
    struct watch *journal = watch_area(&board, &board.layout.journal[0]);
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(continue_boot(&board), OTA_BOOT_NO_APP);
    }
    assert_true(journal->programmed <= 3 * OTA_RECORD_SIZE);
    app->erase_error = 0;
    assert_runs(&board, V2);
}

static void supply_low_before_the_erase(void **state)
{
    (void)state;
    running_board();
    assert_int_equal(request(&board), 0);
    board.ram->faults =
        (struct ram_faults){.prog_at = 1, .prog_error = OTA_ERR_POWER};
    assert_runs(&board, V1);
    assert_int_equal(board.boot.error, OTA_ERR_POWER);
    assert_int_equal(board.boot.step, OTA_STEP_BEGIN);
    // the supply was back in time for the record of why
    assert_int_equal(newest(&board).result, OTA_ERR_POWER);
    assert_int_equal(newest(&board).ota_flag, OTA_FLAG_REQUEST);
    assert_runs(&board, V2);
}

// A supply that suffices for erasing only: the wear is bounded.
static void supply_low_after_the_erase(void **state)
{
    (void)state;
    running_board();
    assert_int_equal(request(&board), 0);
    board.ram->faults = (struct ram_faults){
        .prog_at = 100, .prog_error = OTA_ERR_POWER, .sticky = true};
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(ota_boot_step(&board.boot), OTA_BOOT_NO_APP);
    }
    assert_int_equal(board.ram->erases[4], OTA_INSTALL_TRIES);
    board.ram->faults = (struct ram_faults){0};
    assert_runs(&board, V2);
}

static void erase_error_once(void **state)
{
    (void)state;
    running_board();
    assert_int_equal(request(&board), 0);
    board.ram->faults =
        (struct ram_faults){.erase_at = 1, .erase_error = OTA_ERR_FLASH_ERASE};
    assert_runs(&board, V2);
    assert_outcome(OTA_OK, OTA_STEP_DONE, V2);
}

static void erase_error_for_good(void **state)
{
    (void)state;
    running_board();
    assert_int_equal(request(&board), 0);
    board.ram->faults = (struct ram_faults){
        .erase_at = 1, .erase_error = OTA_ERR_FLASH_ERASE, .sticky = true};
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
    assert_int_equal(newest(&board).result, OTA_ERR_FLASH_ERASE);
    assert_int_equal(newest(&board).installs, 3);
    assert_true(ota_boot_update_failed(&board.boot));
    // it stops wearing the flash, however long it blinks
    uint32_t ops = board.ram->ops;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(ota_boot_step(&board.boot), OTA_BOOT_NO_APP);
    }
    assert_int_equal(board.ram->ops, ops);
    // and a reset tries again
    board.ram->faults = (struct ram_faults){0};
    assert_runs(&board, V2);
}

// the n-th word fails, reported or not, at every place of the install
static void program_error_or_mismatch_anywhere(void **state)
{
    (void)state;
    const int errors[] = {OTA_ERR_FLASH_PROGRAM, OTA_ERR_FLASH_TIMEOUT, OTA_OK};
    for (unsigned e = 0; e < 3; e++) {
        for (uint32_t at = 1; at < 300; at += 1) {
            struct board other;
            board_init(&other, LAYOUT_F446, at);
            factory_app(&other, V1, 100);
            assert_runs(&other, V1);
            offer(&other, V2, 1000);
            assert_int_equal(request(&other), 0);
            other.ram->faults =
                (struct ram_faults){.prog_at = at, .prog_error = errors[e]};
            assert_runs(&other, V2);
            board_free(&other);
        }
    }
}

static void verify_mismatch_for_good(void **state)
{
    (void)state;
    running_board();
    assert_int_equal(request(&board), 0);
    // the 17 words of the record pass, then every word loses a bit
    board.ram->faults = (struct ram_faults){.prog_at = 17, .sticky = true};
    assert_int_equal(run_boot(&board), OTA_BOOT_NO_APP);
    assert_int_equal(board.boot.error, OTA_ERR_CRC);
    assert_int_equal(board.boot.step, OTA_STEP_VERIFY);
}

static void read_error_anywhere(void **state)
{
    (void)state;
    for (uint32_t at = 1; at < 2000; at += 7) {
        struct board other;
        board_init(&other, LAYOUT_F103, at);
        factory_app(&other, V1, 100);
        assert_runs(&other, V1);
        offer(&other, V2, 1000);
        assert_int_equal(request(&other), 0);
        other.ram->faults = (struct ram_faults){.read_at = at};
        int verdict = run_boot(&other);
        other.ram->faults = (struct ram_faults){0};
        // one bad read may delay, never lose
        if (verdict == OTA_BOOT_RUN) {
            assert_int_equal(other.boot.app_error, 0);
        }
        assert_int_equal(run_boot(&other), OTA_BOOT_RUN);
        board_free(&other);
    }
}

/// Journal trouble never stops a valid application ///

static void journal_garbage(void **state)
{
    (void)state;
    uint8_t garbage[0x8000];
    memset(garbage, 0x5A, sizeof garbage);
    factory_app(&board, V1, 3001);
    ram_flash_load(board.ram, 0x8000, garbage, sizeof garbage);
    assert_runs(&board, V1);
    assert_int_equal(newest(&board).version, V1);
}

static void journal_unwritable(void **state)
{
    (void)state;
    running_board();
    assert_int_equal(request(&board), 0);
    const int errors[] = {OTA_ERR_FLASH_PROTECTED, OTA_ERR_FLASH_PROGRAM};
    for (unsigned i = 0; i < 2; i++) {
        board.ram->faults =
            (struct ram_faults){.prog_at = 1,
                                .prog_error = errors[i],
                                .erase_at = 1,
                                .erase_error = OTA_ERR_FLASH_PROTECTED,
                                .sticky = true};
        assert_runs(&board, V1); // no record, no erase
        assert_int_equal(board.boot.step, OTA_STEP_BEGIN);
        assert_int_not_equal(board.boot.journal_error, 0);
    }
}

static void journal_full(void **state)
{
    (void)state;
    running_board();
    struct ota_journal journal;
    assert_int_equal(ota_journal_scan(&journal, board.layout.journal), 0);
    while (ota_journal_free(&journal) > 0) {
        struct ota_record record = journal.newest;
        assert_int_equal(ota_journal_append(&journal, &record), 0);
    }
    assert_int_equal(request(&board), OTA_ERR_JOURNAL_FULL);
    assert_runs(&board, V1); // makes room
    assert_int_equal(request(&board), 0);
    assert_runs(&board, V2);
}

static void dead_journal_and_no_application(void **state)
{
    (void)state;
    offer(&board, V2, 5003);
    board.layout.journal[0].offset = 0x800; // no erase unit begins there
    board.layout.journal[1].offset = 0x1000;
    assert_runs(&board, V2);
    assert_int_not_equal(board.boot.journal_error, 0);
    // the next boot finds it valid without any record
    assert_runs(&board, V2);
}

static void unsettled_record_is_settled(void **state)
{
    (void)state;
    running_board();
    struct ota_journal journal;
    assert_int_equal(ota_journal_scan(&journal, board.layout.journal), 0);
    struct ota_record record = journal.newest;
    record.flags = 0;
    assert_int_equal(ota_journal_append(&journal, &record), 0);
    assert_runs(&board, V1);
    assert_true(newest(&board).flags & OTA_RECORD_SETTLED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(blank_board_has_nothing_to_run),
        TEST(blank_board_gets_its_first_application),
        TEST(image_that_appears_in_recovery),
        TEST(factory_application_is_adopted),
        TEST(application_that_was_reprogrammed),
        TEST(rotten_application_is_not_run),
        TEST(read_error_in_the_application),
        TEST(one_bad_read_does_not_cost_the_application),
        TEST(development_build),
        TEST(development_build_only_where_it_may),
        TEST(half_an_install_is_not_run),
        TEST(half_an_install_without_a_record_is_not_run),
        TEST(install_without_its_last_record),
        TEST(install_without_its_last_record_or_its_source),
        TEST(install_that_rots_before_its_last_record),
        TEST(update),
        TEST(update_over_several_sectors),
        TEST(any_length),
        TEST(many_updates),
        TEST(streaming_source),
        TEST(streamed_image_with_a_bad_crc),
        TEST(stream_that_fails_at_every_read),
        TEST(array_that_fails_at_every_read),
        TEST(bad_magic),
        TEST(empty_array),
        TEST(size_zero),
        TEST(size_one_above_the_maximum),
        TEST(size_beyond_the_source),
        TEST(bad_crc),
        TEST(truncated_at_every_byte_of_the_header),
        TEST(reset_vector_outside_or_even),
        TEST(stack_pointer_outside_ram),
        TEST(request_for_an_unknown_source),
        TEST(source_that_does_not_open),
        TEST(no_source_at_all),
        TEST(write_protected_app_slot),
        TEST(app_slot_stays_write_protected),
        TEST(supply_low_before_the_erase),
        TEST(supply_low_after_the_erase),
        TEST(erase_error_once),
        TEST(erase_error_for_good),
        TEST(program_error_or_mismatch_anywhere),
        TEST(verify_mismatch_for_good),
        TEST(read_error_anywhere),
        TEST(journal_garbage),
        TEST(journal_unwritable),
        TEST(journal_full),
        TEST(dead_journal_and_no_application),
        TEST(unsettled_record_is_settled),
    };
    return cmocka_run_group_tests_name("boot", tests, NULL, NULL);
}
