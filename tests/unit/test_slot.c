// SPDX-License-Identifier: MIT
//
// Slots as areas: writing a file in pieces of any size, finding out after a
// power cut how far it came, and reading an area as a source.

#include "board.h"

#define SIZE 0x3000

#define RUNS (const struct ota_erase_run[])

// erase units of one size and of several, bytes that erase to 0xFF and to 0
static const struct ota_geometry geometries[] = {
    {SIZE, 1, 0xFF, 1, RUNS{{12, 1024}}, 0},
    {SIZE, 2, 0xFF, 1, RUNS{{12, 1024}}, 0},
    {SIZE, 4, 0x00, 1, RUNS{{96, 128}}, 0},
    {SIZE, 4, 0xFF, 3, RUNS{{4, 512}, {2, 1024}, {4, 2048}}, 0},
    {SIZE, 8, 0xFF, 1, RUNS{{6, 2048}}, 0},
    {SIZE, 16, 0xFF, 2, RUNS{{2, 2048}, {2, 4096}}, 0},
    {SIZE, 32, 0xFF, 1, RUNS{{12, 1024}}, 0},
    {SIZE, 32, 0xFF, 1, RUNS{{1, SIZE}}, 0},
    // like a W25Q: blocks of four units, pages; and blocks of several sizes
    {SIZE, 1, 0xFF, 1, RUNS{{24, 512}}, 2048},
    {SIZE, 4, 0xFF, 2, RUNS{{4, 512}, {10, 1024}}, 1024},
};
#define GEOMETRIES (sizeof geometries / sizeof geometries[0])

static uint8_t file[SIZE];

static int setup(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < sizeof file; i++) {
        file[i] = (uint8_t)(i * 7 + i / 251);
    }
    return 0;
}

static uint32_t unit_size(const struct ota_area *area, uint32_t at)
{
    int32_t size = ota_area_unit_size(area, at);
    assert_true(size > 0);
    return (uint32_t)size;
}

// What a file of total bytes erases at once: as slot.h says, and nothing else.
static uint32_t span_size(const struct ota_area *area, uint32_t at,
                          uint32_t total)
{
    uint32_t block = area->flash->geometry->block;
    uint32_t end = total < area->size ? total : area->size;
    if (block > 0 && (area->offset + at) % block == 0 && at + block <= end) {
        return block;
    }
    return unit_size(area, at);
}

/// Erased ahead ///

// The writer under test, for the driver's hook.
static const struct ota_slot_writer *current;
static int (*real_prog)(const struct ota_flash *flash, uint32_t offset,
                        const void *data, size_t len);

// Whenever a byte is programmed, all of the span behind its own is blank and
// not torn: by that the frontier is found.
static int checking_prog(const struct ota_flash *flash, uint32_t offset,
                         const void *data, size_t len)
{
    const struct ota_area *area = current->area;
    uint32_t at = offset - area->offset;
    const uint32_t total = current->total;
    uint32_t begin = 0;
    while (begin + span_size(area, begin, total) <= at) {
        begin += span_size(area, begin, total);
    }
    uint32_t next = begin + span_size(area, begin, total);
    assert_true(at + len <= next); // a piece does not cross spans
    bool first_or_last = at == begin || at + len == next;
    if (first_or_last && next < total) {
        uint32_t size = span_size(area, next, total);
        assert_int_equal(ota_area_is_blank(area, next, size), 1);
        assert_false(
            ram_flash_is_torn(flash->context, area->offset + next, size));
    }
    return real_prog(flash, offset, data, len);
}

// A device full of something older.
static struct ram_flash *used_flash(const struct ota_geometry *geometry)
{
    static uint8_t old[SIZE];
    memset(old, 0x5A, sizeof old);
    struct ram_flash *ram = ram_flash_new(geometry, 1);
    ram->page = geometry->write_unit == 1 && geometry->block ? 64 : 0;
    ram_flash_load(ram, 0, old, sizeof old);
    return ram;
}

static int write_pieces(struct ota_slot_writer *writer, uint32_t piece)
{
    while (writer->position < writer->total) {
        uint32_t left = writer->total - writer->position;
        int err = ota_slot_write(writer, file + writer->position,
                                 left < piece ? left : piece);
        if (err) {
            return err;
        }
    }
    return 0;
}

