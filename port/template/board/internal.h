// SPDX-License-Identifier: MIT
//
// The layout of port/template's invented chip: there to be built, and to be
// copied with it. Only numbers: C, linker scripts and otatool all read such a
// file. Offsets count from FLASH_BASE; an area of size 0 is none.
//
//   pages 0-15     32 KiB  bootloader
//   pages 16, 17    2 KiB  journal, each
//   pages 18-53    72 KiB  app slot: 512 bytes of header space, then vectors
//   pages 54-89    72 KiB  slot A
//   pages 90-125   72 KiB  slot B

// FILL: name and number; this one is no board's (SPEC.md, Target ids).
#define LAYOUT_NAME   "template-internal"
#define LAYOUT_TARGET 0x00000000

#define FLASH_DEVICE template_flash
#define SLOT_DEVICE  template_flash
#define FLASH_BASE   0x08000000
#define FLASH_SIZE   0x40000
#define RAM_BASE     0x20000000
#define RAM_SIZE     0x5000

#define ALLOW_UNSIGNED 1
#define TRIAL_BOOTS    3

#define BOOT_OFFSET     0x00000
#define BOOT_SIZE       0x08000
#define JOURNAL0_OFFSET 0x08000
#define JOURNAL0_SIZE   0x00800
#define JOURNAL1_OFFSET 0x08800
#define JOURNAL1_SIZE   0x00800
#define APP_OFFSET      0x09000
#define APP_SIZE        0x12000
#define SLOT_A_OFFSET   0x1B000
#define SLOT_A_SIZE     0x12000
#define SLOT_B_OFFSET   0x2D000
#define SLOT_B_SIZE     0x12000
#define ARRAY_OFFSET    0
#define ARRAY_SIZE      0
