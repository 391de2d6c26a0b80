// SPDX-License-Identifier: MIT
//
// An SD memory card in SPI mode: the bus (SD Physical Layer Simplified
// Specification, 7.2). The time between the supply and the first command (1 ms,
// 6.4.1) is not counted: an MCU takes that long to come out of its own reset.

#include "sd.h"
#include "steady.h"

#define FIRST_CLOCKS 74 // 6.4.1, with CS and MOSI high

// Clock rates (6.6.6): while it gets ready, and then.
#define SLOWEST       100000u
#define FASTEST_START 400000u
#define FASTEST       25000000u

static void power_up(struct vboard *board)
{
    struct sd_state *sd = sd_of(board);
    *sd = (struct sd_state){
        .card = sd_insertion(board),
        .block_len = SD_BLOCK,
        .fault = sd->fault,
        .fault_at = sd->fault_at,
    };
}

static void sd_power(struct vboard *board, bool on)
{
    if (!on) {
        sd_tear(board);
    }
    power_up(board);
}

// A card that was put in since is one that was powered up since.
static bool is_there(struct vboard *board)
{
    if (!board->state.powered || !sd_is_inserted(board)) {
        return false;
    }
    if (sd_of(board)->card != sd_insertion(board)) {
        power_up(board);
    }
    return true;
}

static void check_bus(struct vboard *board, const struct spi_frame *frame)
{
    if (frame->mode != 0 && frame->mode != 3) {
        violation(board, 0, "SD card in SPI mode %u; it knows 0 and 3",
                  frame->mode);
    }
    if (frame->lsb_first) {
        violation(board, 0,
                  "SD card gets the least significant bit first; it expects "
                  "the most significant one");
    }
    bool ready = sd_of(board)->phase == SD_READY;
    uint32_t limit = ready ? FASTEST : FASTEST_START;
    if (frame->hz > limit || (!ready && frame->hz < SLOWEST)) {
        violation(board, 0, "SD card clocked at %u Hz; %s", (unsigned)frame->hz,
                  ready ? "it may have 25 MHz"
                        : "until it is ready it wants 100 to 400 kHz");
    }
}

// Clocks that the card gets while it is not selected.
static int clock_unselected(struct sd_state *sd, const struct spi_frame *frame)
{
    if (frame->mosi == 0xFF && frame->hz <= FASTEST_START &&
        sd->clocks < FIRST_CLOCKS) {
        sd->clocks += 8;
    }
    bool driven = sd->releasing;
    sd->releasing = false;
    return driven ? 0xFF : SPI_FLOATING;
}

static bool begins_command(const struct vboard *board, uint8_t byte)
{
    return board->state.device.sd.frame_len > 0 || (byte & 0xC0) == 0x40;
}

static void take(struct vboard *board, uint8_t byte)
{
    struct sd_state *sd = sd_of(board);
    if (sd_data_in(board, byte)) {
        return;
    }
    if (begins_command(board, byte)) {
        sd->frame[sd->frame_len++] = byte;
        if (sd->frame_len == sizeof(sd->frame)) {
            sd->frame_len = 0;
            sd_command(board);
        }
    } else if (byte != 0xFF && sd->phase != SD_BUS) {
        violation(board, 0,
                  "SD card gets 0x%02X; a command begins with 0x40 to 0x7F, "
                  "and MOSI is high between commands",
                  byte);
    }
}

// What the card drives while a byte comes.
static uint8_t drive(struct vboard *board)
{
    struct sd_state *sd = sd_of(board);
    if (sd->gap > 0) {
        sd->gap--;
        bool stuff = sd->stuff;
        sd->stuff = false;
        return stuff ? (uint8_t)board_random(board) : 0xFF;
    }
    if (sd->response_at < sd->response_len) {
        return sd->response[sd->response_at++];
    }
    if (now(board) < sd->busy_until) {
        return 0;
    }
    sd->writing = false;
    return sd_data_out(board);
}

static int clock_selected(struct vboard *board, const struct spi_frame *frame)
{
    struct sd_state *sd = sd_of(board);
    steady_broken(board); // what it answers depends on the time
    check_bus(board, frame);
    if (sd->ragged) {
        return 0xFF;
    }
    bool spi = sd->phase != SD_BUS;
    int miso = spi ? drive(board) : SPI_FLOATING;
    if (!is_there(board)) { // pulled out before this block
        return SPI_FLOATING;
    }
    take(board, frame->mosi);
    return miso;
}

static int sd_clock(struct vboard *board, const struct spi_frame *frame,
                    bool selected)
{
    if (!is_there(board)) {
        return SPI_FLOATING;
    }
    if (!selected) {
        return clock_unselected(sd_of(board), frame);
    }
    int miso = clock_selected(board, frame);
    switch (sd_of(board)->fault) {
    case VBOARD_SPI_MISO_HIGH:
        return 0xFF;
    case VBOARD_SPI_MISO_LOW:
        return 0;
    default:
        return miso;
    }
}

// What ends with the select: all but the work inside (7.2.4), and a transfer of
// many blocks, which only its own command ends: it stands still.
static void deselected(struct vboard *board)
{
    struct sd_state *sd = sd_of(board);
    if (!sd->many) {
        sd->data = SD_NO_DATA;
    }
    sd->frame_len = 0;
    sd->gap = 0;
    sd->response_len = 0;
    sd->ragged = false;
    sd->releasing = sd->phase != SD_BUS;
}

static void sd_select(struct vboard *board, bool selected)
{
    if (!is_there(board)) {
        return;
    }
    if (selected) {
        sd_of(board)->releasing = false;
    } else {
        deselected(board);
    }
}

static void sd_cut(struct vboard *board)
{
    sd_of(board)->ragged = true;
}

const struct spi_slave sd_slave = {
    .name = "SD card",
    .select = sd_select,
    .clock = sd_clock,
    .cut = sd_cut,
    .power = sd_power,
};

void vboard_sd_fault(struct vboard *board, enum vboard_spi_fault fault,
                     uint64_t n)
{
    struct sd_state *sd = sd_of(board);
    sd->fault = fault;
    sd->fault_at = n;
}
