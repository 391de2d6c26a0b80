// SPDX-License-Identifier: MIT
//
// USART1 and USART2 (RM0390 25, RM0008 27), asynchronous mode: both directions
// take the time that BRR and the bus clock give.
//
// Bytes from vboard_uart_send wait outside the chip while the receiver is off
// or has no baud rate; from then on they arrive back to back, whether the
// firmware reads them or not.

#include "state.h"

enum {
    SR = 0x00,
    DR = 0x04,
    BRR = 0x08,
    CR1 = 0x0C,
    CR2 = 0x10,
    CR3 = 0x14,
    GTPR = 0x18
};

#define SR_PE    (1u << 0)
#define SR_FE    (1u << 1)
#define SR_NF    (1u << 2)
#define SR_ORE   (1u << 3)
#define SR_IDLE  (1u << 4)
#define SR_RXNE  (1u << 5)
#define SR_TC    (1u << 6)
#define SR_TXE   (1u << 7)
#define SR_LBD   (1u << 8)
#define SR_CTS   (1u << 9)
#define SR_RESET (SR_TXE | SR_TC)
// cleared by reading SR, then reading DR
#define SR_BY_READ (SR_PE | SR_FE | SR_NF | SR_ORE | SR_IDLE)
// cleared by writing 0
#define SR_BY_ZERO (SR_RXNE | SR_TC | SR_LBD | SR_CTS)

#define CR1_SBK    (1u << 0)
#define CR1_RWU    (1u << 1)
#define CR1_RE     (1u << 2)
#define CR1_TE     (1u << 3)
#define CR1_RXNEIE (1u << 5)
#define CR1_PCE    (1u << 10)
#define CR1_M      (1u << 12)
#define CR1_UE     (1u << 13)
#define CR1_OVER8  (1u << 15)

#define CR3_EIE (1u << 0)

// Modes that are not modelled: LIN, clock output, IrDA, half duplex,
// smartcard, DMA, flow control.
#define CR1_NOT_MODELLED (CR1_SBK | CR1_RWU)
#define CR2_NOT_MODELLED 0x4800u
#define CR3_NOT_MODELLED 0x03EAu

#define AF7      7
#define REMAPPED 2 // USART1_REMAP in AFIO_MAPR

#define REGS(cr1, cr3)                                                         \
    {                                                                          \
        {"SR", SR, SR_RESET, 0x3FF}, {"DR", DR, 0, 0},                         \
            {"BRR", BRR, 0, 0xFFFF}, {"CR1", CR1, 0, cr1},                     \
            {"CR2", CR2, 0, 0x7F6F}, {"CR3", CR3, 0, cr3},                     \
            {"GTPR", GTPR, 0, 0xFFFF},                                         \
    }

static const struct reg regs[] = REGS(0xBFFF, 0x0FFF);
// without OVER8 and ONEBIT
static const struct reg regs_f1[] = REGS(0x3FFF, 0x07FF);

static struct usart_state *state_of(struct vboard *board,
                                    const struct device *device)
{
    return &board->state.device.usart[device->unit - 1];
}

static const struct usart_wiring *wiring_of(const struct vboard *board,
                                            const struct device *device)
{
    return &board->chip->usart[device->unit - 1];
}

static enum timer tx_timer(const struct device *device)
{
    return device->unit == 1 ? TIMER_USART1_TX : TIMER_USART2_TX;
}

static enum timer rx_timer(const struct device *device)
{
    return device->unit == 1 ? TIMER_USART1_RX : TIMER_USART2_RX;
}

static uint64_t pclk(const struct vboard *board, const struct device *device)
{
    return device->unit == 1 ? rcc_pclk2(board) : rcc_pclk1(board);
}

// Time of one frame in picoseconds; 0 while there is no baud rate.
static uint64_t frame_time(const struct vboard *board,
                           const struct device *device)
{
    const struct usart_state *usart =
        &board->state.device.usart[device->unit - 1];
    // USARTDIV is in sixteenths, or in eighths with OVER8 (RM0390 25.4.4)
    uint64_t clocks_per_bit = usart->cr1 & CR1_OVER8
                                  ? (usart->brr >> 4) * 8 + (usart->brr & 7)
                                  : usart->brr;
    static const uint8_t stop_halves[] = {2, 1, 4, 3};
    unsigned halves =
        2 * (usart->cr1 & CR1_M ? 10 : 9) + stop_halves[(usart->cr2 >> 12) & 3];
    uint64_t clock = pclk(board, device);
    return clock ? clocks_per_bit * halves * (VBOARD_S / 2) / clock : 0;
}

