// SPDX-License-Identifier: MIT

#include "run.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "events_json.h"
#include "flash_file.h"
#include "gdb.h"
#include "host_uart.h"
#include "leds.h"
#include "pace.h"
#include "until.h"
#include "vboard.h"

// Virtual time between two looks at the host: short when somebody waits for an
// answer, long enough otherwise not to cost speed.
#define SLICE_LIVE (2 * VBOARD_MS)
#define SLICE_FAST (10 * VBOARD_MS)

#define DEFAULT_DURATION (10 * VBOARD_S)

// Bytes on their way from the host to a UART.
struct input {
    uint8_t data[128];
    size_t len;
};

struct run {
    const struct options *options;
    struct vboard *board;
    struct host_uart uart[UARTS];
    struct input input[UARTS];
    struct until until[UARTS];
    struct events_json events;
    struct leds leds;
    bool live;
    bool unended; // what stdout has got last is no end of line
    bool seen;    // the text of --until
    bool fault;   // the firmware took a fault
    bool broken;  // the host failed, and that has been said
};

static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
    (void)signal;
    interrupted = 1;
}

/// Events ///

static void on_byte(struct run *run, unsigned unit, uint8_t byte)
{
    if (unit < 1 || unit > UARTS) {
        return;
    }
    host_uart_put(&run->uart[unit - 1], byte);
    if (run->options->uart[unit - 1].kind == UART_STDIO) {
        run->unended = byte != '\n';
    }
    // under a debugger nobody else flushes while the firmware runs
    if (run->options->gdb_port && byte == '\n' &&
        host_uart_flush(&run->uart[unit - 1])) {
        run->broken = true;
    }
    if (until_byte(&run->until[unit - 1], byte)) {
        run->seen = true;
        vboard_stop(run->board);
    }
}

static void on_event(void *context, const struct vboard_event *event)
{
    struct run *run = context;
    events_json_write(&run->events, event);
    switch (event->kind) {
    case VBOARD_EVENT_UART:
        on_byte(run, event->unit, (uint8_t)event->value);
        break;
    case VBOARD_EVENT_PIN:
        leds_edge(&run->leds, event->text, (int)event->value, event->time);
        break;
    case VBOARD_EVENT_RESET:
        leds_reset(&run->leds);
        break;
    case VBOARD_EVENT_FAULT:
        run->fault = true;
        break;
    default:
        break;
    }
}

/// Setting up ///

static bool is_elf(const char *path)
{
    char magic[4] = "";
    FILE *file = fopen(path, "rb");
    if (!file) {
        return false;
    }
    bool elf = fread(magic, 1, sizeof magic, file) == sizeof magic &&
               memcmp(magic, "\177ELF", sizeof magic) == 0;
    fclose(file);
    return elf;
}

static int load(struct run *run, const struct load *load)
{
    FILE *file = fopen(load->path, "rb");
    if (!file) {
        fprintf(stderr, "vboard: --load %s: %s\n", load->path, strerror(errno));
        return -1;
    }
    fclose(file);
    if (!load->has_address && !is_elf(load->path)) {
        fprintf(stderr,
                "vboard: --load %s: not an ELF file: say where it goes, "
                "%s@0x08000000\n",
                load->path, load->path);
        return -1;
    }
    return vboard_load(run->board, load->path, load->address);
}

static int press(struct run *run, const struct press *press)
{
    if (vboard_drive_pin_at(run->board, press->pin, 0, press->time) ||
        vboard_drive_pin_at(run->board, press->pin, -1,
                            press->time + press->duration)) {
        fprintf(stderr, "vboard: --press: this chip has no pin %s\n",
                press->pin);
        return -1;
    }
    return 0;
}

static struct flash_file internal_file(const struct options *options)
{
    return (struct flash_file){"--flash", options->flash, false};
}

static struct flash_file w25q_file(const struct options *options)
{
    return (struct flash_file){"--w25q", options->w25q.path, true};
}

static int plan_outside(struct run *run)
{
    const struct options *options = run->options;
    for (unsigned i = 0; i < options->presses; i++) {
        if (press(run, &options->press[i])) {
            return -1;
        }
    }
    bool full = false;
    for (unsigned i = 0; i < options->vdds; i++) {
        const struct supply *vdd = &options->vdd[i];
        full =
            vboard_set_vdd_at(run->board, vdd->millivolts, vdd->time) || full;
    }
    for (unsigned i = 0; i < options->resets; i++) {
        full = vboard_reset_at(run->board, options->reset[i]) || full;
    }
    if (full) {
        fprintf(stderr, "vboard: too many --press, --vdd and --nrst\n");
        return -1;
    }
    return 0;
}

