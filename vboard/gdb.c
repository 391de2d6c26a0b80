// SPDX-License-Identifier: MIT
//
// The GDB remote serial protocol, as far as a debugger needs it for one core
// (GDB manual, appendix E). Breakpoints are a set of addresses and change no
// memory.

#include "gdb.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gdb_link.h"
#include "state.h"

#define BREAKPOINTS 64
#define REGISTERS   17 // r0 to r15, xpsr
#define SLICE       (2 * VBOARD_MS)

struct gdb {
    struct gdb_link link;
    uint32_t breakpoint[BREAKPOINTS];
    unsigned breakpoints;
    bool stepping;
    bool stepped; // the one instruction has been executed
    bool done;
    bool killed;
};

static const char target_xml[] =
    "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
    "<target><architecture>arm</architecture>"
    "<feature name=\"org.gnu.gdb.arm.m-profile\">"
    "<reg name=\"r0\" bitsize=\"32\"/><reg name=\"r1\" bitsize=\"32\"/>"
    "<reg name=\"r2\" bitsize=\"32\"/><reg name=\"r3\" bitsize=\"32\"/>"
    "<reg name=\"r4\" bitsize=\"32\"/><reg name=\"r5\" bitsize=\"32\"/>"
    "<reg name=\"r6\" bitsize=\"32\"/><reg name=\"r7\" bitsize=\"32\"/>"
    "<reg name=\"r8\" bitsize=\"32\"/><reg name=\"r9\" bitsize=\"32\"/>"
    "<reg name=\"r10\" bitsize=\"32\"/><reg name=\"r11\" bitsize=\"32\"/>"
    "<reg name=\"r12\" bitsize=\"32\"/>"
    "<reg name=\"sp\" bitsize=\"32\" type=\"data_ptr\"/>"
    "<reg name=\"lr\" bitsize=\"32\"/>"
    "<reg name=\"pc\" bitsize=\"32\" type=\"code_ptr\"/>"
    "<reg name=\"xpsr\" bitsize=\"32\"/></feature></target>";

/// Stopping ///

static unsigned find_breakpoint(const struct gdb *gdb, uint32_t address)
{
    unsigned i = 0;
    while (i < gdb->breakpoints && gdb->breakpoint[i] != address) {
        i++;
    }
    return i;
}

static void on_code(struct uc_struct *uc, uint64_t address, uint32_t size,
                    void *context)
{
    (void)uc;
    (void)size;
    struct vboard *board = context;
    struct gdb *gdb = board->gdb;
    uint32_t pc = (uint32_t)address;
    if (!gdb || board->slice.stopped || board->slice.faulted ||
        cpu_ended(board)) {
        return;
    }
    if (gdb->stepped || find_breakpoint(gdb, pc) < gdb->breakpoints) {
        cpu_stop_at(board, pc);
    }
    gdb->stepped = gdb->stepping;
}

static uint64_t wall_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

// Runs until something stops the board or the debugger interrupts it.
static enum vboard_stop go(struct vboard *board)
{
    struct gdb *gdb = board->gdb;
    uint64_t wall = wall_ms();
    uint64_t start = vboard_time(board);
    for (;;) {
        enum vboard_stop why = vboard_run(board, SLICE);
        if (why != VBOARD_STOP_TIME) {
            return why;
        }
        uint64_t ahead = (vboard_time(board) - start) / VBOARD_MS;
        uint64_t passed = wall_ms() - wall;
        int wait = ahead > passed ? (int)(ahead - passed) : 0;
        if (gdb_link_interrupted(&gdb->link, wait)) {
            return VBOARD_STOP_REQUEST;
        }
    }
}

static void resume(struct vboard *board, bool stepping)
{
    struct gdb *gdb = board->gdb;
    gdb->stepping = stepping;
    gdb->stepped = false;
    enum vboard_stop why = go(board);
    gdb->stepping = false;
    gdb->stepped = false;
    switch (why) {
    case VBOARD_STOP_LOCKUP:
        gdb_link_send(&gdb->link, "S0b"); // SIGSEGV
        break;
    case VBOARD_STOP_VIOLATION:
        gdb_link_send(&gdb->link, "S04"); // SIGILL; the log says what
        break;
    case VBOARD_STOP_POWER_CUT:
        gdb_link_send(&gdb->link, "S1e"); // SIGPWR
        break;
    default:
        gdb_link_send(&gdb->link, "S05"); // SIGTRAP
    }
}