static bool has_tx(const struct vboard *board, const struct pad pads[2])
{
    return gpio_output_of(board, pads[0].port, pads[0].pin, pads[0].route) ||
           gpio_output_of(board, pads[1].port, pads[1].pin, pads[1].route);
}

static bool has_rx(const struct vboard *board, const struct pad pads[2])
{
    return gpio_input_of(board, pads[0].port, pads[0].pin, pads[0].route) ||
           gpio_input_of(board, pads[1].port, pads[1].pin, pads[1].route);
}

static void irq_update(struct vboard *board, const struct device *device)
{
    const struct usart_state *usart = state_of(board, device);
    // IDLEIE, RXNEIE, TCIE and TXEIE stand where their flags stand in SR
    uint32_t pending =
        usart->sr & usart->cr1 & (SR_IDLE | SR_RXNE | SR_TC | SR_TXE);
    bool overrun = usart->sr & SR_ORE && usart->cr1 & CR1_RXNEIE;
    bool parity = usart->sr & SR_PE && usart->cr1 & (1u << 8); // PEIE
    nvic_line(board, wiring_of(board, device)->irq,
              pending || overrun || parity);
}

/// Transmitter ///

// Bits of a character that are data: parity takes the highest one.
static uint32_t data_mask(const struct usart_state *usart)
{
    unsigned bits = 8 + !!(usart->cr1 & CR1_M) - !!(usart->cr1 & CR1_PCE);
    return (1u << bits) - 1;
}

static void transmit(struct vboard *board, const struct device *device,
                     uint32_t value)
{
    struct usart_state *usart = state_of(board, device);
    usart->shift = value;
    usart->sending = true;
    timer_set(board, tx_timer(device), now(board) + frame_time(board, device));
}

static void byte_leaves(struct vboard *board, const struct device *device)
{
    struct usart_state *usart = state_of(board, device);
    if (!has_tx(board, wiring_of(board, device)->tx)) {
        violation(board, device->base + DR,
                  "%s sends while no TX pin is %s: the byte is lost",
                  device->name, wiring_of(board, device)->tx_mode);
        return;
    }
    if (!rcc_enabled(board, device)) {
        violation(board, device->base + DR,
                  "clock of %s was switched off while it sent: the byte is "
                  "lost; wait for TC",
                  device->name);
        return;
    }
    struct vboard_event event = {
        .kind = VBOARD_EVENT_UART,
        .text = device->name,
        .unit = device->unit,
        .value = usart->shift & data_mask(usart),
    };
    send_event(board, &event);
}

static void tx_due(struct vboard *board, const struct device *device)
{
    struct usart_state *usart = state_of(board, device);
    usart->sending = false;
    byte_leaves(board, device);
    if (!(usart->sr & SR_TXE)) {
        usart->sr |= SR_TXE;
        transmit(board, device, usart->hold);
    } else {
        usart->sr |= SR_TC;
    }
    irq_update(board, device);
}

static void write_dr(struct vboard *board, const struct device *device,
                     uint32_t value)
{
    struct usart_state *usart = state_of(board, device);
    const uint32_t on = CR1_UE | CR1_TE;
    usart->sr &= ~(usart->seen & SR_TC);
    usart->seen &= ~SR_TC;
    if ((usart->cr1 & on) != on || frame_time(board, device) == 0) {
        violation(board, device->base + DR,
                  "%s DR written while UE, TE or the baud rate is not set: "
                  "the byte is lost",
                  device->name);
        return;
    }
    if (!usart->sending) {
        transmit(board, device, value);
        return;
    }
    if (!(usart->sr & SR_TXE)) {
        violation(board, device->base + DR,
                  "%s DR written before TXE was set: the byte before is lost",
                  device->name);
    }
    usart->hold = value;
    usart->sr &= ~SR_TXE;
}

// Stops the transmitter if a write of CR1 says so. TE kills the frame under
// way, UE lets it end (RM0390 25.6.4); what waits in DR is lost either way.
static void stop_sending(struct vboard *board, const struct device *device,
                         uint32_t falling)
{
    struct usart_state *usart = state_of(board, device);
    bool waiting = !(usart->sr & SR_TXE);
    if (!usart->sending ||
        !(falling & CR1_TE || (falling & CR1_UE && waiting))) {
        return;
    }
    violation(board, device->base + CR1,
              "%s CR1 %s cleared before the last byte was sent: wait for TC",
              device->name, falling & CR1_TE ? "TE" : "UE");
    usart->sr |= SR_TXE;
    if (falling & CR1_TE) {
        usart->sr |= SR_TC;
        usart->sending = false;
        timer_clear(board, tx_timer(device));
    }
}

/// Receiver ///

