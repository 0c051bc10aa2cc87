// SPDX-License-Identifier: Apache-2.0

#include "inline.h"

#include <stdbool.h>

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct cursor {
    const uint8_t *at;
    const uint8_t *end;
    uint8_t *out;
};

// After a backslash within double quotes.
static void unescape(struct cursor *cursor)
{
    uint8_t c = *cursor->at++;
    switch (c) {
    case 'x':
        if (cursor->end - cursor->at >= 2 && hex_digit(cursor->at[0]) >= 0 &&
            hex_digit(cursor->at[1]) >= 0) {
            c = (uint8_t)(hex_digit(cursor->at[0]) << 4 | hex_digit(cursor->at[1]));
            cursor->at += 2;
        }
        break;
    case 'n':
        c = '\n';
        break;
    case 'r':
        c = '\r';
        break;
    case 't':
        c = '\t';
        break;
    case 'b':
        c = '\b';
        break;
    case 'a':
        c = '\a';
        break;
    default:
        break;
    }
    *cursor->out++ = c;
}

// From behind the opening quote to behind the closing one, which must end the argument.
static bool take_quoted(struct cursor *cursor, uint8_t quote)
{
    while (cursor->at != cursor->end) {
        uint8_t c = *cursor->at++;
        if (c == quote) {
            return cursor->at == cursor->end || is_space(*cursor->at);
        }
        if (c == '\\' && cursor->at != cursor->end) {
            if (quote == '"') {
                unescape(cursor);
                continue;
            }
            if (*cursor->at == '\'') {
                c = *cursor->at++;
            }
        }
        *cursor->out++ = c;
    }
    return false;
}

static bool take_argument(struct cursor *cursor)
{
    while (cursor->at != cursor->end && !is_space(*cursor->at)) {
        uint8_t c = *cursor->at++;
        if (c == '"' || c == '\'') {
            return take_quoted(cursor, c);
        }
        *cursor->out++ = c;
    }
    return true;
}

int inline_split(uint8_t *line, size_t length, struct slice *arguments, size_t arguments_max)
{
    struct cursor cursor = {line, line + length, line};
    size_t count = 0;
    for (;;) {
        while (cursor.at != cursor.end && is_space(*cursor.at)) {
            cursor.at++;
        }
        if (cursor.at == cursor.end) {
            return (int)count;
        }
        if (count == arguments_max) {
            return INLINE_TOO_MANY;
        }
        uint8_t *start = cursor.out;
        if (!take_argument(&cursor)) {
            return INLINE_UNBALANCED;
        }
        arguments[count++] = (struct slice){start, (size_t)(cursor.out - start)};
    }
}
