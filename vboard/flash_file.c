// SPDX-License-Identifier: MIT

#include "flash_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ERASED 0xFF
#define SECTOR 4096u // an open-ended file is cut to these

static int fail(const struct flash_file *file, const char *what)
{
    fprintf(stderr, "vboard: %s %s: %s: %s\n", file->option, file->path, what,
            strerror(errno));
    return -1;
}

static int make_erased(const struct flash_file *file, uint8_t *data,
                       size_t size)
{
    memset(data, ERASED, size);
    return flash_file_write(file, data, size);
}

static int refuse_size(const struct flash_file *file, long long has,
                       size_t size)
{
    fprintf(
        stderr,
        "vboard: %s %s: holds %lld bytes, but the flash of this chip %s%zu: "
        "give another file, or remove it to start with an erased flash\n",
        file->option, file->path, has, file->open_ended ? "at most " : "",
        size);
    return -1;
}

static int read_contents(FILE *stream, const struct flash_file *file,
                         uint8_t *data, size_t size)
{
    struct stat status;
    if (fstat(fileno(stream), &status)) {
        return fail(file, "cannot be read");
    }
    if (!S_ISREG(status.st_mode)) {
        fprintf(stderr, "vboard: %s %s: give an ordinary file\n", file->option,
                file->path);
        return -1;
    }
    uint64_t has = (uint64_t)status.st_size;
    if (file->open_ended ? has > size : has != size) {
        return refuse_size(file, (long long)has, size);
    }
    memset(data + has, ERASED, size - has);
    return fread(data, 1, has, stream) == has ? 0
                                              : fail(file, "cannot be read");
}

int flash_file_read(const struct flash_file *file, uint8_t *data, size_t size)
{
    FILE *stream = fopen(file->path, "rb");
    if (!stream) {
        return errno == ENOENT ? make_erased(file, data, size)
                               : fail(file, "cannot be opened");
    }
    int err = read_contents(stream, file, data, size);
    fclose(stream);
    return err;
}

static int write_all(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        if (n > 0) {
            data += n;
            size -= (size_t)n;
        }
    }
    return 0;
}

// mkstemp makes files that only their owner may read: give this one the rights
// of the file that it replaces, or those of any new file.
static int set_rights(int fd, const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0) {
        return fchmod(fd, status.st_mode & 07777);
    }
    mode_t mask = umask(0);
    umask(mask);
    return fchmod(fd, 0666 & ~mask);
}

static size_t used(const uint8_t *data, size_t size)
{
    while (size > 0 && data[size - 1] == ERASED) {
        size--;
    }
    return (size + SECTOR - 1) / SECTOR * SECTOR;
}

int flash_file_write(const struct flash_file *file, const uint8_t *data,
                     size_t size)
{
    // a link stays a link: what it points to is replaced
    char real[PATH_MAX];
    const char *target = realpath(file->path, real) ? real : file->path;
    char temporary[PATH_MAX + 8];
    int len = snprintf(temporary, sizeof temporary, "%s.XXXXXX", target);
    if (len < 0 || (size_t)len >= sizeof temporary) {
        errno = ENAMETOOLONG;
        return fail(file, "cannot be written");
    }
    int fd = mkstemp(temporary);
    if (fd < 0) {
        return fail(file, "a file beside it cannot be made");
    }
    int err = write_all(fd, data, file->open_ended ? used(data, size) : size) ||
              set_rights(fd, target);
    err = close(fd) || err;
    err = err || rename(temporary, target);
    if (err) {
        int result = fail(file, "cannot be written");
        unlink(temporary);
        return result;
    }
    return 0;
}
