// SPDX-License-Identifier: MIT
//
// The system control space at 0xE000E000: NVIC, SCB and FPU control
// (PM0214 4.3, 4.4, 4.6; PM0056 4.3, 4.4), and the way to SysTick (systick.c).

#include <inttypes.h>

#include "state.h"

#define ICTR      0x004
#define NVIC_ISER 0x100
#define NVIC_ICER 0x180
#define NVIC_ISPR 0x200
#define NVIC_ICPR 0x280
#define NVIC_IABR 0x300
#define NVIC_IPR  0x400
#define NVIC_IPRS 240
#define CPUID     0xD00
#define ICSR      0xD04
#define VTOR      0xD08
#define AIRCR     0xD0C
#define SCR       0xD10
#define CCR       0xD14
#define SHPR1     0xD18
#define SHCSR     0xD24
#define CFSR      0xD28
#define HFSR      0xD2C
#define DFSR      0xD30
#define MMFAR     0xD34
#define BFAR      0xD38
#define AFSR      0xD3C
#define CPACR     0xD88
#define MPU_TYPE  0xD90
#define MPU_CTRL  0xD94
#define DEMCR     0xDFC
#define STIR      0xF00
#define FPCCR     0xF34
#define FPCAR     0xF38
#define FPDSCR    0xF3C
#define MVFR0     0xF40
#define MVFR1     0xF44

#define VECTKEY       0x05FA0000u
#define VECTKEYSTAT   0xFA050000u
#define VECTRESET     (1u << 0)
#define VECTCLRACTIVE (1u << 1)
#define SYSRESETREQ   (1u << 2)

#define CCR_STKALIGN    (1u << 9)
#define CCR_UNALIGN_TRP (1u << 3)
#define CCR_DIV_0_TRP   (1u << 4)

#define NMIPENDSET (1u << 31)
#define PENDSVSET  (1u << 28)
#define PENDSVCLR  (1u << 27)
#define PENDSTSET  (1u << 26)
#define PENDSTCLR  (1u << 25)
#define ISRPENDING (1u << 22)
#define RETTOBASE  (1u << 11)

void scs_reset(struct vboard *board)
{
    board->state.scs = (struct scs_state){
        .ccr = CCR_STKALIGN,
        .fpccr = board->chip->fpu ? 0xC0000000 : 0, // ASPEN, LSPEN
    };
}

/// Words ///

// The bits of exceptions 16 and up as the NVIC shows them.
static uint32_t irq_word(const struct exception_set *set, uint32_t word)
{
    if (word >= IRQ_WORDS) {
        return 0;
    }
    uint32_t low = set->word[word] >> 16;
    return word + 1 < EXCEPTION_WORDS ? low | set->word[word + 1] << 16 : low;
}

static void irq_word_change(struct exception_set *set, unsigned irq_count,
                            uint32_t word, uint32_t bits, bool on)
{
    for (unsigned bit = 0; bit < 32 && word < IRQ_WORDS; bit++) {
        unsigned number = EXC_IRQ0 + word * 32 + bit;
        if (bits >> bit & 1 && number < EXC_IRQ0 + irq_count) {
            (on ? set_add : set_remove)(set, number);
        }
    }
}

static uint32_t icsr(const struct vboard *board)
{
    const struct exception_set *pending = &board->state.scs.pending;
    uint32_t active = cpu_get(board, UC_ARM_REG_IPSR) & 0x1FF;
    uint32_t best = nvic_best_pending(board);
    uint32_t others = 0;
    for (unsigned number = 1; number < EXCEPTIONS; number++) {
        others |= number != active && in_set(&board->state.scs.active, number);
    }
    return active | (active && !others ? RETTOBASE : 0) | best << 12 |
           (best >= EXC_IRQ0 ? ISRPENDING : 0) |
           (in_set(pending, EXC_SYSTICK) ? PENDSTSET : 0) |
           (in_set(pending, EXC_PENDSV) ? PENDSVSET : 0) |
           (in_set(pending, EXC_NMI) ? NMIPENDSET : 0);
}

static uint32_t shcsr(const struct vboard *board)
{
    const struct exception_set *active = &board->state.scs.active;
    const struct {
        unsigned number, bit;
    } bits[] = {{EXC_MEMMANAGE, 0}, {EXC_BUSFAULT, 1}, {EXC_USAGEFAULT, 3},
                {EXC_SVCALL, 7},    {EXC_PENDSV, 10},  {EXC_SYSTICK, 11}};
    uint32_t value = board->state.scs.shcsr;
    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        value |= (uint32_t)in_set(active, bits[i].number) << bits[i].bit;
    }
    return value;
}

