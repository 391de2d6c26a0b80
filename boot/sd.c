// SPDX-License-Identifier: MIT

#include "devices.h"
#include "ota/fat.h"
#include "sources.h"

static const struct stm32_clocks *board_clocks;
static int (*open_file)(struct ota_source *source);

// The pins are touched when somebody asks for a card, not before: on a board
// without a socket they may be for something else.
static int open_card(struct ota_source *source)
{
    board_sd_start(board_clocks);
    return open_file(source);
}

size_t sd_source(struct ota_boot_source *list,
                 const struct stm32_clocks *clocks)
{
    static struct ota_fat_file file;
    board_clocks = clocks;
    if (board.sd.spi == board.w25q.spi) {
        board_sd_start(clocks); // deselected, before the other one is used
    }
    ota_fat_file_init(&file, &board_sd.blocks, "FIRMWARE.BIN");
    open_file = file.source.open;
    file.source.open = open_card;
    *list = (struct ota_boot_source){OTA_SOURCE_SD, &file.source, true};
    return 1;
}
