// SPDX-License-Identifier: MIT
//
// SPI1 and SPI2 as masters (RM0390 26, RM0008 25): a frame takes as many clocks
// as it has bits, and the chips on the bus get it when they have passed.
//
// Frames are short: their timers run without leaving the emulation (time.c).

#include "spi.h"

enum {
    CR1 = 0x00,
    CR2 = 0x04,
    SR = 0x08,
    DR = 0x0C,
    CRCPR = 0x10,
    RXCRCR = 0x14,
    TXCRCR = 0x18,
    I2SCFGR = 0x1C,
    I2SPR = 0x20
};

#define CR1_CPHA     (1u << 0)
#define CR1_CPOL     (1u << 1)
#define CR1_MSTR     (1u << 2)
#define CR1_BR       (7u << 3)
#define CR1_SPE      (1u << 6)
#define CR1_LSBFIRST (1u << 7)
#define CR1_SSI      (1u << 8)
#define CR1_SSM      (1u << 9)
#define CR1_RXONLY   (1u << 10)
#define CR1_DFF      (1u << 11)
#define CR1_CRCNEXT  (1u << 12)
#define CR1_CRCEN    (1u << 13)
#define CR1_BIDIOE   (1u << 14)
#define CR1_BIDIMODE (1u << 15)

// To be changed while SPE is clear (RM0390 26.3.2, 26.7.1).
#define CR1_WHEN_OFF (CR1_CPHA | CR1_CPOL | CR1_DFF)
// Not to be changed while a frame is shifted (RM0390 26.7.1).
#define CR1_AT_REST (CR1_MSTR | CR1_BR | CR1_LSBFIRST)
// One data line, receive-only, CRC.
#define CR1_NOT_MODELLED                                                       \
    (CR1_RXONLY | CR1_CRCNEXT | CR1_CRCEN | CR1_BIDIOE | CR1_BIDIMODE)

#define CR2_SSOE  (1u << 2)
#define CR2_ERRIE (1u << 5)
// DMA, and the frame format of TI.
#define CR2_NOT_MODELLED ((1u << 0) | (1u << 1) | (1u << 4))

#define SR_RXNE (1u << 0)
#define SR_TXE  (1u << 1)
#define SR_MODF (1u << 5)
#define SR_OVR  (1u << 6)
#define SR_BSY  (1u << 7)

#define CRCPR_RESET 7
#define I2SPR_RESET 2

#define REGS(cr2)                                                              \
    {                                                                          \
        {"CR1", CR1, 0, 0xFFFF}, {"CR2", CR2, 0, cr2},                         \
            {"SR", SR, SR_TXE, SR_TXE | SR_RXNE | SR_MODF | SR_OVR | SR_BSY},  \
            {"DR", DR, 0, 0}, {"CRCPR", CRCPR, CRCPR_RESET, 0xFFFF},           \
            {"RXCRCR", RXCRCR, 0, 0}, {"TXCRCR", TXCRCR, 0, 0},                \
            {"I2SCFGR", I2SCFGR, 0, 0xFFF},                                    \
            {"I2SPR", I2SPR, I2SPR_RESET, 0x3FF},                              \
    }

static const struct reg regs[] = REGS(0xF7);
static const struct reg regs_f1[] = REGS(0xE7); // without FRF

static struct spi_state *state_of(struct vboard *board,
                                  const struct device *device)
{
    return &board->state.device.spi[device->unit - 1];
}

/// Pins ///

static const struct spi_wiring *wiring_of(const struct vboard *board,
                                          const struct device *device)
{
    return &board->chip->spi[device->unit - 1];
}

// The pin that carries a signal now, or NULL.
static const struct pad *pad_of(const struct vboard *board,
                                const struct device *device,
                                enum spi_signal signal)
{
    const struct spi_wiring *wiring = wiring_of(board, device);
    bool input = signal == SPI_MISO || signal == SPI_NSS;
    for (unsigned i = 0; i < wiring->pads[signal].count; i++) {
        const struct pad *pad = &wiring->pads[signal].pad[i];
        if ((input ? gpio_input_of : gpio_output_of)(board, pad->port, pad->pin,
                                                     pad->route)) {
            return pad;
        }
    }
    return NULL;
}