// The area holds the file, and behind it the rest of its last write unit is
// erased; each unit was erased once and each write unit programmed once.
static void assert_written(const struct ram_flash *ram, uint32_t total)
{
    const struct ota_geometry *geometry = ram->flash.geometry;
    const struct ota_area all = {&ram->flash, 0, SIZE};
    assert_memory_equal(ram->now, file, total);
    uint32_t written = total;
    while (written % geometry->write_unit != 0) {
        assert_int_equal(ram->now[written], geometry->erased);
        written++;
    }
    assert_int_equal(ram->programs, written / geometry->write_unit);
    unsigned number = 0;
    for (uint32_t at = 0; at < SIZE; at += unit_size(&all, at)) {
        assert_int_equal(ram->erases[number], at < total);
        number++;
    }
}

static void write_all(const struct ota_geometry *geometry, uint32_t total,
                      uint32_t piece)
{
    struct ram_flash *ram = used_flash(geometry);
    real_prog = ram->flash.prog;
    ram->flash.prog = checking_prog;
    const struct ota_area area = {&ram->flash, 0, SIZE};
    struct ota_slot_writer writer;
    ota_slot_begin(&writer, &area, total, 0);
    current = &writer;
    assert_int_equal(ram->ops, 0);
    assert_int_equal(write_pieces(&writer, piece), 0);
    assert_written(ram, total);
    // and not a byte more
    uint32_t ops = ram->ops;
    assert_int_equal(ota_slot_write(&writer, file, 1), OTA_ERR_RANGE);
    assert_int_equal(ota_slot_write(&writer, file, 0), 0);
    assert_int_equal(ram->ops, ops);
    ram_flash_free(ram);
}

static void pieces_of_any_size(void **state)
{
    (void)state;
    const uint32_t pieces[] = {1,  2,  3,  7,   15,   16,   17,
                               31, 32, 33, 127, 1000, 1024, SIZE};
    const uint32_t totals[] = {24,   31,   32,   33,   127,  128,      129,
                               1023, 1024, 1025, 2049, 5001, SIZE - 1, SIZE};
    for (unsigned g = 0; g < GEOMETRIES; g++) {
        for (unsigned p = 0; p < sizeof pieces / sizeof pieces[0]; p++) {
            for (unsigned t = 0; t < sizeof totals / sizeof totals[0]; t++) {
                write_all(&geometries[g], totals[t], pieces[p]);
            }
        }
    }
}

static void too_much_at_once_writes_nothing(void **state)
{
    (void)state;
    struct ram_flash *ram = used_flash(&geometries[0]);
    const struct ota_area area = {&ram->flash, 0, SIZE};
    struct ota_slot_writer writer;
    ota_slot_begin(&writer, &area, 100, 0);
    assert_int_equal(ota_slot_write(&writer, file, 101), OTA_ERR_RANGE);
    assert_int_equal(ota_slot_write(&writer, file, SIZE_MAX), OTA_ERR_RANGE);
    assert_int_equal(ota_slot_write(&writer, file, 60), 0);
    uint32_t ops = ram->ops;
    assert_int_equal(ota_slot_write(&writer, file + 60, 41), OTA_ERR_RANGE);
    assert_int_equal(ram->ops, ops);
    assert_int_equal(writer.position, 60);
    ram_flash_free(ram);
}

// A file larger than its area: whoever did not ask before gets an error, and
// what lies behind the area is left alone.
static void file_larger_than_the_area(void **state)
{
    (void)state;
    struct ram_flash *ram = used_flash(&geometries[0]);
    const struct ota_area area = {&ram->flash, 1024, 4096};
    struct ota_slot_writer writer;
    ota_slot_begin(&writer, &area, 4097, 0);
    assert_int_equal(write_pieces(&writer, 500), OTA_ERR_RANGE);
    ram_flash_load(ram, 1024, file, 4096);
    assert_int_equal(ota_slot_frontier(&area, 4097), OTA_ERR_RANGE);
    assert_int_equal(ram->erases[0], 0);
    assert_int_equal(ram->erases[5], 0);
    ram_flash_free(ram);
}

