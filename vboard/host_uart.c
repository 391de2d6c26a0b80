// SPDX-License-Identifier: MIT

#include "host_uart.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

// How long a pipe may take to bring its first byte: "echo x | vboard ..." must
// not race with its own echo.
#define PIPE_START_MS 200

// How long the reader of a pseudo-terminal may take for the last bytes.
#define PTY_DRAIN_MS 200

static int fail(const struct host_uart *uart, const char *what)
{
    fprintf(stderr, "vboard: --uart%u: %s: %s\n", uart->number, what,
            strerror(errno));
    return -1;
}

/// Opening ///

static void open_stdio(struct host_uart *uart)
{
    uart->in = STDIN_FILENO;
    uart->out = STDOUT_FILENO;
    if (!isatty(uart->in) || tcgetattr(uart->in, &uart->saved)) {
        return;
    }
    // keys go to the firmware at once and it echoes them if it wants to;
    // Ctrl-C stays ours
    struct termios raw = uart->saved;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_iflag &= ~(tcflag_t)ICRNL;
    uart->terminal = tcsetattr(uart->in, TCSANOW, &raw) == 0;
    uart->live = true;
}

static int open_pty(struct host_uart *uart)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (master < 0) {
        return fail(uart, "no pseudo-terminal");
    }
    uart->in = uart->out = master;
    const char *name = NULL;
    if (grantpt(master) == 0 && unlockpt(master) == 0) {
        name = ptsname(master);
    }
    // held open by ourselves too: without it the master reads errors while
    // nobody else has it open
    uart->other = name ? open(name, O_RDWR | O_NOCTTY) : -1;
    if (uart->other < 0) {
        return fail(uart, "no pseudo-terminal");
    }
    struct termios raw;
    if (tcgetattr(uart->other, &raw)) {
        return fail(uart, "no pseudo-terminal");
    }
    cfmakeraw(&raw);
    if (tcsetattr(uart->other, TCSANOW, &raw)) {
        return fail(uart, "no pseudo-terminal");
    }
    uart->live = true;
    fprintf(stderr, "vboard: USART%u is at %s\n", uart->number, name);
    return 0;
}

static int open_file(struct host_uart *uart, const char *path)
{
    uart->out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return uart->out < 0 ? fail(uart, path) : 0;
}

static int open_input(struct host_uart *uart, const char *path)
{
    uart->in = open(path, O_RDONLY | O_CLOEXEC);
    return uart->in < 0 ? fail(uart, path) : 0;
}

static int open_tcp(struct host_uart *uart, uint16_t port)
{
    uart->other =
        socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (uart->other < 0) {
        return fail(uart, "no socket");
    }
    // the next run may have the port at once
    int on = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t len = sizeof address;
    struct sockaddr *generic = (struct sockaddr *)&address;
    if (setsockopt(uart->other, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
        bind(uart->other, generic, len) || listen(uart->other, 1) ||
        getsockname(uart->other, generic, &len)) {
        return fail(uart, "cannot listen on this port, give another one");
    }
    uart->live = true;
    fprintf(stderr, "vboard: USART%u is at 127.0.0.1:%u\n", uart->number,
            ntohs(address.sin_port));
    return 0;
}

int host_uart_open(struct host_uart *uart, unsigned number,
                   const struct uart_end *end)
{
    *uart = (struct host_uart){
        .kind = end->kind, .number = number, .in = -1, .out = -1, .other = -1};
    if (end->input && open_input(uart, end->input)) {
        return -1;
    }
    switch (end->kind) {
    case UART_STDIO:
        open_stdio(uart);
        return 0;
    case UART_PTY:
        return open_pty(uart);
    case UART_FILE:
        return open_file(uart, end->path);
    case UART_TCP:
        return open_tcp(uart, end->port);
    case UART_NOTHING:
        break;
    }
    return 0;
}

/// Traffic ///

// Takes a caller; one at a time, the next one after this one has gone.
static void tcp_answer(struct host_uart *uart)
{
    if (uart->kind != UART_TCP || uart->in >= 0) {
        return;
    }
    int fd = accept4(uart->other, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        return; // nobody there
    }
    // bytes come one by one; a failure costs speed only
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    uart->in = uart->out = fd;
}

// The peer has gone, or the file has ended.
static void hang_up(struct host_uart *uart)
{
    if (uart->kind == UART_TCP) {
        close(uart->in);
        uart->out = -1;
    }
    uart->in = -1;
}

// Sends some of the buffer. Bytes sent, 0 if it would have to wait.
static ssize_t send_some(struct host_uart *uart)
{
    ssize_t n = write(uart->out, uart->buffer, uart->waiting);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return 0;
    }
    if (n < 0 && uart->kind == UART_TCP) {
        hang_up(uart);
        return 0;
    }
    return n;
}

// Whether output waits for its reader rather than getting lost.
static bool patient(const struct host_uart *uart)
{
    return uart->kind == UART_STDIO || uart->kind == UART_FILE;
}

int host_uart_flush(struct host_uart *uart)
{
    tcp_answer(uart);
    while (uart->waiting > 0 && uart->out >= 0) {
        ssize_t n = send_some(uart);
        if (n < 0) {
            uart->waiting = 0;
            uart->out = -1;
            uart->broken = true;
            fail(uart, "nobody takes the output");
        }
        if (n < 0 || (n == 0 && !patient(uart))) {
            break;
        }
        uart->waiting -= (size_t)n;
        memmove(uart->buffer, uart->buffer + n, uart->waiting);
    }
    return uart->broken ? -1 : 0;
}

void host_uart_put(struct host_uart *uart, uint8_t byte)
{
    if (uart->waiting == UART_BUFFER && patient(uart)) {
        (void)host_uart_flush(uart); // the next call of it tells
    }
    if (uart->kind != UART_NOTHING && uart->waiting < UART_BUFFER) {
        uart->buffer[uart->waiting++] = byte;
    }
}

size_t host_uart_get(struct host_uart *uart, uint8_t *data, size_t size)
{
    tcp_answer(uart);
    if (uart->in < 0) {
        return 0;
    }
    struct pollfd ready = {.fd = uart->in, .events = POLLIN};
    int patience = uart->live || uart->heard ? 0 : PIPE_START_MS;
    uart->heard = true;
    if (poll(&ready, 1, patience) <= 0) {
        return 0;
    }
    ssize_t n = read(uart->in, data, size);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return 0;
    }
    if (n <= 0) {
        hang_up(uart);
        return 0;
    }
    return (size_t)n;
}

/// Closing ///

static void close_fd(int fd)
{
    if (fd > STDERR_FILENO) {
        close(fd);
    }
}

// What the other side has not read yet is lost when the terminal goes: gives
// it a moment.
static void drain_pty(const struct host_uart *uart)
{
    int unread = 0;
    for (unsigned i = 0; i < PTY_DRAIN_MS / 10; i++) {
        if (ioctl(uart->other, FIONREAD, &unread) || unread == 0) {
            return;
        }
        poll(NULL, 0, 10);
    }
}

int host_uart_close(struct host_uart *uart)
{
    int err = host_uart_flush(uart);
    if (uart->kind == UART_PTY && uart->other >= 0) {
        drain_pty(uart);
    }
    if (uart->terminal) {
        tcsetattr(STDIN_FILENO, TCSANOW, &uart->saved);
    }
    if (uart->in != uart->out) {
        close_fd(uart->in);
    }
    close_fd(uart->out);
    close_fd(uart->other);
    uart->in = uart->out = uart->other = -1;
    return err;
}