// A line that nobody drives: what the pull resistor says, else noise.
static uint32_t floating(struct vboard *board, const struct pad *pad)
{
    int level = gpio_meter(board, pad->port, pad->pin);
    return level < 0 ? board_random(board) & 0xFF : level ? 0xFF : 0;
}

/// Frames ///

static enum timer timer_of(const struct device *device)
{
    return device->unit == 1 ? TIMER_SPI1 : TIMER_SPI2;
}

bool spi_is_shifting(const struct vboard *board, unsigned spi)
{
    return timer_due(board, spi == 1 ? TIMER_SPI1 : TIMER_SPI2) != NEVER;
}

static uint32_t clock_rate(const struct vboard *board,
                           const struct device *device)
{
    uint32_t cr1 = board->state.device.spi[device->unit - 1].cr1;
    uint32_t pclk = device->unit == 1 ? rcc_pclk2(board) : rcc_pclk1(board);
    return pclk >> (((cr1 & CR1_BR) >> 3) + 1);
}

static void irq_update(struct vboard *board, const struct device *device)
{
    const struct spi_state *spi = state_of(board, device);
    // RXNEIE and TXEIE stand six bits above their flags
    bool data = spi->sr & (spi->cr2 >> 6) & (SR_RXNE | SR_TXE);
    bool error = spi->cr2 & CR2_ERRIE && spi->sr & (SR_OVR | SR_MODF);
    nvic_line(board, 34 + device->unit, data || error);
}

// Begins a frame at a time.
static void shift_out(struct vboard *board, const struct device *device,
                      uint32_t value, uint64_t from)
{
    struct spi_state *spi = state_of(board, device);
    uint64_t bits = spi->cr1 & CR1_DFF ? 16 : 8;
    uint32_t hz = clock_rate(board, device);
    uint32_t limit = wiring_of(board, device)->max_hz;
    if (hz > limit) {
        violation(board, device->base + CR1,
                  "%s at %u Hz; the data sheet allows %u Hz", device->name,
                  (unsigned)hz, (unsigned)limit);
    }
    spi->shift = value;
    spi->sr |= SR_BSY;
    spi->ends = from + bits * VBOARD_S / hz;
    timer_set(board, timer_of(device), spi->ends);
}

static bool has_output(struct vboard *board, const struct device *device,
                       enum spi_signal signal, const char *name)
{
    if (pad_of(board, device, signal)) {
        return true;
    }
    violation(board, device->base + DR,
              "%s sends while no %s pin is %s: nothing is sent", device->name,
              name, wiring_of(board, device)->output_mode);
    return false;
}

static bool can_clock(struct vboard *board, const struct device *device)
{
    if (!has_output(board, device, SPI_SCK, "SCK") ||
        !has_output(board, device, SPI_MOSI, "MOSI")) {
        return false;
    }
    if (!rcc_enabled(board, device)) {
        violation(board, device->base + DR,
                  "clock of %s was switched off while it sent; wait until BSY "
                  "is clear",
                  device->name);
        return false;
    }
    return true;
}

static uint32_t exchange_byte(struct vboard *board, const struct device *device,
                              uint8_t mosi)
{
    uint32_t cr1 = state_of(board, device)->cr1;
    const struct spi_frame frame = {
        .mosi = mosi,
        .mode = (cr1 & CR1_CPOL ? 2 : 0) | (cr1 & CR1_CPHA ? 1 : 0),
        .lsb_first = cr1 & CR1_LSBFIRST,
        .hz = clock_rate(board, device),
    };
    int miso = spi_clock(board, device->unit, &frame);
    const struct pad *pad = pad_of(board, device, SPI_MISO);
    if (!pad) {
        if (miso != SPI_FLOATING) {
            violation(board, device->base + DR,
                      "a chip answers %s while no MISO pin is %s", device->name,
                      wiring_of(board, device)->input_mode);
        }
        return 0;
    }
    return miso == SPI_FLOATING ? floating(board, pad) : (uint32_t)miso;
}

