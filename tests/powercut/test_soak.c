// SPDX-License-Identifier: MIT
//
// Everything at once, at random, on every geometry and layout.
//
// Half of the lives are those of the power-cut proof with up to eight cuts, the
// strict oracle looking on (tests/powercut/life.h); a failure is also named by
// an id for scripts/replay. In the others flash fails to read, program and
// erase as well, images are spoiled, and applications behave as they like:
// never may anything run that is not verified, and once the trouble is over, a
// device that has a good application anywhere runs it and takes the next two
// updates.
//   test_soak [FIRST_SEED [COUNT]]      a failure names its seed; one seed
//   alone
//                                       is told in full

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "life.h"
#include "ota/boot.h"
#include "ota/stage.h"
#include "trace.h"

#define ROUNDS 12

struct soak {
    struct world *world;
    uint32_t seed;
    uint32_t random;
    uint32_t version;         // of the newest image that was made
    struct image_file *image; // that is offered
    struct ota_boot boot;
};

static unsigned long boots, cuts;
static struct soak soak;

// 0 .. n - 1
static uint32_t draw(uint32_t n)
{
    // xorshift32, Marsaglia 2003
    soak.random ^= soak.random << 13;
    soak.random ^= soak.random >> 17;
    soak.random ^= soak.random << 5;
    return soak.random % n;
}

_Noreturn static void fail(const char *what)
{
    trace_say("FAILED");
    printf("FAILED seed %u: %s\n", (unsigned)soak.seed, what);
    exit(1);
}

/// Many cuts under the strict oracle ///

static jmp_buf life_is_over;
static unsigned cuts_left, cut_odds;

static void maybe_cut(struct life *life, struct ram_flash *ram,
                      const struct ram_op *op)
{
    if (cuts_left == 0 || draw(cut_odds) != 0) {
        return;
    }
    cuts_left--;
    cuts++;
    if (draw(3) == 0) {
        cut_odds = draw(2) ? 12 : 300;
    }
    struct life child;
    if (!life_cut(life, &child, ram, op, (enum ram_cut)draw(3))) {
        char id[MAX_ID];
        life_id(&child, id);
        printf("FAILED %s: %s\n", id, child.what);
        fail("the oracle objects");
    }
    longjmp(life_is_over, 1); // the other life has been lived to its end
}

static void strict_life(void)
{
    const struct scenario *scenario;
    enum kind kind;
    do {
        scenario = &scenarios[draw((uint32_t)scenario_count)];
        kind = (enum kind)draw(KIND_COUNT);
        soak.world = NULL;
        if (scenario->kinds & 1u << kind) {
            soak.world = world_new((enum part)draw(PART_COUNT), kind);
        }
    } while (!soak.world);
    cuts_left = 1 + draw(MAX_CUTS);
    cut_odds = 1 + draw(400);
    static struct life life; // outlives the jump
    bool good = life_begin(&life, soak.world, scenario, soak.seed);
    life_on_op = maybe_cut;
    if (!good || (setjmp(life_is_over) == 0 && !life_go_on(&life))) {
        fail(life.what);
    }
    life_on_op = NULL;
    for (unsigned i = 0; i < 2 && soak.world->device[i]; i++) {
        boots += life.boots;
    }
}

/// Trouble ///

static void new_image(void)
{
    soak.image = world_image(soak.world, ++soak.version, 100 + draw(1500));
}

static void spoil_image(void)
{
    switch (draw(4)) {
    case 0:
        if (soak.world->image_count + 3 < MAX_IMAGES) {
            new_image();
        }
        break;
    case 1:
        soak.image->bytes[draw(soak.image->len)] ^= (uint8_t)(1 << draw(8));
        break;
    default:
        break;
    }
}

static void cut_within(uint32_t operations)
{
    soak.world->device[0]->cut_at = 1 + draw(operations);
    soak.world->device[0]->cut = (enum ram_cut)draw(3);
}

