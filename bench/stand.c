// SPDX-License-Identifier: MIT

#include "stand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILL    0xA5
#define MAX_RAM (128 * 1024)

// What a receiver of XMODEM answers.
enum { ACK = 0x06, NAK = 0x15, CALL = 'C' };

void die(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

static struct moment now(const struct stand *stand)
{
    return (struct moment){vboard_time(stand->board),
                           vboard_instructions(stand->board)};
}

static void see_flash(struct stand *stand, const struct vboard_event *event)
{
    const struct ota_area *app = &stand->layout->app;
    uint32_t start = stand->layout->flash_base + app->offset;
    wear_see(&stand->wear, event);
    if (event->unit != 0 || event->address < start ||
        event->address >= start + app->size) {
        return;
    }
    if (stand->erase == 0) {
        stand->erase = event->time;
    }
    if (event->op == VBOARD_PROGRAM && event->address == start) {
        stand->payload = stand->last;
        stand->header = event->time;
    }
    stand->last = event->time;
}

static void see_byte(struct stand *stand, uint32_t byte)
{
    if (stand->stop_at_answer && (byte == ACK || byte == NAK || byte == CALL)) {
        stand->answer = (int)byte;
        vboard_stop(stand->board);
    }
}

static void see(void *context, const struct vboard_event *event)
{
    struct stand *stand = context;
    switch (event->kind) {
    case VBOARD_EVENT_FLASH:
        see_flash(stand, event);
        break;
    case VBOARD_EVENT_RESET:
        stand->reset = now(stand);
        break;
    case VBOARD_EVENT_UART:
        see_byte(stand, event->value);
        break;
    case VBOARD_EVENT_HANDOVER:
        stand->handover = now(stand);
        stand->handovers++;
        if (stand->stop_at_handover) {
            vboard_stop(stand->board);
        }
        break;
    default:
        break;
    }
}

void stand_init(struct stand *stand, const struct ota_layout *layout,
                const char *bootloader)
{
    *stand = (struct stand){.layout = layout, .chip = chip_of(layout)};
    if (!stand->chip) {
        die("no data sheet of this board's chip: add it to chips.c");
    }
    struct vboard_config config = {.mcu = stand->chip->name,
                                   .hse_hz = 8000000,
                                   .event = see,
                                   .context = stand};
    stand->board = vboard_new(&config);
    if (!stand->board ||
        vboard_load(stand->board, bootloader, layout->flash_base) != 0) {
        die("no board, or no bootloader: run scripts/build");
    }
    if (layout->slot[0].flash != layout->app.flash &&
        vboard_attach_w25q(stand->board, NULL) != 0) {
        die("no W25Q");
    }
}

void stand_free(struct stand *stand)
{
    vboard_free(stand->board);
}

void stand_power_on(struct stand *stand)
{
    static uint8_t fill[MAX_RAM];
    memset(fill, FILL, sizeof fill);
    wear_reset(&stand->wear, stand->layout);
    stand->erase = 0;
    vboard_power_on(stand->board);
    if (vboard_poke(stand->board, stand->layout->ram_base, fill,
                    stand->layout->ram_size) != 0) {
        die("RAM cannot be written");
    }
}

void stand_run(struct stand *stand, uint64_t limit)
{
    unsigned before = stand->handovers;
    stand->stop_at_handover = true;
    (void)vboard_run(stand->board, limit);
    stand->stop_at_handover = false;
    if (stand->handovers == before) {
        die("no application was started");
    }
}

// The longest stretch that still holds the fill lies between variables and
// stack.
unsigned stand_stack(const struct stand *stand)
{
    static uint8_t ram[MAX_RAM];
    const unsigned size = stand->layout->ram_size;
    if (vboard_peek(stand->board, stand->layout->ram_base, ram, size) != 0) {
        die("RAM cannot be read");
    }
    unsigned longest = 0, end = 0, length = 0;
    for (unsigned i = 0; i < size; i++) {
        length = ram[i] == FILL ? length + 1 : 0;
        if (length > longest) {
            longest = length;
            end = i + 1;
        }
    }
    return size - end;
}