static void flash_errors_pass(void **state)
{
    (void)state;
    for (uint32_t at = 1; at <= 3; at++) {
        struct ram_flash *ram = used_flash(&geometries[0]);
        const struct ota_area area = {&ram->flash, 0, SIZE};
        struct ota_slot_writer writer;
        ota_slot_begin(&writer, &area, 2100, 0);
        ram->faults = (struct ram_faults){.erase_at = at,
                                          .erase_error = OTA_ERR_FLASH_ERASE};
        assert_int_equal(write_pieces(&writer, 100), OTA_ERR_FLASH_ERASE);
        ota_slot_begin(&writer, &area, 2100, 0);
        ram->faults = (struct ram_faults){.prog_at = at * 700,
                                          .prog_error = OTA_ERR_FLASH_TIMEOUT};
        assert_int_equal(write_pieces(&writer, 100), OTA_ERR_FLASH_TIMEOUT);
        ram_flash_free(ram);
    }
}

/// After a cut ///

struct cut_case {
    const struct ota_geometry *geometry;
    uint32_t first, second;
    enum ram_cut how;
};

static void check(const struct cut_case *at, bool condition, const char *what)
{
    if (!condition) {
        fail_msg("geometry %d cut %u/%d/%u: %s",
                 (int)(at->geometry - geometries), (unsigned)at->first, at->how,
                 (unsigned)at->second, what);
    }
}

// What is kept of a file that came that far.
static void check_kept(const struct ota_area *area, uint32_t total,
                       uint32_t start, uint32_t reached,
                       const struct cut_case *cut)
{
    const struct ram_flash *ram = area->flash->context;
    check(cut, start < total, "it goes on in the file");
    check(cut, memcmp(ram->now, file, start) == 0, "what is kept is right");
    check(cut, !ram_flash_is_torn(ram, 0, start), "what is kept holds");
    check(cut, start <= reached, "no further than it came");
    // not more than the span that it was in and the one before
    uint32_t next = start + span_size(area, start, total);
    if (next < total) {
        next += span_size(area, next, total);
    }
    check(cut, reached <= next, "two spans are written again at most");
}

// As after a reset: if the header that lies there is the file's, it goes on.
// False: cut off.
static bool write_on(const struct ota_area *area, uint32_t total,
                     uint32_t *reached, const struct cut_case *cut,
                     bool checked)
{
    uint8_t header[OTA_PLAIN_HEADER_SIZE];
    int32_t from = 0;
    if (ota_area_read(area, 0, header, sizeof header) == 0 &&
        memcmp(header, file, sizeof header) == 0) {
        from = ota_slot_frontier(area, total);
        check(cut, from >= 0, "frontier");
    }
    if (checked && from > 0) {
        check_kept(area, total, (uint32_t)from, *reached, cut);
    }
    struct ota_slot_writer writer;
    ota_slot_begin(&writer, area, total, (uint32_t)from);
    int err = write_pieces(&writer, 100);
    *reached = writer.position;
    return err == 0;
}

static bool is_complete(const struct ram_flash *ram, uint32_t total)
{
    return memcmp(ram->now, file, total) == 0 &&
           !ram_flash_is_torn(ram, 0, total);
}

// Files that two cuts had spoiled, and all of them.
static unsigned spoiled, twice;

// After one cut all that is kept is right. If the second one tears the erase
// of a span behind which something torn had read as blank, it may pass for a
// complete one; whoever verifies the file finds out and writes it anew.
static void cut_twice(const struct cut_case *cut, uint32_t total)
{
    struct ram_flash *ram = used_flash(cut->geometry);
    ram->random = cut->first * 31 + cut->second + 1;
    const struct ota_area area = {&ram->flash, 0, SIZE};
    uint32_t reached = 0;
    const uint32_t cuts[] = {cut->first, cut->second, 0};
    for (unsigned i = 0; i < 3; i++) {
        ram->cut_at = cuts[i];
        ram->cut = cut->how;
        if (write_on(&area, total, &reached, cut, i < 2)) {
            break;
        }
        check(cut, ram->dead, "only a cut ends it");
        ram_flash_power_on(ram);
    }
    twice++;
    if (!is_complete(ram, total)) {
        check(cut, cut->second > 0, "complete after one cut");
        spoiled++;
        struct ota_slot_writer writer;
        ota_slot_begin(&writer, &area, total, 0);
        check(cut, write_pieces(&writer, 100) == 0, "written anew");
    }
    check(cut, is_complete(ram, total), "complete, and not torn");
    ram_flash_free(ram);
}

