// SPDX-License-Identifier: MIT
//
// nucleo_f446re, layout "external": nearly all of the flash is app slot, slots
// A and B are on a W25Q64 (DESIGN.md, Layouts). Only numbers: C, linker scripts
// and otatool all read this file. Offsets count from FLASH_BASE, those of the
// slots from the W25Q's byte 0; an area of size 0 is none.
//
//   S0 S1   32 KiB  bootloader
//   S2, S3  16 KiB  journal, each
//   S4-S7  448 KiB  app slot: 512 bytes of header space, then vectors
//   W25Q   512 KiB  slot A, from its byte 0
//          512 KiB  slot B

#define LAYOUT_NAME   "nucleo_f446re-external"
#define LAYOUT_TARGET 0x00044604

#define FLASH_DEVICE stm32f446_flash
#define SLOT_DEVICE  w25q64_flash
#define FLASH_BASE   0x08000000
#define FLASH_SIZE   0x80000
#define RAM_BASE     0x20000000
#define RAM_SIZE     0x20000

#define ALLOW_UNSIGNED 1
#define TRIAL_BOOTS    3

#define BOOT_OFFSET     0x00000
#define BOOT_SIZE       0x08000
#define JOURNAL0_OFFSET 0x08000
#define JOURNAL0_SIZE   0x04000
#define JOURNAL1_OFFSET 0x0C000
#define JOURNAL1_SIZE   0x04000
#define APP_OFFSET      0x10000
#define APP_SIZE        0x70000
#define SLOT_A_OFFSET   0x00000
#define SLOT_A_SIZE     0x80000
#define SLOT_B_OFFSET   0x80000
#define SLOT_B_SIZE     0x80000
#define ARRAY_OFFSET    0
#define ARRAY_SIZE      0
