// SPDX-License-Identifier: MIT
//
// Reads what an ELF file puts into flash: the contents of its allocated
// sections, at the physical (load) addresses of their PT_LOAD segments.
// Sections and not whole segments, because a linker may begin the first segment
// with the ELF headers, which no programmer writes into flash.

#include <gelf.h>
#include <libelf.h>

#include "program.h"

static enum status bad_elf(const char *path)
{
    return fail(STATUS_BAD, "%s is no readable ELF file (%s): link it again",
                path, elf_errmsg(-1));
}

// The PT_LOAD segment whose contents hold these bytes of the file.
static bool find_segment(Elf *elf, const GElf_Shdr *section, GElf_Phdr *segment)
{
    size_t count;
    if (elf_getphdrnum(elf, &count) != 0) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (gelf_getphdr(elf, (int)i, segment) && segment->p_type == PT_LOAD &&
            section->sh_offset >= segment->p_offset &&
            section->sh_size <= segment->p_filesz &&
            section->sh_offset - segment->p_offset <=
                segment->p_filesz - section->sh_size) {
            return true;
        }
    }
    return false;
}

static enum status add_section(const char *path, const struct blob *file,
                               Elf *elf, const GElf_Shdr *section,
                               struct memory *memory)
{
    if (section->sh_size > file->size ||
        section->sh_offset > file->size - section->sh_size) {
        return fail(STATUS_BAD, "%s is cut off: link or copy it again", path);
    }
    GElf_Phdr segment;
    if (!find_segment(elf, section, &segment)) {
        return fail(STATUS_BAD,
                    "%s has contents without a load address: give every "
                    "section of the linker script a region (> FLASH, or "
                    "> RAM AT> FLASH)",
                    path);
    }
    uint64_t address =
        segment.p_paddr + (section->sh_offset - segment.p_offset);
    if (address > UINT32_MAX || section->sh_size > UINT32_MAX - address) {
        return fail(STATUS_BAD,
                    "%s has contents above 4 GiB: check the "
                    "addresses in the linker script",
                    path);
    }
    memory_add(memory, (uint32_t)address, file->data + section->sh_offset,
               section->sh_size);
    return STATUS_OK;
}

static enum status add_sections(const char *path, const struct blob *file,
                                Elf *elf, struct memory *memory)
{
    Elf_Scn *at = NULL;
    while ((at = elf_nextscn(elf, at))) {
        GElf_Shdr section;
        if (!gelf_getshdr(at, &section)) {
            return bad_elf(path);
        }
        if (!(section.sh_flags & SHF_ALLOC) || section.sh_size == 0 ||
            section.sh_type == SHT_NOBITS) {
            continue;
        }
        enum status status = add_section(path, file, elf, &section, memory);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status check_target(const char *path, Elf *elf)
{
    GElf_Ehdr header;
    if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header)) {
        return bad_elf(path);
    }
    if (header.e_machine != EM_ARM || gelf_getclass(elf) != ELFCLASS32 ||
        header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_type != ET_EXEC) {
        return fail(STATUS_BAD,
                    "%s is no linked 32-bit ARM program: take the ELF file "
                    "that arm-none-eabi-gcc links",
                    path);
    }
    return STATUS_OK;
}

enum status elf_read(const char *path, const struct blob *file,
                     struct memory *memory)
{
    elf_version(EV_CURRENT);
    Elf *elf = elf_memory((char *)file->data, file->size);
    if (!elf) {
        return bad_elf(path);
    }
    enum status status = check_target(path, elf);
    if (status == STATUS_OK) {
        status = add_sections(path, file, elf, memory);
    }
    elf_end(elf);
    return status;
}