static bool can_receive(struct vboard *board, const struct device *device)
{
    const uint32_t on = CR1_UE | CR1_RE;
    return (state_of(board, device)->cr1 & on) == on &&
           rcc_enabled(board, device) && frame_time(board, device) != 0;
}

// The next byte starts to arrive, if there is one and nothing else arrives.
static void receive_next(struct vboard *board, const struct device *device)
{
    struct usart_state *usart = state_of(board, device);
    if (usart->receiving || usart->queue_len == 0 ||
        !can_receive(board, device)) {
        return;
    }
    usart->receiving = true;
    usart->idle_next = false;
    timer_set(board, rx_timer(device), now(board) + frame_time(board, device));
}

static uint8_t dequeue(struct usart_state *usart)
{
    uint8_t byte = usart->queue[usart->queue_head];
    usart->queue_head = (usart->queue_head + 1) % sizeof(usart->queue);
    usart->queue_len--;
    return byte;
}

static void byte_arrives(struct vboard *board, const struct device *device,
                         uint8_t byte)
{
    struct usart_state *usart = state_of(board, device);
    if (!can_receive(board, device)) {
        return; // switched off in the middle: lost, as on the wire
    }
    if (!has_rx(board, wiring_of(board, device)->rx)) {
        violation(board, device->base + DR,
                  "%s receives while no RX pin is %s: the byte is lost",
                  device->name, wiring_of(board, device)->rx_mode);
        return;
    }
    if (usart->sr & SR_RXNE) {
        usart->sr |= SR_ORE; // DR keeps the older byte (RM0390 25.4.3)
        return;
    }
    usart->dr = byte;
    usart->sr |= SR_RXNE;
}

static void rx_due(struct vboard *board, const struct device *device)
{
    struct usart_state *usart = state_of(board, device);
    if (usart->idle_next) {
        usart->idle_next = false;
        usart->sr |= SR_IDLE;
    } else {
        usart->receiving = false;
        byte_arrives(board, device, dequeue(usart));
        receive_next(board, device);
        if (!usart->receiving && can_receive(board, device)) {
            usart->idle_next = true;
            timer_set(board, rx_timer(device),
                      now(board) + frame_time(board, device));
        }
    }
    irq_update(board, device);
}

int vboard_uart_send(struct vboard *board, int uart, const void *data,
                     size_t len)
{
    if (uart != 1 && uart != 2) {
        return -1;
    }
    const struct device *device = board->chip->usart[uart - 1].device;
    struct usart_state *usart = state_of(board, device);
    if (len > sizeof(usart->queue) - usart->queue_len) {
        return -1; // nothing is taken: the host offers it again later
    }
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++) {
        size_t at =
            (usart->queue_head + usart->queue_len) % sizeof(usart->queue);
        usart->queue[at] = bytes[i];
        usart->queue_len++;
    }
    receive_next(board, device);
    return 0;
}

/// Registers ///

static uint32_t usart_peek(const struct vboard *board,
                           const struct device *device, uint32_t offset)
{
    const struct usart_state *usart =
        &board->state.device.usart[device->unit - 1];
    const uint32_t value[] = {usart->sr,  usart->dr,  usart->brr, usart->cr1,
                              usart->cr2, usart->cr3, usart->gtpr};
    return value[offset / 4];
}

static uint32_t usart_read(struct vboard *board, const struct device *device,
                           uint32_t offset, unsigned size)
{
    (void)size;
    struct usart_state *usart = state_of(board, device);
    uint32_t value = usart_peek(board, device, offset);
    if (offset == SR) {
        usart->seen = value;
    } else if (offset == DR) {
        usart->sr &= ~(SR_RXNE | (usart->seen & SR_BY_READ));
        usart->seen = 0;
        irq_update(board, device);
    }
    return value;
}

static void refuse_modes(struct vboard *board, const struct device *device,
                         uint32_t offset, uint32_t bits)
{
    if (bits) {
        violation(board, device->base + offset,
                  "not modelled: %s %s bits 0x%04X", device->name,
                  reg_name(device, offset), (unsigned)bits);
    }
}

static void write_cr1(struct vboard *board, const struct device *device,
                      uint32_t value)
{
    struct usart_state *usart = state_of(board, device);
    refuse_modes(board, device, CR1, value & CR1_NOT_MODELLED);
    stop_sending(board, device, usart->cr1 & ~value);
    usart->cr1 = value & device->regs[CR1 / 4].mask;
    receive_next(board, device);
}

