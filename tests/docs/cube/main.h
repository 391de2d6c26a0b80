// SPDX-License-Identifier: MIT
//
// Stands in for a CubeIDE project's main.h: the declarations of ST's headers
// that the blocks of docs/cubeide.md use, so that they can be compiled.

#ifndef MAIN_H
#define MAIN_H

#include <stdint.h>

typedef enum { HAL_OK, HAL_ERROR, HAL_BUSY, HAL_TIMEOUT } HAL_StatusTypeDef;

typedef struct {
    uint32_t TypeErase;
    uint32_t Banks;
    uint32_t Sector;
    uint32_t NbSectors;
    uint32_t VoltageRange;
} FLASH_EraseInitTypeDef;

enum { FLASH_TYPEERASE_SECTORS, FLASH_TYPEPROGRAM_WORD = 2 };
enum { FLASH_SECTOR_4 = 4, FLASH_VOLTAGE_RANGE_3 = 2 };
enum {
    FLASH_FLAG_OPERR = 1 << 1,
    FLASH_FLAG_WRPERR = 1 << 4,
    FLASH_FLAG_PGAERR = 1 << 5,
    FLASH_FLAG_PGPERR = 1 << 6,
    FLASH_FLAG_PGSERR = 1 << 7,
};

void __HAL_FLASH_CLEAR_FLAG(uint32_t flags);
HAL_StatusTypeDef HAL_FLASH_Unlock(void);
HAL_StatusTypeDef HAL_FLASH_Lock(void);
HAL_StatusTypeDef HAL_FLASH_Program(uint32_t TypeProgram, uint32_t Address,
                                    uint64_t Data);
HAL_StatusTypeDef HAL_FLASHEx_Erase(FLASH_EraseInitTypeDef *pEraseInit,
                                    uint32_t *SectorError);
_Noreturn void NVIC_SystemReset(void);

typedef struct {
    int dummy;
} SPI_HandleTypeDef, GPIO_TypeDef;

typedef enum { GPIO_PIN_RESET, GPIO_PIN_SET } GPIO_PinState;

#define GPIOB       ((GPIO_TypeDef *)0x40020400)
#define GPIO_PIN_12 ((uint16_t)0x1000)

HAL_StatusTypeDef HAL_SPI_TransmitReceive(SPI_HandleTypeDef *hspi,
                                          uint8_t *pTxData, uint8_t *pRxData,
                                          uint16_t Size, uint32_t Timeout);
void HAL_GPIO_WritePin(GPIO_TypeDef *GPIOx, uint16_t GPIO_Pin,
                       GPIO_PinState PinState);
uint32_t HAL_GetTick(void);

typedef struct {
    volatile uint32_t KR;
} IWDG_TypeDef;

#define IWDG ((IWDG_TypeDef *)0x40003000)

#endif