/// Hexadecimal ///

static void print_hex(char *to, const uint8_t *data, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        snprintf(to + 2 * i, 3, "%02x", data[i]);
    }
}

// Bytes from pairs of digits; the number read.
static size_t parse_hex(const char *text, uint8_t *data, size_t room)
{
    size_t count = 0;
    while (count < room && text[2 * count] && text[2 * count + 1]) {
        const char digits[] = {text[2 * count], text[2 * count + 1], 0};
        data[count] = (uint8_t)strtoul(digits, NULL, 16);
        count++;
    }
    return count;
}

/// Registers and memory ///

static const int register_id[REGISTERS] = {
    UC_ARM_REG_R0,  UC_ARM_REG_R1, UC_ARM_REG_R2,  UC_ARM_REG_R3,
    UC_ARM_REG_R4,  UC_ARM_REG_R5, UC_ARM_REG_R6,  UC_ARM_REG_R7,
    UC_ARM_REG_R8,  UC_ARM_REG_R9, UC_ARM_REG_R10, UC_ARM_REG_R11,
    UC_ARM_REG_R12, UC_ARM_REG_SP, UC_ARM_REG_LR,  UC_ARM_REG_PC,
    UC_ARM_REG_XPSR};

static uint32_t get_register(const struct vboard *board, unsigned number)
{
    uint32_t value = cpu_get(board, register_id[number]);
    return number == 15 ? value & ~1u : value;
}

static void set_register(struct vboard *board, unsigned number, uint32_t value)
{
    if (number == 15) {
        cpu_set(board, UC_ARM_REG_PC, value | 1);
    } else if (number == 16) {
        cpu_set(board, UC_ARM_REG_APSR_NZCVQ, value); // the flags only
    } else {
        cpu_set(board, register_id[number], value);
    }
}

static void read_registers(struct vboard *board, const char *arguments)
{
    (void)arguments;
    char text[8 * REGISTERS + 1];
    for (unsigned i = 0; i < REGISTERS; i++) {
        uint32_t value = get_register(board, i);
        print_hex(text + 8 * i, (const uint8_t *)&value, 4);
    }
    gdb_link_send(&board->gdb->link, text);
}

static void write_registers(struct vboard *board, const char *arguments)
{
    uint32_t value[REGISTERS];
    size_t size = parse_hex(arguments, (uint8_t *)value, sizeof(value));
    for (unsigned i = 0; i < size / 4; i++) {
        set_register(board, i, value[i]);
    }
    gdb_link_send(&board->gdb->link, "OK");
}

static void read_register(struct vboard *board, const char *arguments)
{
    unsigned long number = strtoul(arguments, NULL, 16);
    if (number >= REGISTERS) {
        gdb_link_send(&board->gdb->link, "E01");
        return;
    }
    char text[9];
    uint32_t value = get_register(board, (unsigned)number);
    print_hex(text, (const uint8_t *)&value, 4);
    gdb_link_send(&board->gdb->link, text);
}

static void write_register(struct vboard *board, const char *arguments)
{
    char *end;
    unsigned long number = strtoul(arguments, &end, 16);
    uint32_t value;
    if (number >= REGISTERS || *end != '=' ||
        parse_hex(end + 1, (uint8_t *)&value, 4) != 4) {
        gdb_link_send(&board->gdb->link, "E01");
        return;
    }
    set_register(board, (unsigned)number, value);
    gdb_link_send(&board->gdb->link, "OK");
}

