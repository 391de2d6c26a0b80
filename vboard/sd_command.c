// SPDX-License-Identifier: MIT
//
// Commands of an SD card in SPI mode (SD Physical Layer Simplified
// Specification, 7.3) and how it gets ready (7.2.1).

#include <string.h>

#include "sd.h"

// R1 (7.3.2.1)
#define R1_IDLE      0x01
#define R1_ILLEGAL   0x04
#define R1_CRC       0x08
#define R1_ADDRESS   0x20
#define R1_PARAMETER 0x40

// ACMD41 and OCR (5.1)
#define HCS          (1u << 30)
#define OCR_POWER_UP (1u << 31)
#define OCR_CCS      (1u << 30)
#define OCR_VOLTAGES 0x00FF8000u // 2.7 to 3.6 V

// Getting ready takes 1 s at the most (4.2.3).
#define READY_TYPICAL (120 * VBOARD_MS)
#define READY_MAXIMUM (995 * VBOARD_MS)

#define STOP_BUSY (20 * VBOARD_US)

// When a command is legal.
#define IN_IDLE  1
#define IN_READY 2
#define ALWAYS   (IN_IDLE | IN_READY)

struct command {
    uint8_t index;
    bool app;
    uint8_t when;
    void (*execute)(struct vboard *board, uint32_t argument);
};

static uint8_t idle_bit(const struct sd_state *sd)
{
    return sd->phase == SD_IDLE ? R1_IDLE : 0;
}

void sd_respond(struct sd_state *sd, const void *response, uint8_t len,
                uint8_t gap)
{
    memcpy(sd->response, response, len);
    sd->response_len = len;
    sd->response_at = 0;
    sd->gap = gap;
}

// R1, and what comes behind it, after 1 to 8 bytes (NCR, 7.5.1.1).
static void answer(struct vboard *board, uint8_t errors, const void *more,
                   uint8_t len)
{
    struct sd_state *sd = sd_of(board);
    uint8_t response[6] = {(uint8_t)(errors | idle_bit(sd))};
    if (len) {
        memcpy(response + 1, more, len);
    }
    sd_respond(sd, response, (uint8_t)(1 + len),
               (uint8_t)(1 + board_random(board) % 8));
}

static void r1(struct vboard *board, uint8_t errors)
{
    answer(board, errors, NULL, 0);
}

static void answer_word(struct vboard *board, uint32_t word)
{
    const uint8_t bytes[4] = {(uint8_t)(word >> 24), (uint8_t)(word >> 16),
                              (uint8_t)(word >> 8), (uint8_t)word};
    answer(board, 0, bytes, 4);
}

/// Getting ready ///

static void go_idle(struct vboard *board, uint32_t argument)
{
    (void)argument;
    struct sd_state *sd = sd_of(board);
    sd->phase = SD_IDLE;
    sd->ready_at = 0;
    sd->knows_host = sd->crc_on = false;
    sd->block_len = SD_BLOCK;
    sd->data = SD_NO_DATA;
    sd->busy_until = 0;
    r1(board, 0);
}

// Table 7-5: a supply voltage that the card lacks is not echoed.
static void send_if_cond(struct vboard *board, uint32_t argument)
{
    bool match = (argument >> 8 & 0xF) == 1;
    sd_of(board)->knows_host |= match;
    answer_word(board, match ? argument & 0xFFF : argument & 0xFF);
}

// A card with block addresses does not get ready for a host that has not said
// that it knows such cards (7.2.1).
static bool suits(struct vboard *board, uint32_t argument)
{
    return !sd_has_block_addresses(board) ||
           (sd_of(board)->knows_host && argument & HCS);
}

static void send_op_cond(struct vboard *board, uint32_t argument)
{
    struct sd_state *sd = sd_of(board);
    bool maximum = board->config.timing == VBOARD_MAXIMUM;
    if (argument & ~HCS) {
        violation(board, 0,
                  "SD card ACMD41 with argument 0x%08X: in SPI mode all bits "
                  "but HCS (0x40000000) are reserved",
                  (unsigned)argument);
    }
    if (sd->ready_at == 0 && suits(board, argument)) {
        sd->ready_at = now(board) + (maximum ? READY_MAXIMUM : READY_TYPICAL);
    }
    if (sd->ready_at && sd->ready_at <= now(board) &&
        sd->fault != VBOARD_SD_NEVER_READY) {
        sd->phase = SD_READY;
    }
    r1(board, 0);
}

