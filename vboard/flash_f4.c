// SPDX-License-Identifier: MIT
//
// The flash controller of the F4 (RM0390 3): registers, locks and errors.

#include "flash.h"

#define SR_EOP    (1u << 0)
#define SR_OPERR  (1u << 1)
#define SR_WRPERR (1u << 4)
#define SR_PGAERR (1u << 5)
#define SR_PGPERR (1u << 6)
#define SR_PGSERR (1u << 7)
#define SR_RDERR  (1u << 8)
#define SR_BSY    (1u << 16)

#define CR_PG    (1u << 0)
#define CR_SER   (1u << 1)
#define CR_MER   (1u << 2)
#define CR_STRT  (1u << 16)
#define CR_EOPIE (1u << 24)
#define CR_ERRIE (1u << 25)
#define CR_LOCK  (1u << 31)

enum {
    ACR = 0x00,
    KEYR = 0x04,
    OPTKEYR = 0x08,
    SR = 0x0C,
    CR = 0x10,
    OPTCR = 0x14
};

#define ACR_ICEN     (1u << 9)
#define ACR_DCEN     (1u << 10)
#define ACR_ICRST    (1u << 11)
#define ACR_DCRST    (1u << 12)
#define ACR_WRITABLE 0x00001F0Fu

#define SR_ERRORS    (SR_WRPERR | SR_PGAERR | SR_PGPERR | SR_PGSERR | SR_RDERR)
#define SR_CLEARABLE (SR_ERRORS | SR_EOP | SR_OPERR)

#define CR_WRITABLE 0x8301037Fu

#define OPTCR_OPTLOCK (1u << 0)
#define OPTCR_OPTSTRT (1u << 1)
#define OPTCR_WDG_SW  (1u << 5)
#define OPTCR_RESET   0x0FFFAAEDu

#define FLASH_IRQ 4

#define PROGRAM_TYPICAL (16 * VBOARD_US)
#define PROGRAM_MAXIMUM (100 * VBOARD_US)

// Erase times in milliseconds for x8, x16, x32, typical and maximum (the
// table of the flash memory characteristics in DS10693; maximum is twice the
// typical value throughout). x64 takes what x32 takes: it is refused anyway.
static const struct {
    uint32_t size;
    uint16_t ms[4];
} erase_times[] = {
    {16 * 1024, {400, 300, 250, 250}},
    {64 * 1024, {1200, 700, 550, 550}},
    {128 * 1024, {2000, 1300, 1000, 1000}},
    {512 * 1024, {8000, 5500, 4000, 4000}}, // mass erase
};

static const struct reg regs[] = {
    {"ACR", ACR, 0, ACR_WRITABLE},
    {"KEYR", KEYR, 0, 0},
    {"OPTKEYR", OPTKEYR, 0, 0},
    {"SR", SR, 0, SR_CLEARABLE | SR_BSY},
    {"CR", CR, CR_LOCK, CR_WRITABLE},
    {"OPTCR", OPTCR, OPTCR_RESET, OPTCR_OPTLOCK},
};

static struct flash_state *state_of(struct vboard *board)
{
    return &board->state.device.flash;
}

static uint32_t flash_peek(const struct vboard *board,
                           const struct device *device, uint32_t offset)
{
    (void)device;
    const struct flash_state *flash = &board->state.device.flash;
    switch (offset) {
    case ACR:
        return flash->acr;
    case SR:
        return flash->sr | (flash->busy.on ? SR_BSY : 0);
    case CR:
        return flash->cr;
    case OPTCR:
        return flash->optcr & ~((flash->protected_sectors & 0xFF) << 16);
    default:
        return 0; // the key registers cannot be read
    }
}

static uint64_t duration(const struct vboard *board, enum vboard_flash_op op,
                         uint32_t size)
{
    bool maximum = board->config.timing == VBOARD_MAXIMUM;
    if (op == VBOARD_PROGRAM) {
        return maximum ? PROGRAM_MAXIMUM : PROGRAM_TYPICAL;
    }
    unsigned row = 0;
    while (erase_times[row].size != size) {
        row++;
    }
    unsigned psize = (board->state.device.flash.cr >> 8) & 3;
    return erase_times[row].ms[psize] * VBOARD_MS * (maximum ? 2 : 1);
}

static void irq_update(struct vboard *board)
{
    const struct flash_state *flash = state_of(board);
    bool eop = flash->sr & SR_EOP && flash->cr & CR_EOPIE;
    bool error = flash->sr & SR_OPERR && flash->cr & CR_ERRIE;
    nvic_line(board, FLASH_IRQ, eop || error);
}

// OPERR accompanies an error only with ERRIE (RM0390 3.8.4).
static void fail(struct vboard *board, uint32_t flag)
{
    struct flash_state *flash = state_of(board);
    flash->sr |= flag;
    if (flash->cr & CR_ERRIE) {
        flash->sr |= SR_OPERR;
    }
    irq_update(board);
}

