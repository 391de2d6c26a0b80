// SPDX-License-Identifier: MIT

#include <stdlib.h>
#include <string.h>

#include "state.h"
#include "w25q.h"

struct vboard_snapshot {
    struct state state;
    enum stop_reason hard_end;
    struct uc_context *cpu;
    uint8_t *flash;
    uint8_t *ram;
    struct w25q_copy *w25q;
};

void vboard_snapshot_free(struct vboard_snapshot *snap)
{
    if (!snap) {
        return;
    }
    if (snap->cpu) {
        uc_context_free(snap->cpu);
    }
    free(snap->flash);
    free(snap->ram);
    w25q_copy_free(snap->w25q);
    free(snap);
}

struct vboard_snapshot *vboard_save(struct vboard *board)
{
    struct vboard_snapshot *snap = calloc(1, sizeof(*snap));
    if (!snap) {
        return NULL;
    }
    snap->flash = malloc(board->chip->flash_size);
    snap->ram = malloc(board->chip->ram_size);
    if (!snap->flash || !snap->ram || uc_context_alloc(board->uc, &snap->cpu) ||
        uc_context_save(board->uc, snap->cpu) ||
        !w25q_save(board, &snap->w25q)) {
        vboard_snapshot_free(snap);
        return NULL;
    }
    snap->state = board->state;
    snap->hard_end = board->hard_end;
    memcpy(snap->flash, board->flash, board->chip->flash_size);
    memcpy(snap->ram, board->ram, board->chip->ram_size);
    return snap;
}

void vboard_restore(struct vboard *board, const struct vboard_snapshot *snap)
{
    memcpy(board->flash, snap->flash, board->chip->flash_size);
    memcpy(board->ram, snap->ram, board->chip->ram_size);
    w25q_restore(board, snap->w25q);
    board->state = snap->state;
    board->hard_end = snap->hard_end;
    board->soft_end = GOING;
    cpu_restore(board, snap->cpu);
    deadline_update(board);
}
