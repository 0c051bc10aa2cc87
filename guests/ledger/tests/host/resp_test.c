// SPDX-License-Identifier: Apache-2.0

#include "harness.h"
#include "pages.h"
#include "resp.h"

// Parses `text` in pieces of `piece` bytes and writes what came out to `log`: arguments separated
// by '|', requests ended by ';', errors as '!'. Stops at the first error.
static void parse(struct slice text, size_t piece, char *log)
{
    struct resp_parser *parser = resp_open();
    CHECK(parser != NULL);
    size_t used = 0;
    for (size_t at = 0; at < text.length;) {
        size_t part = text.length - at < piece ? text.length - at : piece;
        enum resp_result result;
        size_t taken = resp_consume(parser, text.data + at, part, &result);
        CHECK(taken >= 1 && taken <= part);
        at += taken;
        if (result == RESP_ERROR) {
            log[used++] = '!';
            break;
        }
        if (result == RESP_REQUEST) {
            for (uint32_t i = 0; i < parser->count; i++) {
                memcpy(log + used, parser->arguments[i].data, parser->arguments[i].length);
                used += parser->arguments[i].length;
                log[used++] = '|';
            }
            log[used++] = ';';
            resp_reset(parser);
        }
    }
    log[used] = 0;
    resp_close(parser);
}

static void expect(struct slice text, const char *expected)
{
    for (size_t piece = 1; piece <= 40; piece++) {
        char log[8192];
        parse(text, piece, log);
        if (strcmp(log, expected) != 0) {
            fprintf(stderr, "pieces of %zu: got %s, expected %s\n", piece, log, expected);
            exit(1);
        }
    }
}

static void arrays(void)
{
    expect(TEXT("*1\r\n$4\r\nPING\r\n"), "PING|;");
    expect(TEXT("*2\r\n$3\r\nGET\r\n$0\r\n\r\n*1\r\n$1\r\nx\r\n"), "GET||;x|;");
    expect(TEXT("*2\r\n$1\r\na\r\n$4\r\n\r\n\r\n\r\n"), "a|\r\n\r\n|;");
    expect(TEXT("*0\r\n*-1\r\n"), ";;");
    expect(TEXT("*65\r\n"), "!");
    expect(TEXT("*x\r\n"), "!");
    expect(TEXT("*1\r\n:1\r\n"), "!");
    expect(TEXT("*1\r\n$-1\r\n"), "!");
    expect(TEXT("*1\r\n$4097\r\n"), "!");
    expect(TEXT("*1\r\n$03\r\n"), "!");
    expect(TEXT("*99999999999999999999999999999999999\r\n"), "!");
}

static void inline_requests(void)
{
    expect(TEXT("PING\r\n\r\n  set  a  b\n"), "PING|;;set|a|b|;");
    expect(TEXT("set k \"a b\\x41\\n\\\"\"\r\n"), "set|k|a bA\n\"|;");
    expect(TEXT("set k 'it\\'s'\r\n"), "set|k|it's|;");
    expect(TEXT("set k \"open\r\n"), "!");
    expect(TEXT("set k \"a\"b\r\n"), "!");
}

static void argument_count(void)
{
    struct resp_parser *parser = resp_open();
    enum resp_result result;
    uint8_t text[2 * (ARGUMENTS_MAX + 1)];
    for (size_t i = 0; i < sizeof(text); i += 2) {
        memcpy(text + i, "a ", 2);
    }
    text[2 * ARGUMENTS_MAX - 1] = '\n';
    CHECK(resp_consume(parser, text, sizeof(text), &result) == 2 * ARGUMENTS_MAX);
    CHECK(result == RESP_REQUEST && parser->count == ARGUMENTS_MAX);
    resp_reset(parser);
    text[2 * ARGUMENTS_MAX - 1] = ' ';
    text[sizeof(text) - 1] = '\n';
    resp_consume(parser, text, sizeof(text), &result);
    CHECK(result == RESP_ERROR);
    resp_close(parser);
}

static void long_requests(void)
{
    static uint8_t text[20000];
    static char log[20000];
    uint64_t before = pages_used();
    // An inline line of more than the parser's own buffer, and one that is too long.
    memset(text, 'a', sizeof(text));
    text[4000] = '\n';
    parse((struct slice){text, 4001}, 100, log);
    CHECK(strlen(log) == 4002);
    text[4000] = 'a';
    parse((struct slice){text, 5000}, 100, log);
    CHECK(strcmp(log, "!") == 0);
    // Arguments that take more pages than a request may have.
    size_t length = (size_t)sprintf((char *)text, "*64\r\n");
    for (int i = 0; i < 4; i++) {
        length += (size_t)sprintf((char *)text + length, "$4096\r\n");
        memset(text + length, 'b', 4096);
        length += 4096;
        memcpy(text + length, "\r\n", 2);
        length += 2;
    }
    struct resp_parser *parser = resp_open();
    enum resp_result result = RESP_MORE;
    for (int i = 0; i < 3 && result == RESP_MORE; i++) {
        size_t skip = i == 0 ? 0 : 5; // the array goes on
        size_t at = skip;
        while (at < length && result == RESP_MORE) {
            at += resp_consume(parser, text + at, length - at, &result);
        }
    }
    CHECK(result == RESP_ERROR);
    resp_close(parser);
    CHECK(pages_used() == before);
}

static void noise(void)
{
    static const uint8_t alphabet[] = "*$13\r\n\r\na\"' \\x\0";
    uint64_t before = pages_used();
    for (int round = 0; round < 20000; round++) {
        uint8_t text[64];
        char log[8192];
        for (size_t i = 0; i < sizeof(text); i++) {
            text[i] = alphabet[next_random() % sizeof(alphabet)];
        }
        parse((struct slice){text, sizeof(text)}, 1 + next_random() % 9, log);
    }
    CHECK(pages_used() == before);
}

void test_resp(void)
{
    start(64, 16);
    arrays();
    inline_requests();
    argument_count();
    long_requests();
    noise();
}
