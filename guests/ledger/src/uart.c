// SPDX-License-Identifier: Apache-2.0
//
// Every access to a port costs as much as some twenty instructions, so this driver is written to
// need few of them: bytes are moved by string instructions whenever the port has said how many
// there are at least. KVM makes one access of a string instruction that reads, however many bytes;
// of one that writes it makes one access for each byte, which still saves asking in between.

#include "uart.h"

#include "cpu.h"
#include "memory.h"
#include "output.h"

#define PORT 0x3f8
#define RBR (PORT + 0) // receive buffer; transmit holding register when written
#define THR (PORT + 0)
#define IER (PORT + 1) // interrupt enable
#define IIR (PORT + 2) // interrupt identification; FIFO control when written
#define FCR (PORT + 2)
#define LCR (PORT + 3) // line control
#define MCR (PORT + 4) // modem control
#define LSR (PORT + 5) // line status
#define MSR (PORT + 6) // modem status
#define DIVISOR_LOW (PORT + 0)
#define DIVISOR_HIGH (PORT + 1)

#define IER_RECEIVED 0x01
#define IER_TRANSMITTED 0x02
#define IIR_ID 0x0f
#define IIR_NONE 0x01
#define IIR_TRANSMITTED 0x02
#define IIR_RECEIVED 0x04 // as many bytes as the trigger level are there, or more
#define IIR_TIMEOUT 0x0c  // fewer, but no more have come for a while
#define IIR_LINE 0x06
#define FCR_ENABLE 0x01
#define FCR_TRIGGER_4 0x40
#define FCR_TRIGGER_8 0x80
#define FCR_TRIGGER_14 0xc0
#define LCR_8N1 0x03
#define LCR_DIVISOR 0x80
#define MCR_DTR 0x01
#define MCR_RTS 0x02
#define MCR_INTERRUPTS 0x08
#define MCR_LOOPBACK 0x10
#define LSR_DATA 0x01
#define LSR_ERRORS 0x0e // overrun, parity, framing
#define LSR_TRANSMIT_EMPTY 0x20

#define TRIGGER 14u
#define TRANSMIT_FIFO 16u

#define RING_SIZE 8192u
#define RING_MASK (RING_SIZE - 1)
// Receiving goes on until less than a full FIFO fits.
#define RING_STOP 16u

#define POLLS_MAX 100000

// `received` belongs to the interrupt handler, `consumed` to the main loop; both count bytes since
// the start and wrap with 32 bits. `ier` is changed with interrupts off.
static struct {
    uint8_t ring[RING_SIZE];
    volatile uint32_t received;
    volatile uint32_t consumed;
    volatile uint8_t ier;
    volatile bool receive_stopped;
    uint64_t bytes_received;
    uint64_t bytes_sent;
    uint64_t line_errors;
} uart;

static void enable(uint8_t interrupts)
{
    uart.ier |= interrupts;
    port_write(IER, uart.ier);
}

static void disable(uint8_t interrupts)
{
    uart.ier &= (uint8_t)~interrupts;
    port_write(IER, uart.ier);
}

void uart_start(void)
{
    enable(IER_RECEIVED);
}

static uint32_t ring_room(void)
{
    return RING_SIZE - (uart.received - uart.consumed);
}

static uint8_t line_status(void)
{
    uint8_t status = port_read(LSR);
    if ((status & LSR_ERRORS) != 0) {
        uart.line_errors++;
    }
    return status;
}

// Takes bytes that are known to be in the FIFO.
static void receive(size_t count)
{
    uint32_t at = uart.received & RING_MASK;
    size_t to_end = RING_SIZE - at;
    if (count <= to_end) {
        port_read_many(RBR, uart.ring + at, count);
    } else {
        uint8_t around_the_end[TRIGGER];
        port_read_many(RBR, around_the_end, count);
        memcpy(uart.ring + at, around_the_end, to_end);
        memcpy(uart.ring, around_the_end + to_end, count - to_end);
    }
    uart.received += (uint32_t)count;
    uart.bytes_received += count;
}

// A host may have sent something before this runs, and turning the FIFOs on empties them. Loopback
// takes the line off the receiver, so nothing can come between taking what is there and that.
void uart_init(void)
{
    port_write(IER, 0);
    port_write(MCR, MCR_LOOPBACK);
    port_write(LCR, LCR_DIVISOR | LCR_8N1);
    port_write(DIVISOR_LOW, 1); // 115200 baud
    port_write(DIVISOR_HIGH, 0);
    port_write(LCR, LCR_8N1);
    while (ring_room() > 0 && (line_status() & LSR_DATA) != 0) {
        receive(1);
    }
    port_write(FCR, FCR_ENABLE | FCR_TRIGGER_14);
    port_write(MCR, MCR_DTR | MCR_RTS | MCR_INTERRUPTS);
}

