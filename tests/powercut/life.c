// SPDX-License-Identifier: MIT

#include "life.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ota/boot.h"
#include "ota/bytes.h"
#include "ota/stage.h"
#include "trace.h"

// The first application, those of the past and of the piece of life.
#define VERSION(n)   OTA_VERSION(1, n, 0)
#define NEXT_VERSION OTA_VERSION(2, 0, 0)

#define MAX_STEPS 200000 // of one boot
#define MAX_BOOTS 16     // without a power cut
#define MAX_POLLS 5      // for an image, before somebody comes

void (*life_on_op)(struct life *life, struct ram_flash *ram,
                   const struct ram_op *op);

static struct life *current;

const char life_hows[] = "bta";

void life_id(const struct life *life, char id[MAX_ID])
{
    int n = snprintf(id, MAX_ID, "f1:%s:%s:%s", part_names[life->world->part],
                     kind_names[life->world->kind], life->scenario->name);
    for (unsigned i = 0; i < life->cut_count; i++) {
        n += snprintf(id + n, MAX_ID - (size_t)n, ":%u%c",
                      (unsigned)life->cuts[i].op, life_hows[life->cuts[i].how]);
    }
    snprintf(id + n, MAX_ID - (size_t)n, ":s%u", (unsigned)life->seed);
}

/// Objections ///

__attribute__((format(printf, 2, 3), noreturn)) static void
object(struct life *life, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(life->what, sizeof life->what, format, args);
    va_end(args);
    trace_say("FAILED: %s", life->what);
    longjmp(life->out, 1);
}

static void on_broken_promise(const char *what, uint32_t offset)
{
    object(current, "the engine broke its promise: %s at 0x%x", what,
           (unsigned)offset);
}

// A complete application stands, whatever this operation does; and what runs
// is not touched where there is nothing better.
static void watch(struct life *life, const struct ram_flash *ram,
                  const struct ram_op *op)
{
    struct world *world = life->world;
    if (life->scenario->before == BEFORE_TRIAL && !life->past && !life->next &&
        world_hits(world, PLACE_APP, ram, op)) {
        object(life, "the trial is not kept, for want of a backup");
    }
    if (life->witness == PLACE_NONE || world->kind == KIND_SINGLE ||
        !world_hits(world, life->witness, ram, op)) {
        return;
    }
    for (int place = 0; place < PLACE_COUNT; place++) {
        if (place != (int)life->witness &&
            world_version_at(world, (enum place)place)) {
            life->witness = (enum place)place;
            return;
        }
    }
    object(life, "no complete application is left");
}

static void on_op(struct ram_flash *ram, const struct ram_op *op)
{
    struct life *life = current;
    life->op++;
    trace_op(life->world, life->op, ram, op);
    watch(life, ram, op);
    if (life_on_op && !life->next && !life->past) {
        life_on_op(life, ram, op);
        current = life;
    }
}

static void find_witness(struct life *life)
{
    life->witness = PLACE_NONE;
    for (int place = 0; place < PLACE_COUNT; place++) {
        if (world_version_at(life->world, (enum place)place)) {
            life->witness = (enum place)place;
            return;
        }
    }
}

/// Sources ///

// A sender that begins anew when it is asked, and cannot go back.
struct stream {
    struct ota_source source;
    const struct image_file *image;
    uint32_t position;
    unsigned calls;
};

static int stream_open(struct ota_source *source)
{
    ((struct stream *)source)->position = 0;
    return 0;
}

static int stream_read(struct ota_source *source, void *data, size_t len)
{
    struct stream *stream = (struct stream *)source;
    uint32_t n = 1 + 37 * (stream->calls % 9);
    if (++stream->calls % 5 == 0) {
        return 0; // nothing yet
    }
    uint32_t left = stream->image->len - stream->position;
    n = n < left ? n : left;
    n = n < len ? n : (uint32_t)len;
    if (n == 0) {
        return OTA_ERR_SOURCE_END;
    }
    memcpy(data, stream->image->bytes + stream->position, n);
    stream->position += n;
    return (int)n;
}

