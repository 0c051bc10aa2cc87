// SPDX-License-Identifier: Apache-2.0

#include "bytes.h"

#include "memory.h"

static uint64_t load64(const uint8_t *from)
{
    uint64_t value;
    __builtin_memcpy(&value, from, sizeof(value));
    return value;
}

struct slice slice_of(const char *text)
{
    size_t length = 0;
    while (text[length] != 0) {
        length++;
    }
    return (struct slice){(const uint8_t *)text, length};
}

bool bytes_equal(const void *left, const void *right, size_t length)
{
    const uint8_t *l = left;
    const uint8_t *r = right;
    if (length < 8) {
        for (size_t i = 0; i < length; i++) {
            if (l[i] != r[i]) {
                return false;
            }
        }
        return true;
    }
    // Eight bytes at a time; the last eight may overlap those before them.
    for (size_t i = 0; i + 8 < length; i += 8) {
        if (load64(l + i) != load64(r + i)) {
            return false;
        }
    }
    return load64(l + length - 8) == load64(r + length - 8);
}

static uint64_t mix(uint64_t state, uint64_t word)
{
    state = (state ^ word) * 0x9e3779b97f4a7c15u;
    return state ^ (state >> 32);
}

uint32_t bytes_hash(struct slice bytes)
{
    const uint8_t *at = bytes.data;
    size_t left = bytes.length;
    uint64_t state = left;
    if (left >= 8) {
        for (; left > 8; left -= 8, at += 8) {
            state = mix(state, load64(at));
        }
        state = mix(state, load64(bytes.data + bytes.length - 8));
    } else {
        uint64_t word = 0;
        while (left-- > 0) {
            word = word << 8 | *at++;
        }
        state = mix(state, word);
    }
    return (uint32_t)mix(state, state >> 29);
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

bool text_equals(struct slice left, struct slice right)
{
    if (left.length != right.length) {
        return false;
    }
    for (size_t i = 0; i < left.length; i++) {
        if (lower(left.data[i]) != lower(right.data[i])) {
            return false;
        }
    }
    return true;
}

size_t format_unsigned(uint64_t value, uint8_t *to)
{
    uint8_t digits[DECIMAL_MAX];
    size_t first = DECIMAL_MAX;
    do {
        digits[--first] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    size_t length = DECIMAL_MAX - first;
    for (size_t i = 0; i < length; i++) {
        to[i] = digits[first + i];
    }
    return length;
}

size_t format_signed(int64_t value, uint8_t *to)
{
    if (value >= 0) {
        return format_unsigned((uint64_t)value, to);
    }
    *to = '-';
    return 1 + format_unsigned(0 - (uint64_t)value, to + 1);
}

bool parse_signed(struct slice text, int64_t *value)
{
    const uint8_t *at = text.data;
    const uint8_t *end = text.data + text.length;
    bool negative = at != end && *at == '-';
    if (negative) {
        at++;
    }
    if (at == end) {
        return false;
    }
    if (*at == '0') {
        *value = 0;
        return text.length == 1;
    }
    uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    uint64_t magnitude = 0;
    for (; at != end; at++) {
        if (*at < '0' || *at > '9') {
            return false;
        }
        uint64_t digit = (uint64_t)(*at - '0');
        if (magnitude > (limit - digit) / 10) {
            return false;
        }
        magnitude = magnitude * 10 + digit;
    }
    *value = (int64_t)(negative ? 0 - magnitude : magnitude);
    return true;
}
