// SPDX-License-Identifier: MIT

#include "life.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Virtual time in which a device has recovered: far more than three trials
// under the watchdog (8 s each, half as much again as the LSI goes) and every
// erase take.
#define LIMIT (60 * VBOARD_S)

// Operations after which the front moves on.
#define STRIDE 32

#define MAX_OPS (1u << 18)

// Where an image waits that is larger than the C array's area, and the
// application's pointer to it.
#define RAM_IMAGE  (RAM_BASE + 0x1000u)
#define NEXT_IMAGE RAM_BASE

#define MEMORY_SIZE (FLASH_SIZE + W25Q_SIZE)

// What an update does not touch: the bootloader; the application's own sector.
#define REST_SIZE (BOOT_SIZE + ARRAY_SIZE)

const struct cycle cycles[] = {
    {.name = "factory",
     .explain = "switched on for the first time",
     .before = V1_0,
     .update = NOBODY,
     .after = V1_0},
    {.name = "first",
     .explain = "the first update, which makes a backup",
     .before = V1_0,
     .update = V1_1,
     .after = V1_1},
    {.name = "second",
     .explain = "an update in steady state",
     .before = V1_1,
     .update = V1_2,
     .after = V1_2},
    {.name = "revert",
     .explain = "an update that resets before it confirms",
     .before = V1_1,
     .update = RESETTING,
     .after = V1_1},
    {.name = "sleep",
     .explain = "an update that hangs until the watchdog resets it",
     .before = V1_1,
     .update = SLEEPING,
     .after = V1_1},
    {.name = "restore",
     .explain = "what was confirmed has rotted",
     .before = V1_1,
     .update = NOBODY,
     .after = V1_1,
     .rotten = true},
    {.name = "turn4",
     .explain = "the journal turns over when the install is finished",
     .before = V1_1,
     .update = V1_2,
     .after = V1_2,
     .free = 4},
    {.name = "turn5",
     .explain = "the same at the attempt's record",
     .before = V1_1,
     .update = V1_2,
     .after = V1_2,
     .free = 5,
     .around_turn = true},
    {.name = "turn7",
     .explain = "the same to make room for the trial",
     .before = V1_1,
     .update = V1_2,
     .after = V1_2,
     .free = 7,
     .around_turn = true},
    {.name = "turn10",
     .explain = "the same when the confirmation is settled",
     .before = V1_1,
     .update = V1_2,
     .after = V1_2,
     .free = 10,
     .around_turn = true},
    {.name = "turn4r",
     .explain = "a bad version: when the install is finished",
     .before = V1_1,
     .update = RESETTING,
     .after = V1_1,
     .free = 4,
     .around_turn = true},
    {.name = "turn5r",
     .explain = "a bad version: at the first attempt's record",
     .before = V1_1,
     .update = RESETTING,
     .after = V1_1,
     .free = 5,
     .around_turn = true},
    {.name = "turn8r",
     .explain = "a bad version: to make room for the first attempt",
     .before = V1_1,
     .update = RESETTING,
     .after = V1_1,
     .free = 8,
     .around_turn = true},
    {.name = "turn12r",
     .explain = "a bad version: after it has gone back",
     .before = V1_1,
     .update = RESETTING,
     .after = V1_1,
     .free = 12,
     .around_turn = true},
    {.name = NULL},
};

static const char *const versions[IMAGES] = {
    [V1_0] = "1.0.0",     [V1_1] = "1.1.0",      [V1_2] = "1.2.0",
    [SLEEPING] = "2.0.0", [RESETTING] = "2.1.0",
};

static const char *name_of(int image)
{
    return image == NOBODY ? "nothing" : versions[image];
}

static uint64_t ops_now(const struct life *life)
{
    return vboard_flash_ops(life->board) - life->base;
}