struct sources {
    struct stream stream;
    struct ota_c_array array;
    struct ota_boot_source list[1];
    size_t count;
};

static struct image_file *offered(const struct life *life)
{
    return world_image(life->world, life->offered, 0);
}

static void connect(const struct life *life, struct sources *sources)
{
    const struct image_file *image = offered(life);
    sources->count = 1;
    if (life->path == PATH_STREAM) {
        sources->stream = (struct stream){
            .source = {.read = stream_read, .open = stream_open},
            .image = image,
        };
        sources->list[0] = (struct ota_boot_source){
            OTA_SOURCE_UART, &sources->stream.source, true};
    } else if (life->path == PATH_ARRAY || life->world->kind == KIND_SINGLE) {
        ota_c_array_init(&sources->array, image->bytes, image->len);
        sources->list[0] = (struct ota_boot_source){
            OTA_SOURCE_C_ARRAY, &sources->array.source, false};
    } else {
        sources->count = 0;
    }
}

/// Booting ///

static bool is_allowed(const struct life *life, uint32_t version)
{
    return version == life->old || version == life->offered ||
           (version == life->other && life->other != 0);
}

static void check_what_runs(struct life *life, const struct ota_boot *boot)
{
    uint32_t version = world_version_at(life->world, PLACE_APP);
    if (version == 0 || boot->development || boot->app_error ||
        boot->app.version != version) {
        object(life, "it runs what is not complete and verified");
    }
    if (!is_allowed(life, version)) {
        object(life, "version 0x%x runs, neither old nor new",
               (unsigned)version);
    }
    if (version < life->confirmed) {
        object(life, "the confirmed version 0x%x went back to 0x%x",
               (unsigned)life->confirmed, (unsigned)version);
    }
    life->witness = PLACE_APP;
}

// So many power cuts may have used up the boots of a good image.
static bool may_run_out(const struct life *life)
{
    return life->cut_count >= life->world->layout.trial_boots;
}

// Nothing runs: in layout single somebody has to come and bring another image.
static bool help_comes(struct life *life)
{
    if (life->world->kind != KIND_SINGLE ||
        (life->offered != life->bad && !may_run_out(life))) {
        return false;
    }
    life->other = 0;
    life->offered += VERSION(1) - VERSION(0);
    life->goal = GOAL_UPDATED;
    trace_say("    somebody brings another image");
    return true;
}

static void boot_device(struct life *life)
{
    struct sources sources;
    connect(life, &sources);
    const struct ota_boot_config config = {
        .layout = &life->world->layout,
        .sources = sources.list,
        .source_count = sources.count,
    };
    struct ota_boot boot;
    unsigned polls = 0;
    if (++life->boots > MAX_BOOTS) {
        object(life, "it boots for ever");
    }
    trace_say("  boot");
    ota_boot_begin(&boot, &config);
    for (unsigned i = 0; i < MAX_STEPS; i++) {
        enum ota_verdict verdict = ota_boot_step(&boot);
        trace_record(life->world);
        if (life->world->device[0]->dead) {
            return; // only in the past
        }
        if (verdict == OTA_BOOT_RUN) {
            trace_say("    runs %u.%u", OTA_VERSION_MAJOR(boot.app.version),
                      OTA_VERSION_MINOR(boot.app.version));
            check_what_runs(life, &boot);
            return;
        }
        if (verdict == OTA_BOOT_NO_APP && ++polls == MAX_POLLS) {
            if (!help_comes(life)) {
                object(life, "a dead end");
            }
            connect(life, &sources);
        }
    }
    object(life, "the bootloader does not come to a verdict");
}

/// The application ///

