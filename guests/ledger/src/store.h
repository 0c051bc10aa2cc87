// SPDX-License-Identifier: Apache-2.0
//
// The key space: byte-string keys to byte-string values, in bounded memory.

#ifndef LEDGER_STORE_H
#define LEDGER_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"

#define KEY_MAX 512u
#define VALUE_MAX 4096u

// Needs pages_init. `limit_bytes` is what keys, values and their index may use together.
void store_init(uint64_t limit_bytes);

// The value stays where it is until the key is next changed.
bool store_get(struct slice key, struct slice *value);
bool store_exists(struct slice key);

// False when there is no memory for it: then nothing has changed. Lengths are the caller's duty.
bool store_set(struct slice key, struct slice value);
bool store_delete(struct slice key);

uint64_t store_keys(void);
uint64_t store_used_bytes(void);
uint64_t store_limit_bytes(void);

#endif