static void ended(struct vboard *board, bool failed)
{
    struct flash_state *flash = state_of(board);
    flash->cr &= ~CR_STRT;
    if (failed) {
        flash->sr |= SR_OPERR;
    } else if (flash->cr & CR_EOPIE) {
        flash->sr |= SR_EOP;
    }
    if (flash->busy.op == VBOARD_ERASE) {
        flash->icache_stale |= flash->icache_used;
        flash->dcache_stale |= flash->dcache_used;
    }
    irq_update(board);
}

static void write_acr(struct vboard *board, uint32_t value)
{
    struct flash_state *flash = state_of(board);
    uint32_t enabled = flash->acr & (ACR_ICEN | ACR_DCEN);
    // ICEN and DCEN stand two bits below their resets
    uint32_t refused = value & (enabled << 2);
    if (refused) {
        violation(board, flash_f4_device.base + ACR,
                  "FLASH ACR %s set while that cache is enabled: ignored",
                  refused & ACR_ICRST ? "ICRST" : "DCRST");
    }
    flash->acr = value & ACR_WRITABLE & ~refused;
    if (flash->acr & ACR_ICRST) {
        flash->icache_used = flash->icache_stale = false;
    }
    if (flash->acr & ACR_DCRST) {
        flash->dcache_used = flash->dcache_stale = false;
    }
    flash->icache_used |= (flash->acr & ACR_ICEN) != 0;
    flash->dcache_used |= (flash->acr & ACR_DCEN) != 0;
    rcc_check_limits(board);
}

static void write_key(struct vboard *board, uint32_t offset, uint32_t value)
{
    static const uint32_t option_keys[2] = {0x08192A3B, 0x4C5D6E7F};
    struct flash_state *flash = state_of(board);
    if (offset == OPTKEYR) {
        bool open = !(flash->optcr & OPTCR_OPTLOCK);
        if (flash_key(board, &flash->option_lock, open, option_keys, offset,
                      value)) {
            flash->optcr &= ~OPTCR_OPTLOCK;
        }
    } else if (flash_key(board, &flash->lock, !(flash->cr & CR_LOCK),
                         flash_keys, offset, value)) {
        flash->cr &= ~CR_LOCK;
    }
}

// What every operation needs, whatever it does. Returns false when the
// controller refuses; a wrong supply it does not notice.
static bool acceptable(struct vboard *board, uint32_t address)
{
    struct flash_state *flash = state_of(board);
    unsigned psize = (flash->cr >> 8) & 3;
    static const uint32_t lowest_mv[] = {1700, 2100, 2700, 2700};
    if (flash->sr & SR_ERRORS) {
        violation(board, address,
                  "flash operation with error flags 0x%03X left in FLASH_SR; "
                  "clear them by writing 1",
                  (unsigned)(flash->sr & SR_ERRORS));
        fail(board, SR_PGSERR);
        return false;
    }
    if (psize == 3) {
        violation(board, address,
                  "FLASH CR PSIZE of x64 needs an external VPP of 8 to 9 V");
    } else if (pwr_vdd(board) < lowest_mv[psize]) {
        violation(board, address,
                  "FLASH CR PSIZE of x%u needs %u mV, the supply has %u mV",
                  8u << psize, (unsigned)lowest_mv[psize],
                  (unsigned)pwr_vdd(board));
    }
    if (rcc_hclk(board) < 1000000) {
        violation(board, address,
                  "flash operation with HCLK of %u Hz; it needs 1 MHz",
                  (unsigned)rcc_hclk(board));
    }
    return true;
}

static bool is_protected(const struct vboard *board, unsigned first,
                         unsigned count)
{
    uint32_t mask = ((1u << count) - 1) << first;
    return board->state.device.flash.protected_sectors & mask;
}

static bool erase_bits_right(struct vboard *board)
{
    const uint32_t address = flash_f4_device.base + CR;
    uint32_t cr = state_of(board)->cr;
    unsigned snb = (cr >> 3) & 0xF;
    if (cr & CR_SER && cr & CR_MER) {
        violation(board, address,
                  "FLASH CR SER and MER both set: nothing is erased");
        return false;
    }
    if (!(cr & (CR_SER | CR_MER)) || cr & CR_PG) {
        violation(board, address,
                  "FLASH CR STRT set with PG set, or neither SER nor MER");
        return false;
    }
    if (cr & CR_SER && snb >= board->chip->sector_count) {
        violation(board, address, "FLASH CR SNB selects sector %u of 0 to %u",
                  snb, board->chip->sector_count - 1);
        return false;
    }
    return true;
}

