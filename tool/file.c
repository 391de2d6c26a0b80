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

static enum status replace(const char *path, const void *data, size_t size)
{
    char *temp;
    FILE *out = open_beside(path, &temp);
    enum status status = STATUS_OK;
    if (!out) {
        status = write_failed(path);
    } else if (write_and_close(out, data, size) != 0 ||
               rename(temp, path) != 0) {
        status = write_failed(path);
        unlink(temp);
    }
    free(temp);
    return status;
}

enum status file_write(const char *path, const void *data, size_t size)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        return replace(path, data, size);
    }
    if (S_ISDIR(info.st_mode)) {
        return fail(STATUS_USAGE,
                    "cannot write %s: it is a directory; name a file with -o",
                    path);
    }
    if (!S_ISREG(info.st_mode)) {
        return write_directly(path, data, size);
    }
    // a renamed file would replace a symbolic link instead of its target
    char *target = realpath(path, NULL);
    enum status status = replace(target ? target : path, data, size);
    free(target);
    return status;
}

bool file_has_extension(const char *path, const char *extension)
{
    const char *dot = strrchr(path, '.');
    return dot && strcasecmp(dot, extension) == 0;
}
