// SPDX-License-Identifier: MIT
//
// Figures of the shipped firmware, counted on the virtual board. Only --speed
// looks at a clock.
//   bench_board LAYOUT FIRMWARE_DIR VARIABLES [RAM_BUDGET]
//   bench_board --speed LAYOUT FIRMWARE_DIR
// VARIABLES: the bootloader's .data and .bss in bytes.

#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "boards.h"
#include "sender.h"

// DESIGN.md, Budgets: install time by what the data sheets demand.
#define INSTALL_BUDGET 1.05

struct bench {
    struct stand stand;
    const char *firmware;
    unsigned stack; // the deepest of all
};

static void path_of(char path[1024], const char *directory, const char *name)
{
    snprintf(path, 1024, "%s/%s", directory, name);
}

static void take_stack(struct bench *bench, const char *what)
{
    unsigned stack = stand_stack(&bench->stand);
    printf("  %-32s %10u bytes of stack\n", what, stack);
    bench->stack = stack > bench->stack ? stack : bench->stack;
}

/// Boot ///

// Boots a device twice; the figures are of the second time, when there is
// nothing to adopt any more. Returns the instructions.
static uint64_t measure_boot(struct bench *bench,
                             const struct bench_image *image)
{
    struct stand *stand = &bench->stand;
    device_factory(stand, image);
    stand_power_on(stand);
    stand_run(stand, VBOARD_S);
    stand_power_on(stand);
    stand_run(stand, VBOARD_S);
    char what[64];
    snprintf(what, sizeof what, "boot, %u bytes", image->header.size);
    uint64_t instructions =
        stand->handover.instructions - stand->reset.instructions;
    printf("  %-32s %10.1f ms, %.2f M instructions\n", what,
           ms_between(stand->reset.time, stand->handover.time),
           (double)instructions / 1e6);
    return instructions;
}

static void measure_boots(struct bench *bench, const struct bench_image *demo,
                          const struct bench_image *full)
{
    uint64_t little = measure_boot(bench, demo);
    uint64_t much = measure_boot(bench, full);
    printf("  %-32s %10.2f instructions a byte\n", "  read and CRC-32",
           (double)(much - little) / (full->header.size - demo->header.size));
    take_stack(bench, "  boot");
}

/// Wear ///

// What an area has gone through, and what it may: each unit erased once, each
// byte of the file programmed once.
static void print_wear(const struct wear *wear, const struct ota_area *area,
                       const char *name, uint32_t size)
{
    struct wear_figures figures = wear_of(wear, area);
    if (figures.touched > 0) {
        printf("    %-10s units touched %5u, erases of one at most %u / 1, "
               "bytes programmed %7u / %u\n",
               name, figures.touched, figures.most, figures.bytes, size);
    }
}

static void print_all_wear(const struct bench *bench, uint32_t size)
{
    const struct ota_layout *layout = bench->stand.layout;
    const struct wear *wear = &bench->stand.wear;
    uint32_t records = wear_of(wear, &layout->journal[0]).bytes +
                       wear_of(wear, &layout->journal[1]).bytes;
    print_wear(wear, &layout->app, "app slot", size);
    print_wear(wear, &layout->slot[0], "slot A", size);
    print_wear(wear, &layout->slot[1], "slot B", size);
    printf("    %-10s records %u, erases of a unit %u\n", "journal",
           records / 64,
           wear_of(wear, &layout->journal[0]).most +
               wear_of(wear, &layout->journal[1]).most);
}

/// Install ///

static void print_split(const struct stand *stand)
{
    printf("    start and verify %.1f, erase and program %.1f, verify %.1f, "
           "header, records and jump %.1f ms\n",
           ms_between(stand->reset.time, stand->erase),
           ms_between(stand->erase, stand->payload),
           ms_between(stand->payload, stand->header),
           ms_between(stand->header, stand->handover.time));
}

// The bootloader's part of an update in the steady state, from reset to the
// jump to the new application.
static void measure_install(struct bench *bench, const struct bench_image *old,
                            const struct bench_image *new)
{
    struct stand *stand = &bench->stand;
    device_steady(stand, old, new);
    stand_power_on(stand);
    stand_run(stand, 60 * VBOARD_S);
    double took = ms_between(stand->reset.time, stand->handover.time);
    double sheet = chip_install_ms(stand->chip, stand->layout, new->size);
    printf("  %-32s %10.1f ms\n", "install of a staged image", took);
    print_split(stand);
    printf("  %-32s %10.1f ms, took %.3f / %.2f of it%s\n",
           "  by the data sheets", sheet, took / sheet, INSTALL_BUDGET,
           took / sheet > INSTALL_BUDGET ? "  OVER" : "");
    print_all_wear(bench, new->size);
    take_stack(bench, "  install");
}