static uint32_t operations(const struct ota_geometry *geometry, uint32_t total)
{
    struct ram_flash *ram = used_flash(geometry);
    const struct ota_area area = {&ram->flash, 0, SIZE};
    struct ota_slot_writer writer;
    ota_slot_begin(&writer, &area, total, 0);
    assert_int_equal(write_pieces(&writer, 100), 0);
    uint32_t ops = ram->ops;
    ram_flash_free(ram);
    return ops;
}

static void resumed_after_a_cut_anywhere(void **state)
{
    (void)state;
    for (unsigned g = 0; g < GEOMETRIES; g++) {
        const struct ota_geometry *geometry = &geometries[g];
        uint32_t ops = operations(geometry, 5001);
        // of single bytes every third is enough
        for (uint32_t op = 1; op <= ops; op += ops > 2600 ? 3 : 1) {
            for (int how = CUT_BEFORE; how <= CUT_AFTER; how++) {
                cut_twice(
                    &(struct cut_case){geometry, op, 0, (enum ram_cut)how},
                    5001);
            }
        }
    }
}

static void resumed_after_two_cuts(void **state)
{
    (void)state;
    spoiled = twice = 0;
    for (unsigned g = 3; g < GEOMETRIES; g++) {
        const struct ota_geometry *geometry = &geometries[g];
        uint32_t ops = operations(geometry, 5001);
        uint32_t stride = 1 + ops / 90;
        for (uint32_t op = 1; op <= ops; op += stride) {
            for (uint32_t second = 1; second <= ops;
                 second += second < 4 ? 1 : stride + 1) {
                cut_twice(&(struct cut_case){geometry, op, second, CUT_TORN},
                          5001);
            }
        }
    }
    assert_true(spoiled < twice / 1000);
}

/// Blocks ///

// The sizes of all erases of a file in an area, as the device sees them.
static uint32_t erase_log[32];
static unsigned erase_count;
static int (*real_erase)(const struct ota_flash *flash, uint32_t offset,
                         uint32_t size);

static int logging_erase(const struct ota_flash *flash, uint32_t offset,
                         uint32_t size)
{
    assert_true(erase_count < 32);
    erase_log[erase_count++] = size;
    return real_erase(flash, offset, size);
}

static void assert_erases(uint32_t offset, uint32_t size, uint32_t total,
                          unsigned count, const uint32_t *sizes)
{
    struct ram_flash *ram = used_flash(&geometries[8]);
    real_erase = ram->flash.erase;
    ram->flash.erase = logging_erase;
    erase_count = 0;
    const struct ota_area area = {&ram->flash, offset, size};
    struct ota_slot_writer writer;
    ota_slot_begin(&writer, &area, total, 0);
    assert_int_equal(write_pieces(&writer, 100), 0);
    assert_int_equal(erase_count, count);
    assert_memory_equal(erase_log, sizes, count * sizeof *sizes);
    assert_memory_equal(ram->now + offset, file, total);
    for (uint32_t at = 0; at < SIZE; at += 512) { // and nobody else's
        bool ours = at + 512 > offset && at < offset + total;
        assert_int_equal(ram->erases[at / 512], ours);
    }
    ram_flash_free(ram);
}