static void fail(struct life *life, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void fail(struct life *life, const char *format, ...)
{
    if (life->failure[0] == '\0') {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(life->failure, sizeof life->failure, format, arguments);
        va_end(arguments);
    }
    vboard_stop(life->board);
}

/// What the device holds ///

static void copy_memory(const struct life *life, uint8_t *to)
{
    memcpy(to, life->memory.flash, FLASH_SIZE);
    if (SLOTS_ON_W25Q) {
        memcpy(to + FLASH_SIZE, life->memory.slots, W25Q_SIZE);
    }
}

static bool is_memory(const struct life *life, const uint8_t *copy)
{
    return memcmp(copy, life->memory.flash, FLASH_SIZE) == 0 &&
           (!SLOTS_ON_W25Q ||
            memcmp(copy + FLASH_SIZE, life->memory.slots, W25Q_SIZE) == 0);
}

/// What is seen from outside ///

static int image_that_says(const char *line)
{
    for (int i = 0; i < IMAGES; i++) {
        char text[40];
        snprintf(text, sizeof text, "minimal %s runs", versions[i]);
        if (strcmp(line, text) == 0) {
            return i;
        }
    }
    return NOBODY;
}

static void see_line(struct life *life, const char *line)
{
    struct seen *seen = &life->seen;
    if (strncmp(line, "minimal ", 8) == 0) {
        if (seen->runs == NOBODY || image_that_says(line) != seen->runs) {
            fail(life, "the console says \"%s\", but %s was started", line,
                 name_of(seen->runs));
        }
    } else if (strcmp(line, "confirmed") == 0) {
        seen->confirmed = seen->runs;
        vboard_stop(life->board);
    } else if (strcmp(line, "requested") == 0) {
        if (life->requested == 0) {
            life->requested = ops_now(life);
        }
    } else if (strcmp(line, "refused") == 0) {
        fail(life, "the application could not ask for the update");
    } else if (strstr(line, "waiting for an image")) {
        fail(life, "a dead end: %s", line);
    }
}

static void see_byte(struct life *life, char byte)
{
    struct seen *seen = &life->seen;
    if (life->verbose && byte != '\r') {
        putchar(byte);
    }
    if (byte == '\n') {
        seen->line[seen->len] = '\0';
        seen->len = 0;
        see_line(life, seen->line);
    } else if (byte != '\r' && seen->len + 1 < sizeof seen->line) {
        seen->line[seen->len++] = byte;
    }
}

// At the first hand-over after the cut.
static void look_at_known(struct life *life)
{
    life->recovering = false;
    for (unsigned i = 0; i < KNOWN && life->may_end; i++) {
        const struct known *known = &life->known[i];
        if (known->allowed == life->may_run && is_memory(life, known->memory)) {
            life->ended = true;
            vboard_stop(life->board);
            return;
        }
    }
    copy_memory(life, life->at_handover);
}

// This run has recovered.
static void remember(struct life *life)
{
    struct known *known = &life->known[life->next_known++ % KNOWN];
    uint8_t *free = known->memory;
    known->memory = life->at_handover;
    known->allowed = life->last_allowed;
    life->at_handover = free;
}

static void see_handover(struct life *life, const struct vboard_event *event)
{
    if (event->value > 0) {
        fail(life, "registers differ at the hand-over: %s", event->text);
    }
    if (event->address != FLASH_BASE + APP_OFFSET + 512) {
        fail(life, "hand-over to 0x%08X", (unsigned)event->address);
    }
    int runs = NOBODY;
    for (int i = 0; i < IMAGES && runs == NOBODY; i++) {
        if (oracle_holds(&life->memory, PLACE_APP, &life->image[i])) {
            runs = i;
        }
    }
    life->seen.runs = runs;
    if (life->verbose) {
        printf("[hand-over to %s]\n", name_of(runs));
    }
    if (runs == NOBODY) {
        fail(life, "what is started is not verified");
    } else if (!(life->may_run >> runs & 1)) {
        fail(life, "%s is started, which must not run now", name_of(runs));
    }
    if (life->recovering && life->failure[0] == '\0') {
        look_at_known(life);
    }
}

static void take_note(struct life *life, const struct vboard_event *event,
                      uint64_t op)
{
    bool journal = event->unit == 0 && oracle_in_journal(event->address);
    if (op < MAX_OPS) {
        bool external = event->unit == 1;
        life->important[op] = journal || external || event->op == VBOARD_ERASE;
    }
    if (journal && event->op == VBOARD_ERASE && life->turned == 0) {
        life->turned = op;
    }
}

static void see_flash(struct life *life, const struct vboard_event *event)
{
    uint64_t op = event->number - life->base;
    if (life->stop_at > 0 && op >= life->stop_at) {
        vboard_stop(life->board);
    }
    if (life->ops == 0 && life->important) {
        take_note(life, event, op);
    }
    bool near = op >= life->loud_from && op <= life->loud_to;
    if (life->verbose && (near || event->op == VBOARD_ERASE)) {
        printf("[operation %llu: %s %s0x%08X]\n", (unsigned long long)op,
               event->op == VBOARD_ERASE ? "erase" : "program",
               event->unit == 0 ? "" : "W25Q ", (unsigned)event->address);
    }
}

static void see(void *context, const struct vboard_event *event)
{
    struct life *life = context;
    switch (event->kind) {
    case VBOARD_EVENT_UART:
        if (event->unit == 1) {
            see_byte(life, (char)event->value);
        }
        break;
    case VBOARD_EVENT_FLASH:
        see_flash(life, event);
        break;
    case VBOARD_EVENT_HANDOVER:
        see_handover(life, event);
        break;
    case VBOARD_EVENT_VIOLATION:
        fail(life, "violation: %s", event->text);
        break;
    case VBOARD_EVENT_FAULT:
        fail(life, "fault: %s", event->text ? event->text : "");
        break;
    case VBOARD_EVENT_RESET:
    case VBOARD_EVENT_POWER_CUT:
        if (life->verbose) {
            printf("[%s: %s]\n",
                   event->kind == VBOARD_EVENT_RESET ? "reset" : "power cut",
                   event->text);
        }
        break;
    case VBOARD_EVENT_PIN:
        break;
    }
}

/// Going on ///

// Until a version says that it has confirmed.
static bool until_confirmed(struct life *life)
{
    uint64_t end = vboard_time(life->board) + LIMIT;
    life->seen.confirmed = NOBODY;
    while (life->seen.confirmed == NOBODY && life->failure[0] == '\0' &&
           !life->ended) {
        uint64_t now = vboard_time(life->board);
        enum vboard_stop why =
            now < end ? vboard_run(life->board, end - now) : VBOARD_STOP_TIME;
        if (why != VBOARD_STOP_REQUEST && life->seen.confirmed == NOBODY) {
            fail(life, "no version has confirmed: the board stopped (%d)", why);
        }
    }
    return life->failure[0] == '\0';
}

// Puts the next image where the application that runs looks for it.
static bool offer(struct life *life, const struct image *image)
{
    if (image->size <= ARRAY_SIZE) {
        uint8_t *array = life->memory.flash + ARRAY_OFFSET;
        memcpy(array, image->file, image->size);
        memset(array + image->size, 0xFF, ARRAY_SIZE - image->size);
        return true;
    }
    uint32_t address = RAM_IMAGE, now = 0;
    uint32_t array = ARRAY_SIZE > 0 ? FLASH_BASE + ARRAY_OFFSET : 0;
    if (vboard_peek(life->board, NEXT_IMAGE, &now, sizeof now) ||
        (now != array && now != address)) {
        fail(life, "the application's pointer is not at 0x%08X", NEXT_IMAGE);
        return false;
    }
    return vboard_poke(life->board, address, image->file, image->size) == 0 &&
           vboard_poke(life->board, NEXT_IMAGE, &address, sizeof address) == 0;
}

static void press(struct life *life)
{
    uint64_t now = vboard_time(life->board);
    vboard_drive_pin(life->board, "PA8", 0);
    vboard_drive_pin_at(life->board, "PA8", -1, now + VBOARD_MS);
}

static bool update_to(struct life *life, int version)
{
    life->may_run = 1u << version;
    if (!offer(life, &life->image[version])) {
        return false;
    }
    press(life);
    if (!until_confirmed(life)) {
        return false;
    }
    // nothing that is uncertain stays in the journal
    vboard_reset(life->board);
    return until_confirmed(life);
}

// The script of an uncut life: press or switch on; when the last version has
// confirmed, the reset button; when it has again, the end. A snapshot may be
// taken, or the power cut, anywhere in between.
static enum vboard_stop live(struct life *life)
{
    struct seen *seen = &life->seen;
    if (seen->step == 0) {
        seen->step = 1;
        if (life->cycle->update == NOBODY) {
            vboard_power_on(life->board);
        } else {
            press(life);
        }
    }
    for (;;) {
        enum vboard_stop why = vboard_run(life->board, LIMIT);
        bool arrived = seen->confirmed == life->cycle->after;
        seen->confirmed = NOBODY;
        if (arrived && seen->step == 1) {
            seen->step = 2;
            life->done = life->ops == 0 ? ops_now(life) : life->done;
            vboard_reset(life->board);
        } else if (arrived) {
            seen->step = 3;
            return why;
        } else {
            return why;
        }
    }
}

/// Preparing ///

static bool read_file(const char *name, struct image *image)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", IMAGE_DIR, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "%s is missing: the test board.images makes it\n",
                path);
        return false;
    }
    image->file = malloc(APP_SIZE);
    image->size = image->file ? fread(image->file, 1, APP_SIZE, file) : 0;
    fclose(file);
    return image->size > 16;
}

