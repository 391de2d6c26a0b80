// SPDX-License-Identifier: MIT
//
// The application finds the chip as after reset (DESIGN.md, Hand-over), except
// for VTOR and RAM. The reset-cause flags in RCC_CSR stay.

#include "port.h"

#include "cortex_m.h"
#include "registers.h"

static void stop_interrupts(void)
{
    stm32_systick_stop();
    SCB->ICSR = SCB_ICSR_PENDSVCLR;
    for (int i = 0; i < (INTERRUPTS + 31) / 32; i++) {
        NVIC->ICER[i] = 0xFFFFFFFF;
        NVIC->ICPR[i] = 0xFFFFFFFF;
    }
}

// Resets those of our peripherals whose clock is on, then takes the clock
// away. Bits that are not ours stay as they are.
__attribute__((noinline)) // three times: smaller so
static void
reset_peripherals(volatile uint32_t *rstr, volatile uint32_t *enr,
                  uint32_t ours)
{
    uint32_t used = *enr & ours;
    *rstr |= used;
    *rstr &= ~used;
    *enr &= ~used;
}

// In one piece: after the stack pointer has changed, C has no frame. LR as
// after reset (Armv7-M ARM B1.5.5).
static _Noreturn void start(uint32_t vectors)
{
    __asm__ volatile("msr control, %1\n\t"
                     "ldr r2, [%0]\n\t"
                     "ldr r3, [%0, #4]\n\t"
                     "msr msp, r2\n\t"
                     "mov lr, #-1\n\t"
                     "cpsie i\n\t"
                     "isb\n\t"
                     "bx r3"
                     :
                     : "r"(vectors), "r"(0)
                     : "r2", "r3", "lr", "memory");
    __builtin_unreachable();
}

void stm32_handover(uint32_t vectors)
{
    interrupts_off();
    stop_interrupts();
    stm32_clock_stop();
    uint32_t apb2 = RCC_APB2_USART1 | RCC_APB2_SPI1 | RCC_APB2_EXTI_ROUTE;
    if (&RCC_GPIO_ENR == &RCC->APB2ENR) {
        apb2 |= RCC_GPIO_ALL; // on F1
    } else {
        reset_peripherals(&RCC_GPIO_RSTR, &RCC_GPIO_ENR, RCC_GPIO_ALL);
    }
    reset_peripherals(&RCC->APB2RSTR, &RCC->APB2ENR, apb2);
    reset_peripherals(&RCC->APB1RSTR, &RCC->APB1ENR,
                      RCC_APB1_USART2 | RCC_APB1_SPI2 | RCC_APB1_PWR);
    stm32_iwdg_feed();

    SCB->VTOR = vectors;
    data_barrier();
    instruction_barrier();
    start(vectors);
}
