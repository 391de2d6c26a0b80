// SPDX-License-Identifier: MIT
//
// The board's button: an edge raises an interrupt, which takes note of the
// time; thread mode looks again when the contact has stopped bouncing. It
// counts when it is let go: one that is held at a reset is a call for recovery.

#include "button.h"

#include "board.h"
#include "port.h"

#define BOUNCE_MS 30

static volatile bool edge;
static volatile uint32_t edge_time;

void EXTI9_5_IRQHandler(void);

void EXTI9_5_IRQHandler(void)
{
    if (stm32_exti_take(board.button)) {
        edge = true;
        edge_time = stm32_millis();
    }
}

void button_start(void)
{
    stm32_pin_input_pull_up(board.button);
    stm32_exti_falling(board.button);
}

bool button_pressed(void)
{
    static bool down;
    if (edge && stm32_millis() - edge_time >= BOUNCE_MS) {
        edge = false;
        down = down || !stm32_pin_read(board.button); // a spike is over by now
    }
    if (!down || edge || !stm32_pin_read(board.button)) {
        return false;
    }
    down = false;
    return true;
}