static bool read_images(struct life *life)
{
    for (int i = 0; i < IMAGES; i++) {
        char name[40];
        snprintf(name, sizeof name, "%s-%s.bin", life->size, versions[i]);
        life->image[i].version = versions[i];
        if (!read_file(name, &life->image[i])) {
            return false;
        }
    }
    return true;
}

static bool open_board(struct life *life)
{
    const struct vboard_config config = {
        .mcu = BOARD_MCU,
        .hse_hz = 8000000,
        .seed = life->seed,
        .event = see,
        .context = life,
    };
    life->board = vboard_new(&config);
    if (!life->board || vboard_load(life->board, BOOT_ELF, 0) ||
        (SLOTS_ON_W25Q && vboard_attach_w25q(life->board, NULL))) {
        return false;
    }
    struct memory *memory = &life->memory;
    memory->flash = vboard_flash(life->board, NULL);
    memory->slots =
        SLOTS_ON_W25Q ? vboard_w25q(life->board, NULL) : memory->flash;
    oracle_install(memory->flash, &life->image[V1_0]);
    return true;
}

// Up to the moment before the cycle.
static bool prepare(struct life *life)
{
    const struct cycle *cycle = life->cycle;
    uint8_t *flash = life->memory.flash;
    life->may_run = ~0u;
    if (cycle->before == V1_0 && cycle->update == NOBODY) {
        return true; // fresh from the factory
    }
    vboard_power_on(life->board);
    if (!until_confirmed(life) ||
        (cycle->before != V1_0 && !update_to(life, cycle->before))) {
        return false;
    }
    if (cycle->free > 0) {
        if (!oracle_fill_journal(flash, cycle->free)) {
            fail(life, "the journal cannot be filled");
            return false;
        }
        vboard_power_on(life->board);
        if (!until_confirmed(life)) {
            return false;
        }
    }
    if (cycle->rotten) {
        flash[APP_OFFSET + 512 + 1000] ^= 4;
    }
    return cycle->update == NOBODY || offer(life, &life->image[cycle->update]);
}