static uint32_t priorities(const struct vboard *board, unsigned number)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < 4 && number + i < EXCEPTIONS; i++) {
        value |= (uint32_t)board->state.scs.priority[number + i] << (8 * i);
    }
    return value;
}

static uint32_t peek_nvic(const struct vboard *board, uint32_t offset)
{
    const struct scs_state *scs = &board->state.scs;
    uint32_t word = (offset & 0x7F) / 4;
    switch (offset & ~0x7Fu) {
    case NVIC_ISER:
    case NVIC_ICER:
        return irq_word(&scs->enabled, word);
    case NVIC_ISPR:
    case NVIC_ICPR:
        return irq_word(&scs->pending, word);
    case NVIC_IABR:
        return irq_word(&scs->active, word);
    default:
        return priorities(board, EXC_IRQ0 + (offset - NVIC_IPR));
    }
}

// Registers that are just a value.
static uint32_t *plain(struct scs_state *scs, uint32_t offset)
{
    switch (offset) {
    case SCR:
        return &scs->scr;
    case CCR:
        return &scs->ccr;
    case MMFAR:
        return &scs->mmfar;
    case BFAR:
        return &scs->bfar;
    case CPACR:
        return &scs->cpacr;
    case FPCCR:
        return &scs->fpccr;
    case FPCAR:
        return &scs->fpcar;
    case FPDSCR:
        return &scs->fpdscr;
    default:
        return NULL;
    }
}

// Registers whose bits are cleared by writing 1.
static uint32_t *write_1_to_clear(struct scs_state *scs, uint32_t offset)
{
    switch (offset) {
    case CFSR:
        return &scs->cfsr;
    case HFSR:
        return &scs->hfsr;
    case DFSR:
        return &scs->dfsr;
    case AFSR:
        return &scs->afsr;
    default:
        return NULL;
    }
}

static uint32_t peek_scb(const struct vboard *board, uint32_t offset)
{
    struct scs_state copy = board->state.scs;
    uint32_t *value = plain(&copy, offset);
    value = value ? value : write_1_to_clear(&copy, offset);
    if (value) {
        return *value;
    }
    switch (offset) {
    case CPUID:
        return board->chip->cpuid;
    case ICSR:
        return icsr(board);
    case VTOR:
        return copy.vtor;
    case AIRCR:
        return VECTKEYSTAT | copy.prigroup << 8;
    case SHPR1:
    case SHPR1 + 4:
    case SHPR1 + 8:
        return priorities(board, 4 + (offset - SHPR1));
    case SHCSR:
        return shcsr(board);
    case DEMCR:
        return board->state.dwt.demcr;
    case MVFR0:
        return board->chip->fpu ? 0x10110021 : 0;
    case MVFR1:
        return board->chip->fpu ? 0x11000011 : 0;
    case MPU_TYPE:
        return 0x800; // eight regions
    default:
        return 0;
    }
}

uint32_t scs_peek(const struct vboard *board, uint32_t offset)
{
    offset &= ~3u;
    if (offset == ICTR) {
        return (board->chip->irq_count - 1) / 32;
    }
    if (offset < NVIC_ISER) {
        return systick_peek(board, offset);
    }
    if (offset < CPUID) {
        return peek_nvic(board, offset);
    }
    return peek_scb(board, offset);
}

uint32_t scs_read(struct vboard *board, uint32_t offset, unsigned size)
{
    uint32_t value = scs_peek(board, offset);
    systick_after_read(board, offset & ~3u);
    value >>= 8 * (offset & 3);
    return size == 4 ? value : value & ((1u << 8 * size) - 1);
}

/// Writes ///

static void write_nvic(struct vboard *board, uint32_t offset, uint32_t value)
{
    struct scs_state *scs = &board->state.scs;
    unsigned irqs = board->chip->irq_count;
    uint32_t word = (offset & 0x7F) / 4;
    switch (offset & ~0x7Fu) {
    case NVIC_ISER:
        irq_word_change(&scs->enabled, irqs, word, value, true);
        break;
    case NVIC_ICER:
        irq_word_change(&scs->enabled, irqs, word, value, false);
        break;
    case NVIC_ISPR:
        irq_word_change(&scs->pending, irqs, word, value, true);
        break;
    case NVIC_ICPR: // a line that is high pends again at once
        if (word < IRQ_WORDS) {
            value &= ~scs->line[word];
        }
        irq_word_change(&scs->pending, irqs, word, value, false);
        break;
    default:
        break;
    }
}

