// SPDX-License-Identifier: MIT

#include "options.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

enum key {
    KEY_MCU = 0x100, // above all characters: no short options
    KEY_LOAD,
    KEY_FLASH,
    KEY_W25Q,
    KEY_W25Q_FAULT,
    KEY_SD,
    KEY_SD_FAULT,
    KEY_UART1,
    KEY_UART2,
    KEY_INPUT1,
    KEY_INPUT2,
    KEY_PRESS,
    KEY_NRST,
    KEY_CUT,
    KEY_FOR,
    KEY_UNTIL,
    KEY_EVENTS,
    KEY_TIMING,
    KEY_SEED,
    KEY_VDD,
    KEY_HSE,
    KEY_GDB,
    KEY_WATCHDOG,
};

static const struct argp_option table[] = {
    {"mcu", KEY_MCU, "NAME", 0, "the chip; \"vboard list\" names them", 1},
    {"load", KEY_LOAD, "FILE[@ADDR]", 0,
     "an ELF file, or a raw file that goes to ADDR; may be repeated", 1},
    {"flash", KEY_FLASH, "FILE", 0,
     "contents of the internal flash: read at the start, written at the end, "
     "made (erased) where missing. --load goes on top of it",
     1},
    {"w25q", KEY_W25Q, "FILE[@SPI2:PB12]", 0,
     "connect a W25Q64 with the contents of FILE: read at the start, written "
     "at the end, made (erased) where missing. A FILE shorter than its 8 MiB "
     "stands for one that is erased behind it, and it is written up to the "
     "last 4 KiB that are not erased. The chip is at SPI2 and selected by PB12 "
     "unless told otherwise",
     1},
    {"w25q-fault", KEY_W25Q_FAULT, "FAULT", 0,
     "miso-high or miso-low: its output is stuck; wrong-id: it is another "
     "maker's; busy: it stays busy for ever",
     1},
    {"sd", KEY_SD, "FILE[@SPI1:PB5]", 0,
     "put in an SD card with the contents of FILE, as of a disk: mkfs.vfat and "
     "mtools make one. What the firmware writes goes there at once. The socket "
     "is at SPI1 and selected by PB5 unless told otherwise",
     1},
    {"sd-fault", KEY_SD_FAULT, "FAULT", 0,
     "miso-high or miso-low: its output is stuck; never-ready: it goes on "
     "starting; bad-crc: of all blocks; removed@N: pulled out before the Nth "
     "block; version-1: not a fault, but a card from before 2006",
     1},
    {"uart1", KEY_UART1, "END", 0,
     "connect USART1 to stdio, pty, file:NAME (output only) or tcp:PORT (on "
     "127.0.0.1)",
     2},
    {"uart2", KEY_UART2, "END", 0, "the same for USART2", 2},
    {"uart1-input", KEY_INPUT1, "FILE[@TIME]", 0,
     "send a file to USART1, from a time on; with file: or nothing as its END",
     2},
    {"uart2-input", KEY_INPUT2, "FILE[@TIME]", 0, "the same for USART2", 2},
    {"press", KEY_PRESS, "PIN@TIME[:DURATION]", 0,
     "press a button that pulls a pin low, for 100ms or DURATION: PA8@1.5s; "
     "at 0s it is held before the first instruction; may be repeated",
     2},
    {"nrst", KEY_NRST, "TIME", 0, "press the reset button; may be repeated", 2},
    {"cut-power", KEY_CUT, "WHEN", 0,
     "cut the power at a time (1.2s) or at a flash operation of this run: "
     "flash-op:N[:before|torn|after]; torn leaves it half done and is the "
     "default",
     2},
    {"for", KEY_FOR, "TIME", 0,
     "virtual time to run (1.5s, 250ms); 10s, or endless with a live UART", 3},
    {"until", KEY_UNTIL, "TEXT", 0, "end when a UART has sent this", 3},
    {"events", KEY_EVENTS, "FILE", 0,
     "write what happens to FILE, one JSON object a line", 3},
    {"timing", KEY_TIMING, "typ|max", 0,
     "flash times of the data sheet: typical (default) or maximum", 4},
    {"seed", KEY_SEED, "N", 0, "of RAM at power-on and torn operations", 4},
    {"vdd", KEY_VDD, "VOLTS[@TIME]", 0,
     "supply, 3.3 by default; from a time on, and then may be repeated", 4},
    {"hse", KEY_HSE, "FREQUENCY", 0,
     "crystal or clock at OSC_IN (8M); none by default", 4},
    {"gdb", KEY_GDB, "PORT", 0,
     "wait for a debugger on 127.0.0.1:PORT before the first instruction: "
     "gdb-multiarch boot.elf -ex \"target remote :PORT\"",
     4},
    {"hardware-watchdog", KEY_WATCHDOG, NULL, 0,
     "option bytes start the independent watchdog at reset", 4},
    {0},
};

