// SPDX-License-Identifier: MIT
//
// libunicorn 2.0.1 takes each store to RAM for one that may change translated
// code: it leaves the translation for a function that collects and locks the
// pages and checks them for code, and never learns that there is none. Here are
// three of its functions that it calls by way of the dynamic symbol table.

#define _GNU_SOURCE // RTLD_NEXT

#include <dlfcn.h>
#include <string.h>

#include "state.h"

#define RAM_BASE 0x20000000u // of every STM32; more than there is does no harm
#define RAM_SIZE 0x00100000u

/// Locks: one thread needs none ///

__attribute__((visibility("default"))) void *
page_collection_lock_arm(void *uc, unsigned long start, unsigned long end);
__attribute__((visibility("default"))) void
page_collection_unlock_arm(void *set);

void *page_collection_lock_arm(void *uc, unsigned long start, unsigned long end)
{
    (void)start;
    (void)end;
    return uc;
}

void page_collection_unlock_arm(void *set)
{
    (void)set;
}

/// Pages of RAM: stores are direct while no code has been executed there ///

// As in qemu: target_ulong, hwaddr and MemTxAttrs, a struct of 32 bits.
struct attributes {
    unsigned bits;
};
typedef void set_page(void *cpu, uint32_t address, uint64_t physical,
                      struct attributes attributes, int permissions, int index,
                      uint32_t size);

void tlb_set_dirty_arm(void *cpu, uint32_t address); // libunicorn's
__attribute__((visibility("default"))) set_page tlb_set_page_with_attrs_arm;

// Fills an entry of the TLB, then says that its page needs no check.
void tlb_set_page_with_attrs_arm(void *cpu, uint32_t address, uint64_t physical,
                                 struct attributes attributes, int permissions,
                                 int index, uint32_t size)
{
    static set_page *original;
    if (!original) {
        void *symbol = dlsym(RTLD_NEXT, "tlb_set_page_with_attrs_arm");
        memcpy(&original, &symbol, sizeof(original));
    }
    original(cpu, address, physical, attributes, permissions, index, size);
    if (!code_in_ram && address - RAM_BASE < RAM_SIZE) {
        tlb_set_dirty_arm(cpu, address);
    }
}
