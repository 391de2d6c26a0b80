// SPDX-License-Identifier: MIT

#include "state.h"

// Everything below is on APB1 and APB2, above on AHB (RM0390 2.2.2,
// RM0008 3.3).
#define AHB_BASE 0x40020000u

static const struct device *find(const struct vboard *board, uint32_t address)
{
    const struct device *recent = board->recent;
    if (address - recent->base < recent->size) {
        return recent;
    }
    const struct chip *chip = board->chip;
    for (unsigned i = 0; i < chip->device_count; i++) {
        const struct device *device = chip->devices[i];
        if (address - device->base < device->size) {
            return device;
        }
    }
    return NULL;
}

static const struct reg *find_reg(const struct device *device, uint32_t offset)
{
    for (unsigned i = 0; i < device->reg_count; i++) {
        if (device->regs[i].offset == (offset & ~3u)) {
            return &device->regs[i];
        }
    }
    return NULL;
}

const char *reg_name(const struct device *device, uint32_t offset)
{
    const struct reg *reg = find_reg(device, offset);
    return reg ? reg->name : "reserved";
}

uint32_t bus_lanes(uint32_t old, uint32_t offset, uint32_t value, unsigned size)
{
    unsigned shift = 8 * (offset & 3);
    uint32_t mask = (size == 4 ? UINT32_MAX : (1u << (8 * size)) - 1) << shift;
    return (old & ~mask) | ((value << shift) & mask);
}

// An address where no model answers: a peripheral of the chip that is not
// modelled, which must not pass in silence, or nothing at all.
static void refuse_unknown(struct vboard *board, uint32_t address, bool write)
{
    char name[32];
    if (memory_map_name(board->chip, address, name, sizeof(name))) {
        violation(board, address, "not modelled: %s, %s", name,
                  write ? "written" : "read");
        return;
    }
    cpu_bus_fault(board, address);
}

// Accesses come in runs at one device.
static const struct device *use(struct vboard *board, uint32_t address)
{
    const struct device *device = find(board, address);
    if (device) {
        board->recent = device;
    }
    return device;
}

static bool refused(struct vboard *board, const struct device *device,
                    uint32_t address, unsigned size)
{
    uint32_t offset = address - device->base;
    const struct reg *reg = find_reg(device, offset);
    const char *name = reg ? reg->name : "reserved";
    if (!rcc_enabled(board, device)) {
        violation(board, address,
                  "%s %s accessed while the clock of %s is off; enable it in "
                  "RCC first",
                  device->name, name, device->name);
        return true;
    }
    if (rcc_held_in_reset(board, device)) {
        violation(board, address,
                  "%s %s accessed while RCC holds %s in reset; clear its bit "
                  "in RSTR",
                  device->name, name, device->name);
        return true;
    }
    if (!reg) {
        violation(board, address, "%s has no register at offset 0x%02X",
                  device->name, (unsigned)offset);
        return true;
    }
    if (!(device->widths & size)) {
        violation(board, address, "%s %s does not allow access by %u bits",
                  device->name, name, 8 * size);
        return true;
    }
    return false;
}

uint32_t bus_read(struct vboard *board, uint32_t address, unsigned size)
{
    const struct device *device = use(board, address);
    if (!device) {
        refuse_unknown(board, address, false);
        return 0;
    }
    if (refused(board, device, address, size)) {
        return 0;
    }
    uint32_t offset = address - device->base;
    // most registers have no side effects when they are read
    uint32_t word = device->read
                        ? device->read(board, device, offset & ~3u, size)
                        : device->peek(board, device, offset & ~3u);
    return bus_lanes(0, 0, word >> (8 * (offset & 3)), size);
}

void bus_write(struct vboard *board, uint32_t address, uint32_t value,
               unsigned size)
{
    const struct device *device = use(board, address);
    if (!device) {
        refuse_unknown(board, address, true);
        return;
    }
    if (refused(board, device, address, size)) {
        return;
    }
    uint32_t offset = address - device->base;
    if (address < AHB_BASE && size < 4) {
        // the APB bridges repeat a half-word on all 32 lines (RM0390 2.1.7)
        value = (value & 0xFFFF) * 0x10001u;
        offset &= ~3u;
    }
    device->write(board, device, offset, value, size);
}

bool bus_peek(const struct vboard *board, uint32_t address, uint32_t *value)
{
    const struct device *device = find(board, address);
    if (!device || !find_reg(device, address - device->base)) {
        return false;
    }
    *value = device->peek(board, device, (address - device->base) & ~3u);
    return true;
}