// Errors after which an application has to reset, and no others. They come
// from a torn record that the bootloader could read and the application not, or
// from a half erased unit that reads like a record and a blank rest.
static void must(struct life *life, const char *what, int err)
{
    if (err >= 0) {
        return;
    }
    trace_say("    %s: %s", what, ota_error_text(err));
    if (life->cut_count > 0 &&
        (err == OTA_ERR_BUSY || err == OTA_ERR_JOURNAL_FULL ||
         err == OTA_ERR_JOURNAL_EMPTY || err == OTA_ERR_JOURNAL_WRITE)) {
        world_turn_on(life->world); // what is torn may read differently then
        longjmp(life->reset, 1);
    }
    object(life, "%s: %s", what, ota_error_text(err));
}

static bool may_never_revert(const struct life *life)
{
    return life->world->kind == KIND_ONE_SLOT ||
           life->scenario->before == BEFORE_TRIAL;
}

// A version that does not confirm; false: it has to wait for its end. Where
// there is nothing to go back to, it finds out in the end that it is well.
static bool is_well(struct life *life, const struct ota_status *status)
{
    unsigned boots = life->world->layout.trial_boots;
    if (status->version != life->bad) {
        return true;
    }
    life->trials++;
    if (!may_never_revert(life) && life->trials > boots) {
        object(life, "a trial runs more often than it may");
    }
    return may_never_revert(life) && life->trials >= boots + 2;
}

static bool confirm(struct life *life, struct ota_app *app,
                    const struct ota_status *status)
{
    if (!is_well(life, status)) {
        return false;
    }
    life->confirming = status->version;
    must(life, "ota_app_confirm", ota_app_confirm(app));
    trace_say("    confirmed");
    trace_record(life->world);
    life->confirmed = status->version;
    if (status->version != life->offered) {
        life->old = status->version;
    }
    return true;
}

// Every outcome is told, and for a reason.
static void check_told(struct life *life, const struct ota_status *status)
{
    if (status->version != world_version_at(life->world, PLACE_APP)) {
        object(life, "the status has the wrong version");
    }
    bool refused = status->result != OTA_OK;
    if (life->pending && life->boots > 0) {
        if (status->version != life->pending && !status->requested &&
            (!refused || status->tried_version != life->pending)) {
            object(life, "an accepted request was lost");
        }
        life->pending = 0;
    }
    if (status->result == OTA_ERR_UNCONFIRMED && !status->trial &&
        status->version == life->old &&
        life->trials + life->cut_count < life->world->layout.trial_boots) {
        object(life, "reverted after %u of its boots", life->trials);
    }
}

static bool is_reached(struct life *life, const struct ota_status *status)
{
    bool tried = life->goal != GOAL_RUNS && status->version == life->old &&
                 status->tried_version == life->offered &&
                 status->result != OTA_OK;
    if (life->goal == GOAL_RUNS) {
        return true;
    }
    if (status->version == life->offered) {
        if (life->goal == GOAL_REFUSED) {
            object(life, "the bad image runs");
        }
        if (life->confirming != life->offered) {
            object(life, "the trial is over without a confirmation");
        }
        if (life->goal == GOAL_UPDATED && !may_run_out(life) &&
            (status->result != OTA_OK || status->step != OTA_STEP_DONE ||
             status->tried_version != life->offered)) {
            object(life, "success is told as: %s",
                   ota_error_text(status->result));
        }
        return true;
    }
    if (!tried) {
        return false;
    }
    int want = life->goal == GOAL_REVERTED  ? OTA_ERR_UNCONFIRMED
               : life->goal == GOAL_REFUSED ? life->scenario->result
                                            : OTA_OK;
    if (status->result == OTA_ERR_UNCONFIRMED && may_run_out(life)) {
        return true;
    }
    if (status->result != want) {
        object(life, "refused: %s at %s", ota_error_text(status->result),
               ota_step_name(status->step));
    }
    return true;
}

// Whether the slot to stage in begins with the image that is offered.
static bool is_staged(const struct ota_app *app, const struct image_file *image)
{
    uint8_t slot = ota_slot_free(app->layout, &app->journal.newest);
    uint8_t head[OTA_PLAIN_HEADER_SIZE];
    return ota_area_read(ota_slot_area(app->layout, slot), 0, head,
                         sizeof head) == 0 &&
           memcmp(head, image->bytes, sizeof head) == 0;
}