static const char text_before[] =
    "Runs firmware on a virtual STM32 board.\n"
    "\n"
    "  vboard run --mcu stm32f446re --load boot.elf --flash flash.bin \\\n"
    "      --uart1 stdio --press PA8@1.5s --for 10s";

static const char text_after[] =
    "With stdio on a terminal, pty or tcp a UART is live: virtual time then "
    "does not outrun the clock on the wall. Otherwise the board runs as fast "
    "as it can, and the same command gives the same run. Input waits until "
    "the firmware has switched its receiver on.\n"
    "\n"
    "Ctrl-C ends a run as --for does.\n"
    "\n"
    "Exit status:\n"
    "  0  --until was seen; without it, the time or the power ended\n"
    "  1  --until was not seen, or --cut-power did not come to pass\n"
    "  2  wrong usage\n"
    "  3  the firmware took a fault, or locked up\n"
    "  4  the firmware did what the hardware does not allow\n"
    "  5  the host failed: a file, a port, memory";

static const char *add_load(struct options *options, const char *arg)
{
    if (options->loads == MAX_LOADS) {
        return "too many of them";
    }
    return parse_load(arg, &options->load[options->loads++]);
}

static const char *add_press(struct options *options, const char *arg)
{
    if (options->presses == MAX_PRESSES) {
        return "too many of them";
    }
    return parse_press(arg, &options->press[options->presses++]);
}

static const char *add_reset(struct options *options, const char *arg)
{
    if (options->resets == MAX_RESETS) {
        return "too many of them";
    }
    return parse_time(arg, &options->reset[options->resets++]);
}

static const char *add_vdd(struct options *options, const char *arg)
{
    struct supply supply;
    const char *problem = parse_supply(arg, &supply);
    if (problem) {
        return problem;
    }
    if (!supply.later) {
        options->config.vdd_mv = supply.millivolts;
        return NULL;
    }
    if (options->vdds == MAX_VDDS) {
        return "too many of them";
    }
    options->vdd[options->vdds++] = supply;
    return NULL;
}

// Takes one option; NULL, or what is wrong with its value.
static const char *take(struct options *options, int key, char *arg)
{
    struct vboard_config *config = &options->config;
    switch (key) {
    case KEY_MCU:
        config->mcu = arg;
        return NULL;
    case KEY_LOAD:
        return add_load(options, arg);
    case KEY_FLASH:
        options->flash = arg;
        return NULL;
    case KEY_W25Q:
        return parse_chip(arg, &options->w25q);
    case KEY_W25Q_FAULT:
        return parse_w25q_fault(arg, &options->w25q_fault);
    case KEY_SD:
        return parse_chip(arg, &options->sd);
    case KEY_SD_FAULT:
        return parse_sd_fault(arg, &options->sd_fault);
    case KEY_UART1:
    case KEY_UART2:
        return parse_uart(arg, &options->uart[key - KEY_UART1]);
    case KEY_INPUT1:
    case KEY_INPUT2:
        return parse_input(arg, &options->uart[key - KEY_INPUT1]);
    case KEY_PRESS:
        return add_press(options, arg);
    case KEY_NRST:
        return add_reset(options, arg);
    case KEY_CUT:
        return parse_cut(arg, &options->cut);
    case KEY_FOR:
        return parse_time(arg, &options->duration);
    case KEY_UNTIL:
        options->until = arg;
        return *arg ? NULL : "give a text to wait for";
    case KEY_EVENTS:
        options->events = arg;
        return NULL;
    case KEY_TIMING:
        return parse_timing(arg, &config->timing);
    case KEY_SEED:
        return parse_number(arg, &config->seed);
    case KEY_VDD:
        return add_vdd(options, arg);
    case KEY_HSE:
        return parse_frequency(arg, &config->hse_hz);
    case KEY_GDB:
        return parse_port(arg, &options->gdb_port);
    default:
        config->hardware_watchdog = true;
        return NULL;
    }
}