// A block where a whole one lies in the file and in the area, else units.
static void blocks_where_they_fit(void **state)
{
    (void)state;
    const uint32_t b = 2048, u = 512;
    assert_erases(0, SIZE, 2048, 1, (uint32_t[]){b});
    assert_erases(0, SIZE, 2047, 4, (uint32_t[]){u, u, u, u});
    assert_erases(0, SIZE, 2049, 2, (uint32_t[]){b, u});
    assert_erases(0, SIZE, 5001, 4, (uint32_t[]){b, b, u, u});
    // the area does not begin with a block
    assert_erases(1024, SIZE - 1024, 5001, 7,
                  (uint32_t[]){u, u, b, u, u, u, u});
    assert_erases(1024, SIZE - 1024, 5120, 4, (uint32_t[]){u, u, b, b});
    // nor end with one
    assert_erases(2048, 3072, 3072, 3, (uint32_t[]){b, u, u});
    const struct ram_flash *ram = used_flash(&geometries[8]);
    const struct ota_area area = {&ram->flash, 2048, 3072};
    assert_int_equal(ota_area_span(&area, 2048, UINT32_MAX), 512);
    assert_int_equal(ota_area_span(&area, 0, UINT32_MAX), 2048);
    assert_int_equal(ota_area_span(&area, 512, UINT32_MAX), 512);
    assert_int_equal(ota_area_span(&area, 256, UINT32_MAX), OTA_ERR_ALIGN);
    assert_int_equal(ota_area_span(&area, 3072, UINT32_MAX), OTA_ERR_RANGE);
    assert_int_equal(ota_area_span(&area, 2048, 0), 512);
    ram_flash_free((struct ram_flash *)ram);
}

// A block is begun only when all of it is blank: a half erased one does not
// pass for the end of what is written.
static void frontier_of_a_half_erased_block(void **state)
{
    (void)state;
    struct ram_flash *ram = ram_flash_new(&geometries[8], 1);
    const struct ota_area area = {&ram->flash, 0, SIZE};
    ram_flash_load(ram, 0, file, 2048);
    assert_int_equal(ota_slot_frontier(&area, 7000), 0);
    ram_flash_load(ram, 2048, file + 2048, 2048 + 1536); // the last unit blank
    assert_int_equal(ota_slot_frontier(&area, 7000), 4096);
    assert_int_equal(ota_slot_frontier(&area, 6000), 5120);
    ram_flash_free(ram);
}

static void frontier_of_what_cannot_be_read(void **state)
{
    (void)state;
    struct ram_flash *ram = ram_flash_new(&geometries[6], 1);
    const struct ota_area area = {&ram->flash, 0, SIZE};
    // nothing there: nothing to go on with
    assert_int_equal(ota_slot_frontier(&area, 5001), 0);
    ram_flash_load(ram, 0, file, 3000); // three units, then blank ones
    assert_int_equal(ota_slot_frontier(&area, 5001), 2048);
    // not readable is not blank: it counts as written, and is written again
    ram->faults = (struct ram_faults){.read_at = 1, .sticky = true};
    assert_int_equal(ota_slot_frontier(&area, 5001), 4096);
    ram_flash_free(ram);
}

/// An area as a source ///

// header, gap, application: the app slot as the file it came from
static void area_with_a_gap_reads_as_a_file(void **state)
{
    (void)state;
    const uint32_t pieces[] = {1, 3, 15, 16, 17, 500, SIZE};
    struct ram_flash *ram = ram_flash_new(&geometries[0], 1);
    const struct ota_area area = {&ram->flash, 1024, 2048};
    ram_flash_load(ram, 1024, file, 16);
    ram_flash_load(ram, 1024 + 512, file + 16, 2048 - 512);
    struct ota_area_source from;
    ota_area_source_init(&from, &area, 16, 512 - 16);
    for (unsigned i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        uint8_t data[SIZE];
        uint32_t have = 0;
        assert_int_equal(ota_source_open(&from.source), 0);
        for (;;) {
            int got = from.source.read(&from.source, data + have, pieces[i]);
            if (got == OTA_ERR_SOURCE_END) {
                break;
            }
            assert_true(got > 0 && (uint32_t)got <= pieces[i]);
            have += (uint32_t)got;
        }
        assert_int_equal(have, 2048 - 496);
        assert_memory_equal(data, file, have);
    }
    ram_flash_free(ram);
}

static void seek_to_each_boundary(void **state)
{
    (void)state;
    struct ram_flash *ram = ram_flash_new(&geometries[0], 1);
    const struct ota_area area = {&ram->flash, 1024, 2048};
    ram_flash_load(ram, 1024, file, 16);
    ram_flash_load(ram, 1024 + 512, file + 16, 2048 - 512);
    struct ota_area_source from;
    ota_area_source_init(&from, &area, 16, 512 - 16);
    const uint32_t last = 2048 - 496 - 1;
    const uint32_t places[] = {0, 1, 15, 16, 17, last};
    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
        uint8_t byte;
        assert_int_equal(from.source.seek(&from.source, places[i]), 0);
        assert_int_equal(from.source.read(&from.source, &byte, 1), 1);
        assert_int_equal(byte, file[places[i]]);
    }
    uint8_t byte;
    assert_int_equal(from.source.read(&from.source, &byte, 1),
                     OTA_ERR_SOURCE_END);
    assert_int_equal(from.source.seek(&from.source, 2048), 0);
    assert_int_equal(from.source.read(&from.source, &byte, 1),
                     OTA_ERR_SOURCE_END);
    ram_flash_free(ram);
}