static int stage(struct life *life, struct ota_app *app)
{
    const struct image_file *image = offered(life);
    struct ota_stage stage;
    uint32_t from = 0;
    life->pending = 0;
    if (life->path == PATH_RESUME && life->stagings == 0) {
        int32_t offset =
            ota_stage_resume(&stage, app, image->bytes, image->len);
        must(life, "ota_stage_resume", (int)offset);
        from = (uint32_t)offset;
    } else {
        must(life, "ota_stage_begin",
             ota_stage_begin(&stage, app, image->bytes, image->len));
    }
    trace_say("    stages from byte %u", (unsigned)from);
    trace_record(life->world);
    if (!life->past &&
        world_version_at(life->world, PLACE_APP) != life->other) {
        life->other = 0; // withdrawn
    }
    life->stagings++;
    static const uint32_t sizes[] = {1, 33, 250, 8, 511, 64};
    for (unsigned i = 0; from < image->len; i++) {
        uint32_t left = image->len - from;
        uint32_t n = sizes[i % (sizeof sizes / sizeof sizes[0])];
        n = n < left ? n : left;
        must(life, "ota_stage_write",
             ota_stage_write(&stage, image->bytes + from, n));
        from += n;
    }
    return ota_stage_finish(&stage);
}

static bool has_slots(const struct life *life)
{
    return life->path == PATH_STAGE || life->path == PATH_RESUME;
}

// A torn erase may read as old data, behind which the slot is not continued
// where it should be; that comes out in the end.
static bool may_restage(const struct life *life)
{
    bool torn = false;
    for (unsigned i = 0; i < life->cut_count; i++) {
        torn = torn || life->cuts[i].how == CUT_TORN;
    }
    return torn && life->path == PATH_RESUME && life->stagings < 2;
}

// Somebody who knows nothing of roles writes the image into slot A.
static void put_into_slot_a(struct life *life)
{
    const struct ota_area *area = &life->world->layout.slot[0];
    const struct image_file *image = offered(life);
    if (world_version_at(life->world, PLACE_A) == image->version) {
        return;
    }
    trace_say("    writes slot A");
    for (uint32_t at = 0; at < image->len;) {
        int32_t size = ota_area_unit_size(area, at);
        must(life, "ota_area_unit_size", (int)size);
        must(life, "ota_area_erase", ota_area_erase(area, at));
        at += (uint32_t)size;
    }
    for (uint32_t at = 0; at < image->len; at += 256) {
        uint32_t n = image->len - at < 256 ? image->len - at : 256;
        uint32_t unit = area->flash->geometry->write_unit;
        uint8_t data[256];
        memset(data, 0xFF, sizeof data);
        memcpy(data, image->bytes + at, n);
        must(life, "ota_area_prog",
             ota_area_prog(area, at, data, (n + unit - 1) / unit * unit));
    }
}

// Brings the update nearer. True: it has turned out to be bad already.
static bool pursue(struct life *life, struct ota_app *app,
                   const struct ota_status *status)
{
    enum ota_source_id source = OTA_SOURCE_STAGED;
    if (life->path == PATH_SLOT_A) {
        put_into_slot_a(life);
        source = OTA_SOURCE_SLOT_A;
    } else if (!has_slots(life)) {
        source =
            life->path == PATH_STREAM ? OTA_SOURCE_UART : OTA_SOURCE_C_ARRAY;
    } else if (!status->staged || !is_staged(app, offered(life))) {
        int err = stage(life, app);
        trace_say("    staged: %s", ota_error_text(err));
        trace_record(life->world);
        if (life->scenario->bad && !life->next && !life->past) {
            if (err != OTA_ERR_CRC) {
                object(life, "a bad image is staged: %s", ota_error_text(err));
            }
            return true;
        }
        if (err && may_restage(life)) {
            return false; // from the start, after a reset
        }
        must(life, "ota_stage_finish", err);
        if (life->path == PATH_RESUME) {
            return false; // a reset in between must not hurt
        }
    }
    must(life, "ota_app_request", ota_app_request(app, source));
    trace_say("    requested");
    trace_record(life->world);
    life->pending = life->offered;
    return false;
}

