// SPDX-License-Identifier: MIT
//
// The flash controller of the F1, FPEC (PM0075): half-words and pages.

#include <string.h>

#include "flash.h"

enum {
    ACR = 0x00,
    KEYR = 0x04,
    OPTKEYR = 0x08,
    SR = 0x0C,
    CR = 0x10,
    AR = 0x14,
    OBR = 0x1C,
    WRPR = 0x20
};

#define ACR_PRFTBE   (1u << 4)
#define ACR_PRFTBS   (1u << 5)
#define ACR_WRITABLE 0x1Fu

#define SR_BSY       (1u << 0)
#define SR_PGERR     (1u << 2)
#define SR_WRPRTERR  (1u << 4)
#define SR_EOP       (1u << 5)
#define SR_CLEARABLE (SR_PGERR | SR_WRPRTERR | SR_EOP)

#define CR_PG       (1u << 0)
#define CR_PER      (1u << 1)
#define CR_MER      (1u << 2)
#define CR_OPTPG    (1u << 4)
#define CR_OPTER    (1u << 5)
#define CR_STRT     (1u << 6)
#define CR_LOCK     (1u << 7)
#define CR_OPTWRE   (1u << 9)
#define CR_ERRIE    (1u << 10)
#define CR_EOPIE    (1u << 12)
#define CR_WRITABLE 0x000014F7u // OPTWRE can only be cleared

// Option bytes as ST ships them: nothing protected, nothing set.
#define OBR_RESET  0x03FFFFFCu
#define OBR_WDG_SW (1u << 2)

#define PAGE            1024u
#define PAGES_A_BIT     4u    // of WRPR
#define LOWEST_MV       2000u // DS5319 table 28, Vprog
#define FLASH_IRQ       4
#define PREFETCH_MAX_HZ 24000000u

// DS5319 table 28. The typical time of an erase is not given: its minimum.
#define PROGRAM_TYPICAL (52500 * VBOARD_NS)
#define PROGRAM_MAXIMUM (70 * VBOARD_US)
#define ERASE_TYPICAL   (20 * VBOARD_MS)
#define ERASE_MAXIMUM   (40 * VBOARD_MS)

static const struct reg regs[] = {
    {"ACR", ACR, 0x30, 0x3F},
    {"KEYR", KEYR, 0, 0},
    {"OPTKEYR", OPTKEYR, 0, 0},
    {"SR", SR, 0, SR_CLEARABLE | SR_BSY},
    {"CR", CR, CR_LOCK, CR_WRITABLE | CR_OPTWRE},
    {"AR", AR, 0, 0},
    {"OBR", OBR, OBR_RESET, 0},
    {"WRPR", WRPR, 0xFFFFFFFF, 0},
};

static struct flash_state *state_of(struct vboard *board)
{
    return &board->state.device.flash;
}

static uint32_t obr(const struct vboard *board)
{
    return board->config.hardware_watchdog ? OBR_RESET & ~OBR_WDG_SW
                                           : OBR_RESET;
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
    case OBR:
        return obr(board);
    case WRPR:
        return ~flash->protected_sectors;
    default:
        return 0; // the keys and AR cannot be read
    }
}

static uint64_t duration(const struct vboard *board, enum vboard_flash_op op,
                         uint32_t size)
{
    (void)size; // a mass erase takes as long as that of a page
    bool maximum = board->config.timing == VBOARD_MAXIMUM;
    if (op == VBOARD_PROGRAM) {
        return maximum ? PROGRAM_MAXIMUM : PROGRAM_TYPICAL;
    }
    return maximum ? ERASE_MAXIMUM : ERASE_TYPICAL;
}

static void irq_update(struct vboard *board)
{
    const struct flash_state *flash = state_of(board);
    bool eop = flash->sr & SR_EOP && flash->cr & CR_EOPIE;
    bool error = flash->sr & (SR_PGERR | SR_WRPRTERR) && flash->cr & CR_ERRIE;
    nvic_line(board, FLASH_IRQ, eop || error);
}

static void fail(struct vboard *board, uint32_t flag)
{
    state_of(board)->sr |= flag;
    irq_update(board);
}

