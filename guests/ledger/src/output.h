// SPDX-License-Identifier: Apache-2.0
//
// What is waiting to be transmitted: one ring of bytes, in which the replies of a channel are put
// into DATA frames when the console carries channels (PROTOCOL.md).
//
// The main loop writes. Bytes are read either by the main loop or by the UART's interrupt handler,
// never by both at a time (uart.c), so each index has one writer.

#ifndef LEDGER_OUTPUT_H
#define LEDGER_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

#define FRAME_OPEN 1
#define FRAME_DATA 2
#define FRAME_CLOSE 3
#define FRAME_SYNC 4
#define FRAME_ERROR 5
#define FRAME_HEADER 4u
#define FRAME_PAYLOAD_MAX 1024u

// One command is executed only when there is room for the largest reply and its frames.
#define OUTPUT_REPLY_ROOM 5120u

void output_init(void);

// Replies go to `channel` from now on. Without frames (`framed` false) they are sent as they are.
void output_select(bool framed, uint8_t channel);
void output_bytes(const void *bytes, size_t length);

// Appends a frame of its own. `length` is at most FRAME_PAYLOAD_MAX.
void output_frame(uint8_t kind, uint8_t channel, const void *payload, size_t length);

bool output_has_reply_room(void);

// Completes the frame being filled, so that all of it can be transmitted.
void output_finish(void);

// Bytes that can be transmitted and lie together; `output_sent` takes them off the ring.
size_t output_peek(const uint8_t **bytes);
void output_sent(size_t length);

// Forgets everything not yet transmitted. Interrupts must be off.
void output_discard(void);

#endif