static void break_flash(void)
{
    static const int prog[] = {OTA_OK, OTA_ERR_POWER, OTA_ERR_FLASH_PROGRAM,
                               OTA_ERR_FLASH_TIMEOUT, OTA_ERR_FLASH_PROTECTED};
    static const int erase[] = {OTA_ERR_POWER, OTA_ERR_FLASH_ERASE,
                                OTA_ERR_FLASH_PROTECTED};
    struct ram_flash *ram = soak.world->device[0];
    if (soak.world->device[1] && draw(2)) {
        ram = soak.world->device[1];
    }
    struct ram_faults *faults = &ram->faults;
    faults->prog_at = draw(2) ? 1 + draw(600) : 0;
    faults->prog_error = prog[draw(5)];
    faults->erase_at = draw(2) ? 1 + draw(6) : 0;
    faults->erase_error = erase[draw(3)];
    faults->read_at = draw(3) ? 0 : 1 + draw(800);
    faults->sticky = draw(4) == 0;
    if (ram != soak.world->device[0] && draw(3) == 0) {
        faults->gone_at = 1 + draw(300);
        faults->gone_error =
            draw(2) ? OTA_ERR_FLASH_DEVICE : OTA_ERR_FLASH_TIMEOUT;
    }
}

// What is torn may read differently now.
static void turn_off_and_on(void)
{
    for (unsigned i = 0; i < 2 && soak.world->device[i]; i++) {
        ram_flash_power_on(soak.world->device[i]);
    }
}

static void power_on(void)
{
    if (soak.world->device[0]->dead) {
        cuts++;
        soak.world->device[0]->cut_at = 0;
        turn_off_and_on();
    }
}

static void calm(void)
{
    power_on();
    for (unsigned i = 0; i < 2 && soak.world->device[i]; i++) {
        soak.world->device[i]->cut_at = 0;
        soak.world->device[i]->faults = (struct ram_faults){0};
    }
}

/// A device's life ///

static void tell_op(struct ram_flash *ram, const struct ram_op *op)
{
    trace_op(soak.world, world_ops(soak.world) + 1, ram, op);
}

static void tell_faults(void)
{
    const struct ram_flash *ram = soak.world->device[0];
    for (unsigned i = 0; i < 2 && soak.world->device[i]; i++) {
        const struct ram_faults *faults = &soak.world->device[i]->faults;
        trace_say(
            "  device %u: cut %u/%d faults read %u prog %u (%s) erase %u "
            "(%s)%s",
            i, (unsigned)ram->cut_at, (int)ram->cut, (unsigned)faults->read_at,
            (unsigned)faults->prog_at, ota_error_text(faults->prog_error),
            (unsigned)faults->erase_at, ota_error_text(faults->erase_error),
            faults->sticky ? " sticky" : "");
    }
}

static bool has_slots(void)
{
    return soak.world->kind != KIND_SINGLE;
}

// Of what is torn nobody can say what it reads as.
static bool app_is_torn(void)
{
    const struct ota_area *app = &soak.world->layout.app;
    return ram_flash_is_torn(ram_of(app), app->offset,
                             OTA_HEADER_SPACE + soak.boot.app.size);
}

// Boots until it runs, is cut off, or has looked for an image in vain a few
// times. True when it runs something.
static bool boots_up(void)
{
    struct ota_c_array array;
    ota_c_array_init(&array, soak.image->bytes, soak.image->len);
    const struct ota_boot_source source = {OTA_SOURCE_C_ARRAY, &array.source,
                                           false};
    const struct ota_boot_config config = {
        .layout = &soak.world->layout,
        .sources = &source,
        .source_count = 1,
    };
    unsigned polls = 0;
    boots++;
    trace_say("  boot");
    tell_faults();
    ota_boot_begin(&soak.boot, &config);
    for (unsigned i = 0; i < 400000; i++) {
        enum ota_verdict verdict = ota_boot_step(&soak.boot);
        trace_record(soak.world);
        if (soak.world->device[0]->dead ||
            (verdict == OTA_BOOT_NO_APP && ++polls == 6)) {
            return false;
        }
        if (verdict == OTA_BOOT_RUN) {
            if (soak.boot.development ||
                (!app_is_torn() && world_version_at(soak.world, PLACE_APP) !=
                                       soak.boot.app.version)) {
                fail("runs what is not verified");
            }
            trace_say("    runs 0x%x", (unsigned)soak.boot.app.version);
            return true;
        }
    }
    fail("the bootloader does not come to a verdict");
}

