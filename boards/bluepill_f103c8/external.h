// SPDX-License-Identifier: MIT
//
// bluepill_f103c8, layout "external": slots A and B are on a W25Q64 (DESIGN.md,
// Layouts). Only numbers: C, linker scripts and otatool all read this file.
// Offsets count from FLASH_BASE, those of the slots from the W25Q's byte 0; an
// area of size 0 is none.
//
//   pages 0-15      16 KiB  bootloader
//   pages 16, 17     1 KiB  journal, each
//   pages 18-63     46 KiB  app slot: 512 bytes of header space, then vectors
//   W25Q            64 KiB  slot A, from its byte 0
//                   64 KiB  slot B

#define LAYOUT_NAME   "bluepill_f103c8-external"
#define LAYOUT_TARGET 0x00010301

#define FLASH_DEVICE stm32f103_flash
#define SLOT_DEVICE  w25q64_flash
#define FLASH_BASE   0x08000000
#define FLASH_SIZE   0x10000
#define RAM_BASE     0x20000000
#define RAM_SIZE     0x5000

#define ALLOW_UNSIGNED 1
#define TRIAL_BOOTS    3

#define BOOT_OFFSET     0x00000
#define BOOT_SIZE       0x04000
#define JOURNAL0_OFFSET 0x04000
#define JOURNAL0_SIZE   0x00400
#define JOURNAL1_OFFSET 0x04400
#define JOURNAL1_SIZE   0x00400
#define APP_OFFSET      0x04800
#define APP_SIZE        0x0B800
#define SLOT_A_OFFSET   0x00000
#define SLOT_A_SIZE     0x10000
#define SLOT_B_OFFSET   0x10000
#define SLOT_B_SIZE     0x10000
#define ARRAY_OFFSET    0
#define ARRAY_SIZE      0