static void write_icsr(struct vboard *board, uint32_t value)
{
    const struct {
        uint32_t set, clear;
        unsigned number;
    } bits[] = {{NMIPENDSET, 0, EXC_NMI},
                {PENDSVSET, PENDSVCLR, EXC_PENDSV},
                {PENDSTSET, PENDSTCLR, EXC_SYSTICK}};
    struct exception_set *pending = &board->state.scs.pending;
    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        if (value & bits[i].set) {
            set_add(pending, bits[i].number);
        }
        if (value & bits[i].clear) {
            set_remove(pending, bits[i].number);
        }
    }
}

static void write_aircr(struct vboard *board, uint32_t value)
{
    const uint32_t address = 0xE000E000 + AIRCR;
    if ((value & 0xFFFF0000) != VECTKEY) {
        violation(board, address,
                  "AIRCR written without VECTKEY 0x05FA: ignored");
        return;
    }
    if (value & (VECTRESET | VECTCLRACTIVE)) {
        violation(board, address,
                  "AIRCR: VECTRESET and VECTCLRACTIVE are for debuggers");
        return;
    }
    board->state.scs.prigroup = value >> 8 & 7;
    if (value & SYSRESETREQ) {
        system_reset(board, RCC_CSR_SFTRSTF, false);
    }
}

// 16 + 97 vectors need a table aligned to 128 words (PM0214 4.4.4); so does the
// Cortex-M3, whatever their number (PM0056 4.4.4).
static void write_vtor(struct vboard *board, uint32_t value)
{
    if (value & 0x1FF) {
        violation(board, 0xE000ED08,
                  "VTOR 0x%08" PRIX32 " is not a multiple of 0x200", value);
    }
    board->state.scs.vtor = value & 0xFFFFFF80;
    handover_arm(board);
}

static void check_traps(struct vboard *board, uint32_t ccr)
{
    if (ccr & (CCR_DIV_0_TRP | CCR_UNALIGN_TRP)) {
        violation(board, 0xE000ED14,
                  "CCR.DIV_0_TRP and UNALIGN_TRP are not modelled");
    }
}

static bool is_fpu(uint32_t offset)
{
    return offset == CPACR || (offset >= FPCCR && offset <= FPDSCR);
}

static void write_scb(struct vboard *board, uint32_t offset, uint32_t value)
{
    struct scs_state *scs = &board->state.scs;
    uint32_t *flags = write_1_to_clear(scs, offset);
    uint32_t *target = plain(scs, offset);
    if (is_fpu(offset) && !board->chip->fpu) {
        return; // reserved in this core
    }
    if (flags) {
        *flags &= ~value;
    } else if (target) {
        *target = value;
    }
    switch (offset) {
    case ICSR:
        write_icsr(board, value);
        break;
    case VTOR:
        write_vtor(board, value);
        break;
    case AIRCR:
        write_aircr(board, value);
        break;
    case SHCSR:
        scs->shcsr = value & (7u << 16);
        break;
    case DEMCR:
        dwt_set_demcr(board, value);
        break;
    case CCR:
        check_traps(board, value);
        break;
    case MPU_CTRL:
        if (value & 1) {
            violation(board, 0xE000ED94, "the MPU is not modelled");
        }
        break;
    case STIR:
        if ((value & 0x1FF) < board->chip->irq_count) {
            exception_pend(board, EXC_IRQ0 + (value & 0x1FF));
        }
        break;
    default:
        break;
    }
}

// Only four bits of priority exist on STM32 (PM0214 4.3.7).
static bool write_priority(struct vboard *board, uint32_t offset,
                           uint32_t value, unsigned size)
{
    unsigned number;
    if (offset >= NVIC_IPR && offset + size <= NVIC_IPR + NVIC_IPRS) {
        number = EXC_IRQ0 + (offset - NVIC_IPR);
    } else if (offset >= SHPR1 && offset + size <= SHPR1 + 12) {
        number = 4 + (offset - SHPR1);
    } else {
        return false;
    }
    unsigned end = EXC_IRQ0 + board->chip->irq_count;
    for (unsigned i = 0; i < size && number + i < end; i++) {
        board->state.scs.priority[number + i] = value >> (8 * i) & 0xF0;
    }
    return true;
}

void scs_write(struct vboard *board, uint32_t offset, uint32_t value,
               unsigned size)
{
    board->slice.look = true;
    if (write_priority(board, offset, value, size)) {
        return;
    }
    if ((offset & ~3u) == CFSR) { // UFSR and BFSR are parts of it
        value <<= 8 * (offset & 3);
        offset &= ~3u;
    } else if (size != 4) {
        violation(board, 0xE000E000 + offset,
                  "register of the core written with %u bits, it needs 32",
                  8 * size);
        return;
    }
    if (offset < NVIC_ISER) {
        systick_write(board, offset, value);
    } else if (offset < CPUID) {
        write_nvic(board, offset, value);
    } else {
        write_scb(board, offset, value);
    }
}
