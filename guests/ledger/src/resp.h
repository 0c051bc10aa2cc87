// SPDX-License-Identifier: Apache-2.0
//
// Incremental parser of Redis requests (RESP2): arrays of bulk strings, and inline commands.
//
// A parser is one page of the pool: its state and a small buffer. Requests that need more take
// further pages, which go back when the request is done. An argument never crosses a page, so
// commands see plain slices.

#ifndef LEDGER_RESP_H
#define LEDGER_RESP_H

#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "pages.h"

#define ARGUMENTS_MAX 64u
#define BULK_MAX 4096u
#define INLINE_MAX 4096u
// Room for the longest useful request: 63 keys of 512 bytes, 8 to a page, and the command's name.
#define EXTRA_PAGES_MAX 10u

enum resp_state {
    RESP_START,       // a request begins with the next byte
    RESP_COUNT,       // in the number after '*'
    RESP_COUNT_END,   // the '\n' of that line comes next
    RESP_MARK,        // '$' comes next
    RESP_LENGTH,      // in the number after '$'
    RESP_LENGTH_END,  // the '\n' of that line comes next
    RESP_BODY,        // in the bytes of an argument
    RESP_BODY_CR,     // the "\r\n" after them comes next
    RESP_BODY_LF,
    RESP_INLINE,      // in an inline command
};

enum resp_result {
    RESP_MORE,    // everything was consumed, the request is not complete
    RESP_REQUEST, // arguments are complete and valid until resp_reset; there may be none, which
                  // Redis passes over without a reply
    RESP_ERROR,   // the stream cannot be understood any more; the text is in `error`
};

// The longest number line: a sign and DECIMAL_MAX digits are more than any valid one has.
#define NUMBER_LINE_MAX 32u
#define RESP_ERROR_MAX 64u

struct resp_parser {
    uint8_t state; // enum resp_state
    uint8_t line_length;
    uint8_t extra_pages;
    uint8_t line[NUMBER_LINE_MAX];
    uint32_t expected;  // arguments the request announced
    uint32_t count;     // arguments complete
    uint32_t remaining; // bytes missing of the current argument
    uint8_t *write;     // where the next byte of an argument goes
    uint8_t *limit;     // end of the page it is in
    uint8_t *pages[EXTRA_PAGES_MAX];
    const char *error;
    char error_text[RESP_ERROR_MAX];
    struct slice arguments[ARGUMENTS_MAX];
    uint8_t buffer[];
};

_Static_assert(sizeof(struct resp_parser) + 2048 <= PAGE_SIZE, "no room left for requests");

// Takes one page; NULL when there is none.
struct resp_parser *resp_open(void);
void resp_close(struct resp_parser *parser);

// Consumes bytes up to the end of a request, an error, or the end of the input, and returns how
// many. After RESP_REQUEST or RESP_ERROR the caller calls resp_reset or resp_close.
size_t resp_consume(struct resp_parser *parser, const uint8_t *data, size_t length,
                    enum resp_result *result);

// Forgets the request and gives back the memory it took.
void resp_reset(struct resp_parser *parser);

#endif
