// SPDX-License-Identifier: Apache-2.0
//
// The memory functions a compiler expects to find. The host tests use those of the C library.

#ifndef LEDGER_MEMORY_H
#define LEDGER_MEMORY_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int value, size_t length);
int memcmp(const void *left, const void *right, size_t length);

#endif