// The frame that was shifted, as the chips saw it: what has come in.
static uint32_t exchange(struct vboard *board, const struct device *device)
{
    const struct spi_state *spi = state_of(board, device);
    uint32_t value = spi->shift;
    uint32_t received = 0;
    if (!can_clock(board, device)) {
        spi_clock_stops(board, device->unit);
    } else if (!(spi->cr1 & CR1_DFF)) {
        received = exchange_byte(board, device, (uint8_t)value);
    } else {
        // the byte that goes first
        unsigned first = spi->cr1 & CR1_LSBFIRST ? 0 : 8;
        received = exchange_byte(board, device, (uint8_t)(value >> first))
                   << first;
        first = 8 - first;
        received |= exchange_byte(board, device, (uint8_t)(value >> first))
                    << first;
    }
    spi_frame_over(board, device->unit);
    return received;
}

// From an overrun until it is cleared, what comes is lost (RM0390 26.3.11).
static void receive(struct spi_state *spi, uint32_t value)
{
    if (spi->sr & (SR_RXNE | SR_OVR)) {
        spi->sr |= SR_OVR;
        return;
    }
    spi->rx = value;
    spi->sr |= SR_RXNE;
}

void spi_due(struct vboard *board, enum timer timer)
{
    const struct device *device = board->chip->spi[timer == TIMER_SPI2].device;
    struct spi_state *spi = state_of(board, device);
    receive(spi, exchange(board, device));
    if (!(spi->sr & SR_TXE)) {
        spi->sr |= SR_TXE;
        shift_out(board, device, spi->hold, spi->ends);
    } else {
        spi->sr &= ~SR_BSY;
        spi->ends = 0;
    }
    irq_update(board, device);
}

static void stop(struct vboard *board, const struct device *device)
{
    struct spi_state *spi = state_of(board, device);
    if (spi_is_shifting(board, device->unit)) {
        timer_clear(board, timer_of(device));
        spi_clock_stops(board, device->unit);
    }
    spi->sr &= ~SR_BSY;
    spi->ends = 0;
}

void spi_stop(struct vboard *board)
{
    stop(board, board->chip->spi[0].device);
    stop(board, board->chip->spi[1].device);
}

/// Registers ///

static uint32_t spi_peek(const struct vboard *board,
                         const struct device *device, uint32_t offset)
{
    const struct spi_state *spi = &board->state.device.spi[device->unit - 1];
    const uint32_t value[] = {
        spi->cr1, spi->cr2, spi->sr, spi->rx, spi->crcpr, 0, 0, 0, spi->i2spr};
    return value[offset / 4];
}

// Only DR may be accessed by bytes (RM0390 26.7).
static bool refused_byte(struct vboard *board, const struct device *device,
                         uint32_t offset, unsigned size)
{
    if (size != 1 || offset == DR) {
        return false;
    }
    violation(board, device->base + offset,
              "%s %s does not allow access by 8 bits", device->name,
              reg_name(device, offset));
    return true;
}

static uint32_t spi_read(struct vboard *board, const struct device *device,
                         uint32_t offset, unsigned size)
{
    struct spi_state *spi = state_of(board, device);
    uint32_t value = spi_peek(board, device, offset);
    if (refused_byte(board, device, offset, size)) {
        return value;
    }
    if (offset == DR) {
        spi->sr &= ~SR_RXNE;
        spi->overrun_read = spi->sr & SR_OVR;
    } else if (offset == SR) {
        // a read of DR, then this one clear OVR; this one, then a write of CR1
        // clear MODF (RM0390 26.3.11)
        spi->sr &= spi->overrun_read ? ~SR_OVR : UINT32_MAX;
        spi->overrun_read = false;
        spi->fault_read = spi->sr & SR_MODF;
    }
    irq_update(board, device);
    return value;
}

static void write_dr(struct vboard *board, const struct device *device,
                     uint32_t value)
{
    struct spi_state *spi = state_of(board, device);
    const uint32_t on = CR1_SPE | CR1_MSTR;
    value &= spi->cr1 & CR1_DFF ? 0xFFFF : 0xFF;
    if ((spi->cr1 & on) == on && !spi_is_shifting(board, device->unit)) {
        shift_out(board, device, value, now(board));
        return;
    }
    if (!(spi->sr & SR_TXE)) {
        violation(board, device->base + DR,
                  "%s DR written before TXE was set: the frame before is lost",
                  device->name);
    }
    spi->hold = value;
    spi->sr &= ~SR_TXE;
}

