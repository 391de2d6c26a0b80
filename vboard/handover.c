// SPDX-License-Identifier: MIT
//
// The hand-over check: at the first instruction of an application that a
// bootloader has started, every modelled register holds its reset value, except
// VTOR, a watchdog that runs and DBG_IWDG_STOP (DESIGN.md, Hand-over).

#include <inttypes.h>
#include <stdarg.h>

#include "state.h"

// The core's own registers. SysTick's count and the fault addresses have no
// reset value on silicon; here it is zero, so that leftovers show.
static const struct reg core_regs[] = {
    {"SYST_CSR", 0x010, 0, 0xFFFFFFFF},
    {"SYST_RVR", 0x014, 0, 0xFFFFFFFF},
    {"SYST_CVR", 0x018, 0, 0xFFFFFFFF},
    {"ICSR", 0xD04, 0, 0xFFFFFFFF},
    {"AIRCR", 0xD0C, 0xFA050000, 0xFFFFFFFF},
    {"SCR", 0xD10, 0, 0xFFFFFFFF},
    {"CCR", 0xD14, 0x200, 0xFFFFFFFF},
    {"SHPR1", 0xD18, 0, 0xFFFFFFFF},
    {"SHPR2", 0xD1C, 0, 0xFFFFFFFF},
    {"SHPR3", 0xD20, 0, 0xFFFFFFFF},
    {"SHCSR", 0xD24, 0, 0xFFFFFFFF},
    {"CFSR", 0xD28, 0, 0xFFFFFFFF},
    {"HFSR", 0xD2C, 0, 0xFFFFFFFF},
    {"DEMCR", 0xDFC, 0, 0xFFFFFFFF},
    // of a core with an FPU
    {"CPACR", 0xD88, 0, 0xFFFFFFFF},
    {"FPCCR", 0xF34, 0xC0000000, 0xFFFFFFFF},
};
#define FPU_REGS 2

struct findings {
    char text[2048];
    size_t length;
    uint32_t count;
};

static void add(struct findings *findings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct findings *findings, const char *format, ...)
{
    findings->count++;
    size_t room = sizeof(findings->text) - findings->length;
    va_list arguments;
    va_start(arguments, format);
    int written =
        vsnprintf(findings->text + findings->length, room, format, arguments);
    va_end(arguments);
    if (written > 0) {
        size_t length = (size_t)written < room ? (size_t)written : room - 1;
        findings->length += length;
    }
}

static void compare(struct findings *findings, const char *device,
                    const struct reg *reg, uint32_t value)
{
    if ((value ^ reg->reset) & reg->mask) {
        add(findings, "%s%s%s %08" PRIX32 " (reset %08" PRIX32 ")",
            findings->count ? ", " : "", device, reg->name, value, reg->reset);
    }
}

// The words of one kind of register, which hold so many lines each.
static void check_nvic(struct vboard *board, struct findings *findings,
                       const char *kind, uint32_t offset, unsigned lines)
{
    unsigned words = (board->chip->irq_count + lines - 1) / lines;
    for (unsigned i = 0; i < words; i++) {
        char name[24];
        snprintf(name, sizeof(name), "NVIC_%s%u", kind, i);
        struct reg reg = {name, 0, 0, 0xFFFFFFFF};
        compare(findings, "", &reg, scs_peek(board, offset + 4 * i));
    }
}

static void check_core(struct vboard *board, struct findings *findings)
{
    size_t count = sizeof(core_regs) / sizeof(core_regs[0]);
    if (!board->chip->fpu) {
        count -= FPU_REGS;
    }
    for (size_t i = 0; i < count; i++) {
        const struct reg *reg = &core_regs[i];
        compare(findings, "", reg, scs_peek(board, reg->offset));
    }
    check_nvic(board, findings, "ISER", 0x100, 32);
    check_nvic(board, findings, "ISPR", 0x200, 32);
    check_nvic(board, findings, "IABR", 0x300, 32);
    check_nvic(board, findings, "IPR", 0x400, 4);
    struct reg ctrl = {"DWT_CTRL", 0, 0, 0xFFFFFFFF};
    compare(findings, "", &ctrl, board->state.dwt.ctrl);
}

static void check_cpu(struct vboard *board, struct findings *findings)
{
    const struct {
        const char *name;
        int id;
    } special[] = {{"PRIMASK", UC_ARM_REG_PRIMASK},
                   {"BASEPRI", UC_ARM_REG_BASEPRI},
                   {"FAULTMASK", UC_ARM_REG_FAULTMASK},
                   {"CONTROL", UC_ARM_REG_CONTROL},
                   {"IPSR", UC_ARM_REG_IPSR}};
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
        struct reg reg = {special[i].name, 0, 0, 0xFFFFFFFF};
        compare(findings, "", &reg, cpu_get(board, special[i].id));
    }
    uint32_t initial = 0;
    cpu_load(board, board->state.scs.vtor, &initial);
    struct reg msp = {"MSP", 0, initial & ~3u, 0xFFFFFFFF};
    compare(findings, "", &msp, cpu_get(board, UC_ARM_REG_MSP));
}

static void check_device(struct vboard *board, const struct device *device,
                         struct findings *findings)
{
    char prefix[32];
    snprintf(prefix, sizeof(prefix), "%s_", device->name);
    for (unsigned i = 0; i < device->reg_count; i++) {
        struct reg reg = device->regs[i];
        if (device->handed_over) {
            reg.reset = device->handed_over(board, device, reg.offset);
        }
        if (device == &iwdg_device && iwdg_handed_over(board, reg.offset)) {
            continue;
        }
        compare(findings, prefix, &reg,
                device->peek(board, device, reg.offset));
    }
}

void handover_check(struct vboard *board)
{
    board->state.handover_pc = NOWHERE;
    struct findings findings = {.count = 0};
    check_cpu(board, &findings);
    check_core(board, &findings);
    for (unsigned i = 0; i < board->chip->device_count; i++) {
        check_device(board, board->chip->devices[i], &findings);
    }
    struct vboard_event event = {.kind = VBOARD_EVENT_HANDOVER,
                                 .text = findings.text,
                                 .value = findings.count,
                                 .address = board->state.scs.vtor};
    send_event(board, &event);
    if (flash_caches_stale(board)) {
        violation(board, board->state.scs.vtor,
                  "stale cache: flash was erased with ICEN or DCEN set and the "
                  "cache was not reset since (RM0390 3.4.2)");
    }
}

// VTOR was written: the table names the instruction to wait for.
void handover_arm(struct vboard *board)
{
    uint32_t entry = 0;
    uint32_t vtor = board->state.scs.vtor;
    if (vtor == 0 || !cpu_load(board, vtor + 4, &entry)) {
        board->state.handover_pc = NOWHERE;
        return;
    }
    board->state.handover_pc = entry & ~1u;
}
