// SPDX-License-Identifier: MIT
//
// Stands in for CMSIS-RTOS2: what docs/cubeide.md uses of it.

#ifndef CMSIS_OS2_H
#define CMSIS_OS2_H

#include <stdint.h>

typedef enum { osOK = 0, osError = -1 } osStatus_t;
typedef void *osMutexId_t;

#define osWaitForever 0xFFFFFFFFu

osStatus_t osMutexAcquire(osMutexId_t mutex_id, uint32_t timeout);
osStatus_t osMutexRelease(osMutexId_t mutex_id);

#endif
