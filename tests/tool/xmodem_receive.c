// SPDX-License-Identifier: MIT
//
// The bootloader's receiver as a program, with the line on standard input and
// output: reads an image as the engine does and writes it to a file. Says on
// stderr how it ended; exit status 0: the image is complete and its CRC right.
//
//   xmodem_receive FILE [start MS] [stall MS] [say TEXT] [verdict TEXT]
//                       [cancel BYTES] [vanish BYTES]
//
// stall: time that "flash" takes for each 1024 bytes; says "lost" if a byte
// arrives meanwhile, as it would be on the hardware. say, verdict: a line of
// text before and after. cancel, vanish: close the source, or exit, after so
// many bytes.

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ota/bytes.h"
#include "ota/crc32.h"
#include "ota/image.h"
#include "ota/xmodem.h"

#define LINE_IN  STDIN_FILENO
#define LINE_OUT STDOUT_FILENO

struct options {
    uint32_t start, stall, cancel, vanish;
    const char *say, *verdict;
};

static bool line_waits(int ms)
{
    struct pollfd line = {.fd = LINE_IN, .events = POLLIN};
    return poll(&line, 1, ms) > 0 && (line.revents & POLLIN) != 0;
}

static int line_get(const struct ota_serial *serial)
{
    (void)serial;
    uint8_t byte;
    return line_waits(0) && read(LINE_IN, &byte, 1) == 1 ? byte
                                                         : OTA_SERIAL_NONE;
}

static void line_put(const struct ota_serial *serial, uint8_t byte)
{
    (void)serial;
    if (write(LINE_OUT, &byte, 1) != 1) {
        perror("write");
        exit(3);
    }
}

static uint32_t line_millis(const struct ota_serial *serial)
{
    (void)serial;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint32_t)t.tv_sec * 1000u + (uint32_t)(t.tv_nsec / 1000000);
}

static const struct ota_serial serial = {line_get, line_put, line_millis, NULL};

static void say(const char *text)
{
    for (; text && *text; text++) {
        line_put(&serial, (uint8_t)*text);
    }
}

static void use_flash(const struct options *options)
{
    usleep(options->stall * 1000);
    if (line_waits(0)) {
        fprintf(stderr, "lost a byte\n");
    }
}

// Exactly len bytes, then flash is busy. 0 or an error.
static int read_chunk(struct ota_source *source, uint8_t *data, uint32_t len,
                      const struct options *options)
{
    while (len > 0) {
        int n = source->read(source, data, len);
        if (n < 0) {
            return n;
        }
        if (n == 0) {
            (void)line_waits(1);
        }
        data += n;
        len -= (uint32_t)n;
    }
    use_flash(options);
    return 0;
}

static int receive(struct ota_source *source, FILE *out,
                   const struct options *options)
{
    uint8_t chunk[1024];
    struct ota_image image;
    int err = read_chunk(source, chunk, 16, options);
    if (!err) {
        err = ota_image_decode(&image, chunk);
    }
    if (err) {
        return err;
    }
    source->set_total_size(source, 16 + image.size);
    fwrite(chunk, 1, 16, out);
    uint32_t crc = 0;
    for (uint32_t done = 0, n; done < image.size; done += n) {
        n = image.size - done < 1024 ? image.size - done : 1024;
        if (options->cancel && done >= options->cancel) {
            return OTA_ERR_FLASH_PROGRAM;
        }
        if (options->vanish && done >= options->vanish) {
            exit(4);
        }
        err = read_chunk(source, chunk, n, options);
        if (err) {
            return err;
        }
        crc = ota_crc32(crc, chunk, n);
        fwrite(chunk, 1, n, out);
    }
    return crc == image.crc ? 0 : OTA_ERR_CRC;
}

static bool option(struct options *options, const char *name, const char *value)
{
    const struct {
        const char *name;
        uint32_t *number;
        const char **text;
    } table[] = {
        {"start", &options->start, NULL},
        {"stall", &options->stall, NULL},
        {"cancel", &options->cancel, NULL},
        {"vanish", &options->vanish, NULL},
        {"say", NULL, &options->say},
        {"verdict", NULL, &options->verdict},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(name, table[i].name) == 0) {
            if (table[i].number) {
                *table[i].number = (uint32_t)strtoul(value, NULL, 10);
            } else {
                *table[i].text = value;
            }
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    static struct ota_xmodem xmodem;
    struct options options = {.start = 10000};
    for (int i = 2; i < argc; i += 2) {
        if (i + 1 >= argc || !option(&options, argv[i], argv[i + 1])) {
            fprintf(stderr, "what is %s?\n", argv[i]);
            return 2;
        }
    }
    FILE *out = argc > 1 ? fopen(argv[1], "wb") : NULL;
    if (!out) {
        perror("output");
        return 2;
    }
    say(options.say);
    ota_xmodem_init(&xmodem, &serial, options.start);
    int err = ota_source_open(&xmodem.source);
    if (!err) {
        err = receive(&xmodem.source, out, &options);
        ota_source_close(&xmodem.source);
    }
    say(options.verdict);
    fprintf(stderr, "%s\n", ota_error_text(err));
    return fclose(out) == 0 && err == 0 ? 0 : 1;
}
