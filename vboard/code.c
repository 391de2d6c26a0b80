// SPDX-License-Identifier: MIT
//
// What is known of translated code: how many instructions a block has, and
// which pages were executed, so that a change of flash drops only those.

#include <string.h>

#include "state.h"
#include "thumb.h"

#define PAGE    1024u
#define LONGEST 512u // bytes of a block that is kept in block_count

static unsigned count_thumb(const uint8_t *code, uint32_t size)
{
    unsigned count = 0;
    for (uint32_t at = 0; at < size; count++) {
        at += thumb_is_wide(thumb_halfword(code + at)) ? 4 : 2;
    }
    return count;
}

static bool flash_offset(const struct vboard *board, uint32_t address,
                         uint32_t *offset)
{
    uint32_t base =
        address < board->chip->flash_size ? 0 : board->chip->flash_base;
    *offset = address - base;
    return *offset < board->chip->flash_size;
}

static void mark_page(struct vboard *board, uint32_t page)
{
    if (!board->executed[page]) {
        board->executed[page] = 1;
        memcpy(board->translated + page * PAGE, board->flash + page * PAGE,
               PAGE);
    }
}

// The same half-word may begin blocks of different sizes: the size is kept
// beside the count.
static unsigned count_flash(struct vboard *board, uint32_t offset,
                            uint32_t size)
{
    mark_page(board, offset / PAGE);
    mark_page(board, (offset + size - 1) / PAGE);
    unsigned count = count_thumb(board->flash + offset, size);
    if (count < 256 && size < LONGEST) {
        board->block_count[offset / 2] = (uint16_t)(size >> 1 << 8 | count);
    }
    return count;
}

unsigned code_count(struct vboard *board, uint32_t address, uint32_t size)
{
    unsigned known = code_count_known(board, address, size);
    if (known) {
        return known;
    }
    uint32_t offset;
    if (flash_offset(board, address, &offset)) {
        return count_flash(board, offset, size);
    }
    board->ram_executed = true;
    return count_thumb(code_at(board, address), size);
}

const uint8_t *code_at(const struct vboard *board, uint32_t address)
{
    uint32_t offset;
    if (flash_offset(board, address, &offset)) {
        return board->flash + offset;
    }
    return board->ram + (address - board->chip->ram_base);
}

// Blocks that begin before the page may reach into it.
static void forget_counts(struct vboard *board, uint32_t offset)
{
    uint32_t before = offset < LONGEST ? offset : LONGEST;
    memset(&board->block_count[(offset - before) / 2], 0, before + PAGE);
}

static void remove_page(struct vboard *board, uint64_t address)
{
    uc_ctl_remove_cache(board->uc, address, address + PAGE);
}

void cpu_code_changed(struct vboard *board, uint32_t address, uint32_t size)
{
    uint32_t offset;
    if (size == 0 || !flash_offset(board, address, &offset)) {
        return;
    }
    uint32_t last = (offset + size - 1) / PAGE;
    for (uint32_t page = offset / PAGE; page <= last; page++) {
        if (!board->executed[page]) {
            continue;
        }
        board->executed[page] = 0;
        forget_counts(board, page * PAGE);
        remove_page(board, page * PAGE);
        remove_page(board, board->chip->flash_base + page * PAGE);
    }
}

void code_ram_changed(struct vboard *board)
{
    if (board->ram_executed) {
        uint64_t base = board->chip->ram_base;
        uc_ctl_remove_cache(board->uc, base, base + board->chip->ram_size);
        board->ram_executed = false;
    }
}

void code_refresh(struct vboard *board)
{
    for (uint32_t at = 0; at < board->chip->flash_size; at += PAGE) {
        if (board->executed[at / PAGE] &&
            memcmp(board->translated + at, board->flash + at, PAGE) != 0) {
            cpu_code_changed(board, board->chip->flash_base + at, PAGE);
        }
    }
    code_ram_changed(board);
}
