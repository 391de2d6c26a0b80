// SPDX-License-Identifier: MIT
//
// The board as a whole: making one, supply and reset, running, looking in.

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "rcc.h"
#include "sd.h"
#include "spi.h"
#include "w25q.h"

static const struct chip *const chips[] = {&stm32f446re, &stm32f103c8};

#define CHIPS (sizeof(chips) / sizeof(chips[0]))

struct vboard_mcu vboard_mcu(unsigned index)
{
    if (index >= CHIPS) {
        return (struct vboard_mcu){0};
    }
    const struct chip *chip = chips[index];
    return (struct vboard_mcu){chip->name, chip->core, chip->flash_size,
                               chip->ram_size};
}

static const struct chip *find_chip(const char *name, FILE *log)
{
    for (size_t i = 0; name && i < CHIPS; i++) {
        if (strcmp(chips[i]->name, name) == 0) {
            return chips[i];
        }
    }
    fprintf(log, "vboard: no MCU \"%s\"; there is", name ? name : "");
    for (size_t i = 0; i < CHIPS; i++) {
        fprintf(log, "%s %s", i > 0 ? "," : "", chips[i]->name);
    }
    fputc('\n', log);
    return NULL;
}

static struct vboard *allocate(const struct vboard_config *config,
                               const struct chip *chip)
{
    struct vboard *board = calloc(1, sizeof(*board));
    if (!board) {
        return NULL;
    }
    board->config = *config;
    board->chip = chip;
    board->recent = chip->devices[0];
    board->log = config->log ? config->log : stderr;
    board->flash = aligned_alloc(4096, chip->flash_size);
    board->ram = aligned_alloc(4096, chip->ram_size);
    board->block_count = calloc(chip->flash_size / 2, sizeof(uint16_t));
    board->executed = calloc(chip->flash_size / 1024, 1);
    board->translated = malloc(chip->flash_size);
    if (!board->flash || !board->ram || !board->block_count ||
        !board->executed || !board->translated) {
        vboard_free(board);
        return NULL;
    }
    memset(board->flash, 0xFF, chip->flash_size);
    memset(board->ram, 0, chip->ram_size);
    return board;
}

struct vboard *vboard_new(const struct vboard_config *config)
{
    FILE *log = config->log ? config->log : stderr;
    const struct chip *chip = find_chip(config->mcu, log);
    if (!chip) {
        return NULL;
    }
    struct vboard *board = allocate(config, chip);
    if (!board) {
        fprintf(log, "vboard: out of memory\n");
        return NULL;
    }
    if (cpu_open(board)) {
        vboard_free(board);
        return NULL;
    }
    board->state.clock.hclk = chip->rcc->hsi_hz; // until RCC is reset
    board->state.random = config->seed;
    board->state.handover_pc = NOWHERE;
    timers_reset(board);
    return board;
}

void vboard_free(struct vboard *board)
{
    if (!board) {
        return;
    }
    cpu_close(board);
    free(board->flash);
    free(board->ram);
    free(board->block_count);
    free(board->executed);
    free(board->translated);
    w25q_contents_close(board);
    sd_card_free(board);
    free(board);
}

uint8_t *vboard_flash(struct vboard *board, size_t *size)
{
    if (size) {
        *size = board->chip->flash_size;
    }
    return board->flash;
}

// splitmix64: any seed gives a good sequence, 0 included.
uint32_t board_random(struct vboard *board)
{
    uint64_t x = board->state.random += 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return (uint32_t)(x >> 32);
}

/// Supply and reset ///

static void randomise_ram(struct vboard *board)
{
    for (uint32_t at = 0; at < board->chip->ram_size; at += 4) {
        uint32_t word = board_random(board);
        memcpy(board->ram + at, &word, 4);
    }
    code_ram_changed(board);
}

// What was asked for from outside outlives a reset, and so do chips outside.
static bool is_outside(enum timer timer)
{
    static const bool outside[TIMER_COUNT] = {
        [TIMER_W25Q] = true,        [TIMER_W25Q_WRITE] = true,
        [TIMER_W25Q_SELECT] = true, [TIMER_OUTSIDE] = true,
        [TIMER_CUT] = true,         [TIMER_RUN_END] = true,
    };
    return outside[timer];
}