static void read_ocr(struct vboard *board, uint32_t argument)
{
    (void)argument;
    uint32_t ocr = OCR_VOLTAGES;
    if (sd_of(board)->phase == SD_READY) {
        ocr |= OCR_POWER_UP | (sd_has_block_addresses(board) ? OCR_CCS : 0);
    }
    answer_word(board, ocr);
}

static void crc_on_off(struct vboard *board, uint32_t argument)
{
    sd_of(board)->crc_on = argument & 1;
    r1(board, 0);
}

static void app_cmd(struct vboard *board, uint32_t argument)
{
    (void)argument;
    sd_of(board)->app = true;
    r1(board, 0);
}

/// Registers ///

static void send_csd(struct vboard *board, uint32_t argument)
{
    (void)argument;
    uint8_t csd[16];
    sd_csd(board, csd);
    r1(board, 0);
    sd_send_register(board, csd, sizeof(csd));
}

static void send_cid(struct vboard *board, uint32_t argument)
{
    (void)argument;
    uint8_t cid[16];
    sd_cid(cid);
    r1(board, 0);
    sd_send_register(board, cid, sizeof(cid));
}

static void send_scr(struct vboard *board, uint32_t argument)
{
    (void)argument;
    uint8_t scr[8];
    sd_scr(board, scr);
    r1(board, 0);
    sd_send_register(board, scr, sizeof(scr));
}

// R2 (7.3.2.3): what was told once is over.
static void answer_status(struct vboard *board)
{
    struct sd_state *sd = sd_of(board);
    answer(board, 0, &sd->status, 1);
    sd->status = 0;
}

static void send_status(struct vboard *board, uint32_t argument)
{
    (void)argument;
    answer_status(board);
}

// Nothing of it concerns SPI mode (4.10.2).
static void sd_status(struct vboard *board, uint32_t argument)
{
    (void)argument;
    static const uint8_t status[64];
    answer_status(board);
    sd_send_register(board, status, sizeof(status));
}

/// Blocks ///

static void set_blocklen(struct vboard *board, uint32_t argument)
{
    struct sd_state *sd = sd_of(board);
    if (argument == 0 || argument > SD_BLOCK) {
        r1(board, R1_PARAMETER);
        return;
    }
    if (!sd_has_block_addresses(board)) { // the others keep to 512 (7.3.1.3)
        sd->block_len = argument;
    }
    r1(board, 0);
}

// The byte that an argument stands for, or R1's bits of why it is refused:
// beyond the card, or across the border of two blocks.
static uint8_t find(struct vboard *board, uint32_t argument, uint64_t *address)
{
    bool blocks = sd_has_block_addresses(board);
    uint32_t len = sd_of(board)->block_len;
    *address = (uint64_t)argument * (blocks ? SD_BLOCK : 1);
    if (*address >= sd_size(board)) {
        return R1_PARAMETER;
    }
    return *address % SD_BLOCK + len > SD_BLOCK ? R1_ADDRESS : 0;
}

static void begin_read(struct vboard *board, uint32_t argument, bool many)
{
    uint64_t address;
    uint8_t errors = find(board, argument, &address);
    r1(board, errors);
    if (!errors) {
        sd_send(board, address, many);
    }
}

static void read_single(struct vboard *board, uint32_t argument)
{
    begin_read(board, argument, false);
}

static void read_multiple(struct vboard *board, uint32_t argument)
{
    begin_read(board, argument, true);
}

// Blocks are written whole (WRITE_BL_PARTIAL is 0).
static void begin_write(struct vboard *board, uint32_t argument, bool many)
{
    uint64_t address;
    uint8_t errors = find(board, argument, &address);
    if (sd_of(board)->block_len != SD_BLOCK) {
        errors |= R1_PARAMETER;
    }
    r1(board, errors);
    if (!errors) {
        sd_receive(board, address, many);
    }
}

static void write_block(struct vboard *board, uint32_t argument)
{
    begin_write(board, argument, false);
}

static void write_multiple(struct vboard *board, uint32_t argument)
{
    begin_write(board, argument, true);
}

// The byte behind the command means nothing (7.3.1.1); R1b.
static void stop_transmission(struct vboard *board, uint32_t argument)
{
    (void)argument;
    struct sd_state *sd = sd_of(board);
    if (sd->data != SD_SENDS && sd->data != SD_FAILED) {
        r1(board, R1_ILLEGAL);
        return;
    }
    sd_stop(board);
    r1(board, 0);
    sd->stuff = true;
    sd->busy_until = now(board) + STOP_BUSY;
}

