// SPDX-License-Identifier: MIT
//
// The interrupts of the STM32F103 of medium density (RM0008 10.1.2, table 63);
// they follow those of the core in the vector table. A handler is replaced by
// defining a function of its name.

#include "registers.h"
#include "startup.h"

#define WEAK __attribute__((weak, alias("unexpected")))

void unexpected(void);

// As Default_Handler in vectors.c; an alias must stand in its own file.
void unexpected(void)
{
    stm32_reset();
}

void WWDG_IRQHandler(void) WEAK;
void PVD_IRQHandler(void) WEAK;
void TAMPER_IRQHandler(void) WEAK;
void RTC_IRQHandler(void) WEAK;
void FLASH_IRQHandler(void) WEAK;
void RCC_IRQHandler(void) WEAK;
void EXTI0_IRQHandler(void) WEAK;
void EXTI1_IRQHandler(void) WEAK;
void EXTI2_IRQHandler(void) WEAK;
void EXTI3_IRQHandler(void) WEAK;
void EXTI4_IRQHandler(void) WEAK;
void DMA1_Channel1_IRQHandler(void) WEAK;
void DMA1_Channel2_IRQHandler(void) WEAK;
void DMA1_Channel3_IRQHandler(void) WEAK;
void DMA1_Channel4_IRQHandler(void) WEAK;
void DMA1_Channel5_IRQHandler(void) WEAK;
void DMA1_Channel6_IRQHandler(void) WEAK;
void DMA1_Channel7_IRQHandler(void) WEAK;
void ADC1_2_IRQHandler(void) WEAK;
void USB_HP_CAN1_TX_IRQHandler(void) WEAK;
void USB_LP_CAN1_RX0_IRQHandler(void) WEAK;
void CAN1_RX1_IRQHandler(void) WEAK;
void CAN1_SCE_IRQHandler(void) WEAK;
void EXTI9_5_IRQHandler(void) WEAK;
void TIM1_BRK_IRQHandler(void) WEAK;
void TIM1_UP_IRQHandler(void) WEAK;
void TIM1_TRG_COM_IRQHandler(void) WEAK;
void TIM1_CC_IRQHandler(void) WEAK;
void TIM2_IRQHandler(void) WEAK;
void TIM3_IRQHandler(void) WEAK;
void TIM4_IRQHandler(void) WEAK;
void I2C1_EV_IRQHandler(void) WEAK;
void I2C1_ER_IRQHandler(void) WEAK;
void I2C2_EV_IRQHandler(void) WEAK;
void I2C2_ER_IRQHandler(void) WEAK;
void SPI1_IRQHandler(void) WEAK;
void SPI2_IRQHandler(void) WEAK;
void USART1_IRQHandler(void) WEAK;
void USART2_IRQHandler(void) WEAK;
void USART3_IRQHandler(void) WEAK;
void EXTI15_10_IRQHandler(void) WEAK;
void RTC_Alarm_IRQHandler(void) WEAK;
void USBWakeUp_IRQHandler(void) WEAK;

__attribute__((section(".vectors.interrupts"), used))
const union vector interrupt_vectors[] = {
    {WWDG_IRQHandler},
    {PVD_IRQHandler},
    {TAMPER_IRQHandler},
    {RTC_IRQHandler},
    {FLASH_IRQHandler},
    {RCC_IRQHandler},
    {EXTI0_IRQHandler},
    {EXTI1_IRQHandler},
    {EXTI2_IRQHandler},
    {EXTI3_IRQHandler},
    {EXTI4_IRQHandler},
    {DMA1_Channel1_IRQHandler},
    {DMA1_Channel2_IRQHandler},
    {DMA1_Channel3_IRQHandler},
    {DMA1_Channel4_IRQHandler},
    {DMA1_Channel5_IRQHandler},
    {DMA1_Channel6_IRQHandler},
    {DMA1_Channel7_IRQHandler},
    {ADC1_2_IRQHandler},
    {USB_HP_CAN1_TX_IRQHandler},
    {USB_LP_CAN1_RX0_IRQHandler},
    {CAN1_RX1_IRQHandler},
    {CAN1_SCE_IRQHandler},
    {EXTI9_5_IRQHandler},
    {TIM1_BRK_IRQHandler},
    {TIM1_UP_IRQHandler},
    {TIM1_TRG_COM_IRQHandler},
    {TIM1_CC_IRQHandler},
    {TIM2_IRQHandler},
    {TIM3_IRQHandler},
    {TIM4_IRQHandler},
    {I2C1_EV_IRQHandler},
    {I2C1_ER_IRQHandler},
    {I2C2_EV_IRQHandler},
    {I2C2_ER_IRQHandler},
    {SPI1_IRQHandler},
    {SPI2_IRQHandler},
    {USART1_IRQHandler},
    {USART2_IRQHandler},
    {USART3_IRQHandler},
    {EXTI15_10_IRQHandler},
    {RTC_Alarm_IRQHandler},
    {USBWakeUp_IRQHandler},
};

_Static_assert(sizeof(interrupt_vectors) == INTERRUPTS * 4,
               "RM0008 10.1.2: 43 interrupts");
