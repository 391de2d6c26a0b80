// SPDX-License-Identifier: MIT

#include "values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PRESS_DURATION (100 * VBOARD_MS)

// Reads a decimal fraction in units of 10^-places, exactly: a double would cut
// the power at another instruction than the one asked for. Returns what follows
// the number; NULL where there is none, or it is too large or too fine.
static const char *read_decimal(const char *text, unsigned places,
                                uint64_t *value)
{
    const char *start = text;
    uint64_t sum = 0;
    bool point = false;
    for (; (*text >= '0' && *text <= '9') || (*text == '.' && !point); text++) {
        if (*text == '.') {
            point = true;
            continue;
        }
        if (sum > (UINT64_MAX - 9) / 10 || (point && places == 0)) {
            return NULL;
        }
        sum = sum * 10 + (uint64_t)(*text - '0');
        places -= point ? 1 : 0;
    }
    for (; places > 0; places--) {
        if (sum > UINT64_MAX / 10) {
            return NULL;
        }
        sum *= 10;
    }
    *value = sum;
    return text == start || (point && text == start + 1) ? NULL : text;
}

const char *parse_time(const char *text, uint64_t *time)
{
    static const struct {
        const char *unit;
        unsigned places;
    } units[] = {{"s", 12}, {"ms", 9}, {"us", 6}, {"ns", 3}};

    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        const char *rest = read_decimal(text, units[i].places, time);
        if (rest && strcmp(rest, units[i].unit) == 0) {
            return NULL;
        }
    }
    return "give a time and its unit: 1.5s, 250ms or 20us";
}

const char *parse_frequency(const char *text, uint32_t *hertz)
{
    static const struct {
        const char *unit;
        unsigned places;
    } units[] = {{"", 0}, {"k", 3}, {"M", 6}};

    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        uint64_t value;
        const char *rest = read_decimal(text, units[i].places, &value);
        if (rest && strcmp(rest, units[i].unit) == 0 && value <= UINT32_MAX) {
            *hertz = (uint32_t)value;
            return NULL;
        }
    }
    return "give a frequency in hertz, with k or M: 8M";
}

const char *parse_voltage(const char *text, uint32_t *millivolts)
{
    uint64_t value;
    const char *rest = read_decimal(text, 3, &value);
    // what the parts survive: absolute maximum rating 4.0 V
    if (!rest || *rest || value == 0 || value > 4000) {
        return "give the supply in volts, up to 4: 3.3";
    }
    *millivolts = (uint32_t)value;
    return NULL;
}

const char *parse_supply(const char *text, struct supply *supply)
{
    char buffer[64];
    const char *at = strchr(text, '@');
    size_t len = at ? (size_t)(at - text) : strlen(text);
    if (len >= sizeof buffer) {
        return "give VOLTS or VOLTS@TIME: 2.5@1.5s";
    }
    memcpy(buffer, text, len);
    buffer[len] = '\0';
    *supply = (struct supply){.later = at != NULL};
    const char *problem = parse_voltage(buffer, &supply->millivolts);
    return problem || !at ? problem : parse_time(at + 1, &supply->time);
}

// The whole of text as a number below 2^32, 0x... for hexadecimal.
static bool read_number(const char *text, uint32_t *number)
{
    if (*text < '0' || *text > '9') {
        return false;
    }
    char *rest;
    errno = 0;
    unsigned long long value = strtoull(text, &rest, 0);
    if (errno || *rest || value > UINT32_MAX) {
        return false;
    }
    *number = (uint32_t)value;
    return true;
}

const char *parse_number(const char *text, uint32_t *number)
{
    return read_number(text, number) ? NULL : "give a number, 0 to 0xFFFFFFFF";
}

const char *parse_timing(const char *text, enum vboard_timing *timing)
{
    if (strcmp(text, "typ") == 0) {
        *timing = VBOARD_TYPICAL;
    } else if (strcmp(text, "max") == 0) {
        *timing = VBOARD_MAXIMUM;
    } else {
        return "give typ or max";
    }
    return NULL;
}

const char *parse_load(const char *text, struct load *load)
{
    const char *at = strrchr(text, '@');
    // a file name may have an @ of its own
    load->has_address = at && read_number(at + 1, &load->address);
    size_t len = load->has_address ? (size_t)(at - text) : strlen(text);
    if (len == 0) {
        return "give FILE, or FILE@ADDRESS: boot.bin@0x08000000";
    }
    load->path = strndup(text, len);
    return load->path ? NULL : "no memory";
}

// "SPI2:PB12"
static bool read_place(const char *text, struct chip_file *chip)
{
    bool known = strncmp(text, "SPI1:", 5) == 0 || !strncmp(text, "SPI2:", 5);
    if (!known || strlen(text + 5) >= sizeof chip->cs) {
        return false;
    }
    strcpy(chip->cs, text + 5);
    chip->spi = text[3] - '0';
    return true;
}

const char *parse_chip(const char *text, struct chip_file *chip)
{
    const char *at = strrchr(text, '@');
    // a file name may have an @ of its own
    chip->spi = 0;
    size_t len =
        at && read_place(at + 1, chip) ? (size_t)(at - text) : strlen(text);
    if (len == 0) {
        return "give FILE, or FILE@SPI:PIN: w25q.bin@SPI2:PB12";
    }
    free(chip->path);
    chip->path = strndup(text, len);
    return chip->path ? NULL : "no memory";
}

struct fault_name {
    const char *name;
    enum vboard_spi_fault fault;
};

