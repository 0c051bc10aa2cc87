// SPDX-License-Identifier: Apache-2.0
//
// Whose bytes are these? The console carries either the bytes of one client (stream mode) or, once
// the byte FRAME_SYNC came where a request would begin, frames of up to 256 clients. See
// PROTOCOL.md for the rules.

#ifndef LEDGER_CHANNELS_H
#define LEDGER_CHANNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANNELS_MAX 256u

// Needs pages_init. False when there is no memory for one client.
bool channels_init(void);

// Consumes input up to and including at most one request, executes it, and returns how many bytes
// it took: at least one. The caller has checked output_has_reply_room.
size_t channels_input(const uint8_t *data, size_t length);

// All input there was has been consumed.
void channels_idle(void);

bool channels_framed(void);
uint32_t channels_open(void);

#endif
