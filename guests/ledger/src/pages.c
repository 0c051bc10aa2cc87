// SPDX-License-Identifier: Apache-2.0

#include "pages.h"

static struct {
    struct page_info *infos; // infos[0] describes page 1
    uint8_t *pages;
    uint32_t total;
    uint32_t touched; // pages 1..touched were handed out at least once
    uint32_t used;
    uint32_t free_list;
} pool;

void pages_init(uintptr_t start, uintptr_t end)
{
    uintptr_t first = (start + PAGE_SIZE - 1) & ~(uintptr_t)(PAGE_SIZE - 1);
    uintptr_t bytes = end > first ? end - first : 0;
    uintptr_t total = bytes / (PAGE_SIZE + sizeof(struct page_info));
    uintptr_t info_bytes =
        (total * sizeof(struct page_info) + PAGE_SIZE - 1) & ~(uintptr_t)(PAGE_SIZE - 1);
    if (total > 0 && info_bytes + total * PAGE_SIZE > bytes) {
        total--; // rounding up the table took the place of one page
    }
    pool.infos = (struct page_info *)first;
    pool.pages = (uint8_t *)(first + info_bytes);
    pool.total = (uint32_t)total;
    pool.touched = 0;
    pool.used = 0;
    pool.free_list = NO_PAGE;
}

void *page_alloc(void)
{
    uint32_t number = pool.free_list;
    if (number != NO_PAGE) {
        pool.free_list = page_info(number)->next;
    } else if (pool.touched < pool.total) {
        number = ++pool.touched;
    } else {
        return NULL;
    }
    pool.used++;
    return page_address(number);
}

void page_free(void *page)
{
    uint32_t number = page_number(page);
    page_info(number)->next = pool.free_list;
    pool.free_list = number;
    pool.used--;
}

uint32_t page_number(const void *in_page)
{
    return (uint32_t)(((const uint8_t *)in_page - pool.pages) / PAGE_SIZE) + 1;
}

void *page_address(uint32_t number)
{
    return pool.pages + (size_t)(number - 1) * PAGE_SIZE;
}

struct page_info *page_info(uint32_t number)
{
    return pool.infos + (number - 1);
}

uint64_t pages_total(void)
{
    return pool.total;
}

uint64_t pages_used(void)
{
    return pool.used;
}
