// SPDX-License-Identifier: MIT
//
// Figures of the shipped firmware, counted on the virtual board: instructions,
// virtual time, flash operations, stack. Only the last part looks at a clock.
//   bench_board IMAGE_DIR      (of tests/board/make_images)

#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nucleo_f446re/internal.h"
#include "ota/bytes.h"
#include "ota/journal.h"
#include "ota/source.h"
#include "vboard.h"

#define SECTORS 8
#define FILL    0xA5

// The data sheet's typical times at x32 (DS10693): a 128 KiB sector, a word.
#define ERASE_MS 1000.0
#define WORD_MS  0.016

#define APP_BASE (FLASH_BASE + APP_OFFSET)

struct moment {
    uint64_t time;
    uint64_t instructions;
    struct vboard_wear wear[SECTORS];
};

struct bench {
    struct vboard *board;
    const char *images;
    struct moment reset;    // at the last one
    struct moment handover; // to an application
    unsigned handovers;
    bool stop_at_handover;
    // of the last install: the app slot's erase, its first word, the last word
    // before the header, the header, the last word of all
    uint64_t erase, first, payload, header, last;
};

static struct moment moment_now(const struct vboard *board)
{
    struct moment moment = {.time = vboard_time(board),
                            .instructions = vboard_instructions(board)};
    for (unsigned i = 0; i < SECTORS; i++) {
        moment.wear[i] = vboard_wear(board, i);
    }
    return moment;
}

static void see_flash(struct bench *bench, const struct vboard_event *event)
{
    if (event->address < APP_BASE || event->address >= APP_BASE + APP_SIZE) {
        return;
    }
    if (event->op == VBOARD_ERASE) {
        bench->erase = event->time;
        bench->first = 0;
        return;
    }
    if (bench->first == 0) {
        bench->first = event->time;
    }
    if (event->address == APP_BASE) {
        bench->payload = bench->last;
        bench->header = event->time;
    }
    bench->last = event->time;
}

static void see(void *context, const struct vboard_event *event)
{
    struct bench *bench = context;
    if (event->kind == VBOARD_EVENT_FLASH) {
        see_flash(bench, event);
    } else if (event->kind == VBOARD_EVENT_RESET) {
        bench->reset = moment_now(bench->board);
    } else if (event->kind == VBOARD_EVENT_HANDOVER) {
        bench->handover = moment_now(bench->board);
        bench->handovers++;
        if (bench->stop_at_handover) {
            vboard_stop(bench->board);
        }
    }
}

static void die(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

static void program(struct bench *bench, const char *name, uint32_t address)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", bench->images, name);
    if (vboard_load(bench->board, path, address) != 0) {
        die("no images: run the test board.images first");
    }
}

static void run_to_handover(struct bench *bench, uint64_t limit)
{
    unsigned before = bench->handovers;
    bench->stop_at_handover = true;
    (void)vboard_run(bench->board, limit);
    bench->stop_at_handover = false;
    if (bench->handovers == before) {
        die("no application was started");
    }
}

static void fill_ram(struct vboard *board)
{
    static uint8_t fill[RAM_SIZE];
    memset(fill, FILL, sizeof fill);
    if (vboard_poke(board, RAM_BASE, fill, sizeof fill) != 0) {
        die("RAM cannot be written");
    }
}

// Bytes at the top of RAM that no longer hold the fill: the longest untouched
// stretch lies between variables and stack.
static unsigned stack_used(struct vboard *board)
{
    static uint8_t ram[RAM_SIZE];
    if (vboard_peek(board, RAM_BASE, ram, sizeof ram) != 0) {
        die("RAM cannot be read");
    }
    unsigned longest = 0, end = 0, length = 0;
    for (unsigned i = 0; i < RAM_SIZE; i++) {
        length = ram[i] == FILL ? length + 1 : 0;
        if (length > longest) {
            longest = length;
            end = i + 1;
        }
    }
    return RAM_SIZE - end;
}

static void print_span(const char *what, const struct moment *from,
                       const struct moment *to)
{
    printf("%-34s %10.3f M instructions %10.3f ms\n", what,
           (double)(to->instructions - from->instructions) / 1e6,
           (double)(to->time - from->time) / (double)VBOARD_MS);
}

// Boots a factory image twice; the figures are of the second time, when there
// is nothing to adopt any more. Returns the instructions.
static uint64_t measure_boot(struct bench *bench, const char *factory,
                             const char *what)
{
    program(bench, factory, 0x08000000);
    vboard_power_on(bench->board);
    run_to_handover(bench, VBOARD_S);
    vboard_power_on(bench->board);
    fill_ram(bench->board);
    run_to_handover(bench, VBOARD_S);
    print_span(what, &bench->reset, &bench->handover);
    return bench->handover.instructions - bench->reset.instructions;
}

// Bytes of the application in the app slot: its header says so.
static uint32_t app_size(struct bench *bench)
{
    uint8_t raw[4];
    if (vboard_peek(bench->board, APP_BASE + 4, raw, sizeof raw) != 0) {
        die("flash cannot be read");
    }
    return load_le32(raw);
}