static void save_front(struct life *life)
{
    vboard_snapshot_free(life->front);
    life->front = vboard_save(life->board);
    life->front_seen = life->seen;
    if (!life->front) {
        fprintf(stderr, "no memory for a snapshot\n");
        exit(1);
    }
}

static void keep_rest(struct life *life)
{
    const uint8_t *flash = life->memory.flash;
    memcpy(life->rest, flash, BOOT_SIZE);
    memcpy(life->rest + BOOT_SIZE, flash + ARRAY_OFFSET, ARRAY_SIZE);
}

// Goes through it once, to learn how many operations it has and what they are.
static bool scout(struct life *life)
{
    life->base = vboard_flash_ops(life->board);
    life->requested = life->turned = 0;
    memset(life->important, 0, MAX_OPS);
    life->seen = (struct seen){.runs = life->seen.runs, .confirmed = NOBODY};
    keep_rest(life);
    save_front(life);
    life->may_run = ~0u;
    live(life);
    if (life->failure[0] == '\0' && life->seen.step != 3) {
        fail(life, "the uncut life does not end");
    }
    life->ops = ops_now(life);
    if (life->ops >= MAX_OPS || life->ops < 1) {
        fail(life, "%llu operations", (unsigned long long)life->ops);
    }
    return life->failure[0] == '\0';
}

struct life *life_new(const struct cycle *cycle, const char *size,
                      unsigned seed)
{
    struct life *life = calloc(1, sizeof *life);
    if (!life) {
        return NULL;
    }
    life->cycle = cycle;
    life->size = size;
    life->seed = seed;
    life->seen.runs = life->seen.confirmed = NOBODY;
    life->important = calloc(MAX_OPS, 1);
    life->rest = malloc(REST_SIZE);
    life->last_memory = malloc(MEMORY_SIZE);
    life->at_handover = malloc(MEMORY_SIZE);
    bool room =
        life->important && life->rest && life->last_memory && life->at_handover;
    for (int i = 0; i < KNOWN; i++) {
        life->known[i].memory = calloc(1, MEMORY_SIZE);
        room = room && life->known[i].memory;
    }
    if (!room || !read_images(life) || !open_board(life) || !prepare(life) ||
        !scout(life)) {
        fprintf(stderr, "cycle %s, %s: %s\n", cycle->name, size, life->failure);
        life_free(life);
        return NULL;
    }
    return life;
}

void life_free(struct life *life)
{
    for (int i = 0; i < IMAGES; i++) {
        free(life->image[i].file);
    }
    vboard_snapshot_free(life->front);
    vboard_free(life->board);
    free(life->important);
    free(life->rest);
    free(life->last_memory);
    free(life->at_handover);
    for (int i = 0; i < KNOWN; i++) {
        free(life->known[i].memory);
    }
    free(life);
}

