// SPDX-License-Identifier: Apache-2.0

#include "resp.h"

#include <stdbool.h>

#include "inline.h"
#include "memory.h"

static void start_over(struct resp_parser *parser)
{
    parser->state = RESP_START;
    parser->line_length = 0;
    parser->count = 0;
    parser->expected = 0;
    parser->write = parser->buffer;
    parser->limit = (uint8_t *)parser + PAGE_SIZE;
}

struct resp_parser *resp_open(void)
{
    struct resp_parser *parser = page_alloc();
    if (parser != NULL) {
        parser->extra_pages = 0;
        start_over(parser);
    }
    return parser;
}

void resp_reset(struct resp_parser *parser)
{
    while (parser->extra_pages > 0) {
        page_free(parser->pages[--parser->extra_pages]);
    }
    start_over(parser);
}

void resp_close(struct resp_parser *parser)
{
    resp_reset(parser);
    page_free(parser);
}

static enum resp_result fail(struct resp_parser *parser, const char *error)
{
    parser->error = error;
    return RESP_ERROR;
}

// Makes the next `length` bytes contiguous.
static enum resp_result make_room(struct resp_parser *parser, size_t length)
{
    if ((size_t)(parser->limit - parser->write) >= length) {
        return RESP_MORE;
    }
    if (parser->extra_pages == EXTRA_PAGES_MAX) {
        return fail(parser, "Protocol error: request too long");
    }
    uint8_t *page = page_alloc();
    if (page == NULL) {
        return fail(parser, "Protocol error: out of memory for the request");
    }
    parser->pages[parser->extra_pages++] = page;
    parser->write = page;
    parser->limit = page + PAGE_SIZE;
    return RESP_MORE;
}

static bool parse_number_line(struct resp_parser *parser, int64_t *value)
{
    struct slice line = {parser->line, parser->line_length};
    parser->line_length = 0;
    return parse_signed(line, value);
}

// Takes digits up to '\r'; the state changes to `next` there.
static enum resp_result take_number_line(struct resp_parser *parser, uint8_t c,
                                         enum resp_state next, const char *too_long)
{
    if (c == '\r') {
        parser->state = (uint8_t)next;
    } else if (parser->line_length == NUMBER_LINE_MAX) {
        return fail(parser, too_long);
    } else {
        parser->line[parser->line_length++] = c;
    }
    return RESP_MORE;
}

static enum resp_result begin_array(struct resp_parser *parser)
{
    int64_t count;
    if (!parse_number_line(parser, &count) || count > ARGUMENTS_MAX) {
        return fail(parser, "Protocol error: invalid multibulk length");
    }
    parser->state = RESP_MARK;
    parser->expected = count > 0 ? (uint32_t)count : 0;
    return count > 0 ? RESP_MORE : RESP_REQUEST;
}

static enum resp_result begin_bulk(struct resp_parser *parser)
{
    int64_t length;
    if (!parse_number_line(parser, &length) || length < 0 || length > BULK_MAX) {
        return fail(parser, "Protocol error: invalid bulk length");
    }
    if (make_room(parser, (size_t)length) == RESP_ERROR) {
        return RESP_ERROR;
    }
    parser->arguments[parser->count] = (struct slice){parser->write, (size_t)length};
    parser->remaining = (uint32_t)length;
    parser->state = length > 0 ? RESP_BODY : RESP_BODY_CR;
    return RESP_MORE;
}

static size_t take_body(struct resp_parser *parser, const uint8_t *data, size_t length)
{
    size_t part = length < parser->remaining ? length : parser->remaining;
    memcpy(parser->write, data, part);
    parser->write += part;
    parser->remaining -= (uint32_t)part;
    if (parser->remaining == 0) {
        parser->state = RESP_BODY_CR;
    }
    return part;
}

static enum resp_result expected_dollar(struct resp_parser *parser, uint8_t found)
{
    static const char text[] = "Protocol error: expected '$', got '?'";
    memcpy(parser->error_text, text, sizeof(text));
    // A line break within the error would end the reply too early.
    parser->error_text[sizeof(text) - 3] = found == '\r' || found == '\n' ? ' ' : (char)found;
    return fail(parser, parser->error_text);
}

// The whole line is at the start of the page that `write` is in.
static enum resp_result end_inline(struct resp_parser *parser)
{
    uint8_t *start = parser->extra_pages > 0 ? parser->pages[0] : parser->buffer;
    size_t length = (size_t)(parser->write - start);
    if (length > 0 && start[length - 1] == '\r') {
        length--;
    }
    int count = inline_split(start, length, parser->arguments, ARGUMENTS_MAX);
    if (count == INLINE_UNBALANCED) {
        return fail(parser, "Protocol error: unbalanced quotes in request");
    }
    if (count == INLINE_TOO_MANY) {
        return fail(parser, "Protocol error: too big inline request");
    }
    parser->count = (uint32_t)count;
    return RESP_REQUEST;
}

static enum resp_result take_inline(struct resp_parser *parser, uint8_t c)
{
    if (c == '\n') {
        return end_inline(parser);
    }
    if (parser->write == parser->limit) {
        // The line has outgrown the parser's own buffer: it moves to a page once.
        if (parser->extra_pages > 0) {
            return fail(parser, "Protocol error: too big inline request");
        }
        size_t length = (size_t)(parser->write - parser->buffer);
        if (make_room(parser, INLINE_MAX) == RESP_ERROR) {
            return RESP_ERROR;
        }
        memcpy(parser->write, parser->buffer, length);
        parser->write += length;
    }
    *parser->write++ = c;
    return RESP_MORE;
}

static enum resp_result take_byte(struct resp_parser *parser, uint8_t c)
{
    switch (parser->state) {
    case RESP_START:
        if (c == '*') {
            parser->state = RESP_COUNT;
            return RESP_MORE;
        }
        parser->state = RESP_INLINE;
        return take_inline(parser, c);
    case RESP_COUNT:
        return take_number_line(parser, c, RESP_COUNT_END,
                                "Protocol error: too big mbulk count string");
    case RESP_COUNT_END:
        return begin_array(parser);
    case RESP_MARK:
        if (c != '$') {
            return expected_dollar(parser, c);
        }
        parser->state = RESP_LENGTH;
        return RESP_MORE;
    case RESP_LENGTH:
        return take_number_line(parser, c, RESP_LENGTH_END,
                                "Protocol error: too big bulk count string");
    case RESP_LENGTH_END:
        return begin_bulk(parser);
    case RESP_BODY_CR:
        // Like Redis, takes it for granted that "\r\n" is what follows.
        parser->state = RESP_BODY_LF;
        return RESP_MORE;
    case RESP_BODY_LF:
        parser->state = RESP_MARK;
        return ++parser->count == parser->expected ? RESP_REQUEST : RESP_MORE;
    default:
        return take_inline(parser, c);
    }
}

size_t resp_consume(struct resp_parser *parser, const uint8_t *data, size_t length,
                    enum resp_result *result)
{
    size_t taken = 0;
    *result = RESP_MORE;
    while (taken < length && *result == RESP_MORE) {
        if (parser->state == RESP_BODY) {
            taken += take_body(parser, data + taken, length - taken);
        } else {
            *result = take_byte(parser, data[taken++]);
        }
    }
    return taken;
}
