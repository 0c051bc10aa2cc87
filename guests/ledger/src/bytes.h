// SPDX-License-Identifier: Apache-2.0
//
// Byte strings that carry their length, and decimal numbers in them.

#ifndef LEDGER_BYTES_H
#define LEDGER_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
    const uint8_t *data;
    size_t length;
};

// Enough for any 64-bit number in decimal, with its sign.
#define DECIMAL_MAX 20

// A slice of a string literal, without its terminating zero.
#define TEXT(literal) ((struct slice){(const uint8_t *)(literal), sizeof(literal) - 1})

struct slice slice_of(const char *text);
bool bytes_equal(const void *left, const void *right, size_t length);
uint32_t bytes_hash(struct slice bytes);

// Case is ignored for ASCII letters only, as Redis does.
bool text_equals(struct slice left, struct slice right);

// Writes the number to `to` (DECIMAL_MAX bytes or more) and returns how many bytes it took.
size_t format_unsigned(uint64_t value, uint8_t *to);
size_t format_signed(int64_t value, uint8_t *to);

// Accepts what Redis accepts as an integer: optional minus, no plus, no leading zero, no space.
bool parse_signed(struct slice text, int64_t *value);

#endif
