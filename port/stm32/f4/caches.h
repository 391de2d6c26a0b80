// SPDX-License-Identifier: MIT

#ifndef STM32_CACHES_H
#define STM32_CACHES_H

// Drops what the instruction and data caches of the flash hold.
void stm32_flush_caches(void);

#endif