// Stages what is offered, or some of it.
static int stage(struct ota_app *app, bool all)
{
    struct ota_stage stage;
    const uint8_t *bytes = soak.image->bytes;
    uint32_t len = soak.image->len, from = 0;
    int err;
    if (!all && draw(2)) {
        int32_t offset = ota_stage_resume(&stage, app, bytes, len);
        err = offset < 0 ? (int)offset : 0;
        from = offset < 0 ? 0 : (uint32_t)offset;
    } else {
        err = ota_stage_begin(&stage, app, bytes, len);
    }
    uint32_t end = all || draw(3) ? len : draw(len);
    while (err == 0 && from < end) {
        uint32_t n = 1 + draw(400);
        n = n < end - from ? n : end - from;
        err = ota_stage_write(&stage, bytes + from, n);
        from += n;
    }
    return err ? err : ota_stage_finish(&stage);
}

// Writes what is offered, or some of it, into slot A, and asks nobody.
static int write_slot_a(void)
{
    const struct ota_area *area = &soak.world->layout.slot[0];
    struct ota_slot_writer writer;
    uint32_t len = soak.image->len;
    ota_slot_begin(&writer, area, len, 0);
    return ota_slot_write(&writer, soak.image->bytes,
                          draw(3) ? len : draw(len));
}

// What an application does that knows no shame. Results do not matter: there
// may be no power.
static void misbehave(void)
{
    struct ota_app app;
    struct ota_status status;
    int err = ota_app_open(&app, &soak.world->layout, soak.world->info);
    if (err == 0) {
        err = ota_app_status(&app, &status);
    }
    if (err == 0 && draw(3)) {
        err = ota_app_confirm(&app);
    }
    if (has_slots() && draw(3)) {
        err = stage(&app, false);
    }
    if (has_slots() && draw(5) == 0) {
        err = write_slot_a();
        err = ota_app_request(&app, OTA_SOURCE_SLOT_A);
    }
    if (draw(2)) {
        err =
            ota_app_request(&app, draw(2) && has_slots() ? OTA_SOURCE_STAGED
                                                         : OTA_SOURCE_C_ARRAY);
    }
    (void)err;
}

static void one_round(void)
{
    spoil_image();
    if (draw(4)) {
        cut_within(draw(2) ? 60 : 900);
    }
    if (draw(2)) {
        break_flash();
    }
    if (boots_up()) {
        if (draw(3) == 0) {
            cut_within(draw(2) ? 16 : 400);
        }
        misbehave();
    }
    if (draw(3)) {
        calm();
    }
    power_on();
}

static int update_by_application(void)
{
    struct ota_app app;
    int err = ota_app_open(&app, &soak.world->layout, soak.world->info);
    if (err == 0) {
        err = ota_app_confirm(&app);
    }
    if (err == 0 && has_slots()) {
        err = stage(&app, true);
    }
    if (err == 0) {
        err = ota_app_request(&app, has_slots() ? OTA_SOURCE_STAGED
                                                : OTA_SOURCE_C_ARRAY);
    }
    trace_say("    update: %s", ota_error_text(err));
    return err;
}