static void read_memory(struct vboard *board, const char *arguments)
{
    char *end;
    uint32_t address = (uint32_t)strtoul(arguments, &end, 16);
    size_t size = *end == ',' ? strtoul(end + 1, NULL, 16) : 0;
    uint8_t data[GDB_PACKET / 2];
    char text[GDB_PACKET + 1];
    if (size == 0 || size > sizeof(data) ||
        vboard_peek(board, address, data, size)) {
        gdb_link_send(&board->gdb->link, "E01");
        return;
    }
    print_hex(text, data, size);
    gdb_link_send(&board->gdb->link, text);
}

static void write_memory(struct vboard *board, const char *arguments)
{
    char *end;
    uint32_t address = (uint32_t)strtoul(arguments, &end, 16);
    size_t size = *end == ',' ? strtoul(end + 1, &end, 16) : 0;
    uint8_t data[GDB_PACKET / 2];
    bool good = *end == ':' && size <= sizeof(data) &&
                parse_hex(end + 1, data, size) == size &&
                (size == 0 || vboard_poke(board, address, data, size) == 0);
    gdb_link_send(&board->gdb->link, good ? "OK" : "E01");
}

/// Breakpoints ///

// "0,address,kind"; a hardware breakpoint is the same thing here.
static bool breakpoint_address(const char *arguments, uint32_t *address)
{
    if ((arguments[0] != '0' && arguments[0] != '1') || arguments[1] != ',') {
        return false;
    }
    *address = (uint32_t)strtoul(arguments + 2, NULL, 16) & ~1u;
    return true;
}

static void insert_breakpoint(struct vboard *board, const char *arguments)
{
    struct gdb *gdb = board->gdb;
    uint32_t address;
    if (!breakpoint_address(arguments, &address)) {
        gdb_link_send(&gdb->link, ""); // watchpoints are not supported
        return;
    }
    unsigned at = find_breakpoint(gdb, address);
    if (at == BREAKPOINTS) {
        gdb_link_send(&gdb->link, "E01");
        return;
    }
    if (at == gdb->breakpoints) {
        gdb->breakpoint[gdb->breakpoints++] = address;
    }
    gdb_link_send(&gdb->link, "OK");
}

static void remove_breakpoint(struct vboard *board, const char *arguments)
{
    struct gdb *gdb = board->gdb;
    uint32_t address;
    if (!breakpoint_address(arguments, &address)) {
        gdb_link_send(&gdb->link, "");
        return;
    }
    unsigned at = find_breakpoint(gdb, address);
    if (at < gdb->breakpoints) {
        gdb->breakpoint[at] = gdb->breakpoint[--gdb->breakpoints];
    }
    gdb_link_send(&gdb->link, "OK");
}

/// Queries and control ///

static void stop_reason(struct vboard *board, const char *arguments)
{
    (void)arguments;
    gdb_link_send(&board->gdb->link, "S05");
}

static void step_or_continue(struct vboard *board, const char *arguments,
                             bool stepping)
{
    if (*arguments) {
        set_register(board, 15, (uint32_t)strtoul(arguments, NULL, 16));
    }
    resume(board, stepping);
}

static void do_continue(struct vboard *board, const char *arguments)
{
    step_or_continue(board, arguments, false);
}

static void do_step(struct vboard *board, const char *arguments)
{
    step_or_continue(board, arguments, true);
}

static void multi(struct vboard *board, const char *arguments)
{
    if (strcmp(arguments, "Cont?") == 0) {
        gdb_link_send(&board->gdb->link, "vCont;c;C;s;S");
    } else if (strncmp(arguments, "Cont;", 5) == 0) {
        resume(board, arguments[5] == 's' || arguments[5] == 'S');
    } else {
        gdb_link_send(&board->gdb->link, "");
    }
}

static void send_target(struct gdb *gdb, const char *range)
{
    char *end;
    size_t offset = strtoul(range, &end, 16);
    size_t size = *end == ',' ? strtoul(end + 1, NULL, 16) : 0;
    size_t total = sizeof(target_xml) - 1;
    char text[GDB_PACKET];
    offset = offset < total ? offset : total;
    size = size < sizeof(text) - 2 ? size : sizeof(text) - 2;
    bool last = total - offset <= size;
    snprintf(text, size + 2, "%c%s", last ? 'l' : 'm', target_xml + offset);
    gdb_link_send(&gdb->link, text);
}