static void clear_timers(struct vboard *board)
{
    for (enum timer timer = 0; timer < TIMER_COUNT; timer++) {
        if (!is_outside(timer)) {
            timer_clear(board, timer);
        }
    }
}

void reset_now(struct vboard *board, uint32_t cause, bool power)
{
    if (power) {
        randomise_ram(board);
        spi_power(board, false);
    }
    spi_stop(board);
    clear_timers(board);
    board->state.sleeping = false;
    board->state.locked_up = false;
    board->state.handover_pc = NOWHERE;
    scs_reset(board);
    dwt_reset(board);
    for (unsigned i = 0; i < board->chip->device_count; i++) {
        const struct device *device = board->chip->devices[i];
        if (device->reset) {
            device->reset(board, device, power);
        }
    }
    if (power) {
        spi_power(board, true);
    }
    rcc_reset_cause(board, cause);
    struct vboard_event event = {.kind = VBOARD_EVENT_RESET,
                                 .text = rcc_cause_text(cause),
                                 .value = cause};
    send_event(board, &event);
    cpu_restart(board);
}

void vboard_power_on(struct vboard *board)
{
    board->hard_end = GOING;
    board->soft_end = GOING;
    board->state.powered = true;
    reset_now(board, RCC_CSR_PORRSTF, true);
}

void vboard_reset(struct vboard *board)
{
    if (board->state.powered) {
        board->hard_end = GOING;
        reset_now(board, RCC_CSR_PINRSTF, false);
    }
}

void power_cut(struct vboard *board, const char *how, uint64_t number)
{
    board->state.powered = false;
    uint64_t torn = flash_power_lost(board);
    torn = torn ? torn : w25q_under_way(board);
    spi_power(board, false);
    number = number ? number : torn;
    struct vboard_event event = {
        .kind = VBOARD_EVENT_POWER_CUT, .text = how, .number = number};
    send_event(board, &event);
    cpu_end(board, STOPPED_POWER_CUT);
}

void cut_due(struct vboard *board, enum timer timer)
{
    (void)timer;
    power_cut(board, "time", 0);
}

void vboard_cut_at_time(struct vboard *board, uint64_t time)
{
    timer_set(board, TIMER_CUT, time);
}

/// Running ///

enum vboard_stop vboard_run(struct vboard *board, uint64_t duration)
{
    static const enum vboard_stop result[] = {
        [STOPPED_TIME] = VBOARD_STOP_TIME,
        [STOPPED_REQUEST] = VBOARD_STOP_REQUEST,
        [STOPPED_POWER_CUT] = VBOARD_STOP_POWER_CUT,
        [STOPPED_LOCKUP] = VBOARD_STOP_LOCKUP,
        [STOPPED_VIOLATION] = VBOARD_STOP_VIOLATION,
        [STOPPED_ERROR] = VBOARD_STOP_ERROR,
    };
    if (!board->state.powered && board->hard_end == GOING) {
        fprintf(board->log, "vboard: the board is off: call vboard_power_on "
                            "before vboard_run\n");
        return VBOARD_STOP_ERROR;
    }
    if (board->soft_end == STOPPED_REQUEST) {
        board->soft_end = GOING; // asked for between two runs
    }
    uint64_t time = now(board);
    uint64_t end = duration < NEVER - time ? time + duration : NEVER - 1;
    timer_set(board, TIMER_RUN_END, end);
    enum stop_reason why = cpu_run(board);
    timer_clear(board, TIMER_RUN_END);
    return result[why];
}

void vboard_stop(struct vboard *board)
{
    cpu_end(board, STOPPED_REQUEST);
}

/// Looking in ///

uint64_t vboard_time(const struct vboard *board)
{
    return now(board);
}

uint64_t vboard_instructions(const struct vboard *board)
{
    return board->state.instructions;
}

uint32_t vboard_hclk(const struct vboard *board)
{
    return board->state.clock.hclk;
}

uint32_t vboard_register(struct vboard *board, unsigned number)
{
    if (number < 13) {
        return cpu_get(board, UC_ARM_REG_R0 + (int)number);
    }
    const int id[] = {UC_ARM_REG_SP, UC_ARM_REG_LR, UC_ARM_REG_PC};
    return number < 16 ? cpu_get(board, id[number - 13]) : 0;
}