static void measure_boots(struct bench *bench)
{
    uint64_t small =
        measure_boot(bench, "factory.bin", "boot, demo application");
    uint32_t small_size = app_size(bench);
    uint64_t big =
        measure_boot(bench, "factory-big.bin", "boot, 100 KiB application");
    printf("%-34s %10u bytes\n", "  stack", stack_used(bench->board));
    printf("%-34s %10.2f instructions a byte\n", "  read and CRC-32",
           (double)(big - small) / (app_size(bench) - small_size));
}

// The journal as an application leaves it that runs what slot B holds too, has
// staged an image in slot A and asks for it: the steady state.
static void request_slot_a(struct bench *bench)
{
    uint8_t header[OTA_PLAIN_HEADER_SIZE];
    struct ota_image app;
    if (vboard_peek(bench->board, APP_BASE, header, sizeof header) != 0 ||
        ota_image_decode(&app, header) != 0) {
        die("no application");
    }
    struct ota_record record = {
        .ota_flag = OTA_FLAG_REQUEST,
        .state = OTA_STATE_CONFIRMED,
        .source = OTA_SOURCE_STAGED,
        .backup = OTA_SLOT_B,
        .staged = OTA_SLOT_A,
    };
    ota_record_set_image(&record, &app);
    uint8_t *flash = vboard_flash(bench->board, NULL);
    memset(flash + JOURNAL0_OFFSET, 0xFF, JOURNAL0_SIZE + JOURNAL1_SIZE);
    ota_record_encode(&record, flash + JOURNAL0_OFFSET);
}

static double ms(uint64_t from, uint64_t to)
{
    return (double)(to - from) / (double)VBOARD_MS;
}

static void print_split(const struct bench *bench)
{
    printf("  start and verify %.1f, erase %.1f, program %.1f, verify %.1f, "
           "header, records and jump %.1f ms\n",
           ms(bench->reset.time, bench->erase), ms(bench->erase, bench->first),
           ms(bench->first, bench->payload), ms(bench->payload, bench->header),
           ms(bench->header, bench->handover.time));
}

static void print_wear(const struct moment *a, const struct moment *b)
{
    printf("  sector           ");
    for (unsigned i = 0; i < SECTORS; i++) {
        printf("%7u", i);
    }
    printf("\n  erases           ");
    for (unsigned i = 0; i < SECTORS; i++) {
        printf("%7u", (unsigned)(b->wear[i].erases - a->wear[i].erases));
    }
    printf("\n  words programmed ");
    for (unsigned i = 0; i < SECTORS; i++) {
        printf("%7u", (unsigned)(b->wear[i].programs - a->wear[i].programs));
    }
    printf("\n");
}

// The bootloader's part of an update in the steady state, from reset to the
// jump to the new application.
static void measure_install(struct bench *bench)
{
    program(bench, "factory-big.bin", FLASH_BASE);
    program(bench, "big2.bin", FLASH_BASE + SLOT_A_OFFSET);
    program(bench, "big1.bin", FLASH_BASE + SLOT_B_OFFSET);
    request_slot_a(bench);
    vboard_power_on(bench->board);
    fill_ram(bench->board);
    run_to_handover(bench, 20 * VBOARD_S);
    const struct moment *a = &bench->reset, *b = &bench->handover;
    print_span("install, 100 KiB", a, b);
    print_split(bench);
    printf("%-34s %10u bytes\n", "  stack", stack_used(bench->board));
    double sheet = ERASE_MS + (102400 + OTA_PLAIN_HEADER_SIZE) / 4 * WORD_MS;
    printf("%-34s %10.3f ms, took %.3f times that\n",
           "  erase and program by data sheet", sheet,
           ms(a->time, b->time) / sheet);
    print_wear(a, b);
}

static double wall(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void measure_vboard(struct bench *bench)
{
    vboard_power_on(bench->board);
    struct vboard_snapshot *start = vboard_save(bench->board);
    uint64_t instructions = 0;
    unsigned boots = 0;
    double began = wall(), took = 0;
    while (took < 2) {
        vboard_restore(bench->board, start);
        uint64_t before = vboard_instructions(bench->board);
        run_to_handover(bench, VBOARD_S);
        instructions += vboard_instructions(bench->board) - before;
        boots++;
        took = wall() - began;
    }
    printf("%-34s %10.0f boots/s, %.0f M instructions/s of wall time\n",
           "vboard", boots / took, (double)instructions / took / 1e6);
    vboard_snapshot_free(start);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: bench_board IMAGE_DIR\n");
        return 2;
    }
    struct bench bench = {.images = argv[1]};
    struct vboard_config config = {.mcu = "stm32f446re",
                                   .hse_hz = 8000000,
                                   .event = see,
                                   .context = &bench};
    bench.board = vboard_new(&config);
    if (!bench.board) {
        return 1;
    }
    measure_boots(&bench);
    measure_install(&bench);
    measure_vboard(&bench);
    vboard_free(bench.board);
    return 0;
}