// EOP tells of success only; no flag tells that an erase has failed.
static void ended(struct vboard *board, bool failed)
{
    struct flash_state *flash = state_of(board);
    flash->cr &= ~CR_STRT;
    if (!failed) {
        flash->sr |= SR_EOP;
    } else if (flash->busy.op == VBOARD_PROGRAM) {
        flash->sr |= SR_PGERR;
    }
    irq_update(board);
}

// The prefetch buffer is switched while SYSCLK is slow and HCLK is the same
// (PM0075 3.1, RM0008 3.3.3).
static void write_acr(struct vboard *board, uint32_t value)
{
    struct flash_state *flash = state_of(board);
    uint64_t sysclk = rcc_sysclk(board);
    if ((value ^ flash->acr) & ACR_PRFTBE &&
        (sysclk >= PREFETCH_MAX_HZ || rcc_hclk(board) != sysclk)) {
        violation(board, flash_f1_device.base + ACR,
                  "FLASH ACR PRFTBE changed with SYSCLK of %u Hz and HCLK of "
                  "%u Hz; it needs less than 24 MHz and HPRE of 1",
                  (unsigned)sysclk, (unsigned)rcc_hclk(board));
    }
    if ((value & 7) > 2) {
        violation(board, flash_f1_device.base + ACR,
                  "FLASH ACR LATENCY of %u is reserved", (unsigned)value & 7);
    }
    flash->acr = value & ACR_WRITABLE;
    if (flash->acr & ACR_PRFTBE) {
        flash->acr |= ACR_PRFTBS;
    }
    rcc_check_limits(board);
}

static void write_key(struct vboard *board, uint32_t offset, uint32_t value)
{
    struct flash_state *flash = state_of(board);
    if (offset == OPTKEYR) {
        bool open = flash->cr & CR_OPTWRE;
        if (flash_key(board, &flash->option_lock, open, flash_keys, offset,
                      value)) {
            flash->cr |= CR_OPTWRE;
        }
    } else if (flash_key(board, &flash->lock, !(flash->cr & CR_LOCK),
                         flash_keys, offset, value)) {
        flash->cr &= ~CR_LOCK;
    }
}

// What every operation needs, whatever it does.
static bool acceptable(struct vboard *board, uint32_t address)
{
    if (!rcc_hsi_ready(board)) {
        violation(board, address,
                  "flash operation without HSI; it must be on (PM0075 2.3)");
        return false;
    }
    if (pwr_vdd(board) < LOWEST_MV) {
        violation(board, address,
                  "flash operation needs %u mV, the supply has %u mV",
                  LOWEST_MV, (unsigned)pwr_vdd(board));
    }
    return true;
}

static bool is_protected(const struct vboard *board, unsigned page)
{
    // of a larger part, the last bit stands for all pages that follow
    unsigned bit = page / PAGES_A_BIT > 31 ? 31 : page / PAGES_A_BIT;
    return board->state.device.flash.protected_sectors >> bit & 1;
}

static bool is_any_protected(const struct vboard *board)
{
    for (unsigned page = 0; page < board->chip->sector_count; page++) {
        if (is_protected(board, page)) {
            return true;
        }
    }
    return false;
}

static bool erase_bits_right(struct vboard *board)
{
    const uint32_t what = CR_PG | CR_PER | CR_MER | CR_OPTPG | CR_OPTER;
    const struct flash_state *flash = state_of(board);
    uint32_t offset = flash->ar - board->chip->flash_base;
    bool page = (flash->cr & what) == CR_PER;
    if (!page && (flash->cr & what) != CR_MER) {
        violation(board, flash_f1_device.base + CR,
                  "FLASH CR STRT needs PER or MER set, and nothing else");
        return false;
    }
    if (page && offset >= board->chip->flash_size) {
        violation(board, flash_f1_device.base + AR,
                  "FLASH AR 0x%08X is in no page of the flash",
                  (unsigned)flash->ar);
        return false;
    }
    return true;
}

static void start_erase(struct vboard *board)
{
    struct flash_state *flash = state_of(board);
    flash->cr &= ~CR_STRT;
    if (!erase_bits_right(board) ||
        !acceptable(board, flash_f1_device.base + CR)) {
        return;
    }
    bool mass = flash->cr & CR_MER;
    uint32_t page = (flash->ar - board->chip->flash_base) / PAGE;
    if (mass ? is_any_protected(board) : is_protected(board, page)) {
        fail(board, SR_WRPRTERR);
        return;
    }
    flash->cr |= CR_STRT;
    flash_erase(board, mass ? 0 : page * PAGE,
                mass ? board->chip->flash_size : PAGE);
}