/// The next update ///

static bool session(struct life *life);

static void begin_next(struct life *life, const struct ota_status *status)
{
    trace_say("  the next update");
    life->next = true;
    life->old = status->version;
    life->confirmed = status->version;
    life->offered = NEXT_VERSION;
    life->other = 0;
    life->bad = 0;
    life->pending = 0;
    life->boots = 0;
    life->stagings = 0;
    life->goal = GOAL_UPDATED;
    life->path = life->world->kind == KIND_SINGLE ? PATH_ARRAY : PATH_STAGE;
}

// From here on the next update's wear counts.
static void look_at_wear(struct life *life)
{
    life->copy = PLACE_NONE;
    for (int place = PLACE_A; place <= PLACE_B; place++) {
        if (world_version_at(life->world, (enum place)place) == life->old) {
            life->copy = (enum place)place;
        }
    }
    world_wear(life->world, &life->before);
}

static void check_place(struct life *life, enum place place, uint32_t len,
                        const struct wear *after)
{
    static const char *const names[] = {"app slot", "slot A", "slot B"};
    const char *what =
        world_check_wear(life->world, place, &life->before, after, len);
    if (what) {
        object(life, "next update: in the %s %s", names[place], what);
    }
}

// Each sector of the staged slot and the app slot erased once, each byte
// programmed once; a backup only where there was none.
static void check_next(struct life *life)
{
    struct world *world = life->world;
    struct wear after;
    world_wear(world, &after);
    uint32_t len = offered(life)->len;
    check_place(life, PLACE_APP, len, &after);
    for (int place = PLACE_A; place <= PLACE_B; place++) {
        if (!world_place(world, (enum place)place)) {
            continue;
        }
        uint32_t want = 0;
        if (world_version_at(world, (enum place)place) == NEXT_VERSION) {
            want = len;
        } else if (life->copy == PLACE_NONE) {
            want = world_image(world, life->old, 0)->len;
        }
        check_place(life, (enum place)place, want, &after);
    }
}

// Once it has settled, a boot writes nothing. One boot settles the newest
// record and may turn the journal over, another makes sure of a unit's first
// record.
static void check_quiet(struct life *life)
{
    boot_device(life);
    boot_device(life);
    uint32_t ops = world_ops(life->world);
    boot_device(life);
    if (world_ops(life->world) != ops) {
        object(life, "an uneventful boot writes");
    }
}

/// Life ///

// What the application does from its start to its reset. True: all is done.
static bool session(struct life *life)
{
    struct ota_app app;
    struct ota_status status;
    must(life, "ota_app_open",
         ota_app_open(&app, &life->world->layout, life->world->info));
    must(life, "ota_app_status", ota_app_status(&app, &status));
    check_told(life, &status);
    if (status.trial && !confirm(life, &app, &status)) {
        return false;
    }
    if (!life->next) {
        bool reached = is_reached(life, &status) || pursue(life, &app, &status);
        if (!reached || life->past) {
            return reached;
        }
        begin_next(life, &status);
    }
    if (status.version == life->old) {
        if (life->stagings == 0) {
            look_at_wear(life);
        }
        return pursue(life, &app, &status);
    }
    (void)is_reached(life, &status); // for its objections
    check_next(life);
    check_quiet(life);
    return true;
}

static void live(struct life *life)
{
    do {
        if (!life->in_app) {
            boot_device(life);
        }
        life->in_app = false;
    } while (setjmp(life->reset) != 0 || !session(life));
}

