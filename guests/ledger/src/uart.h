// SPDX-License-Identifier: Apache-2.0
//
// The 16550A serial port COM1, with a ring of received bytes. Bytes to transmit come from output.h.

#ifndef LEDGER_UART_H
#define LEDGER_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

// Sets the line up. No interrupts yet.
void uart_init(void);

// Lets the port interrupt. The interrupt controller must be ready: it only sees changes.
void uart_start(void);
void uart_interrupt(void);

// Received bytes that lie together; uart_consume takes them off the ring.
size_t uart_peek(const uint8_t **bytes);
void uart_consume(size_t length);

// Starts receiving again if that was stopped and there is room now.
void uart_resume(void);

// Transmits what is ready, as far as the port takes it at once; the rest follows by interrupts.
void uart_transmit(void);

// Whether the interrupt handler is the one that transmits at the moment.
bool uart_transmits_by_interrupt(void);

// Transmits without interrupts or rings, for last words.
void uart_write_polled(struct slice text);

uint64_t uart_bytes_received(void);
uint64_t uart_bytes_sent(void);
uint64_t uart_line_errors(void);

#endif