static bool is_known(const char *mcu)
{
    unsigned i = 0;
    while (vboard_mcu(i).name && strcmp(vboard_mcu(i).name, mcu) != 0) {
        i++;
    }
    return vboard_mcu(i).name != NULL;
}

// What the options have to be together.
static void check(struct argp_state *state, const struct options *options)
{
    if (!options->config.mcu) {
        argp_error(state, "say which chip: --mcu NAME; \"vboard list\" names "
                          "them");
    }
    if (!is_known(options->config.mcu)) {
        argp_error(state, "--mcu %s: no such chip; \"vboard list\" names them",
                   options->config.mcu);
    }
    if (options->loads == 0 && !options->flash) {
        argp_error(state, "nothing to run: give --load FILE or --flash FILE");
    }
    if (options->w25q_fault && !options->w25q.path) {
        argp_error(state, "--w25q-fault: there is no W25Q64: give --w25q FILE");
    }
    if (options->sd_fault.kind && !options->sd.path) {
        argp_error(state, "--sd-fault: there is no SD card: give --sd FILE");
    }
    if (options->uart[0].kind == UART_STDIO &&
        options->uart[1].kind == UART_STDIO) {
        argp_error(state, "only one UART can be stdio: give the other one pty, "
                          "file:NAME or tcp:PORT");
    }
    for (unsigned i = 0; i < UARTS; i++) {
        const struct uart_end *end = &options->uart[i];
        if (end->input && end->kind != UART_NOTHING && end->kind != UART_FILE) {
            argp_error(state,
                       "--uart%u-input: USART%u has its input from --uart%u; "
                       "give that file:NAME",
                       i + 1, i + 1, i + 1);
        }
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    if (key >= KEY_MCU && key <= KEY_WATCHDOG) {
        const char *problem = take(options, key, arg);
        if (problem) {
            argp_error(state, "--%s %s: %s", table[key - KEY_MCU].name, arg,
                       problem);
        }
        return 0;
    }
    if (key == ARGP_KEY_ARG) {
        argp_error(state, "%s: not an option; files are given by --load", arg);
    }
    if (key == ARGP_KEY_END) {
        check(state, options);
    }
    return key == ARGP_KEY_ARG || key == ARGP_KEY_END ? 0 : ARGP_ERR_UNKNOWN;
}

void options_parse(struct options *options, int argc, char **argv)
{
    // argp wants them together, as one text split by a vertical tab
    char doc[sizeof text_before + sizeof text_after];
    snprintf(doc, sizeof doc, "%s\v%s", text_before, text_after);

    const struct argp argp = {.options = table, .parser = parse, .doc = doc};
    *options = (struct options){.duration = UINT64_MAX};
    argp_err_exit_status = EXIT_USAGE;
    if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, options)) {
        exit(EXIT_FAILED);
    }
}

void options_free(struct options *options)
{
    for (unsigned i = 0; i < options->loads; i++) {
        free(options->load[i].path);
    }
    free(options->w25q.path);
    free(options->sd.path);
    for (unsigned i = 0; i < UARTS; i++) {
        free(options->uart[i].input);
    }
}
