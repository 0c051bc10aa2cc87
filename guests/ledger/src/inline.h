// SPDX-License-Identifier: Apache-2.0
//
// Splits an inline command into arguments, with the quoting rules of Redis.

#ifndef LEDGER_INLINE_H
#define LEDGER_INLINE_H

#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

#define INLINE_UNBALANCED (-1)
#define INLINE_TOO_MANY (-2)

// Unescapes in place (text only gets shorter). Returns the number of arguments, or one of the
// codes above.
int inline_split(uint8_t *line, size_t length, struct slice *arguments, size_t arguments_max);

#endif