static void write_cr(struct vboard *board, uint32_t value)
{
    struct flash_state *flash = state_of(board);
    uint32_t kept = flash->cr & value & CR_OPTWRE;
    value &= CR_WRITABLE;
    if (flash->cr & CR_LOCK) {
        if (value != (flash->cr & CR_WRITABLE)) {
            violation(board, flash_f1_device.base + CR,
                      "FLASH CR written while locked: ignored; write the keys "
                      "to KEYR first");
        }
        return;
    }
    if (value & (CR_OPTPG | CR_OPTER)) {
        violation(board, flash_f1_device.base + CR,
                  "not modelled: programming the option bytes");
        value &= ~(CR_OPTPG | CR_OPTER);
    }
    flash->cr = value | kept;
    irq_update(board);
    if (value & CR_STRT) {
        start_erase(board);
    }
}

static void flash_write(struct vboard *board, const struct device *device,
                        uint32_t offset, uint32_t value, unsigned size)
{
    struct flash_state *flash = state_of(board);
    uint32_t aligned = offset & ~3u;
    uint32_t merged =
        bus_lanes(flash_peek(board, device, aligned), offset, value, size);
    if (flash->busy.on) {
        violation(board, flash_f1_device.base + aligned,
                  "FLASH %s written while BSY is set: ignored (PM0075 2.3)",
                  reg_name(device, aligned));
        return;
    }
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
        flash->sr &= ~(bus_lanes(0, offset, value, size) & SR_CLEARABLE);
        irq_update(board);
        break;
    case CR:
        write_cr(board, merged);
        break;
    case AR:
        flash->ar = merged;
        break;
    default:
        violation(board, flash_f1_device.base + aligned,
                  "FLASH %s is read-only", reg_name(device, aligned));
        break;
    }
}

// Whether the controller takes the store at all; if not, it ends in a bus error
// (PM0075 2.3.3; that this holds for one without PG, too, is what parts do).
static bool takes_store(struct vboard *board, uint32_t address, unsigned size)
{
    uint32_t cr = state_of(board)->cr;
    if (!(cr & CR_PG) || cr & (CR_PER | CR_MER)) {
        violation(board, address,
                  "store to flash while FLASH CR is not set up for it: bus "
                  "error; it needs PG set, PER and MER clear");
    } else if (size != 2 || address % 2) {
        violation(board, address,
                  "store of %u bits to flash, which takes aligned half-words "
                  "only: bus error",
                  8 * size);
    } else {
        return true;
    }
    cpu_bus_fault(board, address);
    return false;
}

static void store(struct vboard *board, uint32_t address, uint64_t value,
                  unsigned size)
{
    if (!takes_store(board, address, size) || !acceptable(board, address)) {
        return;
    }
    uint32_t offset = address - board->chip->flash_base;
    if (is_protected(board, offset / PAGE)) {
        fail(board, SR_WRPRTERR);
        return;
    }
    uint16_t before = 0;
    memcpy(&before, board->flash + offset, sizeof(before));
    // what is not blank can only become 0 (PM0075 2.3.3)
    if (before != 0xFFFF && (value & 0xFFFF) != 0) {
        violation(board, address,
                  "flash half-word holds 0x%04X and cannot become 0x%04X "
                  "without an erase: PGERR",
                  before, (unsigned)value & 0xFFFF);
        fail(board, SR_PGERR);
        return;
    }
    flash_program(board, offset, value, size);
}

const struct device flash_f1_device = {
    .name = "FLASH",
    .base = 0x40022000,
    .size = 0x400,
    .widths = 1 | 2 | 4,
    .write = flash_write,
    .peek = flash_peek,
    .reset = flash_reset,
    .regs = regs,
    .reg_count = sizeof(regs) / sizeof(regs[0]),
};

const struct flash_family flash_f1 = {
    .device = &flash_f1_device,
    .duration = duration,
    .store = store,
    .ended = ended,
};
