// SPDX-License-Identifier: MIT
//
// Floor 2 of the proof: the shipped bootloader on the virtual board. The power
// is cut before, in the middle of and after every flash operation of an update
// cycle; then the device is switched on and has to recover. life.c says what
// that means.
//   test_board_powercut [--cuts N] [--part I/N] [--seed S] CYCLE SIZE
//   test_board_powercut [--flash FILE] --replay ID

#include "life.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// After one run in so many the next update has to work.
#define NEXT_EVERY 16

// Operations on both sides of the journal's turn-over.
#define WINDOW 80

// So many operations in a row belong to the same part.
#define CHUNK 64

#define MAX_FAILURES 5

static const char *const how_name[] = {"before", "torn", "after"};

struct options {
    const struct cycle *cycle;
    char size[8];
    unsigned seed;
    uint64_t cuts; // about so many, spread; 0: all
    unsigned part, parts;
    uint64_t op; // of a replay
    int how;
    const char *flash; // where a replay leaves its flash
};

static int usage(void)
{
    fprintf(
        stderr,
        "usage: test_board_powercut [--cuts N] [--part I/N] [--seed S] "
        "CYCLE SIZE\n"
        "       test_board_powercut [--flash FILE] --replay ID\n"
        "SIZE is min, 16K or 100K. ID is as a failure prints it. Cycles:\n");
    for (const struct cycle *cycle = cycles; cycle->name; cycle++) {
        fprintf(stderr, "  %-8s %s\n", cycle->name, cycle->explain);
    }
    return 2;
}

static const struct cycle *find_cycle(const char *name)
{
    const struct cycle *cycle = cycles;
    while (cycle->name && strcmp(cycle->name, name) != 0) {
        cycle++;
    }
    return cycle->name ? cycle : NULL;
}

/// Many runs ///

struct tally {
    uint64_t candidates, runs, again, ended, nexts;
    unsigned failures;
};

static void report_failure(const struct life *life, uint64_t op, int how)
{
    printf("b:" LAYOUT_ID ":%s:%s:op%llu:%s:s%u failed: %s\n",
           life->cycle->name, life->size, (unsigned long long)op, how_name[how],
           life->seed, life->failure);
}

// Whether this cut is made at all, and in this part.
static bool is_chosen(const struct life *life, const struct options *options,
                      struct tally *tally, uint64_t op)
{
    if (life->cycle->around_turn &&
        (op + WINDOW < life->turned || op > life->turned + WINDOW)) {
        return false;
    }
    uint64_t all = 3 * life->ops;
    uint64_t n = tally->candidates++;
    bool wanted = options->cuts == 0 || life->important[op] ||
                  n * options->cuts / all != (n + 1) * options->cuts / all;
    return wanted && op / CHUNK % options->parts == options->part;
}

static bool cut_once(struct life *life, struct tally *tally, uint64_t op,
                     int how)
{
    bool next = (tally->runs - tally->again) % NEXT_EVERY == 0;
    tally->runs++;
    if (life_cut(life, op, (enum vboard_cut)how, next)) {
        tally->again += life->again;
        tally->ended += life->ended;
        tally->nexts += next && !life->again;
        return true;
    }
    tally->failures++;
    report_failure(life, op, how);
    return tally->failures < MAX_FAILURES;
}

static int cut_all(const struct options *options)
{
    struct life *life = life_new(options->cycle, options->size, options->seed);
    if (!life) {
        return 1;
    }
    struct tally tally = {0};
    bool going = true;
    for (uint64_t op = 1; op <= life->ops; op++) {
        for (int how = VBOARD_CUT_BEFORE; how <= VBOARD_CUT_AFTER; how++) {
            if (going && is_chosen(life, options, &tally, op)) {
                going = cut_once(life, &tally, op, how);
            }
        }
    }
    printf("floor 2: %llu cut runs (cycle %s, %s, %llu operations), %u dead "
           "ends; %llu found the flash of the run before, %llu came to a "
           "hand-over that is known, %llu went on with another update\n",
           (unsigned long long)tally.runs, life->cycle->name, life->size,
           (unsigned long long)life->ops, tally.failures,
           (unsigned long long)tally.again, (unsigned long long)tally.ended,
           (unsigned long long)tally.nexts);
    life_free(life);
    return tally.failures > 0 || tally.runs == 0;
}

