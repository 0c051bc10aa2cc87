// SPDX-License-Identifier: Apache-2.0
//
// Blocks of a few fixed sizes, cut from pages of the pool. A page whose last block is freed goes
// back to the pool, so memory that held small blocks can hold large ones later.

#ifndef LEDGER_SLAB_H
#define LEDGER_SLAB_H

#include <stddef.h>
#include <stdint.h>

#define SLAB_LARGEST 4096u

// At most `page_limit` pages of the pool are used for blocks.
void slab_init(uint64_t page_limit);

// A block of at least `size` bytes (at most SLAB_LARGEST), aligned to 16; NULL when there is none.
void *slab_alloc(size_t size);
void slab_free(void *block);

// How many bytes the block really has.
size_t slab_size(const void *block);

uint64_t slab_pages(void);

#endif
