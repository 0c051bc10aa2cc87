// SPDX-License-Identifier: Apache-2.0
//
// The reply types of RESP2, written to the selected output.

#ifndef LEDGER_REPLY_H
#define LEDGER_REPLY_H

#include <stdint.h>

#include "bytes.h"

void reply_simple(struct slice text);

// `text` begins with the error's code word, such as ERR. Line breaks in it become spaces.
void reply_error(struct slice text);
void reply_integer(int64_t value);
void reply_bulk(struct slice bytes);
void reply_null(void);

// The `count` replies that follow are its elements.
void reply_array(uint32_t count);

#endif