static void start_erase(struct vboard *board)
{
    struct flash_state *flash = state_of(board);
    flash->cr &= ~CR_STRT;
    if (!erase_bits_right(board)) {
        fail(board, SR_PGSERR);
        return;
    }
    if (!acceptable(board, flash_f4_device.base + CR)) {
        return;
    }
    bool mass = flash->cr & CR_MER;
    unsigned first = mass ? 0 : (flash->cr >> 3) & 0xF;
    if (is_protected(board, first, mass ? board->chip->sector_count : 1)) {
        fail(board, SR_WRPERR);
        return;
    }
    flash->cr |= CR_STRT;
    flash_erase(board, flash_sector_start(board, first),
                mass ? board->chip->flash_size
                     : board->chip->sector_size[first]);
}

static void write_cr(struct vboard *board, uint32_t offset, uint32_t value,
                     unsigned size)
{
    if (!flash_wait(board)) { // the bus stalls while BSY (RM0390 3.8.5)
        return;
    }
    struct flash_state *flash = state_of(board);
    value = bus_lanes(flash->cr, offset, value, size) & CR_WRITABLE;
    if (flash->cr & CR_LOCK) {
        if (value != (flash->cr & CR_WRITABLE)) {
            violation(board, flash_f4_device.base + CR,
                      "FLASH CR written while locked: ignored; write the keys "
                      "to KEYR first");
        }
        return;
    }
    flash->cr = value;
    irq_update(board);
    if (value & CR_STRT) {
        start_erase(board);
    }
}

static void write_optcr(struct vboard *board, uint32_t value)
{
    struct flash_state *flash = state_of(board);
    uint32_t address = flash_f4_device.base + OPTCR;
    uint32_t old = flash_peek(board, &flash_f4_device, OPTCR);
    if (flash->optcr & OPTCR_OPTLOCK) {
        if (value != old) {
            violation(board, address,
                      "FLASH OPTCR written while locked: ignored");
        }
        return;
    }
    flash->optcr |= value & OPTCR_OPTLOCK;
    if ((value ^ old) & ~OPTCR_OPTLOCK) {
        violation(board, address,
                  "not modelled: programming the option bytes through OPTCR");
    }
}

static void flash_write(struct vboard *board, const struct device *device,
                        uint32_t offset, uint32_t value, unsigned size)
{
    uint32_t aligned = offset & ~3u;
    uint32_t merged =
        bus_lanes(flash_peek(board, device, aligned), offset, value, size);
    switch (aligned) {
    case ACR:
        write_acr(board, merged);
        break;
    case KEYR:
    case OPTKEYR:
        write_key(board, aligned, merged);
        break;
    case SR:
        // write 1 to clear: lanes that are not written hold 0
        state_of(board)->sr &=
            ~(bus_lanes(0, offset, value, size) & SR_CLEARABLE);
        irq_update(board);
        break;
    case CR:
        write_cr(board, offset, value, size);
        break;
    default:
        write_optcr(board, merged);
        break;
    }
}

// Size, alignment and PG of a store (RM0390 3.5.4). Returns the error flag.
static uint32_t store_error(struct vboard *board, uint32_t address,
                            unsigned size)
{
    uint32_t cr = state_of(board)->cr;
    unsigned width = 1u << ((cr >> 8) & 3);
    if (!(cr & CR_PG) || cr & (CR_SER | CR_MER)) {
        violation(board, address,
                  "store to flash while FLASH CR is not set up for it: PGSERR; "
                  "it needs PG set, SER and MER clear");
        return SR_PGSERR;
    }
    if (size != width) {
        violation(board, address,
                  "store of %u bits to flash with PSIZE for %u: PGPERR",
                  8 * size, 8 * width);
        return SR_PGPERR;
    }
    if (address % size) {
        violation(board, address,
                  "store of %u bits to flash is not aligned: PGAERR", 8 * size);
        return SR_PGAERR;
    }
    return 0;
}

static void store(struct vboard *board, uint32_t address, uint64_t value,
                  unsigned size)
{
    uint32_t error = store_error(board, address, size);
    if (error) {
        fail(board, error);
        return;
    }
    if (!acceptable(board, address)) {
        return;
    }
    uint32_t offset = address - board->chip->flash_base;
    if (is_protected(board, flash_sector_of(board, offset), 1)) {
        fail(board, SR_WRPERR);
        return;
    }
    flash_program(board, offset, value, size);
}

static void reset(struct vboard *board, const struct device *device, bool power)
{
    flash_reset(board, device, power);
    struct flash_state *flash = state_of(board);
    flash->optcr = OPTCR_RESET;
    if (board->config.hardware_watchdog) {
        flash->optcr &= ~OPTCR_WDG_SW;
    }
}

const struct device flash_f4_device = {
    .name = "FLASH",
    .base = 0x40023C00,
    .size = 0x400,
    .widths = 1 | 2 | 4,
    .write = flash_write,
    .peek = flash_peek,
    .reset = reset,
    .regs = regs,
    .reg_count = sizeof(regs) / sizeof(regs[0]),
};

const struct flash_family flash_f4 = {
    .device = &flash_f4_device,
    .duration = duration,
    .store = store,
    .ended = ended,
};
