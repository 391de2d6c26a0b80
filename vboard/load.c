// SPDX-License-Identifier: MIT
//
// Loads firmware into the flash, as a programmer does.

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>
#include <unistd.h>

#include "state.h"

static int complain(struct vboard *board, const char *path, const char *why)
{
    fprintf(board->log, "vboard: %s: %s\n", path, why);
    return -1;
}

static int load_bytes(struct vboard *board, const char *path, uint64_t address,
                      const void *data, uint64_t size)
{
    const struct chip *chip = board->chip;
    uint64_t offset = address - chip->flash_base;
    if (offset > chip->flash_size || size > chip->flash_size - offset) {
        fprintf(board->log,
                "vboard: %s: 0x%llx bytes at 0x%08llx do not lie in the flash "
                "(0x%08x to 0x%08x): check the address or the linker script\n",
                path, (unsigned long long)size, (unsigned long long)address,
                (unsigned)chip->flash_base,
                (unsigned)(chip->flash_base + chip->flash_size - 1));
        return -1;
    }
    memcpy(board->flash + offset, data, size);
    return 0;
}

static int load_segment(struct vboard *board, const char *path, Elf *elf,
                        const GElf_Phdr *segment)
{
    if (segment->p_type != PT_LOAD || segment->p_filesz == 0) {
        return 0;
    }
    Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)segment->p_offset,
                                          segment->p_filesz, ELF_T_BYTE);
    if (!data) {
        return complain(board, path, elf_errmsg(-1));
    }
    return load_bytes(board, path, segment->p_paddr, data->d_buf,
                      segment->p_filesz);
}

static int load_elf(struct vboard *board, const char *path, Elf *elf)
{
    GElf_Ehdr header;
    size_t count;
    if (!gelf_getehdr(elf, &header) || elf_getphdrnum(elf, &count) ||
        header.e_machine != EM_ARM) {
        return complain(board, path,
                        "not an ELF file for ARM: build the "
                        "firmware with arm-none-eabi-gcc");
    }
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr segment;
        if (!gelf_getphdr(elf, (int)i, &segment)) {
            return complain(board, path, elf_errmsg(-1));
        }
        int err = load_segment(board, path, elf, &segment);
        if (err) {
            return err;
        }
    }
    return 0;
}

static int load_raw(struct vboard *board, const char *path, Elf *elf,
                    uint32_t address)
{
    size_t size;
    const char *data = elf_rawfile(elf, &size);
    if (!data) {
        return complain(board, path, "empty file");
    }
    return load_bytes(board, path, address, data, size);
}

int vboard_load(struct vboard *board, const char *path, uint32_t address)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return complain(board, path, strerror(errno));
    }
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(file, ELF_C_READ, NULL);
    int err;
    if (!elf) {
        err = complain(board, path, elf_errmsg(-1));
    } else if (elf_kind(elf) == ELF_K_ELF) {
        err = load_elf(board, path, elf);
    } else {
        err = load_raw(board, path, elf, address);
    }
    elf_end(elf);
    close(file);
    return err;
}
