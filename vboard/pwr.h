// SPDX-License-Identifier: MIT
//
// Between pwr.c and what chips have of their own in it.

#ifndef VBOARD_PWR_H
#define VBOARD_PWR_H

#include "state.h"

enum { PWR_CR = 0x00, PWR_CSR = 0x04 };

#define PWR_CSR_BRR (1u << 3)
#define PWR_CSR_BRE (1u << 9)

// pwr.c, for the devices of the families
uint32_t pwr_peek(const struct vboard *board, const struct device *device,
                  uint32_t offset);
void pwr_write(struct vboard *board, const struct device *device,
               uint32_t offset, uint32_t value, unsigned size);
void pwr_reset(struct vboard *board, const struct device *device, bool power);

#endif
