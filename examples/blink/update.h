// SPDX-License-Identifier: MIT

#ifndef BLINK_UPDATE_H
#define BLINK_UPDATE_H

#include "ota/app.h"

// Asks for an update from the C array, or from slot A where that is on a flash
// of its own, which somebody may have programmed. 0: reset now.
int update_from_flash(struct ota_app *app);

// Asks for an update from firmware.bin of an SD card, which the bootloader
// reads. 0: reset now.
int update_from_card(struct ota_app *app);

// Receives an image on the console, by XMODEM-1K or YMODEM, into a slot, and
// asks for the update. 0: reset now. Takes as long as the sender does.
int update_from_console(struct ota_app *app);

#endif
