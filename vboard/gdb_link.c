// SPDX-License-Identifier: MIT

#include "gdb_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define INTERRUPT 3

static int listen_on(int port)
{
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0) {
        return -1;
    }
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int on = 1;
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
        bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
        listen(listener, 1)) {
        int reason = errno;
        close(listener);
        errno = reason;
        return -1;
    }
    return listener;
}

int gdb_link_open(struct gdb_link *link, int port, FILE *log)
{
    *link = (struct gdb_link){.socket = -1};
    int listener = listen_on(port);
    if (listener < 0) {
        fprintf(log, "vboard: port %d for gdb: %s; choose another\n", port,
                strerror(errno));
        return -1;
    }
    fprintf(log, "vboard: waiting for gdb: target remote :%d\n", port);
    fflush(log);
    link->socket = accept(listener, NULL, NULL);
    close(listener);
    if (link->socket < 0) {
        fprintf(log, "vboard: waiting for gdb: %s\n", strerror(errno));
        return -1;
    }
    int on = 1;
    if (setsockopt(link->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on))) {
        fprintf(log, "vboard: gdb will be slow: %s\n", strerror(errno));
    }
    return 0;
}

void gdb_link_close(struct gdb_link *link)
{
    if (link->socket >= 0) {
        close(link->socket);
    }
}

static int get(struct gdb_link *link)
{
    unsigned char byte;
    ssize_t got;
    do {
        got = recv(link->socket, &byte, 1, 0);
    } while (got < 0 && errno == EINTR);
    if (got != 1) {
        link->lost = true;
        return -1;
    }
    return byte;
}

static void put(struct gdb_link *link, const char *data, size_t length)
{
    while (length && !link->lost) {
        ssize_t sent = send(link->socket, data, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent <= 0) {
            link->lost = true;
            return;
        }
        data += sent;
        length -= (size_t)sent;
    }
}

static unsigned checksum(const char *data, size_t length)
{
    unsigned sum = 0;
    for (size_t i = 0; i < length; i++) {
        sum += (unsigned char)data[i];
    }
    return sum & 0xFF;
}

// From behind the $ to the checksum; false when it is wrong or too long.
static bool receive_body(struct gdb_link *link)
{
    size_t length = 0;
    int byte;
    while ((byte = get(link)) != '#' && byte >= 0) {
        if (length < GDB_PACKET) {
            link->packet[length] = (char)byte;
        }
        length++;
    }
    char sum[3] = {(char)get(link), (char)get(link), 0};
    if (link->lost || length > GDB_PACKET) {
        return false;
    }
    link->packet[length] = '\0';
    link->length = length;
    return strtoul(sum, NULL, 16) == checksum(link->packet, length);
}

bool gdb_link_receive(struct gdb_link *link)
{
    while (!link->lost) {
        if (get(link) != '$') {
            continue; // acknowledgements
        }
        bool good = receive_body(link);
        put(link, good ? "+" : "-", 1);
        if (good) {
            return true;
        }
    }
    return false;
}

void gdb_link_send(struct gdb_link *link, const char *text)
{
    char end[4];
    size_t length = strlen(text);
    snprintf(end, sizeof(end), "#%02x", checksum(text, length));
    put(link, "$", 1);
    put(link, text, length);
    put(link, end, 3);
}

bool gdb_link_interrupted(struct gdb_link *link, int ms)
{
    struct pollfd wait = {.fd = link->socket, .events = POLLIN};
    while (!link->lost && poll(&wait, 1, ms) > 0) {
        if (get(link) == INTERRUPT) {
            return true;
        }
        ms = 0;
    }
    return link->lost;
}
