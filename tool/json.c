// SPDX-License-Identifier: MIT

#include "json.h"

#include <inttypes.h>

static void write_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            fprintf(out, "\\%c", c);
        } else if (c < 0x20) {
            fprintf(out, "\\u%04x", c);
        } else {
            fputc(c, out);
        }
    }
    fputc('"', out);
}

static void new_line(struct json *json)
{
    fprintf(json->out, "\n%*s", 2 * (int)json->depth, "");
}

// Everything before a value: the comma, the place and the key.
static void begin(struct json *json, const char *key)
{
    if (json->depth > 0) {
        if (!json->first) {
            fputc(',', json->out);
        }
        new_line(json);
    }
    json->first = false;
    if (key) {
        write_string(json->out, key);
        fputs(": ", json->out);
    }
}

static void open_bracket(struct json *json, const char *key, char bracket)
{
    begin(json, key);
    fputc(bracket, json->out);
    json->depth++;
    json->first = true;
}

static void close_bracket(struct json *json, char bracket)
{
    json->depth--;
    if (!json->first) {
        new_line(json);
    }
    json->first = false;
    fputc(bracket, json->out);
    if (json->depth == 0) {
        fputc('\n', json->out);
    }
}

void json_object(struct json *json, const char *key)
{
    open_bracket(json, key, '{');
}

void json_object_end(struct json *json)
{
    close_bracket(json, '}');
}

void json_array(struct json *json, const char *key)
{
    open_bracket(json, key, '[');
}

void json_array_end(struct json *json)
{
    close_bracket(json, ']');
}

void json_string(struct json *json, const char *key, const char *value)
{
    begin(json, key);
    write_string(json->out, value);
}

void json_number(struct json *json, const char *key, int64_t value)
{
    begin(json, key);
    fprintf(json->out, "%" PRId64, value);
}

void json_bool(struct json *json, const char *key, bool value)
{
    begin(json, key);
    fputs(value ? "true" : "false", json->out);
}