// A chip on an SPI bus with the contents of its file.
static int connect_w25q(struct run *run)
{
    const struct chip_file *w25q = &run->options->w25q;
    if (!w25q->path) {
        return 0;
    }
    const struct vboard_spi_place place = {w25q->spi, w25q->cs};
    if (vboard_attach_w25q(run->board, w25q->spi ? &place : NULL)) {
        return -1;
    }
    vboard_w25q_fault(run->board, run->options->w25q_fault);
    size_t size;
    uint8_t *data = vboard_w25q(run->board, &size);
    const struct flash_file file = w25q_file(run->options);
    return flash_file_read(&file, data, size);
}

static int insert_sd(struct run *run)
{
    const struct chip_file *sd = &run->options->sd;
    if (!sd->path) {
        return 0;
    }
    const struct vboard_spi_place place = {sd->spi, sd->cs};
    const struct sd_fault *fault = &run->options->sd_fault;
    vboard_sd_fault(run->board, fault->kind, fault->block);
    return vboard_insert_sd(run->board, sd->path, sd->spi ? &place : NULL);
}

static int make_board(struct run *run)
{
    const struct options *options = run->options;
    struct vboard_config config = options->config;
    config.event = on_event;
    config.context = run;
    run->board = vboard_new(&config);
    if (!run->board) {
        return -1;
    }
    size_t size;
    uint8_t *flash = vboard_flash(run->board, &size);
    const struct flash_file file = internal_file(options);
    if (file.path && flash_file_read(&file, flash, size)) {
        return -1;
    }
    if (connect_w25q(run) || insert_sd(run)) {
        return -1;
    }
    for (unsigned i = 0; i < options->loads; i++) {
        if (load(run, &options->load[i])) {
            return -1;
        }
    }
    if (plan_outside(run)) {
        return -1;
    }
    if (options->cut.when == CUT_AT_TIME) {
        vboard_cut_at_time(run->board, options->cut.time);
    } else if (options->cut.when == CUT_AT_OP) {
        vboard_cut_at_op(run->board, options->cut.op, options->cut.how);
    }
    return 0;
}

