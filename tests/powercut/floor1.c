// SPDX-License-Identifier: MIT
//
// Floor 1 of the proof: the engine on a strict RAM flash that tears. The power
// is cut at every flash operation of every scenario, before, within and after
// it, and again at operations of the life that follows.
//
//   floor1 [--quick | --long] [--jobs N] [--only TEXT] [--stop]
//   floor1 --replay ID
//   floor1 --list
//
// ID: f1:PART:LAYOUT:SCENARIO:CUT...:sSEED, a CUT being the number of the
// operation since the start or the cut before, and b, t or a: before it, torn
// within it, after it.

#define _DEFAULT_SOURCE // MAP_ANONYMOUS

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "life.h"
#include "trace.h"

// Failures of a case that are printed; the others are only counted.
#define MAX_PRINTED 2

/// Identities ///

struct identity {
    enum part part;
    enum kind kind;
    const struct scenario *scenario;
    struct cut cuts[MAX_CUTS];
    unsigned cut_count;
    uint32_t seed;
};

static bool find_name(const char *const *names, unsigned count,
                      const char *name, unsigned *found)
{
    for (unsigned i = 0; name && i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            *found = i;
            return true;
        }
    }
    return false;
}

static bool parse_cut(const char *word, struct cut *cut)
{
    char *end;
    unsigned long op = strtoul(word, &end, 10);
    const char *letter = *end ? strchr(life_hows, *end) : NULL;
    if (op == 0 || !letter || end[1]) {
        return false;
    }
    *cut = (struct cut){(uint32_t)op, (enum ram_cut)(letter - life_hows)};
    return true;
}

static bool parse_id(char *text, struct identity *id)
{
    unsigned part, kind;
    const char *word = strtok(text, ":");
    if (!word || strcmp(word, "f1") != 0 ||
        !find_name(part_names, PART_COUNT, strtok(NULL, ":"), &part) ||
        !find_name(kind_names, KIND_COUNT, strtok(NULL, ":"), &kind) ||
        !(word = strtok(NULL, ":")) || !(id->scenario = scenario_find(word))) {
        return false;
    }
    id->part = (enum part)part;
    id->kind = (enum kind)kind;
    id->cut_count = 0;
    while ((word = strtok(NULL, ":")) && *word != 's') {
        if (id->cut_count == MAX_CUTS ||
            !parse_cut(word, &id->cuts[id->cut_count++])) {
            return false;
        }
    }
    id->seed = word ? (uint32_t)strtoul(word + 1, NULL, 10) : 0;
    return word != NULL;
}

/// What all jobs share ///

struct totals {
    unsigned next; // case to be taken next
    unsigned long runs[PART_COUNT];
    unsigned long twice; // of them, with two cuts
    unsigned failures;
};
static struct totals *totals;

// What runs now, for the handler of a crash.
static char running[MAX_ID];

static void on_crash(int number)
{
    static const char text[] = "crashed: ";
    ssize_t ignored = write(2, text, sizeof text - 1);
    ignored = write(2, running, strlen(running));
    ignored = write(2, "\n", 1);
    (void)ignored;
    signal(number, SIG_DFL);
    raise(number);
}

static unsigned printed; // failures of this case
static bool stop;        // at the first failure

static bool is_over(void)
{
    return stop && __atomic_load_n(&totals->failures, __ATOMIC_RELAXED) > 0;
}

static void report(const struct life *life)
{
    char id[MAX_ID];
    life_id(life, id);
    __atomic_add_fetch(&totals->failures, 1, __ATOMIC_RELAXED);
    if (printed++ < MAX_PRINTED) {
        printf("FAILED %s: %s\n", id, life->what);
        fflush(stdout);
    }
}

/// Cutting ///

// How much of what there is is tried.
struct effort {
    uint32_t seeds; // of each torn operation, at the first cut
    uint32_t once;  // runs with one cut that a case may have; about
    uint32_t twice; // the same with two
};

static struct effort effort = {1, 1500, 120};
static const struct effort quick_effort = {1, 40, 8};
static const struct effort long_effort = {3, 1000000, 1500};

// Of the case that runs: one of so many is taken.
static uint32_t stride[2];

static uint32_t hash_of(const struct life *life, uint32_t how)
{
    uint32_t hash = 0x811C9DC5;
    for (unsigned i = 0; i <= life->cut_count; i++) {
        uint32_t word = i < life->cut_count
                            ? life->cuts[i].op * 4 + life->cuts[i].how
                            : life->op * 4 + how;
        hash = (hash ^ word) * 0x9E3779B1u;
        hash ^= hash >> 13;
    }
    return hash >> 3;
}

