// SPDX-License-Identifier: Apache-2.0
//
// Checks, a machine to run on, and helpers the host tests share.

#ifndef LEDGER_TEST_HARNESS_H
#define LEDGER_TEST_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, __func__, #condition);          \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

// Starts everything anew with `pages` pages of memory, of which the store may use `limit_pages`.
void start(size_t pages, size_t limit_pages);

// Feeds the console in pieces of at most `piece` bytes and returns what is then transmitted.
struct slice talk(const void *bytes, size_t length, size_t piece);

// talk with a string literal, and a check of the answer.
#define EXPECT(input, answer)                                                                      \
    do {                                                                                           \
        struct slice got_ = talk(input, sizeof(input) - 1, 7);                                     \
        if (got_.length != sizeof(answer) - 1 ||                                                   \
            memcmp(got_.data, answer, sizeof(answer) - 1) != 0) {                                  \
            fprintf(stderr, "%s:%d: got %zu bytes:\n%.*s\n", __FILE__, __LINE__, got_.length,      \
                    (int)got_.length, (const char *)got_.data);                                    \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

// A sequence of numbers that looks random and is the same in every run.
uint32_t next_random(void);

void test_bytes(void);
void test_boot(void);
void test_resp(void);
void test_store(void);
void test_commands(void);
void test_burn(void);
void test_channels(void);
void test_uart(void);

#endif
