// SPDX-License-Identifier: Apache-2.0

#include "reply.h"

#include "output.h"

static void put_line(uint8_t mark, int64_t value)
{
    uint8_t line[DECIMAL_MAX + 3];
    line[0] = mark;
    size_t length = 1 + format_signed(value, line + 1);
    line[length++] = '\r';
    line[length++] = '\n';
    output_bytes(line, length);
}

void reply_simple(struct slice text)
{
    output_bytes("+", 1);
    output_bytes(text.data, text.length);
    output_bytes("\r\n", 2);
}

void reply_error(struct slice text)
{
    output_bytes("-", 1);
    for (size_t i = 0; i < text.length; i++) {
        uint8_t c = text.data[i];
        if (c == '\r' || c == '\n') {
            c = ' ';
        }
        output_bytes(&c, 1);
    }
    output_bytes("\r\n", 2);
}

void reply_integer(int64_t value)
{
    put_line(':', value);
}

void reply_bulk(struct slice bytes)
{
    put_line('$', (int64_t)bytes.length);
    output_bytes(bytes.data, bytes.length);
    output_bytes("\r\n", 2);
}

void reply_null(void)
{
    output_bytes("$-1\r\n", 5);
}

void reply_array(uint32_t count)
{
    put_line('*', count);
}
