// SPDX-License-Identifier: MIT

#include "fake_sd.h"

#include <string.h>

// bit by bit, as chapter 4.5 draws it: the check of a command is 7 bits long,
// that of a block 16
static uint32_t crc(const uint8_t *data, uint32_t len, uint32_t bits,
                    uint32_t poly)
{
    uint32_t reg = 0;
    for (uint32_t i = 0; i < len * 8; i++) {
        uint32_t in = data[i / 8] >> (7 - i % 8) & 1;
        uint32_t out = reg >> (bits - 1) & 1;
        reg = (reg << 1 & ((1u << bits) - 1)) ^ (in ^ out ? poly : 0);
    }
    return reg;
}

uint8_t fake_sd_byte(uint32_t block, uint32_t offset)
{
    return (uint8_t)((block * 512 + offset) * 2654435761u >> 24);
}

static void offend(struct fake_sd *card, const char *what)
{
    card->offence = card->offence ? card->offence : what;
}

/// Answers ///

static void answer(struct fake_sd *card, uint8_t byte)
{
    card->out[card->out_len++] = byte;
}

static void answer_be32(struct fake_sd *card, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        answer(card, (uint8_t)(value >> shift));
    }
}

static void answer_r1(struct fake_sd *card, uint8_t errors)
{
    card->out_at = card->out_len = 0;
    for (uint32_t i = 0; i < card->ncr; i++) {
        answer(card, 0xFF);
    }
    answer(card, errors | (card->idle ? 0x01 : 0x00));
    card->hold_at = UINT32_MAX;
}

static void answer_block(struct fake_sd *card, uint32_t argument)
{
    uint32_t block = argument;
    card->reads++;
    if (card->kind != SDHC) {
        block = argument / 512;
        if (argument % 512 != 0) {
            answer_r1(card, 0x20); // address error
            return;
        }
    }
    if (block >= card->blocks) {
        answer_r1(card, 0x40); // parameter error
        return;
    }
    answer_r1(card, 0);
    card->hold_at = card->out_len;
    card->wait_until = card->us + card->access_us;
    if (card->error_token) {
        answer(card, card->error_token);
        return;
    }
    answer(card, 0xFE);
    uint32_t data = card->out_len;
    for (uint32_t i = 0; i < card->block_size; i++) {
        answer(card, fake_sd_byte(block, i));
    }
    uint32_t check = crc(card->out + data, card->block_size, 16, 0x1021);
    answer(card, (uint8_t)(check >> 8));
    answer(card, (uint8_t)check);
}

/// Commands ///

static void op_cond(struct fake_sd *card, uint32_t argument)
{
    bool hcs = argument == 1u << 30;
    if (argument & ~(1u << 30)) {
        offend(card, "ACMD41 with other bits than HCS");
    }
    card->since = card->since ? card->since : card->us + 1;
    // an SDHC waits for a host that takes it
    if (card->us - card->since + 1 >= card->init_ms * 1000 &&
        (hcs || card->kind != SDHC)) {
        card->idle = false;
        card->ready = true;
    }
    answer_r1(card, 0);
}

static void go_idle(struct fake_sd *card)
{
    card->idle = true;
    card->ready = card->crc_on = card->app = false;
    card->since = 0;
    card->block_size = card->kind == SDSC ? 1024 : 512;
    answer_r1(card, 0);
}

static bool is_in_idle(uint32_t index)
{
    return index == 55 || index == 8 || index == 59 || index == 58;
}

static void if_cond(struct fake_sd *card, uint32_t argument)
{
    answer_r1(card, card->if_cond_errors);
    answer_be32(card, card->wrong_voltage ? argument ^ 0x100 : argument);
}

static void read_ocr(struct fake_sd *card)
{
    uint32_t ocr = 0x00FF8000;
    if (card->ready && !card->not_powered_up) {
        ocr |= card->kind == SDHC ? 0xC0000000 : 0x80000000;
    }
    answer_r1(card, 0);
    answer_be32(card, ocr);
}

static bool is_illegal(const struct fake_sd *card, uint32_t index, bool app)
{
    if (index == 8) {
        return card->kind == SD_VERSION_1 || card->kind == MMC;
    }
    if (card->kind == MMC && (index == 55 || app)) {
        return true;
    }
    return !card->ready && !is_in_idle(index) && !(app && index == 41);
}