static int open_host(struct run *run)
{
    if (events_json_open(&run->events, run->options->events)) {
        return -1;
    }
    for (unsigned i = 0; i < UARTS; i++) {
        if (until_init(&run->until[i], run->options->until)) {
            fprintf(stderr, "vboard: no memory\n");
            return -1;
        }
        if (host_uart_open(&run->uart[i], i + 1, &run->options->uart[i])) {
            return -1;
        }
        run->live = run->live || run->uart[i].live;
    }
    return 0;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    // a reader that goes away is an error of write, not our death
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

/// Running ///

// Passes on what came from the host, as much as the board takes; the rest is
// offered again.
static void pass_input(struct run *run, unsigned index)
{
    struct input *input = &run->input[index];
    if (vboard_time(run->board) < run->options->uart[index].input_at) {
        return;
    }
    do {
        if (input->len == 0) {
            input->len = host_uart_get(&run->uart[index], input->data,
                                       sizeof input->data);
        }
        if (input->len == 0 || vboard_uart_send(run->board, (int)index + 1,
                                                input->data, input->len)) {
            return;
        }
        input->len = 0;
    } while (!interrupted);
}

static void exchange(struct run *run)
{
    for (unsigned i = 0; i < UARTS; i++) {
        if (host_uart_flush(&run->uart[i])) {
            run->broken = true;
        }
        pass_input(run, i);
    }
}

// Lets a debugger have the board until it detaches.
static void serve_debugger(struct run *run)
{
    int end = vboard_gdb_serve(run->board, run->options->gdb_port);
    run->broken = end < 0;
    interrupted = interrupted || end == 1;
}

// How long to run before the next look at the host.
static uint64_t next_slice(const struct run *run, uint64_t time, uint64_t end)
{
    uint64_t slice = run->live ? SLICE_LIVE : SLICE_FAST;
    for (unsigned i = 0; i < UARTS; i++) {
        uint64_t from = run->options->uart[i].input_at;
        if (from > time && from - time < slice) {
            slice = from - time;
        }
    }
    return end - time < slice ? end - time : slice;
}

static enum vboard_stop go(struct run *run)
{
    uint64_t end = run->options->duration;
    if (end == UINT64_MAX && !run->live) {
        end = DEFAULT_DURATION;
    }
    vboard_power_on(run->board);
    if (run->options->gdb_port) {
        serve_debugger(run);
    }
    struct pace pace;
    pace_start(&pace, vboard_time(run->board));
    // the text may have come while the debugger had the board
    enum vboard_stop why = run->seen ? VBOARD_STOP_REQUEST : VBOARD_STOP_TIME;
    while (why == VBOARD_STOP_TIME && !interrupted && !run->broken) {
        uint64_t time = vboard_time(run->board);
        if (time >= end) {
            break;
        }
        why = vboard_run(run->board, next_slice(run, time, end));
        exchange(run);
        if (run->live) {
            pace_wait(&pace, vboard_time(run->board));
        }
    }
    return why;
}

/// Ending ///

static enum exit_status verdict(const struct run *run, enum vboard_stop why)
{
    if (run->broken || why == VBOARD_STOP_ERROR) {
        return EXIT_FAILED;
    }
    if (why == VBOARD_STOP_VIOLATION) {
        return EXIT_VIOLATION;
    }
    if (run->seen) {
        return EXIT_GOOD;
    }
    if (why == VBOARD_STOP_LOCKUP || run->fault) {
        return EXIT_FAULT;
    }
    bool missing_cut = run->options->cut.when != CUT_NEVER &&
                       why != VBOARD_STOP_POWER_CUT && !interrupted;
    return run->options->until || missing_cut ? EXIT_NOT_SEEN : EXIT_GOOD;
}

static const char *reason(const struct run *run, enum vboard_stop why)
{
    static const char *const reasons[] = {
        [VBOARD_STOP_TIME] = "time",           [VBOARD_STOP_REQUEST] = "until",
        [VBOARD_STOP_POWER_CUT] = "power-cut", [VBOARD_STOP_LOCKUP] = "lockup",
        [VBOARD_STOP_VIOLATION] = "violation", [VBOARD_STOP_ERROR] = "error",
    };
    if (run->broken) {
        return reasons[VBOARD_STOP_ERROR];
    }
    bool early = interrupted && why == VBOARD_STOP_TIME;
    return early ? "interrupted" : reasons[why];
}

// Whether stdout and stderr end in one place: a terminal, for example.
static bool shared_output(void)
{
    struct stat out, err;
    return fstat(1, &out) == 0 && fstat(2, &err) == 0 &&
           out.st_dev == err.st_dev && out.st_ino == err.st_ino;
}

static void print_summary(const struct run *run, const char *why,
                          enum exit_status status)
{
    uint64_t time = vboard_time(run->board);
    if (run->unended && shared_output()) {
        fputc('\n', stderr);
    }
    leds_print(&run->leds, stderr);
    fprintf(stderr,
            "vboard: ended by %s at %llu.%06llu s, after %llu instructions "
            "and %llu flash operations\n",
            why, time / VBOARD_S, time % VBOARD_S / VBOARD_US,
            (unsigned long long)vboard_instructions(run->board),
            (unsigned long long)vboard_flash_ops(run->board));
    if (status == EXIT_NOT_SEEN) {
        fprintf(stderr, "vboard: %s did not come\n",
                run->options->until ? run->options->until : "the power cut");
    }
    if (status == EXIT_FAULT) {
        fprintf(stderr, "vboard: the firmware took a fault%s\n",
                run->options->events ? "" : "; --events FILE tells which");
    }
}

static void close_host(struct run *run)
{
    for (unsigned i = 0; i < UARTS; i++) {
        if (host_uart_close(&run->uart[i])) {
            run->broken = true;
        }
        until_free(&run->until[i]);
    }
}

static void write_back(struct run *run, struct flash_file file,
                       const uint8_t *data, size_t size)
{
    if (file.path && flash_file_write(&file, data, size)) {
        run->broken = true;
    }
}

static enum exit_status finish(struct run *run, enum vboard_stop why)
{
    close_host(run);
    size_t size;
    const uint8_t *data = vboard_flash(run->board, &size);
    write_back(run, internal_file(run->options), data, size);
    data = vboard_w25q(run->board, &size);
    write_back(run, w25q_file(run->options), data, size);
    enum exit_status status = verdict(run, why);
    const char *text = reason(run, why);
    if (events_json_close(&run->events, vboard_time(run->board), text,
                          status)) {
        status = EXIT_FAILED;
    }
    print_summary(run, text, status);
    return status;
}

enum exit_status run(const struct options *options)
{
    struct run run = {.options = options};
    enum exit_status status = EXIT_FAILED;
    catch_signals();
    if (make_board(&run) == 0 && open_host(&run) == 0) {
        status = finish(&run, go(&run));
    } else {
        close_host(&run);
        (void)events_json_close(&run.events, 0, "error", status);
    }
    vboard_free(run.board);
    return status;
}
