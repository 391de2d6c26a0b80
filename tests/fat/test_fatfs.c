// SPDX-License-Identifier: MIT
//
// The adapter for FatFs, on functions that do what its documentation says.

#include <string.h>

#include "ota/fatfs.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

static const BYTE content[] = "the quick brown fox";
enum { SIZE = sizeof content };

static FRESULT result; // of the next call
static int open_files;

FRESULT f_open(FIL *fp, const TCHAR *path, BYTE mode)
{
    assert_string_equal(path, "/firmware.bin");
    assert_int_equal(mode, FA_READ);
    if (result == FR_OK) {
        open_files++;
        *fp = (FIL){content, SIZE, 0};
    }
    return result;
}

FRESULT f_close(FIL *fp)
{
    assert_ptr_equal(fp->data, content);
    fp->data = NULL;
    open_files--;
    return FR_OK;
}

FRESULT f_read(FIL *fp, void *buff, UINT btr, UINT *br)
{
    assert_ptr_equal(fp->data, content);
    *br = btr < fp->size - fp->position ? btr : fp->size - fp->position;
    memcpy(buff, fp->data + fp->position, *br);
    fp->position += *br;
    return result;
}

// In a file opened for reading the offset is clipped to the size.
FRESULT f_lseek(FIL *fp, FSIZE_t ofs)
{
    assert_ptr_equal(fp->data, content);
    fp->position = ofs < fp->size ? ofs : fp->size;
    return result;
}

static struct ota_fatfs_file file;
static struct ota_source *source = &file.source;

static int set_up(void **state)
{
    (void)state;
    result = FR_OK;
    open_files = 0;
    ota_fatfs_file_init(&file, "/firmware.bin");
    return 0;
}

static void reads_and_seeks(void **state)
{
    (void)state;
    BYTE data[100];
    assert_int_equal(ota_source_open(source), 0);
    assert_int_equal(source->read(source, data, 4), 4);
    assert_int_equal(source->read(source, data + 4, 96), SIZE - 4);
    assert_memory_equal(data, content, SIZE);
    assert_int_equal(source->read(source, data, 1), OTA_ERR_SOURCE_END);
    assert_int_equal(source->seek(source, 4), 0);
    assert_int_equal(source->read(source, data, 1), 1);
    assert_int_equal(data[0], 'q');
    assert_int_equal(source->seek(source, UINT32_MAX), 0);
    assert_int_equal(source->read(source, data, 1), OTA_ERR_SOURCE_END);
    // again from the first byte, without leaving a file open
    assert_int_equal(ota_source_open(source), 0);
    assert_int_equal(open_files, 1);
    assert_int_equal(source->read(source, data, 1), 1);
    assert_int_equal(data[0], 't');
    ota_source_close(source);
    ota_source_close(source);
    assert_int_equal(open_files, 0);
}

static void errors(void **state)
{
    (void)state;
    BYTE data[4];
    const struct {
        FRESULT result;
        int error;
    } opens[] = {
        {FR_NO_FILE, OTA_ERR_SOURCE_FILE},
        {FR_NO_PATH, OTA_ERR_SOURCE_FILE},
        {FR_NO_FILESYSTEM, OTA_ERR_SOURCE_FORMAT},
        {FR_NOT_READY, OTA_ERR_SOURCE_OPEN},
        {FR_DISK_ERR, OTA_ERR_SOURCE_OPEN},
    };
    for (size_t i = 0; i < sizeof opens / sizeof *opens; i++) {
        result = opens[i].result;
        assert_int_equal(ota_source_open(source), opens[i].error);
        // FatFs is not asked about a file that did not open
        assert_int_equal(source->read(source, data, 4), OTA_ERR_SOURCE_OPEN);
        assert_int_equal(source->seek(source, 0), OTA_ERR_SOURCE_SEEK);
        ota_source_close(source);
    }
    result = FR_OK;
    assert_int_equal(ota_source_open(source), 0);
    result = FR_DISK_ERR;
    assert_int_equal(source->read(source, data, 4), OTA_ERR_SOURCE_READ);
    assert_int_equal(source->seek(source, 0), OTA_ERR_SOURCE_SEEK);
    result = FR_INT_ERR;
    assert_int_equal(source->read(source, data, 4), OTA_ERR_SOURCE_FORMAT);
    ota_source_close(source);
    assert_int_equal(open_files, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(reads_and_seeks, set_up),
        cmocka_unit_test_setup(errors, set_up),
    };
    return cmocka_run_group_tests_name("fatfs", tests, NULL, NULL);
}