// The same when the bootloader fetches the image itself, the button being held.
static void measure_recovery(struct bench *bench, const struct bench_image *old,
                             const struct bench_image *new)
{
    struct stand *stand = &bench->stand;
    device_steady(stand, old, NULL);
    (void)vboard_drive_pin(stand->board, "PA8", 0);
    stand_power_on(stand);
    sender_send(stand, new);
    (void)vboard_drive_pin(stand->board, "PA8", -1);
    stand_run(stand, 60 * VBOARD_S);
    printf("  %-32s %10.1f ms\n", "recovery over the UART, install",
           ms_between(stand->reset.time, stand->handover.time));
    print_all_wear(bench, new->size);
    take_stack(bench, "  UART recovery");
}

/// The virtual board ///

static double wall(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void measure_vboard(struct bench *bench, const struct bench_image *full)
{
    struct stand *stand = &bench->stand;
    device_factory(stand, full);
    stand_power_on(stand);
    struct vboard_snapshot *start = vboard_save(stand->board);
    uint64_t instructions = 0;
    unsigned boots = 0;
    double began = wall(), took = 0;
    while (took < 2) {
        vboard_restore(stand->board, start);
        uint64_t before = vboard_instructions(stand->board);
        stand_run(stand, VBOARD_S);
        instructions += vboard_instructions(stand->board) - before;
        boots++;
        took = wall() - began;
    }
    printf("vboard: %.0f boots/s, %.0f M instructions/s of wall time\n",
           boots / took, (double)instructions / took / 1e6);
    vboard_snapshot_free(start);
}

/// All of it ///

static void print_ram(const struct bench *bench, unsigned variables,
                      unsigned budget)
{
    unsigned ram = variables + bench->stack;
    printf("  %-32s %10u", "RAM: variables and stack", ram);
    if (budget > 0) {
        printf(" / %u bytes%s\n", budget, ram > budget ? "  OVER" : "");
    } else {
        puts(" bytes");
    }
}

static void measure(struct bench *bench, unsigned variables, unsigned budget)
{
    const struct ota_layout *layout = bench->stand.layout;
    char old_app[1024], new_app[1024];
    path_of(old_app, bench->firmware, "app-1.0.0.bin");
    path_of(new_app, bench->firmware, "app-1.1.0.bin");
    struct bench_image demo = image_plain(old_app, OTA_VERSION(1, 0, 0));
    struct bench_image old = image_full(layout, old_app, OTA_VERSION(1, 0, 0));
    struct bench_image new = image_full(layout, new_app, OTA_VERSION(1, 1, 0));
    if (variables == UINT32_MAX) {
        measure_vboard(bench, &old);
    } else {
        measure_boots(bench, &demo, &old);
        measure_install(bench, &old, &new);
        measure_recovery(bench, &old, &new);
        print_ram(bench, variables, budget);
    }
    image_free(&demo);
    image_free(&old);
    image_free(&new);
}

static const struct ota_layout *layout_named(const char *name)
{
    const struct ota_layout *layout = boards_find(name);
    if (!layout || !layout->slot[1].flash) {
        die("no such layout with two slots");
    }
    return layout;
}

int main(int argc, char **argv)
{
    bool speed = argc == 4 && strcmp(argv[1], "--speed") == 0;
    if (!speed && argc != 4 && argc != 5) {
        fprintf(stderr, "usage: bench_board LAYOUT FIRMWARE_DIR VARIABLES "
                        "[RAM_BUDGET]\n       bench_board --speed LAYOUT "
                        "FIRMWARE_DIR\n");
        return 2;
    }
    argv += speed;
    struct bench bench = {.firmware = argv[2]};
    char bootloader[1024];
    path_of(bootloader, bench.firmware, "boot.elf");
    stand_init(&bench.stand, layout_named(argv[1]), bootloader);
    measure(&bench, speed ? UINT32_MAX : (unsigned)atoi(argv[3]),
            argc == 5 ? (unsigned)atoi(argv[4]) : 0);
    stand_free(&bench.stand);
    return 0;
}
