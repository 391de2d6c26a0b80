// SPDX-License-Identifier: MIT
//
// nucleo_f446re, layout "one-slot": a larger app slot and one slot to stage
// in, so no older version to go back to (DESIGN.md, Layouts). Only numbers: C,
// linker scripts and otatool all read this file. Offsets count from
// FLASH_BASE; an area of size 0 is none.
//
//   S0 S1   32 KiB  bootloader
//   S2, S3  16 KiB  journal, each
//   S4 S5  192 KiB  app slot: 512 bytes of header space, then vectors
//   S6 S7  256 KiB  slot A

#define LAYOUT_NAME   "nucleo_f446re-one-slot"
#define LAYOUT_TARGET 0x00044603

#define FLASH_DEVICE stm32f446_flash
#define SLOT_DEVICE  stm32f446_flash
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
#define APP_SIZE        0x30000
#define SLOT_A_OFFSET   0x40000
#define SLOT_A_SIZE     0x40000
#define SLOT_B_OFFSET   0
#define SLOT_B_SIZE     0
#define ARRAY_OFFSET    0
#define ARRAY_SIZE      0
