// SPDX-License-Identifier: MIT
//
// A W25Q64 by itself, clocked without a CPU, for the tests of its model.

#ifndef W25Q_BENCH_H
#define W25Q_BENCH_H

#include "vboard_bus.h"

struct bench {
    struct vboard *board;
    struct vboard_bus bus;
    FILE *log;
    unsigned violations;
    char violation[256]; // the last one
    unsigned operations;
    struct vboard_event operation; // the last one
    char cut[16];
    uint64_t cut_number;
};

// Powered for long enough that it takes writes.
void bench_open(struct bench *bench, enum vboard_timing timing);
void bench_close(struct bench *bench);
void bench_power(struct bench *bench);

// One instruction: sends some bytes, then takes some. -1 when the power went.
int talk(struct bench *bench, const void *out, size_t out_len, void *in,
         size_t in_len);

#define SEND(bench, ...)                                                       \
    talk(bench, (const uint8_t[]){__VA_ARGS__},                                \
         sizeof((const uint8_t[]){__VA_ARGS__}), NULL, 0)
#define ASK(bench, in, ...)                                                    \
    talk(bench, (const uint8_t[]){__VA_ARGS__},                                \
         sizeof((const uint8_t[]){__VA_ARGS__}), in, sizeof(in))

uint8_t status_of(struct bench *bench, uint8_t code);
uint8_t byte_at(struct bench *bench, uint32_t address);
// Until BUSY is clear; fails where it never is.
void wait_ready(struct bench *bench);
// Write Enable, then this.
#define WRITE(bench, ...) (SEND(bench, 0x06), SEND(bench, __VA_ARGS__))

// One violation so far, or since the last call, with this text.
void expect_violation(struct bench *bench, const char *text);
void expect_legal(const struct bench *bench);

#endif
