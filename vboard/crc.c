// SPDX-License-Identifier: MIT
//
// The CRC calculation unit (RM0390 4, RM0008 4): polynomial 0x04C11DB7, whole
// words.

#include "state.h"

enum { DR = 0x00, IDR = 0x04, CR = 0x08 };
#define CR_RESET (1u << 0)

static const struct reg regs[] = {
    {"DR", DR, 0xFFFFFFFF, 0xFFFFFFFF},
    {"IDR", IDR, 0, 0xFF},
    {"CR", CR, 0, 0},
};

static uint32_t crc_peek(const struct vboard *board,
                         const struct device *device, uint32_t offset)
{
    (void)device;
    const struct crc_state *crc = &board->state.device.crc;
    return offset == DR ? crc->dr : offset == IDR ? crc->idr : 0;
}

static uint32_t step(uint32_t crc, uint32_t word)
{
    crc ^= word;
    for (unsigned bit = 0; bit < 32; bit++) {
        crc = crc & 0x80000000 ? (crc << 1) ^ 0x04C11DB7 : crc << 1;
    }
    return crc;
}

static void crc_write(struct vboard *board, const struct device *device,
                      uint32_t offset, uint32_t value, unsigned size)
{
    (void)device;
    (void)size;
    struct crc_state *crc = &board->state.device.crc;
    if (offset == DR) {
        crc->dr = step(crc->dr, value);
    } else if (offset == IDR) {
        crc->idr = value & 0xFF;
    } else if (value & CR_RESET) {
        crc->dr = 0xFFFFFFFF; // IDR is not touched (RM0390 4.4.3)
    }
}

static void crc_reset(struct vboard *board, const struct device *device,
                      bool power)
{
    (void)device;
    (void)power;
    board->state.device.crc = (struct crc_state){.dr = 0xFFFFFFFF};
}

#define CRC(enr, enr_bit)                                                      \
    {                                                                          \
        .name = "CRC", .base = 0x40023000, .size = 0x400,                      \
        .enable_offset = enr, .enable_bit = enr_bit, .widths = 4,              \
        .write = crc_write, .peek = crc_peek, .reset = crc_reset,              \
        .regs = regs, .reg_count = sizeof(regs) / sizeof(regs[0]),             \
    }

const struct device crc_device = CRC(0x30, 12);
const struct device crc_f1_device = CRC(0x14, 6);
