// SPDX-License-Identifier: MIT
//
// libunicorn 2.0.1 takes each store to RAM for one that may change translated
// code, and collects and locks the pages first. One thread needs no locks, so
// these two functions, which it calls by way of the dynamic symbol table, do
// nothing. The check for changed code that follows stays as it is.

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
