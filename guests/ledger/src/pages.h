// SPDX-License-Identifier: Apache-2.0
//
// The pool of 4 KiB pages that all variable memory comes from: everything between the end of the
// image and the end of the memory block it was loaded into.

#ifndef LEDGER_PAGES_H
#define LEDGER_PAGES_H

#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE 4096u
#define NO_PAGE 0u

// One per page, kept apart from the pages. Its meaning belongs to whoever holds the page (slab.c);
// `next` links the free pages.
struct page_info {
    uint32_t next;
    uint32_t previous;
    uint16_t first_free;
    uint16_t used;
    uint16_t carved;
    uint8_t size_class;
    uint8_t reserved;
};

// Takes [start, end) as the pool. Touches none of it: memory that was never used is never read.
void pages_init(uintptr_t start, uintptr_t end);

// A page with undefined contents, or NULL when all are taken.
void *page_alloc(void);
void page_free(void *page);

// Page numbers start at 1: NO_PAGE ends a list.
uint32_t page_number(const void *in_page);
void *page_address(uint32_t number);
struct page_info *page_info(uint32_t number);

uint64_t pages_total(void);
uint64_t pages_used(void);

#endif
