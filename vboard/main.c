// SPDX-License-Identifier: MIT
//
// The vboard command.

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "run.h"
#include "vboard.h"

const char *argp_program_version = "vboard " VBOARD_VERSION;

static const char usage[] =
    "A virtual STM32 board that runs the binaries made for the hardware.\n"
    "\n"
    "Usage: vboard run OPTION...   run firmware; vboard run --help tells more\n"
    "       vboard list            the chips that it can be\n"
    "       vboard --version\n"
    "       vboard --help\n"
    "\n"
    "For example:\n"
    "\n"
    "  vboard run --mcu stm32f446re --load boot.elf --flash flash.bin \\\n"
    "      --uart1 stdio --for 10s\n";

static enum exit_status run_command(int argc, char **argv)
{
    static char name[] = "vboard run";
    argv[0] = name; // how argp calls it
    struct options options;
    options_parse(&options, argc, argv);
    enum exit_status status = run(&options);
    options_free(&options);
    return status;
}

static enum exit_status list_command(void)
{
    for (unsigned i = 0; vboard_mcu(i).name; i++) {
        struct vboard_mcu mcu = vboard_mcu(i);
        printf("%-12s %s, %" PRIu32 " KiB flash, %" PRIu32 " KiB RAM\n",
               mcu.name, mcu.core, mcu.flash_size / 1024, mcu.ram_size / 1024);
    }
    return EXIT_GOOD;
}

int main(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";
    if (strcmp(command, "run") == 0) {
        return (int)run_command(argc - 1, argv + 1);
    }
    if (strcmp(command, "list") == 0 && argc == 2) {
        return (int)list_command();
    }
    if (strcmp(command, "--help") == 0) {
        fputs(usage, stdout);
        return EXIT_GOOD;
    }
    if (strcmp(command, "--version") == 0) {
        puts(argp_program_version);
        return EXIT_GOOD;
    }
    fputs(usage, stderr);
    return EXIT_USAGE;
}