static void read_error_of_an_area(void **state)
{
    (void)state;
    struct ram_flash *ram = ram_flash_new(&geometries[0], 1);
    const struct ota_area area = {&ram->flash, 0, 2048};
    const struct ota_area none = {NULL, 0, 0};
    ram_flash_load(ram, 0, file, 2048);
    struct ota_area_source from;
    uint8_t data[10];
    ota_area_source_init(&from, &area, 0, 0);
    assert_int_equal(from.source.read(&from.source, data, 10), 10);
    ram->faults = (struct ram_faults){.read_at = 1};
    assert_int_equal(from.source.read(&from.source, data, 10),
                     OTA_ERR_FLASH_READ);
    // and goes on where it was
    assert_int_equal(from.source.read(&from.source, data, 10), 10);
    assert_memory_equal(data, file + 10, 10);
    // an area that does not exist has no bytes
    ota_area_source_init(&from, &none, 0, 0);
    assert_int_equal(from.source.read(&from.source, data, 1),
                     OTA_ERR_SOURCE_END);
    ram_flash_free(ram);
}

/// Which slot ///

static void free_slot(void **state)
{
    (void)state;
    const struct {
        enum test_layout layout;
        uint8_t backup, staged, expected;
    } cases[] = {
        {SLOTS_F103, OTA_SLOT_NONE, OTA_SLOT_NONE, OTA_SLOT_A},
        {SLOTS_F103, OTA_SLOT_A, OTA_SLOT_NONE, OTA_SLOT_B},
        {SLOTS_F103, OTA_SLOT_A, OTA_SLOT_B, OTA_SLOT_B},
        {SLOTS_F103, OTA_SLOT_B, OTA_SLOT_NONE, OTA_SLOT_A},
        {SLOTS_F103, OTA_SLOT_B, OTA_SLOT_A, OTA_SLOT_A},
        {ONE_SLOT_F103, OTA_SLOT_NONE, OTA_SLOT_NONE, OTA_SLOT_A},
        {ONE_SLOT_F103, OTA_SLOT_A, OTA_SLOT_NONE, OTA_SLOT_A},
        {ONE_SLOT_F103, OTA_SLOT_B, OTA_SLOT_NONE, OTA_SLOT_A},
        {LAYOUT_F103, OTA_SLOT_A, OTA_SLOT_B, OTA_SLOT_NONE},
        {LAYOUT_F103, OTA_SLOT_NONE, OTA_SLOT_NONE, OTA_SLOT_NONE},
    };
    static struct board board;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        board_init(&board, cases[i].layout, 1);
        struct ota_record record = {.backup = cases[i].backup,
                                    .staged = cases[i].staged};
        assert_int_equal(ota_slot_free(&board.layout, &record),
                         cases[i].expected);
        board_free(&board);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_where_they_fit),
        cmocka_unit_test(frontier_of_a_half_erased_block),
        cmocka_unit_test(pieces_of_any_size),
        cmocka_unit_test(too_much_at_once_writes_nothing),
        cmocka_unit_test(file_larger_than_the_area),
        cmocka_unit_test(flash_errors_pass),
        cmocka_unit_test(resumed_after_a_cut_anywhere),
        cmocka_unit_test(resumed_after_two_cuts),
        cmocka_unit_test(frontier_of_what_cannot_be_read),
        cmocka_unit_test(area_with_a_gap_reads_as_a_file),
        cmocka_unit_test(seek_to_each_boundary),
        cmocka_unit_test(read_error_of_an_area),
        cmocka_unit_test(free_slot),
    };
    return cmocka_run_group_tests_name("slot", tests, setup, NULL);
}