bool life_go_on(struct life *life)
{
    struct life *before = current;
    current = life;
    for (unsigned i = 0; i < 2 && life->world->device[i]; i++) {
        life->world->device[i]->before = on_op;
        life->world->device[i]->broken = on_broken_promise;
    }
    bool good = setjmp(life->out) == 0;
    if (good) {
        live(life);
    }
    current = before;
    return good;
}

static uint32_t mix(uint32_t hash, uint32_t word)
{
    hash = (hash ^ word) * 0x9E3779B1u; // Knuth's multiplicative hash
    return hash ^ hash >> 15;
}

static uint32_t seed_of(const struct life *life)
{
    uint32_t hash = mix(1, life->seed);
    for (unsigned i = 0; i < life->cut_count; i++) {
        hash = mix(mix(hash, life->cuts[i].op), life->cuts[i].how);
    }
    return hash;
}

bool life_cut(const struct life *life, struct life *child,
              struct ram_flash *ram, const struct ram_op *op, enum ram_cut how)
{
    static const char *const hows[] = {"before", "within", "after"};
    struct world *world = life->world;
    struct world_mark mark = world_mark(world);
    *child = *life;
    child->cuts[child->cut_count++] = (struct cut){life->op, how};
    child->op = 0;
    child->boots = 0;
    child->stagings = 0;
    child->in_app = false;
    trace_say("  POWER CUT %s operation %u", hows[how], (unsigned)life->op);
    ram_flash_apply(ram, op, how);
    world_seed(world, seed_of(child));
    trace_record(world);
    bool good = life_go_on(child);
    world_rollback(world, &mark);
    return good;
}

/// The past ///

static uint32_t size_of(const struct world *world, bool large, uint32_t version)
{
    static const uint32_t large_sizes[PART_COUNT] = {1500, 2100, 4500, 17000,
                                                     1500, 5000, 5000};
    uint32_t size = large ? large_sizes[world->part] : 200;
    return size + 3 * OTA_VERSION_MINOR(version) +
           7 * OTA_VERSION_MAJOR(version);
}

static void make_images(struct life *life)
{
    struct world *world = life->world;
    bool large = life->scenario->large;
    for (uint32_t n = 1; n <= life->scenario->history + 3; n++) {
        world_image(world, VERSION(n), size_of(world, large, VERSION(n)));
    }
    world_image(world, NEXT_VERSION, size_of(world, large, NEXT_VERSION));
}

static bool live_through(struct life *life, uint32_t version)
{
    life->offered = version;
    life->path = life->world->kind == KIND_SINGLE ? PATH_ARRAY : PATH_STAGE;
    life->goal = GOAL_UPDATED;
    life->boots = 0;
    life->stagings = 0;
    bool good = life_go_on(life);
    life->old = version;
    life->pending = 0;
    return good;
}

static bool leave_free(struct life *life, uint32_t positions)
{
    struct ota_journal journal;
    if (ota_journal_scan(&journal, life->world->layout.journal)) {
        return false;
    }
    struct ota_record record = journal.newest;
    record.flags |= OTA_RECORD_SETTLED;
    while (ota_journal_free(&journal) != positions) {
        if (ota_journal_write(&journal, &record)) {
            return false;
        }
    }
    return true;
}

// Stages and requests an image, then the power fails.
static bool request(struct life *life, uint32_t version)
{
    struct ota_app app;
    uint32_t was = life->offered;
    enum path path = life->path;
    life->offered = version;
    life->path = PATH_STAGE;
    bool good =
        ota_app_open(&app, &life->world->layout, life->world->info) == 0 &&
        stage(life, &app) == 0 && ota_app_request(&app, OTA_SOURCE_STAGED) == 0;
    life->offered = was;
    life->path = path;
    life->stagings = 0;
    life->pending = version;
    return good;
}

// The power fails in the app slot's first erase.
static void cut_the_install(struct ram_flash *ram, const struct ram_op *op)
{
    if (op->erase && op->offset == current->world->layout.app.offset) {
        ram->cut = CUT_TORN;
        ram->cut_at = 1;
    }
}