static void refuse_modes(struct vboard *board, const struct device *device,
                         uint32_t offset, uint32_t bits)
{
    if (bits) {
        violation(board, device->base + offset,
                  "not modelled: %s %s bits 0x%04X", device->name,
                  reg_name(device, offset), (unsigned)bits);
    }
}

// Whether the master sees NSS low (RM0390 26.3.5). An NSS input that no pin is
// connected to counts as low.
static bool is_selected_itself(struct vboard *board,
                               const struct device *device)
{
    const struct spi_state *spi = state_of(board, device);
    if (spi->cr1 & CR1_SSM) {
        return !(spi->cr1 & CR1_SSI);
    }
    if (spi->cr2 & CR2_SSOE) {
        return false;
    }
    const struct pad *nss = pad_of(board, device, SPI_NSS);
    return !nss || !gpio_level(board, nss->port, nss->pin);
}

// What being enabled asks for.
static void check_role(struct vboard *board, const struct device *device)
{
    struct spi_state *spi = state_of(board, device);
    if (!(spi->cr1 & CR1_SPE)) {
        return;
    }
    if (!(spi->cr1 & CR1_MSTR)) {
        violation(board, device->base + CR1, "not modelled: %s as a slave",
                  device->name);
    } else if (is_selected_itself(board, device)) {
        violation(
            board, device->base + CR1,
            "%s sees NSS low: mode fault (MODF); set SSM and SSI, or SSOE",
            device->name);
        stop(board, device);
        spi->sr |= SR_MODF;
        spi->cr1 &= ~(CR1_SPE | CR1_MSTR);
    } else if (!(spi->cr1 & CR1_SSM) && spi->cr2 & CR2_SSOE &&
               pad_of(board, device, SPI_NSS)) {
        violation(board, device->base + CR2, "not modelled: %s drives NSS",
                  device->name);
    }
}

static void check_change(struct vboard *board, const struct device *device,
                         uint32_t changed, uint32_t value)
{
    const struct spi_state *spi = state_of(board, device);
    if (!(spi->cr1 & value & CR1_SPE)) {
        return;
    }
    if (changed & CR1_WHEN_OFF || (changed & CR1_AT_REST && spi->sr & SR_BSY)) {
        violation(board, device->base + CR1,
                  "%s CR1 changed from 0x%04X to 0x%04X while %s", device->name,
                  (unsigned)spi->cr1, (unsigned)value,
                  changed & CR1_WHEN_OFF ? "SPE is set; clear it first"
                                         : "a frame is shifted");
    }
}

static void write_cr1(struct vboard *board, const struct device *device,
                      uint32_t value)
{
    struct spi_state *spi = state_of(board, device);
    refuse_modes(board, device, CR1, value & CR1_NOT_MODELLED);
    check_change(board, device, spi->cr1 ^ value, value);
    if (!(value & CR1_SPE) && spi->sr & SR_BSY) {
        violation(board, device->base + CR1,
                  "%s CR1 SPE cleared while a frame is shifted; wait until BSY "
                  "is clear",
                  device->name);
        stop(board, device);
    }
    if (spi->fault_read) {
        spi->sr &= ~SR_MODF;
        spi->fault_read = false;
    }
    spi->cr1 = value;
    check_role(board, device);
    if (spi->cr1 & CR1_SPE && !(spi->sr & (SR_TXE | SR_BSY))) {
        spi->sr |= SR_TXE; // what was written before SPE
        shift_out(board, device, spi->hold, now(board));
    }
}