static uint8_t interrupt_id(void)
{
    return port_read(IIR) & IIR_ID;
}

// One to 13 bytes are there. Byte by byte they would take two accesses each. With a lower trigger
// level the port tells whether there are eight of them, and four, which halves the accesses.
static void receive_rest(void)
{
    port_write(FCR, FCR_ENABLE | FCR_TRIGGER_8);
    bool more = true;
    if (interrupt_id() == IIR_RECEIVED) {
        receive(8);
        more = (line_status() & LSR_DATA) != 0;
    }
    if (more) {
        port_write(FCR, FCR_ENABLE | FCR_TRIGGER_4);
        if (interrupt_id() == IIR_RECEIVED) {
            receive(4);
        }
        // Three at most, unless more have come since; the caller looks again.
        for (int i = 0; i < 3 && (line_status() & LSR_DATA) != 0; i++) {
            receive(1);
        }
    }
    port_write(FCR, FCR_ENABLE | FCR_TRIGGER_14);
}

static void send(const uint8_t *bytes, size_t length)
{
    size_t part = length < TRANSMIT_FIFO ? length : TRANSMIT_FIFO;
    port_write_many(THR, bytes, part);
    output_sent(part);
    uart.bytes_sent += part;
}

static void stop_receiving(void)
{
    uart.receive_stopped = true;
    disable(IER_RECEIVED);
    port_write(MCR, MCR_DTR | MCR_INTERRUPTS);
}

static void transmit_next(void)
{
    const uint8_t *bytes;
    size_t length = output_peek(&bytes);
    if (length > 0) {
        send(bytes, length);
    } else {
        disable(IER_TRANSMITTED);
    }
}

// The interrupt controller sees only changes of the line, so this goes on until the port has no
// reason left.
void uart_interrupt(void)
{
    for (;;) {
        uint8_t id = interrupt_id();
        switch (id) {
        case IIR_RECEIVED:
        case IIR_TIMEOUT:
            if (ring_room() < RING_STOP) {
                stop_receiving();
            } else if (id == IIR_RECEIVED) {
                receive(TRIGGER);
            } else {
                receive_rest();
            }
            break;
        case IIR_TRANSMITTED:
            transmit_next();
            break;
        case IIR_LINE:
            line_status();
            break;
        case IIR_NONE:
            return;
        default:
            if ((id & IIR_NONE) != 0) {
                return;
            }
            port_read(MSR);
            break;
        }
    }
}

size_t uart_peek(const uint8_t **bytes)
{
    uint32_t at = uart.consumed & RING_MASK;
    uint32_t length = uart.received - uart.consumed;
    uint32_t to_end = RING_SIZE - at;
    *bytes = uart.ring + at;
    return length < to_end ? length : to_end;
}

void uart_consume(size_t length)
{
    uart.consumed += (uint32_t)length;
}

void uart_resume(void)
{
    if (uart.receive_stopped && ring_room() >= RING_SIZE / 2) {
        interrupts_off();
        uart.receive_stopped = false;
        port_write(MCR, MCR_DTR | MCR_RTS | MCR_INTERRUPTS);
        enable(IER_RECEIVED);
        interrupts_on();
    }
}

void uart_transmit(void)
{
    const uint8_t *bytes;
    size_t length;
    while (!uart_transmits_by_interrupt() && (length = output_peek(&bytes)) > 0) {
        if ((line_status() & LSR_TRANSMIT_EMPTY) != 0) {
            send(bytes, length);
        } else {
            interrupts_off();
            enable(IER_TRANSMITTED);
            interrupts_on();
        }
    }
}

bool uart_transmits_by_interrupt(void)
{
    return (uart.ier & IER_TRANSMITTED) != 0;
}

void uart_write_polled(struct slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        for (int polls = 0; polls < POLLS_MAX; polls++) {
            if ((port_read(LSR) & LSR_TRANSMIT_EMPTY) != 0) {
                break;
            }
        }
        port_write(THR, text.data[i]);
    }
}

uint64_t uart_bytes_received(void)
{
    return uart.bytes_received;
}

uint64_t uart_bytes_sent(void)
{
    return uart.bytes_sent;
}

uint64_t uart_line_errors(void)
{
    return uart.line_errors;
}
