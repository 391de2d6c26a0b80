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

static int fail(const char *path, const char *what)
{
    fprintf(stderr, "vboard: --flash %s: %s: %s\n", path, what,
            strerror(errno));
    return -1;
}

static int make_erased(const char *path, uint8_t *data, size_t size)
{
    memset(data, ERASED, size);
    return flash_file_write(path, data, size);
}

static int read_exactly(FILE *file, const char *path, uint8_t *data,
                        size_t size)
{
    struct stat status;
    if (fstat(fileno(file), &status)) {
        return fail(path, "cannot be read");
    }
    if (!S_ISREG(status.st_mode)) {
        fprintf(stderr, "vboard: --flash %s: give an ordinary file\n", path);
        return -1;
    }
    if ((uint64_t)status.st_size != size) {
        fprintf(stderr,
                "vboard: --flash %s: holds %lld bytes, but the flash of this "
                "chip %zu: give another file, or remove it to start with an "
                "erased flash\n",
                path, (long long)status.st_size, size);
        return -1;
    }
    return fread(data, 1, size, file) == size ? 0
                                              : fail(path, "cannot be read");
}

int flash_file_read(const char *path, uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        return errno == ENOENT ? make_erased(path, data, size)
                               : fail(path, "cannot be opened");
    }
    int err = read_exactly(file, path, data, size);
    fclose(file);
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

int flash_file_write(const char *path, const uint8_t *data, size_t size)
{
    // a link stays a link: what it points to is replaced
    char real[PATH_MAX];
    const char *target = realpath(path, real) ? real : path;
    char temporary[PATH_MAX + 8];
    int len = snprintf(temporary, sizeof temporary, "%s.XXXXXX", target);
    if (len < 0 || (size_t)len >= sizeof temporary) {
        errno = ENAMETOOLONG;
        return fail(path, "cannot be written");
    }
    int fd = mkstemp(temporary);
    if (fd < 0) {
        return fail(path, "a file beside it cannot be made");
    }
    int err = write_all(fd, data, size) || set_rights(fd, target);
    err = close(fd) || err;
    err = err || rename(temporary, target);
    if (err) {
        int result = fail(path, "cannot be written");
        unlink(temporary);
        return result;
    }
    return 0;
}
