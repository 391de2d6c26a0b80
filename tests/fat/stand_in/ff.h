// SPDX-License-Identifier: MIT
//
// Stands in for the header of ChaN's FatFs: what its documentation says of the
// four functions that sources/fatfs.c calls. FatFs itself is no package of the
// distributions that this repository is tested on.

#ifndef FF_H
#define FF_H

#include <stdint.h>

typedef unsigned int UINT;
typedef unsigned char BYTE;
typedef char TCHAR;
typedef uint32_t FSIZE_t;

typedef enum {
    FR_OK = 0,
    FR_DISK_ERR = 1,
    FR_INT_ERR = 2,
    FR_NOT_READY = 3,
    FR_NO_FILE = 4,
    FR_NO_PATH = 5,
    FR_INVALID_OBJECT = 9,
    FR_NO_FILESYSTEM = 13,
} FRESULT;

#define FA_READ 0x01

typedef struct {
    const BYTE *data;
    FSIZE_t size;
    FSIZE_t position;
} FIL;

FRESULT f_open(FIL *fp, const TCHAR *path, BYTE mode);
FRESULT f_close(FIL *fp);
FRESULT f_read(FIL *fp, void *buff, UINT btr, UINT *br);
FRESULT f_lseek(FIL *fp, FSIZE_t ofs);

#endif
