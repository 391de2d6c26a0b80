// SPDX-License-Identifier: MIT
//
// What is known of translated code: how many instructions a block has, and
// which pages were executed. Code is dropped only where it is about to run and
// the flash holds something else: what an update programs may well be what was
// there in an earlier replay.

#include <string.h>

#include "state.h"
#include "thumb.h"

#define PAGE    1024u
#define LONGEST 512u // bytes of a block that is kept in block_count

// In executed[]: no block of a page whose code is in doubt is in block_count.
enum { NOT_EXECUTED, EXECUTED, IN_DOUBT };

bool code_in_ram;

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
    if (board->executed[page] == NOT_EXECUTED) {
        board->executed[page] = EXECUTED;
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
    if (!board->ram_executed) {
        board->ram_executed = true;
        code_in_ram = true;
        cpu_check_ram_stores(board);
    }
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

static void doubt(struct vboard *board, uint32_t page)
{
    if (board->executed[page] == EXECUTED) {
        board->executed[page] = IN_DOUBT;
        forget_counts(board, page * PAGE);
    }
}

static bool differs(const struct vboard *board, uint32_t page)
{
    return memcmp(board->translated + page * PAGE, board->flash + page * PAGE,
                  PAGE) != 0;
}

static void remove_code(struct vboard *board, uint32_t page)
{
    const uint64_t base[] = {0, board->chip->flash_base};
    for (int i = 0; i < 2; i++) {
        uint64_t address = base[i] + page * PAGE;
        uc_ctl_remove_cache(board->uc, address, address + PAGE);
    }
}

bool code_drop_stale(struct vboard *board, uint32_t address, uint32_t size)
{
    uint32_t offset;
    if (size == 0 || !flash_offset(board, address, &offset)) {
        return false;
    }
    bool stale = false;
    uint32_t last = (offset + size - 1) / PAGE;
    for (uint32_t page = offset / PAGE; page <= last; page++) {
        if (board->executed[page] != IN_DOUBT) {
            continue;
        }
        board->executed[page] = EXECUTED;
        if (differs(board, page)) {
            board->executed[page] = NOT_EXECUTED;
            remove_code(board, page);
            stale = true;
        }
    }
    return stale;
}

void cpu_code_changed(struct vboard *board, uint32_t address, uint32_t size)
{
    uint32_t offset;
    if (size == 0 || !flash_offset(board, address, &offset)) {
        return;
    }
    uint32_t last = (offset + size - 1) / PAGE;
    for (uint32_t page = offset / PAGE; page <= last; page++) {
        doubt(board, page);
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
    for (uint32_t page = 0; page < board->chip->flash_size / PAGE; page++) {
        if (board->executed[page] == EXECUTED && differs(board, page)) {
            doubt(board, page);
        }
    }
    code_ram_changed(board);
}