static void spi_write(struct vboard *board, const struct device *device,
                      uint32_t offset, uint32_t value, unsigned size)
{
    struct spi_state *spi = state_of(board, device);
    value &= 0xFFFF;
    if (refused_byte(board, device, offset, size)) {
        return;
    }
    switch (offset) {
    case CR1:
        write_cr1(board, device, value);
        break;
    case CR2:
        refuse_modes(board, device, CR2, value & CR2_NOT_MODELLED);
        spi->cr2 = value & device->regs[CR2 / 4].mask;
        check_role(board, device);
        break;
    case SR: // without CRC it has nothing to clear
        spi->fault_read = spi->sr & SR_MODF;
        break;
    case DR:
        write_dr(board, device, value);
        break;
    case CRCPR:
        spi->crcpr = value;
        break;
    case I2SCFGR:
        refuse_modes(board, device, I2SCFGR, value & 0xFFF);
        break;
    case I2SPR:
        spi->i2spr = value & 0x3FF;
        break;
    default:
        violation(board, device->base + offset, "%s %s is read-only",
                  device->name, reg_name(device, offset));
    }
    irq_update(board, device);
}

static void spi_reset(struct vboard *board, const struct device *device,
                      bool power)
{
    (void)power;
    if (spi_is_shifting(board, device->unit)) {
        violation(board, device->base,
                  "%s was reset through RCC while a frame is shifted; wait "
                  "until BSY is clear",
                  device->name);
        stop(board, device);
    }
    *state_of(board, device) = (struct spi_state){
        .sr = SR_TXE, .crcpr = CRCPR_RESET, .i2spr = I2SPR_RESET};
    irq_update(board, device);
}

#define SPI(number, address, enr, enr_bit, table)                              \
    {                                                                          \
        .name = "SPI" #number, .base = address, .size = 0x400,                 \
        .enable_offset = enr, .enable_bit = enr_bit, .unit = number,           \
        .widths = 1 | 2 | 4, .read = spi_read, .write = spi_write,             \
        .peek = spi_peek, .reset = spi_reset, .regs = table,                   \
        .reg_count = sizeof(table) / sizeof(table[0]),                         \
    }

const struct device spi_f4_device[2] = {
    SPI(1, 0x40013000, 0x44, 12, regs),
    SPI(2, 0x40003800, 0x40, 14, regs),
};

const struct device spi_f1_device[2] = {
    SPI(1, 0x40013000, 0x18, 12, regs_f1),
    SPI(2, 0x40003800, 0x1C, 14, regs_f1),
};

// DS10693 table 11, and the table of the SPI characteristics.
#define AF5     5
#define F4_MODE "in alternate function 5"
const struct spi_wiring spi_f4[2] = {
    {&spi_f4_device[0],
     {{2, {{0, 5, AF5}, {1, 3, AF5}}},
      {2, {{0, 6, AF5}, {1, 4, AF5}}},
      {2, {{0, 7, AF5}, {1, 5, AF5}}},
      {2, {{0, 4, AF5}, {0, 15, AF5}}}},
     F4_MODE,
     F4_MODE,
     45000000},
    {&spi_f4_device[1],
     {{4, {{1, 13, AF5}, {1, 10, AF5}, {0, 9, AF5}, {2, 7, AF5}}},
      {2, {{1, 14, AF5}, {2, 2, AF5}}},
      {3, {{1, 15, AF5}, {2, 3, AF5}, {2, 1, 7}}},
      {2, {{1, 12, AF5}, {1, 9, AF5}}}},
     F4_MODE,
     F4_MODE,
     22500000},
};

// RM0008 tables 25 (modes) and 56 (remapping of SPI1), DS5319 SPI
// characteristics.
#define AS_EVER  ROUTE_UNLESS(0)
#define REMAPPED ROUTE_IF(0)
#define F1_OUT   "an alternate function output"
#define F1_IN    "an input"
const struct spi_wiring spi_f1[2] = {
    {&spi_f1_device[0],
     {{2, {{0, 5, AS_EVER}, {1, 3, REMAPPED}}},
      {2, {{0, 6, AS_EVER}, {1, 4, REMAPPED}}},
      {2, {{0, 7, AS_EVER}, {1, 5, REMAPPED}}},
      {2, {{0, 4, AS_EVER}, {0, 15, REMAPPED}}}},
     F1_OUT,
     F1_IN,
     18000000},
    {&spi_f1_device[1],
     {{1, {{1, 13, 0}}},
      {1, {{1, 14, 0}}},
      {1, {{1, 15, 0}}},
      {1, {{1, 12, 0}}}},
     F1_OUT,
     F1_IN,
     18000000},
};
