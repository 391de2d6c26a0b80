// SPDX-License-Identifier: MIT

#include "port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "names.h"

// A device that takes no byte for so long is stuck.
#define PUT_TIMEOUT_MS 10000

/// Ctrl-C ///

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

// The signals are let in only while port_get waits, so that none is missed
// between a look at the flag and the wait.
static void watch_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = interrupt};
    sigset_t blocked;
    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        sigaddset(&blocked, signals[i]);
        sigaction(signals[i], &action, NULL);
    }
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/// Devices ///

static const struct {
    uint32_t baud;
    speed_t speed;
} speeds[] = {
    {9600, B9600},     {19200, B19200},   {38400, B38400},
    {57600, B57600},   {115200, B115200}, {230400, B230400},
    {460800, B460800}, {921600, B921600}, {1000000, B1000000},
};

static const speed_t *find_speed(uint32_t baud)
{
    for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
        if (speeds[i].baud == baud) {
            return &speeds[i].speed;
        }
    }
    return NULL;
}

bool port_knows_baud(uint32_t baud)
{
    return find_speed(baud) != NULL;
}

// The ports that there are, for the message about one that is not.
static enum status fail_missing(const char *name)
{
    char list[256] = "";
    size_t used = 0;
    glob_t found = {0};
    glob("/dev/ttyACM*", 0, NULL, &found);
    glob("/dev/ttyUSB*", found.gl_pathv ? GLOB_APPEND : 0, NULL, &found);
    for (size_t i = 0; i < found.gl_pathc && used < sizeof list; i++) {
        used += (size_t)snprintf(list + used, sizeof list - used, " %s",
                                 found.gl_pathv[i]);
    }
    globfree(&found);
    return fail(STATUS_USAGE,
                "no port %s: is the board plugged in? There is:%s", name,
                list[0] ? list : " none");
}

static enum status fail_open(const char *name)
{
    switch (errno) {
    case ENOENT:
    case ENXIO:
    case ENODEV:
        return fail_missing(name);
    case EBUSY:
    case EWOULDBLOCK:
        return fail(STATUS_USAGE,
                    "%s is busy: close the terminal program that uses it",
                    name);
    case EACCES:
        return fail(STATUS_USAGE,
                    "may not open %s: add yourself to its group (usually "
                    "sudo usermod -aG dialout $USER, then log in again)",
                    name);
    case ENOTTY:
    case EISDIR:
        return fail(STATUS_USAGE, "%s is not a serial port", name);
    default:
        return fail(STATUS_USAGE, "cannot open %s: %s", name, strerror(errno));
    }
}

// 0, or -1 with errno.
static int set_up_device(struct port *port, speed_t speed)
{
    if (tcgetattr(port->fd, &port->saved) != 0) {
        return -1;
    }
    // the lock is what terminal programs look at; it ends with the program
    if (flock(port->fd, LOCK_EX | LOCK_NB) != 0) {
        return -1;
    }
    struct termios raw = port->saved;
    cfmakeraw(&raw);
    cfsetspeed(&raw, speed);
    raw.c_cflag |= CLOCAL | CREAD;
    raw.c_cflag &= ~(tcflag_t)(CRTSCTS | CSTOPB);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    return tcsetattr(port->fd, TCSANOW, &raw);
}

static enum status open_device(struct port *port, uint32_t baud)
{
    const speed_t *speed = find_speed(baud);
    if (!speed) {
        return fail(STATUS_USAGE, "no speed of %u baud", (unsigned)baud);
    }
    port->is_device = true;
    port->fd = open(port->name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (port->fd < 0) {
        return fail_open(port->name);
    }
    if (set_up_device(port, *speed) != 0) {
        enum status status = fail_open(port->name);
        close(port->fd);
        return status;
    }
    return STATUS_OK;
}

/// The virtual board ///

static enum status open_tcp(struct port *port, const char *number)
{
    uint32_t tcp_port;
    if (!number_parse(number, 65535, &tcp_port) || tcp_port == 0) {
        return fail(STATUS_USAGE, "%s: give a port as tcp:5000", port->name);
    }
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)tcp_port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int on = 1;
    port->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (port->fd < 0 ||
        connect(port->fd, (struct sockaddr *)&address, sizeof address) != 0) {
        enum status status =
            fail(STATUS_USAGE, "%s: %s: is vboard running with --uart1 %s?",
                 port->name, strerror(errno), port->name);
        if (port->fd >= 0) {
            close(port->fd);
        }
        return status;
    }
    setsockopt(port->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(port->fd, F_SETFL, O_NONBLOCK);
    return STATUS_OK;
}

/// The line ///

enum status port_open(struct port *port, const char *name, uint32_t baud)
{
    *port = (struct port){.name = name};
    enum status status = strncmp(name, "tcp:", 4) == 0
                             ? open_tcp(port, name + 4)
                             : open_device(port, baud);
    if (status == STATUS_OK) {
        watch_signals();
    }
    return status;
}

void port_close(struct port *port)
{
    if (port->is_device) {
        tcdrain(port->fd);
        tcsetattr(port->fd, TCSANOW, &port->saved);
    }
    close(port->fd);
}

// Whether the line can be read (POLLIN) or written (POLLOUT); or PORT_*.
static int wait_for(struct port *port, short what, int timeout_ms)
{
    struct pollfd line = {.fd = port->fd, .events = what};
    struct timespec time = {.tv_sec = timeout_ms / 1000,
                            .tv_nsec = timeout_ms % 1000 * 1000000L};
    sigset_t none;
    sigemptyset(&none);
    int n = interrupted ? -1 : ppoll(&line, 1, &time, &none);
    if (interrupted) {
        return PORT_INTERRUPTED;
    }
    if (n == 0) {
        return PORT_SILENT;
    }
    return n > 0 && (line.revents & what) ? 0 : PORT_GONE;
}

int port_get(struct port *port, int timeout_ms)
{
    if (port->count == 0) {
        int err = wait_for(port, POLLIN, timeout_ms);
        if (err) {
            return err;
        }
        ssize_t n = read(port->fd, port->buffer, sizeof port->buffer);
        if (n <= 0) {
            return PORT_GONE;
        }
        port->next = 0;
        port->count = (size_t)n;
    }
    port->count--;
    return port->buffer[port->next++];
}

bool port_put(struct port *port, const void *data, size_t size)
{
    const uint8_t *p = data;
    while (size > 0) {
        ssize_t n = write(port->fd, p, size);
        if (n < 0 && errno != EAGAIN) {
            return false;
        }
        if (n > 0) {
            p += n;
            size -= (size_t)n;
            continue;
        }
        struct pollfd line = {.fd = port->fd, .events = POLLOUT};
        if (poll(&line, 1, PUT_TIMEOUT_MS) <= 0) {
            return false;
        }
    }
    return true;
}