// In the application: confirms. A torn record that is read now and not then
// sorts itself out in a few boots.
static void come_to_rest(void)
{
    for (int i = 0; i < 20; i++) {
        struct ota_app app;
        if (ota_app_open(&app, &soak.world->layout, soak.world->info) == 0 &&
            ota_app_confirm(&app) == 0 &&
            app.journal.newest.state == OTA_STATE_CONFIRMED &&
            app.journal.newest.ota_flag == OTA_FLAG_NONE &&
            ota_journal_free(&app.journal) >= OTA_JOURNAL_RESERVE - 1) {
            return;
        }
        turn_off_and_on();
        if (!boots_up()) {
            fail("it ran, and runs no longer");
        }
    }
    fail("it does not come to rest");
}

// Half erased records may still get in the way of one or the other try.
static void two_more_updates(void)
{
    for (int i = 0; i < 2; i++) {
        new_image();
        bool done = false;
        for (int tries = 0; !done && tries < 20; tries++) {
            come_to_rest();
            int err = update_by_application();
            turn_off_and_on();
            if (!boots_up()) {
                fail("it ran, and runs no longer");
            }
            done = err == 0 && soak.boot.app.version == soak.version;
        }
        if (!done) {
            fail("the next update fails");
        }
    }
}

static bool array_is_good(void)
{
    const struct image_file *image = soak.image;
    struct world *other = world_new(PART_F446, KIND_SINGLE);
    other->layout.flash_base = soak.world->layout.flash_base;
    world_factory(other, image);
    bool good = world_version_at(other, PLACE_APP) != 0;
    world_free(other);
    struct ota_image decoded;
    return good && image->len > 24 &&
           ota_image_decode(&decoded, image->bytes) == 0 &&
           ota_image_check_header(&decoded, &soak.world->layout) == 0 &&
           ota_image_check_vectors(decoded.size, &soak.world->layout,
                                   image->bytes + 16) == 0;
}

// Something that will do tomorrow as well. What a layout single has reverted
// does not come back by itself.
static bool has_good_application(void)
{
    if (!has_slots()) {
        const uint8_t *newest = world_newest(soak.world);
        bool given_up =
            newest && ((int8_t)newest[32] == OTA_ERR_UNCONFIRMED ||
                       (newest[25] == OTA_STATE_TRIAL &&
                        newest[27] >= soak.world->layout.trial_boots));
        return array_is_good() && !given_up;
    }
    for (int place = 0; place < PLACE_COUNT; place++) {
        if (world_version_at(soak.world, (enum place)place)) {
            return true;
        }
    }
    return array_is_good();
}

static void troubled_life(void)
{
    do {
        soak.world =
            world_new((enum part)draw(PART_COUNT), (enum kind)draw(KIND_COUNT));
    } while (!soak.world);
    world_seed(soak.world, soak.seed);
    for (unsigned i = 0; i < 2 && soak.world->device[i]; i++) {
        soak.world->device[i]->before = tell_op;
    }
    soak.version = 0;
    new_image();
    if (draw(3) == 0) {
        world_factory(soak.world, soak.image);
    }
    for (int i = 0; i < ROUNDS; i++) {
        one_round();
    }
    calm();
    bool good = has_good_application();
    bool runs = boots_up();
    if (good && !runs) {
        fail("a dead end");
    }
    if (runs) {
        two_more_updates();
    }
}

int main(int argc, char **argv)
{
    uint32_t first = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : 1;
    uint32_t count = argc > 1 ? 1 : 2000;
    if (argc > 2) {
        count = (uint32_t)strtoul(argv[2], NULL, 0);
    }
    trace_to = count == 1 ? stdout : NULL;
    for (uint32_t i = 0; i < count; i++) {
        soak = (struct soak){.seed = first + i,
                             .random = (first + i) * 2654435761u | 1};
        for (int skip = 0; skip < 4; skip++) {
            draw(2); // small seeds begin alike
        }
        if (draw(2)) {
            strict_life();
        } else {
            troubled_life();
        }
        world_free(soak.world);
    }
    printf("soak: %u lives, %lu boots, %lu power cuts\n", (unsigned)count,
           boots, cuts);
    return 0;
}