static bool find_fault(const struct fault_name *names, size_t count,
                       const char *text, enum vboard_spi_fault *fault)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, names[i].name) == 0) {
            *fault = names[i].fault;
            return true;
        }
    }
    return false;
}

const char *parse_w25q_fault(const char *text, enum vboard_spi_fault *fault)
{
    static const struct fault_name names[] = {
        {"miso-high", VBOARD_SPI_MISO_HIGH},
        {"miso-low", VBOARD_SPI_MISO_LOW},
        {"wrong-id", VBOARD_W25Q_WRONG_ID},
        {"busy", VBOARD_W25Q_BUSY},
    };
    return find_fault(names, sizeof names / sizeof names[0], text, fault)
               ? NULL
               : "give miso-high, miso-low, wrong-id or busy";
}

const char *parse_sd_fault(const char *text, struct sd_fault *fault)
{
    static const struct fault_name names[] = {
        {"miso-high", VBOARD_SPI_MISO_HIGH},
        {"miso-low", VBOARD_SPI_MISO_LOW},
        {"never-ready", VBOARD_SD_NEVER_READY},
        {"bad-crc", VBOARD_SD_BAD_CRC},
        {"version-1", VBOARD_SD_VERSION_1},
    };
    static const char removed[] = "removed@";
    const size_t len = sizeof removed - 1;
    if (find_fault(names, sizeof names / sizeof names[0], text, &fault->kind)) {
        return NULL;
    }
    if (strncmp(text, removed, len) == 0 &&
        read_number(text + len, &fault->block) && fault->block > 0) {
        fault->kind = VBOARD_SD_REMOVED;
        return NULL;
    }
    return "give miso-high, miso-low, never-ready, bad-crc, version-1 or "
           "removed@N, N from 1";
}

const char *parse_press(const char *text, struct press *press)
{
    static const char *const hint =
        "give PIN@TIME or PIN@TIME:DURATION: PA8@1.5s, PC13@0s:300ms";
    char buffer[64];
    if (strlen(text) >= sizeof buffer) {
        return hint;
    }
    strcpy(buffer, text);
    char *time = strchr(buffer, '@');
    if (!time || time == buffer || time - buffer >= (long)sizeof press->pin) {
        return hint;
    }
    *time++ = '\0';
    char *duration = strchr(time, ':');
    if (duration) {
        *duration++ = '\0';
    }
    strcpy(press->pin, buffer);
    press->duration = PRESS_DURATION;
    if (parse_time(time, &press->time) ||
        (duration && parse_time(duration, &press->duration))) {
        return hint;
    }
    return NULL;
}

static bool parse_cut_op(const char *text, struct cut *cut)
{
    static const char *const hows[] = {
        [VBOARD_CUT_BEFORE] = ":before",
        [VBOARD_CUT_TORN] = ":torn",
        [VBOARD_CUT_AFTER] = ":after",
    };
    const char *how = read_decimal(text, 0, &cut->op);
    if (!how || cut->op == 0) {
        return false;
    }
    if (*how == '\0') {
        how = ":torn"; // the worst that a cut can do
    }
    for (size_t i = 0; i < sizeof hows / sizeof *hows; i++) {
        if (strcmp(how, hows[i]) == 0) {
            cut->how = (enum vboard_cut)i;
            return true;
        }
    }
    return false;
}

const char *parse_cut(const char *text, struct cut *cut)
{
    static const char op[] = "flash-op:";
    bool good;
    if (strncmp(text, op, strlen(op)) == 0) {
        cut->when = CUT_AT_OP;
        good = parse_cut_op(text + strlen(op), cut);
    } else {
        cut->when = CUT_AT_TIME;
        good = parse_time(text, &cut->time) == NULL;
    }
    return good ? NULL
                : "give a time (1.2s) or flash-op:N, N from 1, with :before, "
                  ":torn or :after";
}

const char *parse_port(const char *text, int *port)
{
    uint32_t number;
    if (!read_number(text, &number) || number == 0 || number > UINT16_MAX) {
        return "give a port, 1 to 65535";
    }
    *port = (int)number;
    return NULL;
}

const char *parse_uart(const char *text, struct uart_end *end)
{
    if (strcmp(text, "stdio") == 0) {
        end->kind = UART_STDIO;
        return NULL;
    }
    if (strcmp(text, "pty") == 0) {
        end->kind = UART_PTY;
        return NULL;
    }
    if (strncmp(text, "file:", 5) == 0 && text[5]) {
        end->kind = UART_FILE;
        end->path = text + 5;
        return NULL;
    }
    uint32_t port;
    if (strncmp(text, "tcp:", 4) == 0 && read_number(text + 4, &port) &&
        port <= UINT16_MAX) {
        end->kind = UART_TCP;
        end->port = (uint16_t)port;
        return NULL;
    }
    return "give stdio, pty, file:NAME or tcp:PORT";
}

const char *parse_input(const char *text, struct uart_end *end)
{
    const char *at = strrchr(text, '@');
    // a file name may have an @ of its own
    bool timed = at && parse_time(at + 1, &end->input_at) == NULL;
    if (!timed) {
        end->input_at = 0;
    }
    size_t len = timed ? (size_t)(at - text) : strlen(text);
    if (len == 0) {
        return "give FILE, or FILE@TIME: image.bin@1.5s";
    }
    free(end->input);
    end->input = strndup(text, len);
    return end->input ? NULL : "no memory";
}