static void cut_once(struct life *life, struct ram_flash *ram,
                     const struct ram_op *op, enum ram_cut how, uint32_t seed)
{
    struct life child;
    uint32_t was = life->seed;
    life->seed = seed;
    __atomic_add_fetch(&totals->runs[life->world->part], 1, __ATOMIC_RELAXED);
    if (life->cut_count == 1) {
        __atomic_add_fetch(&totals->twice, 1, __ATOMIC_RELAXED);
    }
    if (!life_cut(life, &child, ram, op, how)) {
        report(&child);
    }
    life->seed = was;
    life_id(life, running);
}

// Erases, and records in the journal, are worth more than one byte of many.
static bool is_special(const struct life *life, const struct ram_flash *ram,
                       const struct ram_op *op)
{
    const struct ota_layout *layout = &life->world->layout;
    const struct ota_area *app = &layout->app;
    return op->erase || op->offset - app->offset < OTA_HEADER_SPACE + 32 ||
           (ram == life->world->device[0] && op->offset < app->offset);
}

// A record whose last bits are torn may be one today and none tomorrow.
static bool completes_record(const struct life *life,
                             const struct ram_flash *ram,
                             const struct ram_op *op)
{
    return ram == life->world->device[0] && !op->erase &&
           op->offset < life->world->layout.app.offset &&
           (op->offset + op->len) % OTA_RECORD_SIZE == 0;
}

static void branch(struct life *life, struct ram_flash *ram,
                   const struct ram_op *op)
{
    unsigned depth = life->cut_count;
    if (depth >= 2 || is_over()) {
        return;
    }
    bool special = is_special(life, ram, op);
    for (int how = CUT_BEFORE; how <= CUT_AFTER; how++) {
        uint32_t every = stride[depth];
        if (special) {
            every = every / 4 + 1;
        }
        if (how == CUT_TORN && completes_record(life, ram, op)) {
            every = every / 16 + 1;
        }
        if (hash_of(life, (uint32_t)how) % every != 0) {
            continue;
        }
        uint32_t seeds = depth == 0 && how == CUT_TORN ? effort.seeds : 1;
        for (uint32_t i = 0; i < seeds; i++) {
            cut_once(life, ram, op, (enum ram_cut)how, life->seed + i);
        }
    }
}

/// Cases ///

struct test_case {
    enum part part;
    enum kind kind;
    const struct scenario *scenario;
};

// The life without a cut, to know how many operations it has.
static uint32_t measure(const struct test_case *which)
{
    struct world *world = world_new(which->part, which->kind);
    struct life life;
    life_on_op = NULL;
    bool good = life_begin(&life, world, which->scenario, 1);
    struct world_mark mark = world_mark(world);
    struct life whole = life;
    uint32_t before = world_ops(world);
    good = good && life_go_on(&whole);
    uint32_t ops = world_ops(world) - before;
    if (!good) {
        if (!whole.what[0]) {
            whole = life;
        }
        report(&whole);
    }
    world_rollback(world, &mark);
    world_free(world);
    return good ? ops : 0;
}

static uint32_t at_least_one(uint64_t n)
{
    return n < 1 ? 1 : n > 1000000000 ? 1000000000 : (uint32_t)n;
}

static void run_case(const struct test_case *which)
{
    uint64_t ops = measure(which);
    if (ops == 0) {
        return;
    }
    stride[0] = at_least_one(3 * ops / effort.once);
    // half of the operations of a recovery are those of the next update
    stride[1] = at_least_one(3 * ops / stride[0] * ops / effort.twice);
    struct world *world = world_new(which->part, which->kind);
    struct life life;
    bool good = life_begin(&life, world, which->scenario, 1);
    life_on_op = branch;
    printed = 0;
    if (!good || !life_go_on(&life)) {
        report(&life);
    }
    life_on_op = NULL;
    world_free(world);
}

static bool nth_case(unsigned n, struct test_case *which)
{
    for (unsigned s = 0; s < scenario_count; s++) {
        for (unsigned p = 0; p < PART_COUNT; p++) {
            for (unsigned k = 0; k < KIND_COUNT; k++) {
                if (!(scenarios[s].kinds & 1u << k) ||
                    !world_exists((enum part)p, (enum kind)k) || n-- > 0) {
                    continue;
                }
                *which = (struct test_case){(enum part)p, (enum kind)k,
                                            &scenarios[s]};
                return true;
            }
        }
    }
    return false;
}

