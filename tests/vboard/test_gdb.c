// SPDX-License-Identifier: MIT
//
// A real gdb debugs the virtual board.

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core_board.h"
#include "gdb.h"

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int probe = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(probe >= 0);
    assert_int_equal(bind(probe, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(probe, (struct sockaddr *)&address, &size), 0);
    close(probe);
    return ntohs(address.sin_port);
}

// gdb with its output in a file; it retries until the port is open.
static pid_t start_gdb(int port, const char *script, FILE *output)
{
    char remote[64];
    snprintf(remote, sizeof(remote), "target remote 127.0.0.1:%d", port);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(fileno(output), 1);
        dup2(fileno(output), 2);
        execl(GDB, GDB, "-nx", "-batch", "-ex", remote, "-x", script,
              FIRMWARE_DIR "/core.elf", (char *)NULL);
        _exit(127);
    }
    return child;
}

// Serves a gdb that executes these commands; its output as text, to be freed.
static char *debug(struct core_board *core, const char *commands, int *end)
{
    char script[] = "gdb-script-XXXXXX";
    int file = mkstemp(script);
    assert_true(file >= 0);
    ssize_t length = (ssize_t)strlen(commands);
    assert_true(write(file, commands, (size_t)length) == length);
    close(file);
    FILE *output = tmpfile();
    assert_non_null(output);
    alarm(60); // nothing here takes that long
    int port = free_port();
    pid_t child = start_gdb(port, script, output);
    *end = vboard_gdb_serve(core->board, port);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    alarm(0);
    unlink(script);
    char *text = calloc(1, 65536);
    assert_non_null(text);
    rewind(output);
    size_t got = fread(text, 1, 65535, output);
    assert_true(got > 0);
    fclose(output);
    return text;
}

static void expect_text(const char *text, const char *wanted)
{
    if (!strstr(text, wanted)) {
        fail_msg("gdb did not print \"%s\", but:\n%s", wanted, text);
    }
}

static void gdb_breaks_steps_and_looks(void **state)
{
    (void)state;
    struct core_board core;
    core_start(&core, CASE_SVC, 0);
    int end;
    char *text = debug(&core,
                       "printf \"start %x\\n\", $pc\n"
                       "break svc_c\n"
                       "continue\n"
                       "info symbol $pc\n"
                       "printf \"ipsr %d\\n\", $xpsr & 0x1ff\n"
                       "set var ((unsigned *)frame)[1] = 1000\n"
                       "set $before = $pc\n"
                       "stepi\n"
                       "printf \"moved %d\\n\", $pc - $before\n"
                       "x/2xw 0x08000000\n"
                       "info registers\n"
                       "delete\n"
                       "detach\n",
                       &end);
    expect_text(text, "start 8000");
    expect_text(text, "svc_c in section .text");
    expect_text(text, "ipsr 11");
    expect_text(text, "moved 2");
    expect_text(text, "0x8000000 <vectors>:\t0x20002000");
    expect_text(text, "xpsr");
    free(text);
    assert_int_equal(end, 0);
    // detached, the board goes on, with what gdb has changed
    vboard_run(core.board, VBOARD_MS);
    struct mailbox box = core_mailbox(&core);
    assert_int_equal(box.done, 1);
    assert_int_equal(box.value[2], 1040);
    core_end(&core);
}

static uint64_t time_of_tick(bool stops)
{
    struct core_board core;
    core_start(&core, CASE_WFI, 0);
    if (stops) {
        int end;
        free(debug(&core,
                   "break systick_handler\n"
                   "continue\n"
                   "stepi 5\n"
                   "continue\n"
                   "delete\n"
                   "detach\n",
                   &end));
    }
    uint64_t left = 20 * VBOARD_MS - vboard_time(core.board);
    vboard_run(core.board, left);
    uint64_t instructions = vboard_instructions(core.board);
    assert_int_equal(core_mailbox(&core).done, 1);
    core_end(&core);
    return instructions;
}

// While gdb halts the core no virtual time passes: the watchdog, which would
// bite after 512 ms, is frozen whether DBG_IWDG_STOP is set or not.
static void watchdog_is_frozen_while_halted(void **state)
{
    (void)state;
    struct core_board core;
    struct vboard_config config = {.hardware_watchdog = true};
    core_start_with(&core, CASE_SVC, 0, &config);
    int end;
    char *text = debug(&core,
                       "break svc_c\n"
                       "continue\n"
                       "shell sleep 0.7\n"
                       "stepi\n"
                       "delete\n"
                       "detach\n",
                       &end);
    expect_text(text, "Breakpoint 1");
    free(text);
    assert_int_equal(core.seen.resets, 1);
    assert_in_range(vboard_time(core.board), 1, 100 * VBOARD_MS);
    vboard_run(core.board, 600 * VBOARD_MS);
    assert_int_equal(core.seen.resets, 2);
    core_end(&core);
}

static void debugger_costs_no_virtual_time(void **state)
{
    (void)state;
    assert_true(time_of_tick(true) == time_of_tick(false));
}

static void monitor_resets_and_kill_ends(void **state)
{
    (void)state;
    struct core_board core;
    core_start(&core, CASE_SVC, 0);
    int end;
    char *text = debug(&core,
                       "break finish\n"
                       "continue\n"
                       "monitor reset\n"
                       "maintenance flush register-cache\n"
                       "info symbol $pc\n"
                       "monitor help\n"
                       "kill\n",
                       &end);
    expect_text(text, "reset_handler in section .text");
    expect_text(text, "monitor reset");
    free(text);
    assert_int_equal(end, 1);
    assert_int_equal(core.seen.resets, 2);
    core_end(&core);
}

static void lockup_is_a_signal(void **state)
{
    (void)state;
    struct core_board core;
    core_start(&core, CASE_LOCKUP, 0);
    int end;
    char *text = debug(&core, "continue\ndetach\n", &end);
    expect_text(text, "SIGSEGV");
    free(text);
    core_end(&core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gdb_breaks_steps_and_looks),
        cmocka_unit_test(watchdog_is_frozen_while_halted),
        cmocka_unit_test(debugger_costs_no_virtual_time),
        cmocka_unit_test(monitor_resets_and_kill_ends),
        cmocka_unit_test(lockup_is_a_signal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
