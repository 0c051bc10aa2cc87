// SPDX-License-Identifier: Apache-2.0
//
// Text put together in a buffer of fixed size. What does not fit is cut off.

#ifndef LEDGER_TEXT_H
#define LEDGER_TEXT_H

#include <stdint.h>

#include "bytes.h"

struct text {
    uint8_t *bytes;
    size_t length;
    size_t capacity;
};

// A text in a local array: struct text name = {bytes, 0, sizeof(bytes)}.
void text_add(struct text *text, struct slice part);
void text_add_number(struct text *text, uint64_t value);
void text_add_hex(struct text *text, uint64_t value);
struct slice text_slice(const struct text *text);

#endif