static void monitor(struct vboard *board, const char *hex)
{
    char command[32] = "";
    size_t length = parse_hex(hex, (uint8_t *)command, sizeof(command) - 1);
    command[length] = '\0';
    char text[128];
    if (strcmp(command, "reset") == 0 || strcmp(command, "reset halt") == 0) {
        vboard_reset(board);
        gdb_link_send(&board->gdb->link, "OK");
        return;
    }
    const char help[] = "there is: monitor reset\n";
    print_hex(text, (const uint8_t *)help, sizeof(help) - 1);
    gdb_link_send(&board->gdb->link, text);
}

static void query(struct vboard *board, const char *arguments)
{
    struct gdb *gdb = board->gdb;
    const char *target = "Xfer:features:read:target.xml:";
    char text[64];
    if (strncmp(arguments, "Supported", 9) == 0) {
        snprintf(text, sizeof(text),
                 "PacketSize=%x;qXfer:features:read+;vContSupported+",
                 GDB_PACKET);
        gdb_link_send(&gdb->link, text);
    } else if (strncmp(arguments, target, strlen(target)) == 0) {
        send_target(gdb, arguments + strlen(target));
    } else if (strcmp(arguments, "Attached") == 0) {
        gdb_link_send(&gdb->link, "1"); // quit detaches
    } else if (strncmp(arguments, "Rcmd,", 5) == 0) {
        monitor(board, arguments + 5);
    } else {
        gdb_link_send(&gdb->link, "");
    }
}

static void thread(struct vboard *board, const char *arguments)
{
    (void)arguments;
    gdb_link_send(&board->gdb->link, "OK"); // there is one
}

static void detach(struct vboard *board, const char *arguments)
{
    (void)arguments;
    gdb_link_send(&board->gdb->link, "OK");
    board->gdb->done = true;
}

static void kill_board(struct vboard *board, const char *arguments)
{
    (void)arguments;
    board->gdb->done = true;
    board->gdb->killed = true;
}

static const struct {
    char letter;
    void (*run)(struct vboard *board, const char *arguments);
} commands[] = {
    {'?', stop_reason},
    {'g', read_registers},
    {'G', write_registers},
    {'p', read_register},
    {'P', write_register},
    {'m', read_memory},
    {'M', write_memory},
    {'Z', insert_breakpoint},
    {'z', remove_breakpoint},
    {'c', do_continue},
    {'s', do_step},
    {'v', multi},
    {'q', query},
    {'H', thread},
    {'T', thread},
    {'D', detach},
    {'k', kill_board},
};

static void obey(struct vboard *board)
{
    const char *packet = board->gdb->link.packet;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (commands[i].letter == packet[0]) {
            commands[i].run(board, packet + 1);
            return;
        }
    }
    gdb_link_send(&board->gdb->link, "");
}

// Hooks are part of the translated code: what was translated before is dropped.
// The hook stays when the debugger goes: once a code hook had been deleted,
// libunicorn 2.0.1 was seen to execute the code behind it wrongly.
static uc_err attach(struct vboard *board, struct gdb *gdb)
{
    const struct chip *chip = board->chip;
    board->gdb = gdb;
    if (board->gdb_hook) {
        return UC_ERR_OK;
    }
    cpu_code_changed(board, chip->flash_base, chip->flash_size);
    code_ram_changed(board);
    return cpu_add_hook(board, UC_HOOK_CODE, (void (*)(void))on_code,
                        &board->gdb_hook);
}

int vboard_gdb_serve(struct vboard *board, int port)
{
    struct gdb gdb = {.breakpoints = 0};
    if (gdb_link_open(&gdb.link, port, board->log)) {
        return -1;
    }
    uc_err err = attach(board, &gdb);
    while (!err && !gdb.done && gdb_link_receive(&gdb.link)) {
        obey(board);
    }
    board->gdb = NULL;
    gdb_link_close(&gdb.link);
    if (err) {
        fprintf(board->log, "vboard: gdb: %s\n", uc_strerror(err));
        return -1;
    }
    return gdb.killed ? 1 : 0;
}
