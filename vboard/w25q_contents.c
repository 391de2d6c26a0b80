// SPDX-License-Identifier: MIT
//
// The bytes of the W25Q64. A sector that a snapshot holds is kept once, for all
// snapshots that hold it, and counted; an erased one is not kept at all. So a
// snapshot costs the sectors that were written since the one before.

#include <stdlib.h>
#include <string.h>

#include "w25q.h"

struct sector {
    unsigned holders;
    uint8_t bytes[W25Q_SECTOR];
};

struct wear {
    uint32_t erases, programs;
};

// What a snapshot holds. sector NULL: erased.
struct w25q_copy {
    struct sector *sector[W25Q_SECTORS];
    struct wear wear[W25Q_SECTORS];
};

struct w25q_contents {
    uint8_t bytes[W25Q_SIZE];
    bool touched[W25Q_SECTORS]; // since `last` was what bytes hold
    bool handed_out;            // the host may write anywhere at any time
    struct w25q_copy last;
};

static void drop(struct sector *sector)
{
    if (sector && --sector->holders == 0) {
        free(sector);
    }
}

static struct sector *hold(struct sector *sector)
{
    if (sector) {
        sector->holders++;
    }
    return sector;
}

int w25q_contents_open(struct vboard *board)
{
    struct w25q_contents *contents = calloc(1, sizeof(*contents));
    if (!contents) {
        return -1;
    }
    memset(contents->bytes, 0xFF, sizeof(contents->bytes));
    board->w25q = contents;
    return 0;
}

static void drop_all(struct w25q_copy *copy)
{
    for (unsigned i = 0; i < W25Q_SECTORS; i++) {
        drop(copy->sector[i]);
    }
}

void w25q_contents_close(struct vboard *board)
{
    if (board->w25q) {
        drop_all(&board->w25q->last);
        free(board->w25q);
    }
}

uint8_t *w25q_bytes(const struct vboard *board)
{
    return board->w25q->bytes;
}

uint8_t *vboard_w25q(struct vboard *board, size_t *size)
{
    if (!board->w25q) {
        return NULL;
    }
    if (size) {
        *size = W25Q_SIZE;
    }
    board->w25q->handed_out = true;
    return board->w25q->bytes;
}

void w25q_touch(struct vboard *board, uint32_t address, uint32_t size)
{
    uint32_t last = (address + size - 1) / W25Q_SECTOR;
    for (uint32_t i = address / W25Q_SECTOR; i <= last; i++) {
        board->w25q->touched[i] = true;
    }
}

void w25q_count_wear(struct vboard *board, enum vboard_flash_op op,
                     uint32_t address, uint32_t size)
{
    uint32_t last = (address + size - 1) / W25Q_SECTOR;
    for (uint32_t i = address / W25Q_SECTOR; i <= last; i++) {
        struct wear *wear = &board->w25q->last.wear[i];
        *(op == VBOARD_ERASE ? &wear->erases : &wear->programs) += 1;
    }
}

struct vboard_wear vboard_w25q_wear(const struct vboard *board, unsigned sector)
{
    if (!board->w25q || sector >= W25Q_SECTORS) {
        return (struct vboard_wear){0};
    }
    const struct wear *wear = &board->w25q->last.wear[sector];
    return (struct vboard_wear){wear->erases, wear->programs};
}

/// Snapshots ///

static bool is_blank(const uint8_t *bytes)
{
    return bytes[0] == 0xFF && !memcmp(bytes, bytes + 1, W25Q_SECTOR - 1);
}

static bool holds(const struct sector *sector, const uint8_t *bytes)
{
    return sector ? !memcmp(bytes, sector->bytes, W25Q_SECTOR)
                  : is_blank(bytes);
}

static bool may_differ(const struct w25q_contents *contents, unsigned i)
{
    return contents->touched[i] || contents->handed_out;
}

// Makes `last` hold what a sector holds. False: no memory.
static bool keep(struct w25q_contents *contents, unsigned i)
{
    const uint8_t *bytes = contents->bytes + (size_t)i * W25Q_SECTOR;
    struct sector **last = &contents->last.sector[i];
    if (holds(*last, bytes)) {
        return true;
    }
    struct sector *sector = NULL;
    if (!is_blank(bytes)) {
        sector = malloc(sizeof(*sector));
        if (!sector) {
            return false;
        }
        sector->holders = 1;
        memcpy(sector->bytes, bytes, W25Q_SECTOR);
    }
    drop(*last);
    *last = sector;
    return true;
}

bool w25q_save(struct vboard *board, struct w25q_copy **copy)
{
    struct w25q_contents *contents = board->w25q;
    *copy = NULL;
    if (!contents) {
        return true;
    }
    for (unsigned i = 0; i < W25Q_SECTORS; i++) {
        if (may_differ(contents, i) && !keep(contents, i)) {
            return false;
        }
    }
    memset(contents->touched, 0, sizeof(contents->touched));
    *copy = malloc(sizeof(**copy));
    if (!*copy) {
        return false;
    }
    **copy = contents->last;
    for (unsigned i = 0; i < W25Q_SECTORS; i++) {
        hold((*copy)->sector[i]);
    }
    return true;
}

static void put_back(uint8_t *bytes, const struct sector *sector)
{
    if (sector) {
        memcpy(bytes, sector->bytes, W25Q_SECTOR);
    } else {
        memset(bytes, 0xFF, W25Q_SECTOR);
    }
}

void w25q_restore(struct vboard *board, const struct w25q_copy *copy)
{
    struct w25q_contents *contents = board->w25q;
    if (!copy) {
        return;
    }
    for (unsigned i = 0; i < W25Q_SECTORS; i++) {
        struct sector **last = &contents->last.sector[i];
        uint8_t *bytes = contents->bytes + (size_t)i * W25Q_SECTOR;
        if ((may_differ(contents, i) || *last != copy->sector[i]) &&
            !holds(copy->sector[i], bytes)) {
            put_back(bytes, copy->sector[i]);
        }
        hold(copy->sector[i]);
        drop(*last);
        *last = copy->sector[i];
    }
    memcpy(contents->last.wear, copy->wear, sizeof(copy->wear));
    memset(contents->touched, 0, sizeof(contents->touched));
}

void w25q_copy_free(struct w25q_copy *copy)
{
    if (copy) {
        drop_all(copy);
        free(copy);
    }
}