/// One run ///

static int write_file(const char *path, const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file)) {
        perror(path);
        return 1;
    }
    return 0;
}

// The internal flash, and beside it what the slots' W25Q holds.
static int write_memory(const struct life *life, const char *path)
{
    char slots[1024];
    snprintf(slots, sizeof slots, "%s.w25q", path);
    return write_file(path, life->memory.flash, FLASH_SIZE) ||
           (SLOTS_ON_W25Q && write_file(slots, life->memory.slots, W25Q_SIZE));
}

static int replay(const struct options *options)
{
    struct life *life = life_new(options->cycle, options->size, options->seed);
    if (!life) {
        return 1;
    }
    printf("cycle %s: %s; %llu operations, request durable with %llu\n",
           life->cycle->name, life->cycle->explain,
           (unsigned long long)life->ops, (unsigned long long)life->requested);
    life->verbose = true;
    life->loud_from = options->op > 4 ? options->op - 4 : 1;
    life->loud_to = options->op + 4;
    bool good =
        life_cut(life, options->op, (enum vboard_cut)options->how, true);
    printf("\n");
    if (good) {
        printf("recovered, and the next update worked\n");
    } else {
        report_failure(life, options->op, options->how);
    }
    int err = options->flash ? write_memory(life, options->flash) : 0;
    life_free(life);
    return err || !good;
}

// b:internal:first:min:op123:torn:s7
static bool parse_id(const char *id, struct options *options)
{
    char cycle[16], how[8];
    unsigned long long op;
    int end = 0;
    if (sscanf(id, "b:" LAYOUT_ID ":%15[^:]:%7[^:]:op%llu:%7[^:]:s%u%n", cycle,
               options->size, &op, how, &options->seed, &end) != 5 ||
        id[end] != '\0') {
        return false;
    }
    options->cycle = find_cycle(cycle);
    options->op = op;
    for (options->how = 0; options->how < 3; options->how++) {
        if (strcmp(how, how_name[options->how]) == 0) {
            break;
        }
    }
    return options->cycle && op > 0 && options->how < 3;
}

/// Options ///

static bool parse_option(struct options *options, const char *name,
                         const char *value)
{
    char rest;
    unsigned long long cuts;
    if (strcmp(name, "--cuts") == 0) {
        bool good = sscanf(value, "%llu%c", &cuts, &rest) == 1;
        options->cuts = good ? cuts : 0;
        return good;
    }
    if (strcmp(name, "--part") == 0) {
        return sscanf(value, "%u/%u%c", &options->part, &options->parts,
                      &rest) == 2 &&
               options->part < options->parts;
    }
    if (strcmp(name, "--seed") == 0) {
        return sscanf(value, "%u%c", &options->seed, &rest) == 1;
    }
    if (strcmp(name, "--flash") == 0) {
        options->flash = value;
        return true;
    }
    return strcmp(name, "--replay") == 0 && parse_id(value, options);
}

int main(int argc, char **argv)
{
    struct options options = {.parts = 1, .seed = 7};
    int at = 1;
    for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
        if (!parse_option(&options, argv[at], argv[at + 1])) {
            return usage();
        }
    }
    if (at == argc && options.op > 0) {
        return replay(&options);
    }
    if (at + 2 != argc || options.op > 0 || strlen(argv[at + 1]) >= 8) {
        return usage();
    }
    options.cycle = find_cycle(argv[at]);
    strcpy(options.size, argv[at + 1]);
    return options.cycle ? cut_all(&options) : usage();
}