// Hints for writing, and a pull-up that SPI does not use.
static void no_effect(struct vboard *board, uint32_t argument)
{
    (void)argument;
    r1(board, 0);
}

/// All of them ///

// CMD1 begins what ACMD41 begins (table 7-3).
static const struct command commands[] = {
    {0, false, ALWAYS, go_idle},
    {1, false, ALWAYS, send_op_cond},
    {8, false, IN_IDLE, send_if_cond},
    {9, false, IN_READY, send_csd},
    {10, false, IN_READY, send_cid},
    {12, false, IN_READY, stop_transmission},
    {13, false, IN_READY, send_status},
    {16, false, IN_READY, set_blocklen},
    {17, false, IN_READY, read_single},
    {18, false, IN_READY, read_multiple},
    {24, false, IN_READY, write_block},
    {25, false, IN_READY, write_multiple},
    {55, false, ALWAYS, app_cmd},
    {58, false, ALWAYS, read_ocr},
    {59, false, ALWAYS, crc_on_off},
    {13, true, IN_READY, sd_status},
    {23, true, IN_READY, no_effect},
    {41, true, ALWAYS, send_op_cond},
    {42, true, IN_READY, no_effect},
    {51, true, IN_READY, send_scr},
};

// Switching functions, protection, erase, lock: table 7-3.
static const uint8_t not_modelled[] = {6,  27, 28, 29, 30, 32,
                                       33, 38, 42, 56, 57};

static const struct command *look_up(uint8_t index, bool app)
{
    for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (commands[i].index == index && commands[i].app == app) {
            return &commands[i];
        }
    }
    // an unknown application command is the plain one of that number (4.3.9)
    return app ? look_up(index, false) : NULL;
}

static bool is_legal(const struct sd_state *sd, const struct command *command)
{
    uint8_t phase = sd->phase == SD_IDLE ? IN_IDLE : IN_READY;
    if (command->execute == send_if_cond && sd->fault == VBOARD_SD_VERSION_1) {
        return false;
    }
    return command->when & phase;
}

// The card takes no command while it works, and few while it sends.
static bool may_come(struct vboard *board, uint8_t index)
{
    struct sd_state *sd = sd_of(board);
    if (now(board) < sd->busy_until) {
        violation(board, 0, "SD card gets CMD%u while it is busy: ignored",
                  index);
        return false;
    }
    if (sd->data != SD_NO_DATA && index != 12 && index != 0) {
        violation(board, 0, "SD card gets CMD%u in the middle of a transfer",
                  index);
        sd_stop(board);
    }
    return true;
}

static void execute(struct vboard *board, uint8_t index, uint32_t argument)
{
    struct sd_state *sd = sd_of(board);
    const struct command *command = look_up(index, sd->app);
    sd->app = false;
    if (!command && memchr(not_modelled, index, sizeof(not_modelled))) {
        violation(board, 0, "not modelled: SD card CMD%u", index);
    }
    if (command && is_legal(sd, command)) {
        command->execute(board, argument);
    } else {
        r1(board, R1_ILLEGAL);
    }
}

// Out of the mode in which all cards power up: CMD0 with the select low, and
// nothing else (7.2.1).
static void leave_bus_mode(struct vboard *board, uint8_t index, bool good)
{
    struct sd_state *sd = sd_of(board);
    if (sd->clocks < 74) {
        violation(board, 0,
                  "SD card gets CMD%u after %u clocks; after power-up it wants "
                  "74 first, at 100 to 400 kHz, with CS and MOSI high",
                  index, sd->clocks);
    } else if (index == 0 && good) {
        go_idle(board, 0);
    }
}

void sd_command(struct vboard *board)
{
    struct sd_state *sd = sd_of(board);
    uint8_t index = sd->frame[0] & 0x3F;
    uint32_t argument = (uint32_t)sd->frame[1] << 24 |
                        (uint32_t)sd->frame[2] << 16 |
                        (uint32_t)sd->frame[3] << 8 | sd->frame[4];
    bool good = sd->frame[5] == (sd_crc7(sd->frame, 5) << 1 | 1);
    if (sd->phase == SD_BUS) {
        leave_bus_mode(board, index, good);
        return;
    }
    if (!may_come(board, index)) {
        return;
    }
    // these two are checked always (7.2.2)
    if (!good && (sd->crc_on || index == 0 || index == 8)) {
        sd->app = false;
        r1(board, R1_CRC);
        return;
    }
    execute(board, index, argument);
}