static void write_brr(struct vboard *board, const struct device *device,
                      uint32_t value)
{
    struct usart_state *usart = state_of(board, device);
    if (usart->sending) {
        violation(board, device->base + BRR,
                  "%s BRR written while a byte is sent: wait for TC",
                  device->name);
    }
    if (value < 16 && value != 0) {
        violation(board, device->base + BRR,
                  "%s BRR of 0x%X: USARTDIV is below 1", device->name,
                  (unsigned)value);
        return;
    }
    usart->brr = value;
    receive_next(board, device);
}

static void usart_write(struct vboard *board, const struct device *device,
                        uint32_t offset, uint32_t value, unsigned size)
{
    (void)size;
    struct usart_state *usart = state_of(board, device);
    value &= 0xFFFF;
    switch (offset) {
    case SR:
        usart->sr &= value | ~SR_BY_ZERO;
        break;
    case DR:
        write_dr(board, device, value & 0x1FF);
        break;
    case BRR:
        write_brr(board, device, value);
        break;
    case CR1:
        write_cr1(board, device, value);
        break;
    case CR2:
        refuse_modes(board, device, CR2, value & CR2_NOT_MODELLED);
        usart->cr2 = value & 0x7F6F;
        break;
    case CR3:
        refuse_modes(board, device, CR3, value & CR3_NOT_MODELLED);
        usart->cr3 = value & device->regs[CR3 / 4].mask;
        break;
    default:
        usart->gtpr = value;
        break;
    }
    irq_update(board, device);
}

static void usart_reset(struct vboard *board, const struct device *device,
                        bool power)
{
    struct usart_state *usart = state_of(board, device);
    if (usart->sending && rcc_held_in_reset(board, device)) {
        violation(board, device->base,
                  "%s was reset through RCC before the last byte was sent: "
                  "wait for TC",
                  device->name);
    }
    if (usart->receiving) {
        dequeue(usart); // the byte under way is lost
    }
    if (power) {
        usart->queue_len = 0;
    }
    usart->sr = SR_RESET;
    usart->dr = usart->brr = usart->cr1 = usart->cr2 = usart->cr3 = 0;
    usart->gtpr = usart->seen = 0;
    usart->sending = usart->receiving = usart->idle_next = false;
    timer_clear(board, tx_timer(device));
    timer_clear(board, rx_timer(device));
    irq_update(board, device);
}

#define USART(number, address, enr, enr_bit, table)                            \
    {                                                                          \
        .name = "USART" #number, .base = address, .size = 0x400,               \
        .enable_offset = enr, .enable_bit = enr_bit, .unit = number,           \
        .widths = 2 | 4, .read = usart_read, .write = usart_write,             \
        .peek = usart_peek, .reset = usart_reset, .regs = table,               \
        .reg_count = sizeof(table) / sizeof(table[0]),                         \
    }

const struct device usart_f4_device[2] = {
    USART(1, 0x40011000, 0x44, 4, regs),
    USART(2, 0x40004400, 0x40, 17, regs),
};

const struct device usart_f1_device[2] = {
    USART(1, 0x40013800, 0x18, 14, regs_f1),
    USART(2, 0x40004400, 0x1C, 17, regs_f1),
};

// DS10693 table 11.
#define F4_MODE "in alternate function 7"
const struct usart_wiring usart_f4[2] = {
    {&usart_f4_device[0],
     {{0, 9, AF7}, {1, 6, AF7}},
     {{0, 10, AF7}, {1, 7, AF7}},
     F4_MODE,
     F4_MODE,
     37},
    {&usart_f4_device[1],
     {{0, 2, AF7}, {3, 5, AF7}},
     {{0, 3, AF7}, {3, 6, AF7}},
     F4_MODE,
     F4_MODE,
     38},
};

// RM0008 9.1.11 (modes) and 9.3.8 (remapping); USART2's other pins are not
// on the package.
#define F1_TX "an alternate function output"
#define F1_RX "an input"
const struct usart_wiring usart_f1[2] = {
    {&usart_f1_device[0],
     {{0, 9, ROUTE_UNLESS(REMAPPED)}, {1, 6, ROUTE_IF(REMAPPED)}},
     {{0, 10, ROUTE_UNLESS(REMAPPED)}, {1, 7, ROUTE_IF(REMAPPED)}},
     F1_TX,
     F1_RX,
     37},
    {&usart_f1_device[1],
     {{0, 2, 0}, {0, 2, 0}},
     {{0, 3, 0}, {0, 3, 0}},
     F1_TX,
     F1_RX,
     38},
};

void usart_tx_due(struct vboard *board, enum timer timer)
{
    tx_due(board, board->chip->usart[timer == TIMER_USART2_TX].device);
}

void usart_rx_due(struct vboard *board, enum timer timer)
{
    rx_due(board, board->chip->usart[timer == TIMER_USART2_RX].device);
}