static bool interrupt_install(struct life *life)
{
    struct ram_flash *ram = life->world->device[0];
    current = life;
    ram->before = cut_the_install;
    boot_device(life);
    bool cut = ram->dead;
    ram_flash_power_on(ram);
    return cut;
}

static bool rot_copy(struct life *life, uint32_t version, bool unreadable)
{
    for (int place = PLACE_A; place <= PLACE_B; place++) {
        if (world_version_at(life->world, (enum place)place) != version) {
            continue;
        }
        const struct ota_area *area =
            world_place(life->world, (enum place)place);
        if (unreadable) {
            ram_flash_break(ram_of(area), area->offset + 100);
        } else {
            world_rot(area, 100, 0x10);
        }
        return true;
    }
    return false;
}

static bool happen_before(struct life *life)
{
    const struct ota_layout *layout = &life->world->layout;
    uint8_t staged;
    switch (life->scenario->before) {
    case BEFORE_NOTHING:
        return true;
    case BEFORE_APP_ROTS:
        world_rot(&layout->app, OTA_HEADER_SPACE + 100, 0x10);
        return true;
    case BEFORE_APP_UNREADABLE:
        ram_flash_break(ram_of(&layout->app),
                        layout->app.offset + OTA_HEADER_SPACE + 100);
        return true;
    case BEFORE_BACKUP_ROTS:
        return rot_copy(life, life->old, false);
    case BEFORE_BACKUP_UNREADABLE:
        return rot_copy(life, life->old, true);
    case BEFORE_REQUESTED:
        life->other = life->offered;
        life->offered += VERSION(1) - VERSION(0);
        return request(life, life->other);
    case BEFORE_TRIAL:
        if (!request(life, life->offered)) {
            return false;
        }
        boot_device(life);
        return rot_copy(life, life->old, false);
    case BEFORE_STAGED_ROTS:
    case BEFORE_INSTALLING_ROTS:
        break;
    }
    if (!request(life, life->offered)) {
        return false;
    }
    staged = world_newest(life->world)[28] >> 4;
    if (life->scenario->before == BEFORE_INSTALLING_ROTS &&
        !interrupt_install(life)) {
        return false;
    }
    world_rot(&layout->slot[staged - 1], 100, 0x10);
    return true;
}

static bool make_past(struct life *life)
{
    const struct scenario *scenario = life->scenario;
    life->confirmed = life->old;
    life->goal = scenario->goal;
    life->path = scenario->path;
    life->offered =
        life->goal == GOAL_RUNS ? life->old : VERSION(scenario->history + 2);
    life->bad = scenario->never ? life->offered : 0;
    if (scenario->bad) {
        offered(life)->bytes[100] ^= 0x10;
    }
    if (scenario->free_positions >= 0 &&
        !leave_free(life, (uint32_t)scenario->free_positions)) {
        return false;
    }
    return happen_before(life);
}

static bool begin(struct life *life)
{
    life->past = true;
    for (uint32_t n = 2; n < 2 + life->scenario->history; n++) {
        if (!live_through(life, VERSION(n))) {
            return false;
        }
    }
    current = life;
    return setjmp(life->out) == 0 && make_past(life);
}

bool life_begin(struct life *life, struct world *world,
                const struct scenario *scenario, uint32_t seed)
{
    *life = (struct life){
        .world = world,
        .scenario = scenario,
        .seed = seed,
        .old = VERSION(1),
    };
    make_images(life);
    world_factory(world, world_image(world, VERSION(1), 0));
    bool good = begin(life);
    current = NULL;
    if (!good && !life->what[0]) {
        snprintf(life->what, sizeof life->what, "the past went wrong");
    }
    world_seed(world, seed_of(life));
    life->past = false;
    life->op = 0;
    life->boots = 0;
    life->trials = 0;
    life->in_app = scenario->no_reset;
    find_witness(life);
    return good;
}
