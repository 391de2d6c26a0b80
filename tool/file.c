// SPDX-License-Identifier: MIT

#include "file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

// No firmware is larger; reading a device that never ends stops here.
#define MAX_FILE_SIZE (64u * 1024 * 1024)

void blob_append(struct blob *blob, const void *data, size_t size)
{
    size_t needed = blob->size + size;
    if (needed > blob->capacity) {
        blob->capacity = needed < 256 ? 256 : needed * 2;
        blob->data = must_realloc(blob->data, blob->capacity);
    }
    if (size > 0) {
        memcpy(blob->data + blob->size, data, size);
    }
    blob->size += size;
}

void blob_free(struct blob *blob)
{
    free(blob->data);
    *blob = (struct blob){0};
}

static enum status read_all(FILE *in, const char *path, struct blob *blob)
{
    uint8_t chunk[65536];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, in)) > 0) {
        blob_append(blob, chunk, n);
        if (blob->size > MAX_FILE_SIZE) {
            return fail(STATUS_BAD,
                        "%s is larger than 64 MiB: this is no firmware", path);
        }
    }
    if (ferror(in)) {
        return fail(STATUS_USAGE, "cannot read %s: %s", path, strerror(errno));
    }
    if (blob->size == 0) {
        return fail(STATUS_BAD,
                    "%s is empty: did the step that makes it succeed?", path);
    }
    return STATUS_OK;
}

enum status file_read(const char *path, struct blob *blob)
{
    *blob = (struct blob){0};
    FILE *in = fopen(path, "rb");
    if (!in) {
        return fail(STATUS_USAGE, "cannot open %s: %s", path, strerror(errno));
    }
    enum status status = read_all(in, path, blob);
    fclose(in);
    if (status != STATUS_OK) {
        blob_free(blob);
    }
    return status;
}

static enum status write_failed(const char *path)
{
    return fail(STATUS_USAGE, "cannot write %s: %s", path, strerror(errno));
}

// Writes everything and closes, whatever happens. 0 or -1 with errno.
static int write_and_close(FILE *out, const void *data, size_t size)
{
    int failed = fwrite(data, 1, size, out) != size || fflush(out) != 0;
    int error = errno;
    if (fclose(out) != 0) {
        return -1;
    }
    errno = error;
    return failed ? -1 : 0;
}

static enum status write_directly(const char *path, const void *data,
                                  size_t size)
{
    FILE *out = fopen(path, "wb");
    if (!out || write_and_close(out, data, size) != 0) {
        return write_failed(path);
    }
    return STATUS_OK;
}

// A new file beside path, with the access rights that fopen would give. temp
// becomes its name, which the caller frees.
static FILE *open_beside(const char *path, char **temp)
{
    size_t len = strlen(path) + sizeof ".XXXXXX";
    *temp = must_realloc(NULL, len);
    snprintf(*temp, len, "%s.XXXXXX", path);
    int fd = mkstemp(*temp);
    if (fd < 0) {
        return NULL;
    }
    mode_t mask = umask(0);
    umask(mask);
    FILE *out = fchmod(fd, 0666 & ~mask) == 0 ? fdopen(fd, "wb") : NULL;
    if (!out) {
        int error = errno;
        close(fd);
        unlink(*temp);
        errno = error;
    }
    return out;
}

// A file that is written, but not yet in its place.
struct pending {
    char *target;
    char *temp; // NULL: a device, written as it is in the end
};

static void forget(struct pending *pending)
{
    free(pending->target);
    free(pending->temp);
}

static enum status prepare_beside(struct pending *pending,
                                  const struct output *output)
{
    FILE *out = open_beside(pending->target, &pending->temp);
    if (out && write_and_close(out, output->data, output->size) == 0) {
        return STATUS_OK;
    }
    enum status status = write_failed(output->path);
    if (out) {
        unlink(pending->temp);
    }
    return status;
}

// On failure nothing is left.
static enum status prepare(struct pending *pending, const struct output *output)
{
    struct stat info;
    bool exists = stat(output->path, &info) == 0;
    if (exists && S_ISDIR(info.st_mode)) {
        return fail(STATUS_USAGE,
                    "cannot write %s: it is a directory: name a file",
                    output->path);
    }
    // a renamed file would replace a symbolic link instead of its target
    pending->target = exists ? realpath(output->path, NULL) : NULL;
    if (!pending->target) {
        pending->target = must_realloc(NULL, strlen(output->path) + 1);
        strcpy(pending->target, output->path);
    }
    return exists && !S_ISREG(info.st_mode) ? STATUS_OK
                                            : prepare_beside(pending, output);
}

static enum status put_in_place(const struct pending *pending,
                                const struct output *output)
{
    if (!pending->temp) {
        return write_directly(output->path, output->data, output->size);
    }
    return rename(pending->temp, pending->target) == 0
               ? STATUS_OK
               : write_failed(output->path);
}

enum status file_write_all(const struct output *outputs, size_t count)
{
    struct pending pending[OUTPUTS_MAX] = {0};
    enum status status = STATUS_OK;
    size_t prepared = 0, placed = 0;
    while (prepared < count && status == STATUS_OK) {
        status = prepare(&pending[prepared], &outputs[prepared]);
        prepared += status == STATUS_OK;
    }
    while (placed < prepared && status == STATUS_OK) {
        status = put_in_place(&pending[placed], &outputs[placed]);
        placed += status == STATUS_OK;
    }
    for (size_t i = placed; i < prepared; i++) {
        if (pending[i].temp) {
            unlink(pending[i].temp);
        }
    }
    for (size_t i = 0; i < count; i++) {
        forget(&pending[i]);
    }
    return status;
}

enum status file_write(const char *path, const void *data, size_t size)
{
    struct output output = {path, data, size};
    return file_write_all(&output, 1);
}

bool file_has_extension(const char *path, const char *extension)
{
    const char *dot = strrchr(path, '.');
    return dot && strcasecmp(dot, extension) == 0;
}
