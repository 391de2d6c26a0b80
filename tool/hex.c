// SPDX-License-Identifier: MIT
//
// Intel HEX, record types 00 to 05, read strictly: one wrong digit in a
// firmware is one too many.

#include <inttypes.h>
#include <stdio.h>

#include "program.h"

enum {
    DATA = 0,
    END_OF_FILE = 1,
    SEGMENT_ADDRESS = 2,
    START_SEGMENT = 3,
    LINEAR_ADDRESS = 4,
    START_LINEAR = 5,
};

#define MAX_DATA 255
#define WRAP     0x10000u // addresses of data count modulo this

struct hex_reader {
    const char *path;
    unsigned line;
    uint32_t base; // added to the address of each data record
    bool ended;
    struct memory *memory;
};

struct hex_record {
    uint8_t length;
    uint16_t address;
    uint8_t type;
    uint8_t data[MAX_DATA];
};

static enum status bad_line(const struct hex_reader *reader, const char *why)
{
    return fail(STATUS_BAD, "%s:%u: %s: make the hex file again", reader->path,
                reader->line, why);
}

static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Turns a line into a record: ":LLAAAATT", LL bytes of data, checksum.
static enum status parse_line(const struct hex_reader *reader, const char *text,
                              size_t len, struct hex_record *record)
{
    uint8_t bytes[5 + MAX_DATA];
    size_t count = (len - 1) / 2;
    if (text[0] != ':') {
        return bad_line(reader, "does not begin with ':'");
    }
    if (len % 2 == 0 || count < 5 || count > sizeof bytes) {
        return bad_line(reader, "wrong number of digits");
    }
    uint8_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        int high = digit(text[1 + 2 * i]);
        int low = digit(text[2 + 2 * i]);
        if (high < 0 || low < 0) {
            return bad_line(reader, "not a hexadecimal digit");
        }
        bytes[i] = (uint8_t)(high << 4 | low);
        sum = (uint8_t)(sum + bytes[i]);
    }
    if (bytes[0] != count - 5) {
        return bad_line(reader, "length does not match the line");
    }
    if (sum != 0) {
        return bad_line(reader, "bad checksum");
    }
    *record = (struct hex_record){
        .length = bytes[0],
        .address = (uint16_t)(bytes[1] << 8 | bytes[2]),
        .type = bytes[3],
    };
    for (size_t i = 0; i < record->length; i++) {
        record->data[i] = bytes[4 + i];
    }
    return STATUS_OK;
}

static enum status take_data(struct hex_reader *reader,
                             const struct hex_record *record)
{
    if (record->address + record->length > (int)WRAP) {
        return bad_line(reader, "data crosses a 64 KiB boundary");
    }
    if (record->length > UINT32_MAX - reader->base - record->address) {
        return bad_line(reader, "data above 4 GiB");
    }
    memory_add(reader->memory, reader->base + record->address, record->data,
               record->length);
    return STATUS_OK;
}

static enum status take_record(struct hex_reader *reader,
                               const struct hex_record *record)
{
    // bytes of data that each type has, DATA aside
    static const uint8_t lengths[] = {0, 0, 2, 4, 2, 4};

    if (record->type > START_LINEAR) {
        return bad_line(reader, "unknown record type");
    }
    if (record->type == DATA) {
        return take_data(reader, record);
    }
    if (record->length != lengths[record->type]) {
        return bad_line(reader, "wrong length for this record type");
    }
    uint32_t value = (uint32_t)(record->data[0] << 8 | record->data[1]);
    if (record->type == SEGMENT_ADDRESS) {
        reader->base = value << 4;
    } else if (record->type == LINEAR_ADDRESS) {
        reader->base = value << 16;
    } else if (record->type == END_OF_FILE) {
        reader->ended = true;
    }
    return STATUS_OK; // where a debugger starts it does not matter here
}

static enum status take_line(struct hex_reader *reader, const char *text,
                             size_t len)
{
    if (len > 0 && text[len - 1] == '\r') {
        len--;
    }
    if (len == 0) {
        return STATUS_OK;
    }
    if (reader->ended) {
        return bad_line(reader, "goes on after its end record");
    }
    struct hex_record record;
    enum status status = parse_line(reader, text, len, &record);
    return status == STATUS_OK ? take_record(reader, &record) : status;
}

enum status hex_read(const char *path, const struct blob *file,
                     struct memory *memory)
{
    struct hex_reader reader = {.path = path, .memory = memory};
    const char *text = (const char *)file->data;
    size_t start = 0;
    while (start < file->size) {
        size_t end = start;
        while (end < file->size && text[end] != '\n') {
            end++;
        }
        reader.line++;
        enum status status = take_line(&reader, text + start, end - start);
        if (status != STATUS_OK) {
            return status;
        }
        start = end + 1;
    }
    if (!reader.ended) {
        return bad_line(&reader, "the file ends without an end record");
    }
    return STATUS_OK;
}

static void write_record(struct blob *out, uint8_t type, uint32_t address,
                         const uint8_t *data, size_t len)
{
    char text[16];
    int n = snprintf(text, sizeof text, ":%02zX%04" PRIX32 "%02X", len,
                     address % WRAP, type);
    blob_append(out, text, (size_t)n);
    uint8_t sum = (uint8_t)(len + (address >> 8) + address + type);
    for (size_t i = 0; i < len; i++) {
        n = snprintf(text, sizeof text, "%02X", data[i]);
        blob_append(out, text, (size_t)n);
        sum = (uint8_t)(sum + data[i]);
    }
    n = snprintf(text, sizeof text, "%02X\n", (uint8_t)-sum);
    blob_append(out, text, (size_t)n);
}

static void write_segment(struct blob *out, const struct segment *segment,
                          uint32_t *upper)
{
    const size_t line = 16;
    size_t done = 0;
    while (done < segment->bytes.size) {
        uint32_t address = segment->address + (uint32_t)done;
        if (address / WRAP != *upper) {
            *upper = address / WRAP;
            uint8_t data[2] = {(uint8_t)(*upper >> 8), (uint8_t)*upper};
            write_record(out, LINEAR_ADDRESS, 0, data, sizeof data);
        }
        // up to the next multiple of 16, which never crosses 64 KiB
        size_t n = line - address % line;
        if (n > segment->bytes.size - done) {
            n = segment->bytes.size - done;
        }
        write_record(out, DATA, address, segment->bytes.data + done, n);
        done += n;
    }
}

struct blob hex_write(const struct memory *memory)
{
    struct blob out = {0};
    uint32_t upper = 0;
    for (size_t i = 0; i < memory->count; i++) {
        write_segment(&out, &memory->segments[i], &upper);
    }
    write_record(&out, END_OF_FILE, 0, NULL, 0);
    return out;
}
