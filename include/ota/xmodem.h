// SPDX-License-Identifier: MIT
//
// A source that receives an image over a serial line by XMODEM, XMODEM-1K or
// YMODEM, whichever the sender uses: `sx`, `sx -k`, `sb`, `otatool send`, or
// the "send file" menu of any terminal program. After Chuck Forsberg,
// XMODEM/YMODEM Protocol Reference, 1988.
//
//     static struct ota_xmodem xmodem;
//     ota_xmodem_init(&xmodem, &serial, 10000);
//     ... {OTA_SOURCE_UART, &xmodem.source} ...
//
// What is different from a textbook receiver, and why:
//
// - A block is acknowledged only when its bytes have been read and more are
//   asked for. So nothing arrives while flash is erased or programmed, and
//   one byte of hardware buffer is enough: from one read() to the next no more
//   than the time of one byte may pass while a block arrives (15,600 cycles of
//   180 MHz at 115,200 baud). A sender waits at least 10 s for an answer; no
//   single piece of work may take longer.
// - The last byte of the image is held back until the sender has ended the
//   transfer in good order, or has not answered for 2 to 4 s. So it reports
//   success, and its last words do not get into what the line is used for next.
// - Only CRC-16 is offered, not the 8-bit checksum of 1977: one block in 256
//   with a random error would pass it. Senders that know only the checksum
//   find no receiver.
//
// No function blocks, and each call takes a bounded number of bytes.

#ifndef OTA_XMODEM_H
#define OTA_XMODEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ota/error.h"
#include "ota/source.h"

/// The line ///

// What get returns when it has no byte.
#define OTA_SERIAL_NONE    (-1) // nothing has arrived
#define OTA_SERIAL_DAMAGED (-2) // a byte was lost, or arrived damaged

// A line of 8 data bits, no flow control. All functions are needed.
struct ota_serial {
    // The next byte received, 0..255, or one of the above. Never waits.
    int (*get)(const struct ota_serial *serial);

    // Sends a byte; may wait until there is room for it.
    void (*put)(const struct ota_serial *serial, uint8_t byte);

    // Milliseconds since any moment; wraps at 2^32.
    uint32_t (*millis)(const struct ota_serial *serial);

    void *context; // of the functions' own
};

/// The receiver ///

// Errors in a row after which the receiver gives up.
#define OTA_XMODEM_TRIES 10

#define OTA_XMODEM_MAX_BLOCK 1024

// 1.1 KiB, owned by the caller; contents private.
struct ota_xmodem {
    struct ota_source source;
    struct {
        uint8_t phase;      // of the transfer
        uint8_t expected;   // number of the next block
        uint8_t errors;     // in a row
        uint8_t cans;       // CAN bytes in a row
        uint8_t last;       // byte of the image, held back
        bool complete;      // the reader has all bytes but that one
        bool inside;        // a block, or rubbish
        bool ymodem;        // a block 0 came
        bool end_seen;      // one EOT has come
        bool unanswered;    // a block was taken and not yet acknowledged
        uint32_t frame;     // bytes of the block; 0: rubbish
        uint32_t filled;    // bytes of it that have come
        uint32_t next;      // byte in the buffer to be read
        uint32_t unread;    // bytes from there on
        uint32_t surplus;   // bytes that came after the end of image or file
        int end;            // what read returns from now on; 0: goes on
        uint32_t now;       // ms
        uint32_t opened;    // ms
        uint32_t since;     // ms: when the line was last active
        uint32_t position;  // bytes given to the reader
        uint32_t total;     // bytes that the reader wants
        uint32_t file_left; // bytes of a YMODEM file that have not arrived
    } state;
    const struct ota_serial *serial;
    uint32_t start_ms;
    uint8_t buffer[OTA_XMODEM_MAX_BLOCK + 4]; // number, inverse, data, CRC
};

// serial must outlive the source. start_ms: give up if no valid block has come
// so many milliseconds after open; 0: ask for ever.
//
// The source's functions:
//
// open            forgets any earlier transfer and asks for a sender; never
//                 fails. A transfer may follow a failed one.
// read            see ota/source.h. Errors, which stay until the next open:
//   OTA_ERR_SOURCE_OPEN  nobody sends (start_ms), or the source is not open
//   OTA_ERR_SOURCE_READ  the sender cancelled (two CANs after its first block)
//                        or was silent for 110 s, more than
//                        OTA_XMODEM_TRIES errors in a row, a block out of
//                        sequence, or a line that babbles
//   OTA_ERR_SOURCE_END   all bytes of the image were read; before that: the
//                        file ended too early, or there was none
//   OTA_ERR_TOO_LARGE    more than 1 KiB of blocks followed the image's last
//   Whatever the reason, a sender that is still there is told to stop.
// set_total_size  must be called before the last byte of the image is read;
//                 what comes after it is padding.
// close           tells a sender to stop if the image is not complete.
// seek            none: each byte comes once.
//
// Of a YMODEM batch the first file is taken. Its size counts, its name does
// not; a second file is refused without harm to the first.
void ota_xmodem_init(struct ota_xmodem *xmodem, const struct ota_serial *serial,
                     uint32_t start_ms);

#endif