static bool is_wanted(const struct test_case *which, const char *only)
{
    char name[MAX_ID];
    snprintf(name, sizeof name, "f1:%s:%s:%s:", part_names[which->part],
             kind_names[which->kind], which->scenario->name);
    return !only || strstr(name, only);
}

static void work(const char *only)
{
    struct test_case which;
    while (!is_over() &&
           nth_case(__atomic_fetch_add(&totals->next, 1, __ATOMIC_RELAXED),
                    &which)) {
        if (is_wanted(&which, only)) {
            run_case(&which);
        }
    }
}

static void run_jobs(unsigned jobs, const char *only)
{
    for (unsigned i = 0; i < jobs; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            signal(SIGABRT, on_crash);
            signal(SIGSEGV, on_crash);
            work(only);
            exit(0);
        }
        if (pid < 0) {
            perror("fork");
            exit(2);
        }
    }
    int status;
    while (wait(&status) > 0) {
        if (status != 0) {
            totals->failures++;
        }
    }
}

static int search(unsigned jobs, const char *only)
{
    totals = mmap(NULL, sizeof *totals, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (totals == MAP_FAILED) {
        perror("mmap");
        return 2;
    }
    run_jobs(jobs, only);
    unsigned long runs = 0, parts = 0;
    for (unsigned i = 0; i < PART_COUNT; i++) {
        runs += totals->runs[i];
        parts += totals->runs[i] > 0;
        if (totals->runs[i] > 0) {
            printf("  %-9s %8lu\n", part_names[i], totals->runs[i]);
        }
    }
    printf("floor 1: %lu cut runs (%lu with two cuts) on %lu geometries, "
           "%u failures\n",
           runs, totals->twice, parts, totals->failures);
    return totals->failures > 0 || runs == 0;
}

/// Replay ///

static struct identity wanted;
static int replay_result = 2; // not reached

static void follow(struct life *life, struct ram_flash *ram,
                   const struct ram_op *op)
{
    unsigned depth = life->cut_count;
    if (depth >= wanted.cut_count || life->op != wanted.cuts[depth].op) {
        return;
    }
    struct life child;
    bool good = life_cut(life, &child, ram, op, wanted.cuts[depth].how);
    if (child.cut_count == wanted.cut_count) {
        replay_result = !good;
        printf(good ? "passed\n" : "FAILED: %s\n", child.what);
    }
    exit(replay_result);
}

static int replay(char *text)
{
    if (!parse_id(text, &wanted)) {
        fprintf(stderr, "floor1: no such ID\n");
        return 2;
    }
    struct world *world = world_new(wanted.part, wanted.kind);
    if (!world || !(wanted.scenario->kinds & 1u << wanted.kind)) {
        fprintf(stderr, "floor1: no such scenario on this layout\n");
        return 2;
    }
    struct life life;
    bool good = life_begin(&life, world, wanted.scenario, wanted.seed);
    life_on_op = follow;
    trace_to = stdout;
    good = good && life_go_on(&life);
    if (good && wanted.cut_count > 0) {
        fprintf(stderr, "floor1: it does not come to that operation\n");
        return 2;
    }
    printf(good ? "passed\n" : "FAILED: %s\n", life.what);
    return !good;
}

/// The command ///

static int list(void)
{
    struct test_case which;
    for (unsigned n = 0; nth_case(n, &which); n++) {
        printf("f1:%s:%s:%s\n", part_names[which.part], kind_names[which.kind],
               which.scenario->name);
    }
    return 0;
}

static int usage(void)
{
    fprintf(
        stderr,
        "usage: floor1 [--quick | --long] [--jobs N] [--only TEXT] [--stop]\n"
        "       floor1 --replay ID\n"
        "       floor1 --list\n");
    return 2;
}

int main(int argc, char **argv)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned jobs = cores > 0 ? (unsigned)cores : 1;
    const char *only = NULL;
    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--long") == 0) {
            effort = long_effort;
        } else if (strcmp(argv[i], "--quick") == 0) {
            effort = quick_effort;
        } else if (strcmp(argv[i], "--stop") == 0) {
            stop = true;
        } else if (strcmp(argv[i], "--jobs") == 0 && more) {
            jobs = (unsigned)strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--only") == 0 && more) {
            only = argv[++i];
        } else if (strcmp(argv[i], "--replay") == 0 && more) {
            return replay(argv[i + 1]);
        } else if (strcmp(argv[i], "--list") == 0) {
            return list();
        } else {
            return usage();
        }
    }
    return search(jobs, only);
}