static void execute(struct fake_sd *card)
{
    uint32_t index = card->frame[0] & 0x3F;
    uint32_t argument = (uint32_t)card->frame[1] << 24 |
                        (uint32_t)card->frame[2] << 16 |
                        (uint32_t)card->frame[3] << 8 | card->frame[4];
    bool app = card->app;
    card->app = false;
    bool checked = card->crc_on || index == 0 || index == 8;
    if (!card->idle && !card->ready && index != 0) {
        return; // not in SPI mode yet
    }
    if (checked && card->frame[5] >> 1 != crc(card->frame, 5, 7, 0x09)) {
        answer_r1(card, 0x08);
    } else if (index == 0) {
        go_idle(card);
    } else if (is_illegal(card, index, app)) {
        answer_r1(card, 0x04);
    } else if (index == 8) {
        if_cond(card, argument);
    } else if (index == 55) {
        card->app = true;
        answer_r1(card, 0);
    } else if (index == 41 && app) {
        op_cond(card, argument);
    } else if (index == 58) {
        read_ocr(card);
    } else if (index == 59) {
        card->crc_on = argument & 1;
        answer_r1(card, 0);
    } else if (index == 16) {
        card->block_size = argument;
        answer_r1(card, argument == 512 ? 0 : 0x40);
    } else if (index == 17) {
        answer_block(card, argument);
    } else {
        answer_r1(card, 0x04);
    }
}

/// The wires ///

static void take(struct fake_sd *card, uint8_t byte)
{
    if (card->framed == 0 && (byte & 0xC0) != 0x40) {
        return;
    }
    card->frame[card->framed++] = byte;
    if (card->framed == sizeof card->frame) {
        card->framed = 0;
        if (!(byte & 1)) {
            offend(card, "a command without end bit");
        }
        execute(card);
    }
}

static uint8_t give(struct fake_sd *card)
{
    if (card->in_block > 0) {
        card->in_block--;
        return 0x2A;
    }
    if (card->out_at == card->out_len ||
        (card->out_at >= card->hold_at && card->us < card->wait_until)) {
        return 0xFF;
    }
    return card->out[card->out_at++];
}

static uint8_t exchange(struct fake_bus *bus, uint8_t out)
{
    struct fake_sd *card = bus->card;
    uint8_t in = 0xFF;
    card->bytes++;
    card->us += bus->byte_us;
    card->holds_miso = false;
    bool there = card->gone_at == 0 || card->bytes < card->gone_at;
    if (card->bytes == card->flip_to_at) {
        out ^= card->flip;
    }
    if (!card->selected) {
        card->clocks++;
        card->woken |= card->clocks >= 10;
        if (out != 0xFF) {
            offend(card, "MOSI low while it is not selected");
        }
    } else if (!card->woken) {
        offend(card, "selected before it had 74 clocks");
    } else if (there) {
        bool busy = card->in_block > 0;
        in = give(card);
        if (!busy) {
            take(card, out);
        }
        if (bus == &card->fast && !card->ready) {
            offend(card, "fast before it is ready");
        }
    }
    if (card->bytes == card->flip_at) {
        in ^= card->flip;
    }
    return card->stuck < 0 ? in : (uint8_t)card->stuck;
}

static void bus_select(const struct ota_bus *bus)
{
    struct fake_sd *card = ((const struct fake_bus *)bus)->card;
    if (card->selected) {
        offend(card, "selected twice");
    }
    if (card->holds_miso) {
        offend(card, "no clocks after the deselection before");
    }
    card->selected = true;
    card->framed = 0;
}

static void bus_deselect(const struct ota_bus *bus)
{
    struct fake_sd *card = ((const struct fake_bus *)bus)->card;
    card->selected = false;
    card->holds_miso = true;
    card->out_at = card->out_len = 0;
}

static int bus_transfer(const struct ota_bus *bus, const void *out, void *in,
                        size_t len)
{
    struct fake_bus *fake = (struct fake_bus *)bus;
    uint32_t *transfers = &fake->card->transfers;
    if (*transfers == 1) {
        return OTA_ERR_FLASH_DEVICE;
    }
    *transfers -= *transfers > 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t byte =
            exchange(fake, out ? ((const uint8_t *)out)[i] : (uint8_t)0xFF);
        if (in) {
            ((uint8_t *)in)[i] = byte;
        }
    }
    return 0;
}

static const struct ota_bus functions = {bus_select, bus_transfer,
                                         bus_deselect};

void fake_sd_init(struct fake_sd *card, enum card_kind kind)
{
    *card = (struct fake_sd){
        .slow = {functions, card, 20},
        .fast = {functions, card, 1},
        .kind = kind,
        .blocks = 5000,
        .init_ms = 300,
        .ncr = 2,
        .access_us = 500,
        .stuck = -1,
        .us = 3000000,
    };
}
