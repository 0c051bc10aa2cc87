// SPDX-License-Identifier: Apache-2.0

#include "text.h"

#include "memory.h"

void text_add(struct text *text, struct slice part)
{
    size_t room = text->capacity - text->length;
    size_t length = part.length < room ? part.length : room;
    memcpy(text->bytes + text->length, part.data, length);
    text->length += length;
}

void text_add_number(struct text *text, uint64_t value)
{
    uint8_t digits[DECIMAL_MAX];
    text_add(text, (struct slice){digits, format_unsigned(value, digits)});
}

void text_add_hex(struct text *text, uint64_t value)
{
    uint8_t digits[16];
    for (size_t i = sizeof(digits); i-- > 0; value >>= 4) {
        digits[i] = (uint8_t)"0123456789abcdef"[value & 15];
    }
    text_add(text, TEXT("0x"));
    text_add(text, (struct slice){digits, sizeof(digits)});
}

struct slice text_slice(const struct text *text)
{
    return (struct slice){text->bytes, text->length};
}