/// Cutting ///

static void back_to_front(struct life *life)
{
    vboard_restore(life->board, life->front);
    life->seen = life->front_seen;
}

// To a point before the operation, and not far.
static void move_front(struct life *life, uint64_t op)
{
    back_to_front(life);
    if (op > ops_now(life) + STRIDE) {
        life->stop_at = op - 1;
        live(life);
        life->stop_at = 0;
        save_front(life);
    }
}

// Whether the last version had confirmed for good.
static bool is_done(const struct life *life, uint64_t op, enum vboard_cut how)
{
    return op > life->done || (op == life->done && how == VBOARD_CUT_AFTER);
}

// Which versions may be started after the cut.
static unsigned allowed(const struct life *life, uint64_t op,
                        enum vboard_cut how)
{
    const struct cycle *cycle = life->cycle;
    unsigned before = 1u << cycle->before, after = 1u << cycle->after;
    if (cycle->update == NOBODY) {
        return after;
    }
    unsigned update = 1u << cycle->update;
    if (op < life->requested ||
        (op == life->requested && how == VBOARD_CUT_BEFORE)) {
        return before;
    }
    if (op == life->requested && how == VBOARD_CUT_TORN) {
        return before | update; // whether the record reads well is chance
    }
    return is_done(life, op, how) ? after : update | after;
}

// The last version that has confirmed must be there, complete: of the new one
// this is said from the last operation of its confirmation on.
static void check_at_cut(struct life *life, uint64_t op, enum vboard_cut how)
{
    const struct cycle *cycle = life->cycle;
    int needed = is_done(life, op, how) ? cycle->after : cycle->before;
    if (!oracle_holds_anywhere(&life->memory, &life->image[needed])) {
        fail(life, "at the cut %s is complete nowhere", name_of(needed));
    }
}

static void check_rest(struct life *life)
{
    const uint8_t *flash = life->memory.flash;
    if (memcmp(life->rest, flash, BOOT_SIZE) != 0) {
        fail(life, "the bootloader has changed");
    }
    if (memcmp(life->rest + BOOT_SIZE, flash + ARRAY_OFFSET, ARRAY_SIZE) != 0) {
        fail(life, "the application's own sector has changed");
    }
}

// One more reset changes nothing, and one more update works.
static bool next_update(struct life *life)
{
    int now = life->seen.confirmed;
    life->may_run = 1u << now;
    vboard_reset(life->board);
    return until_confirmed(life) && update_to(life, now == V1_1 ? V1_2 : V1_1);
}

// Whether it is the machine that the last cut has left.
static bool is_again(const struct life *life, uint64_t op, enum vboard_cut how)
{
    return how == VBOARD_CUT_BEFORE && life->last_how == VBOARD_CUT_AFTER &&
           life->last_op > 0 && op == life->last_op + 1 &&
           allowed(life, op, how) == life->last_allowed &&
           is_memory(life, life->last_memory);
}

static bool recover(struct life *life, bool next)
{
    life->seen = (struct seen){.runs = NOBODY, .confirmed = NOBODY};
    life->recovering = true;
    life->may_end = !next;
    vboard_power_on(life->board);
    if (!until_confirmed(life)) {
        return false;
    }
    check_rest(life);
    if (life->failure[0] != '\0' || life->ended) {
        return life->failure[0] == '\0';
    }
    remember(life);
    return !next || next_update(life);
}

bool life_cut(struct life *life, uint64_t op, enum vboard_cut how, bool next)
{
    life->failure[0] = '\0';
    life->ended = life->again = life->recovering = false;
    life->may_run = ~0u;
    move_front(life, op);
    vboard_cut_at_op(life->board, op - ops_now(life), how);
    enum vboard_stop why = live(life);
    if (why != VBOARD_STOP_POWER_CUT || ops_now(life) != op) {
        fail(life, "no power cut, but %d at operation %llu", why,
             (unsigned long long)ops_now(life));
        return false;
    }
    check_at_cut(life, op, how);
    life->again = is_again(life, op, how);
    if (life->again || life->failure[0] != '\0') {
        return life->failure[0] == '\0';
    }
    life->last_op = 0;
    life->last_how = how;
    life->last_allowed = life->may_run = allowed(life, op, how);
    copy_memory(life, life->last_memory);
    if (!recover(life, next)) {
        return false;
    }
    life->last_op = op;
    return true;
}
